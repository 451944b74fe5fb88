"""Ports for servers of a test, below the range from which the kernel gives out ports to clients."""
import os
import socket

FIRST, LAST = (int(port) for port in os.environ.get("GANTRY_INTEROP_PORTS", "19300-19399").split("-"))
# two runs at the same time start at different places: a port found free is taken only some seconds later
_next = FIRST + os.getpid() * 17 % (LAST - FIRST + 1)


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free(count):
    """The first of `count` free ports in a row. Never the same twice in a process."""
    global _next
    rest, before = range(_next, LAST - count + 2), range(FIRST, min(_next, LAST - count + 2))
    for first in (*rest, *before):
        if all(_is_free(port) for port in range(first, first + count)):
            _next = first + count
            return first
    raise RuntimeError(f"no {count} free ports in a row in {FIRST}-{LAST}")
