"""The golden frames are what their index says."""
import json
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

from support import wire  # noqa: E402

INDEX = json.loads((HERE / "index.json").read_text())
IN_USE = {10, 11, 12, 14, 15, 17, 28, 29, 30, 31, 32, 33, 34, 36, 38, 41, 42, 105, 106, 202, 206, 208, 222, 303, 307, 310, 320, 400, 401,
          200050, 200051, 200053, 200054, 200151}
OF_A_CONTROLLER = {1001, 1002, 1003, 1004, 1005, 1006, 1009, 1010, 1011, 1012, 1013}
CONTROLLER_ERRORS = {1001: {2000, 2001, 2002, 2003, 2006, 2007, 2013}, 1002: {2004, 2010, 2011, 2012}, 1003: {2010}, 1004: {2007, 2008},
                     1009: {16}, 1011: {2009}, 1013: {2014}, 904: {2005}}
FROM_THE_SERVER = {40, 220, 307, 309}


def has(code, **wanted):
    return any(e["code"] == code and all(e[k] == v for k, v in wanted.items()) for e in INDEX)


@pytest.mark.parametrize("code", sorted(IN_USE))
def test_given_a_request_in_use_then_it_and_its_response_are_recorded(code):
    # a binary header has no room for the codes of POP
    for serialization in ("json", "rocketmq") if code < 0x10000 else ("json",):
        assert has(code, direction="request", serialization=serialization, sender="client")
        assert has(code, direction="response", serialization=serialization, sender="server", response_code=0)


@pytest.mark.parametrize("code", sorted(FROM_THE_SERVER))
def test_given_a_request_of_the_server_then_it_is_recorded(code):
    assert any(e["code"] == code and e["sender"] == "server" and e["direction"] != "response" for e in INDEX)


@pytest.mark.parametrize("code", sorted(OF_A_CONTROLLER))
def test_given_a_request_of_a_controller_then_it_and_its_answer_are_recorded(code):
    for serialization in ("json", "rocketmq"):
        assert has(code, direction="request", serialization=serialization, link="controller")
    # whatever a request is written in, Java answers in its own serialization
    assert has(code, direction="response", serialization="json", link="controller", response_code=0)


def test_given_brokers_in_controller_mode_then_their_heartbeats_and_the_notices_to_them_are_recorded():
    for serialization in ("json", "rocketmq"):
        assert has(904, direction="oneway", serialization=serialization, link="controller")
    assert has(1008, direction="oneway", link="broker")


@pytest.mark.parametrize("code", sorted(CONTROLLER_ERRORS))
def test_given_a_request_of_a_controller_then_the_codes_of_its_refusals_are_recorded(code):
    assert {e.get("response_code") for e in INDEX if e["code"] == code} >= CONTROLLER_ERRORS[code]


def test_given_the_index_then_each_frame_is_what_it_says():
    for entry in INDEX:
        frame = wire.parse((HERE / entry["file"]).read_bytes())
        assert frame.serialization == entry["serialization"], entry
        assert frame.is_response == (entry["direction"] == "response"), entry
        assert frame.code == entry.get("response_code", entry["code"]), entry
        assert len(frame.body) == entry["body_bytes"], entry


def test_given_the_frames_then_the_index_lists_them_all():
    assert {f"frames/{f.name}" for f in (HERE / "frames").iterdir()} == {e["file"] for e in INDEX}


def test_given_the_records_then_all_kinds_are_there():
    found = set()
    for entry in INDEX:
        if entry["direction"] == "response":
            for record in wire.records(wire.parse((HERE / entry["file"]).read_bytes()).body):
                sysflag = int.from_bytes(record[36:40], "big")
                found.add("compressed by %d" % (sysflag >> 8 & 7) if sysflag & 1 else "plain")
                if sysflag & wire.SYSFLAG_BORNHOST_V6 and sysflag & wire.SYSFLAG_STOREHOST_V6:
                    found.add("IPv6")
                assert wire.properties(record)
    assert {"plain", "IPv6", "compressed by 1", "compressed by 2", "compressed by 3"} <= found, found
