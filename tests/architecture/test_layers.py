"""The layer check itself: the project passes, and each kind of violation is found."""
import pathlib
import check_layers

ROOT = pathlib.Path(__file__).parents[2]


def house(tmp_path, **files):
    (tmp_path / "cmake").mkdir()
    (tmp_path / "cmake/layers.cmake").write_text(
        "gantry_layer(base PURE)\ngantry_layer(wire PURE base)\ngantry_layer(net EDGE base)\n")
    for name, text in files.items():
        path = tmp_path / "src" / name.replace("__", "/").replace("_h", ".h")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return list(check_layers.violations(tmp_path))


def test_the_project_keeps_its_layers():
    assert list(check_layers.violations(ROOT)) == []


def test_given_an_allowed_include_then_nothing_is_found(tmp_path):
    assert house(tmp_path, wire__a_h='#include "base/error.h"\n#include <string>\n') == []


def test_given_an_upward_include_then_it_is_found_with_its_line(tmp_path):
    found = house(tmp_path, wire__a_h='#pragma once\n#include "net/tls.h"\n')
    assert found == ["src/wire/a.h:2: wire must not include net/tls.h"]


def test_given_a_socket_header_in_a_pure_folder_then_it_is_found(tmp_path):
    found = house(tmp_path, base__a_h="#include <boost/asio.hpp>\n")
    assert found == ["src/base/a.h:1: PURE folder base includes <boost/asio.hpp>"]


def test_given_an_unknown_folder_then_it_is_found(tmp_path):
    assert "is not in cmake/layers.cmake" in house(tmp_path, attic__a_h="\n")[0]


def traps(tmp_path, text):
    (tmp_path / "src/up").mkdir(parents=True)
    (tmp_path / "src/up/a.cc").write_text(text)
    return [line.split(": ", 1)[1] for line in check_layers.coroutine_traps(tmp_path)]


def test_the_project_avoids_what_the_compiler_breaks():
    assert list(check_layers.coroutine_traps(ROOT)) == []


def test_given_a_conditional_around_co_await_then_it_is_found(tmp_path):
    assert len(traps(tmp_path, "auto a = x ? co_await f() : g();\n")) == 1


def test_given_a_braced_temporary_in_co_await_then_it_is_found(tmp_path):
    assert len(traps(tmp_path, "co_await read({topic, group});\n")) == 1


def test_given_plain_code_then_no_trap_is_found(tmp_path):
    assert traps(tmp_path, "if (x) { y = co_await f(std::move(z)); }\nauto c = co_await g(a, b);\nint d = e ? 1 : 2;\n") == []
