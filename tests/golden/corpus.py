#!/usr/bin/env python3
"""Cuts the golden frames into the seeds of the fuzzers: tests/fuzz/corpus/<target>/, one file an input, named by content.
Run after record.py."""
import hashlib
import json
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

from support import wire  # noqa: E402

CORPUS = HERE.parent / "fuzz" / "corpus"
# a fuzzer learns from shape, not from size: large seeds only slow it down
SEED_BYTES_MAX = {"frame": 4096, "header_json": 2048, "header_binary": 2048, "message": 2048, "batch": 4096, "heartbeat": 4096, "properties": 1024}
SEEDS_MAX = {"message": 60, "properties": 60, "frame": 200, "header_json": 150, "header_binary": 150}


def pieces(entry, data):
    """(target, bytes) of everything one frame has to offer."""
    frame = wire.parse(data)
    yield "frame", data
    yield "header_json" if frame.serialization == "json" else "header_binary", frame.header
    if entry["code"] == 34 and entry["direction"] == "request":
        yield "heartbeat", frame.body
    if entry["code"] == 320 or entry["code"] == 10 and "batch" in entry["scenario"]:
        if entry["direction"] != "response":
            yield "batch", frame.body
    # the properties string of a send is a header field
    for field in ("i", "properties"):
        if entry["code"] in (10, 310, 320) and frame.fields.get(field):
            yield "properties", frame.fields[field].encode()
    if entry["direction"] == "response":
        for record in wire.records(frame.body):
            yield "message", record
            yield "properties", wire.properties(record)


def main():
    seeds = {target: {} for target in SEED_BYTES_MAX}
    for entry in json.loads((HERE / "index.json").read_text()):
        for target, data in pieces(entry, (HERE / entry["file"]).read_bytes()):
            if 0 < len(data) <= SEED_BYTES_MAX[target]:
                seeds[target].setdefault(hashlib.sha256(data).hexdigest()[:16], data)
    for target, inputs in seeds.items():
        folder = CORPUS / target
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        kept = list(inputs.items())
        # evenly over the recording, so that every session and scenario has its share
        limit = SEEDS_MAX.get(target, len(kept))
        if len(kept) > limit:
            kept = [kept[i * len(kept) // limit] for i in range(limit)]
        for name, data in kept:
            (folder / name).write_bytes(data)
        print(f"{target}: {len(kept)} of {len(inputs)} seeds, {sum(len(d) for _, d in kept)} bytes")


if __name__ == "__main__":
    main()
