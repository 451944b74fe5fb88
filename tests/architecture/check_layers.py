#!/usr/bin/env python3
"""Checks the includes of src/ against the table in cmake/layers.cmake: one arrow, always downwards.

A folder includes itself and what the table allows it; PURE folders include no header of sockets, threads or clocks.
usage: check_layers.py [ROOT]; exit 1 with one line for each include that breaks the rule."""
import pathlib
import re
import sys

IMPURE = re.compile(
    r"<(boost/asio|boost/beast|sys/|netinet/|arpa/|unistd|thread|mutex|shared_mutex|condition_variable|atomic|future|"
    r"chrono|ctime|time\.h|poll|fcntl|fstream|filesystem|rocksdb|spdlog)")
LAYER = re.compile(r"^gantry_layer\((\w+)\s+(PURE|EDGE)([^)]*)\)", re.M)
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', re.M)


def read_table(root):
    """folder -> (pure, allowed folders)"""
    text = (root / "cmake/layers.cmake").read_text()
    return {m[1]: (m[2] == "PURE", set(m[3].split())) for m in LAYER.finditer(text)}


def violations(root):
    table = read_table(root)
    for folder, (pure, allowed) in table.items():
        for other in allowed:
            if other not in table:
                yield f"cmake/layers.cmake: {folder} allows {other}, which is not in the table"
            elif pure and not table[other][0]:
                yield f"cmake/layers.cmake: PURE {folder} allows {other}, which is not PURE"
    src = root / "src"
    for path in sorted([*src.rglob("*.h"), *src.rglob("*.cc")]):
        parts = path.relative_to(src).parts
        if len(parts) == 1:
            continue  # main.cc
        folder = parts[0]
        if folder not in table:
            yield f"{path.relative_to(root)}: folder {folder} is not in cmake/layers.cmake"
            continue
        pure, allowed = table[folder]
        text = path.read_text()
        for match in INCLUDE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            where = f"{path.relative_to(root)}:{line}"
            if match[2]:
                if pure and IMPURE.match(match[2]):
                    yield f"{where}: PURE folder {folder} includes {match[2]}"
                continue
            target = match[1].split("/")[0]
            if "/" in match[1] and target in table and target != folder and target not in allowed:
                yield f"{where}: {folder} must not include {match[1]}"


def coroutine_traps(root):
    """What g++ 12 miscompiles in coroutines: see ARCHITECTURE.md."""
    ternary = re.compile(r"\?[^;{}]*\bco_await\b[^;{}]*:[^:]|\?[^;{}]*[^:]:[^:][^;{}]*\bco_await\b")
    braced = re.compile(r"\bco_await\b[^;={}]*[(,]\s*(?:[A-Z]\w*(?:::[A-Z]\w*)*)?\{[^}]")
    for path in sorted([*(root / "src").rglob("*.h"), *(root / "src").rglob("*.cc")]):
        text = re.sub(r"//[^\n]*", "", path.read_text())
        for pattern, what in ((ternary, "a conditional operator around co_await"), (braced, "a braced temporary in a co_await expression")):
            for match in pattern.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{path.relative_to(root)}:{line}: {what}, which g++ 12 miscompiles"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[2])
    found = [*violations(root), *coroutine_traps(root)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
