"""Every mistake has its exit code, says where it is, and never shows a traceback."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CASES: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("bad_input.toml").read_text("utf-8"))["case"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files with mistakes in them."""
    files = {
        "latin.json": b'{"titl":"\xe9"}',
        "broken.json": b'{"type":\n',
        "no_schema.json": b'{"properties": {"a": {"type": "strin"}}}',
        "list.json": b"[1, 2]",
        "deep.json": b'{"items":' * 10_000 + b"true" + b"}" * 10_000,
        "undefined.lark": b"start: word\nword: number\n",
        "empty.lark": b'start: "a" start\n',
        "twice.lark": b'start: "a"\nstart: "b"\n',
        "unterminated.lark": b'start: word\nword: "abc\n',
        "escape.lark": b'start: "a\\x4"\n',
        "nullable.lark": b"start: A\nA: /a*/\n",
        "large.lark": b'start: "a"\n' + b'  | "abc" /[a-z]+/ "d"~2\n' * 400_000,
        "importing.lark": b"start: x\n%import .parts.shapes.x\n",
        "parts/shapes.lark": b"x: y\n\ny: z\n",
        "cycle.lark": b"start: x\n%import .one.x\n",
        "one.lark": b"x: y\n%import .two.y\n",
        "two.lark": b"y: x\n%import .one.x\n",
        "missing.lark": b"start: x\n%import .nowhere.x\n",
        "latin.lark": b'x: "\xe9"\n',
        "latin_import.lark": b"start: x\n%import .latin.x\n",
        "declared.lark": b"start: NAME\n%declare NAME\n",
    }
    home = tmp_path_factory.mktemp("mistakes")
    for name, content in files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_bytes(content)
    return home


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_mistake(case: dict[str, Any], cli: Callable[..., Any], folder: Path) -> None:
    arguments = [argument.replace("{folder}", str(folder)) for argument in case["arguments"]]

    ran = cli(*arguments, stdin=case.get("stdin", ""))

    assert ran.code == case["code"], ran.err
    assert ran.out == ""
    for words in case["says"]:
        assert words.replace("{folder}", str(folder)) in ran.err
    assert ran.err.startswith("error: ")
    assert 1 <= len(ran.err.splitlines()) <= 3
    assert "Traceback" not in ran.err


def test_names_are_distinct() -> None:
    names = [case["name"] for case in CASES]

    assert len(names) == len(set(names))


def test_an_enum_of_a_megabyte_compiles(cli: Callable[..., Any], tmp_path: Path) -> None:
    words = ", ".join(f'"word number {i}"' for i in range(50_000))
    schema = tmp_path / "enum.json"
    schema.write_text(f'{{"enum": [{words}]}}')
    assert schema.stat().st_size > 1_000_000

    ran = cli("next", "--schema", str(schema), "--json", '"word number 4999')

    assert ran.code == 0, ran.err
    assert '"allowed": 11' in ran.out  # ten digits, or the closing quote


def test_catastrophic_repetition_is_no_catastrophe(cli: Callable[..., Any], tmp_path: Path) -> None:
    text = tmp_path / "text.txt"
    text.write_text("a" * 5000 + "b")

    ran = cli("check", "--regex", "(a+)+$", str(text))

    assert ran.code == 1
    assert "byte 5000: unexpected 'b'" in ran.out


def test_standard_input_that_is_not_utf8(cli: Callable[..., Any]) -> None:
    ran = cli("gen", "--regex", "a", "-", stdin=b"caf\xe9")

    assert ran.code == 4
    assert "standard input is not UTF-8: byte 0xe9 at byte offset 3" in ran.err


def test_a_bug_is_one_message_with_the_way_to_more(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[str]:
        raise KeyError("surprise")

    monkeypatch.setattr("constrain.grammars.names", broken)
    ran = cli("grammar", "list")

    assert ran.code == 70
    assert "internal error: KeyError: 'surprise'" in ran.err
    assert "CONSTRAIN_DEBUG=1" in ran.err
    monkeypatch.setenv("CONSTRAIN_DEBUG", "1")
    with pytest.raises(KeyError, match="surprise"):
        cli("grammar", "list")


def test_control_characters_in_arguments_do_not_reach_the_terminal(cli: Callable[..., Any]) -> None:
    ran = cli("compile", "--schema", "\x1b[31m.json")

    assert ran.code == 4
    assert "\x1b" not in ran.err


def test_colours_only_where_they_are_wanted(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" not in cli("cache", "shrink").err
    assert "\x1b[" in cli("cache", "shrink", terminal=True).err
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in cli("cache", "shrink").err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in cli("cache", "shrink", terminal=True).err


@pytest.mark.parametrize(("option", "arguments"), [("the prompt", ["a\udcff"]), ("--system", ["-s", "a\udcff", "x"])])
def test_prompt_arguments_that_are_not_utf8(cli: Callable[..., Any], option: str, arguments: list[str]) -> None:
    ran = cli("gen", "--choice", "a", *arguments)

    assert ran.code == 2
    assert f"{option} is not UTF-8 at character 2" in ran.err
