"""What every session against real peers has: a time limit for each test, and the reasons of skips, counted."""
import collections
import re
import signal

import pytest


def bounded(seconds_max):
    """An autouse fixture: no test outlives `seconds_max`, or what its marker `seconds(n)` says, whatever hangs."""

    @pytest.fixture(autouse=True)
    def limit(request):
        marker = request.node.get_closest_marker("seconds")
        seconds = marker.args[0] if marker else seconds_max

        def expired(signum, frame):
            raise TimeoutError(f"the test ran for more than {seconds} s")

        before = signal.signal(signal.SIGALRM, expired)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    return limit


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also the tests that are marked long")


def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(n): the test may run for n seconds")
    config.addinivalue_line("markers", "long: only run with --long")


def leave_out_long(config, items):
    """Of a collection: those marked long, unless they were asked for."""
    if config.getoption("--long", False):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter):
    reasons = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[re.sub(r"^Skipped: ", "", text)] += 1
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")
