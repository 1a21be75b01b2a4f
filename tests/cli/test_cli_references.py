"""``--ref`` and ``--ref-dir``: other documents reach the compiler, the validator, the cache and saved files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constrain.cli.references import read_references
from constrain.compiler import json_schema

POSITIVE = '{"type": "integer", "minimum": 1, "maximum": 9}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "positive.json": POSITIVE,
        "shapes/circle round.json": '{"type": "object", "properties": {"r": {"$ref": "../positive.json"}}}',
        "named.json": '{"$id": "https://example.com/named#", "type": "null"}',
        "old.json": '{"id": "https://example.com/old", "type": "boolean"}',
        "anchor.json": '{"$id": "#here", "type": "string"}',
        "true.json": "true",
        "notes.txt": "not JSON",
    }
    for name, text in files.items():
        path = tmp_path / "documents" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "documents"


def test_names_of_documents(folder: Path) -> None:
    given = [f"https://example.com/a?b=c#={folder / 'true.json'}", f"urn:x:y={folder / 'positive.json'}"]

    found = dict(read_references(given, [str(folder)]))

    assert {uri: json.loads(text) for uri, text in found.items()} == {
        "https://example.com/a?b=c": True,
        "urn:x:y": json.loads(POSITIVE),
        "positive.json": json.loads(POSITIVE),
        "shapes/circle%20round.json": {"type": "object", "properties": {"r": {"$ref": "../positive.json"}}},
        "https://example.com/named": {"$id": "https://example.com/named#", "type": "null"},
        "https://example.com/old": {"id": "https://example.com/old", "type": "boolean"},
        "anchor.json": {"$id": "#here", "type": "string"},
        "true.json": True,
    }
    assert list(found) == sorted(found)
    assert read_references(None, None) == ()


def test_check_follows_references(cli: Callable[..., Any], folder: Path) -> None:
    by_name = ["--schema", '{"$ref": "urn:n"}', "--ref", f"urn:n={folder / 'positive.json'}"]
    by_path = ["--schema", '{"items": {"$ref": "positive.json"}}', "--ref-dir", str(folder)]
    through = ["--schema", '{"$ref": "shapes/circle%20round.json"}', "--ref-dir", str(folder)]
    by_id = ["--schema", '{"$id": "https://example.com/x/y", "$ref": "../named"}', "--ref-dir", str(folder)]

    for arguments, good, bad in (
        (by_name, "3", "0"),
        (by_path, "[1, 2]", "[1, 0]"),
        (through, '{"r": 1}', '{"r": 0}'),
        (by_id, "null", "1"),
    ):
        assert cli("check", *arguments, "-", stdin=good).code == 0, arguments
        ran = cli("check", *arguments, "-", stdin=bad)
        assert ran.code == 1, ran.err


def test_a_reference_that_is_not_given(cli: Callable[..., Any], folder: Path) -> None:
    ran = cli("check", "--schema", '{"$ref": "nowhere.json"}', "--ref-dir", str(folder), "-", stdin="1")

    assert ran.code == 3
    assert "nowhere.json" in ran.err
    assert "--ref" in ran.err


def test_the_automaton_follows_references(cli: Callable[..., Any], folder: Path) -> None:
    arguments = ("--schema", '{"$ref": "positive.json"}', "--ref-dir", str(folder))

    assert cli("next", *arguments).out == "".join(f"{ord(digit)}\t{digit}\n" for digit in "123456789")
    assert cli("compile", *arguments).code == 0


def test_schema_tools_follow_references(cli: Callable[..., Any], folder: Path) -> None:
    arguments = ('{"type": "array", "maxItems": 2, "items": {"$ref": "positive.json"}}', "--ref-dir", str(folder))

    shown = json.loads(cli("schema", "show", *arguments).out)
    samples = cli("schema", "sample", *arguments, "-n", "20", "--seed", "1").out.splitlines()

    assert shown["items"] == {"$ref": "#/$defs/positive.json"}
    assert shown["$defs"] == {"positive.json": {"type": "integer", "minimum": 1, "maximum": 9}}
    assert all(1 <= item <= 9 for text in samples for item in json.loads(text))
    assert cli("schema", "lint", *arguments).code == 0


def test_a_default_is_judged_through_references(cli: Callable[..., Any], folder: Path) -> None:
    schema = '{"type": "integer", "minimum": 0, "maximum": 9, "allOf": [{"$ref": "positive.json"}], "default": 0}'

    ran = cli("schema", "lint", schema, "--ref-dir", str(folder))

    assert ran.code == 1
    assert "at /default: 0 is refused" in ran.out


@pytest.mark.parametrize(
    ("draft", "schema", "good", "bad"),
    [
        ("openapi-3.0", '{"type": "string", "nullable": true}', ["null", '"a"'], ["1"]),
        (
            "openapi-3.0",
            '{"type": "object", "properties": {"nullable": {"type": "integer", "nullable": true}}}',
            ['{"nullable": null}'],
            ['{"nullable": "a"}'],
        ),
        ("openapi-3.0", '{"enum": ["a"], "nullable": true}', ['"a"'], ["null"]),
        ("openapi-3.0", '{"type": "number", "minimum": 0, "exclusiveMinimum": true, "id": "x"}', ["1"], ["0"]),
        ("openapi-3.1", '{"type": ["string", "null"], "prefixItems": [true]}', ["null"], ["1"]),
    ],
)
def test_dialects_of_openapi(draft: str, schema: str, good: list[str], bad: list[str], cli: Callable[..., Any]) -> None:
    """The automaton and the validator read them alike."""
    arguments = ("--schema", schema, "--draft", draft)
    for text, code in [*((text, 0) for text in good), *((text, 1) for text in bad)]:
        assert cli("check", *arguments, "-", stdin=text).code == code
        assert code or cli("next", *arguments, text).code == 0
    # what the automaton writes, the validator judges
    assert cli("schema", "sample", schema, "--draft", draft, "-n", "20", "--seed", "1").code == 0


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The options with which the compiler is asked for a grammar; the grammar is that of the first document."""
    calls: list[dict[str, Any]] = []
    real = json_schema.build

    def build(schema: str, **options: Any) -> Any:
        calls.append(options)
        documents = options.pop("references") or {}
        return real(next(iter(documents.values()), schema), **options)

    monkeypatch.setattr(json_schema, "build", build)
    return calls


@pytest.mark.parametrize("command", [["next"], ["compile"], ["schema", "sample"]])
def test_the_compiler_is_given_the_documents(
    command: list[str], cli: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    real = json_schema.build

    def build(schema: str, **options: Any) -> Any:
        given.append(options.pop("references"))
        return real("true", **options)

    monkeypatch.setattr(json_schema, "build", build)
    schema = ["--schema", '{"$ref": "urn:n"}'] if command[0] != "schema" else ["true"]

    ran = cli(*command, *schema, "--ref", f"urn:n={folder / 'positive.json'}")

    assert ran.code == 0, ran.err
    assert given == [{"urn:n": POSITIVE}]


def test_the_cache_goes_by_content(cli: Callable[..., Any], tmp_path: Path, built: list[dict[str, Any]]) -> None:
    path = tmp_path / "n.json"
    arguments = ("next", "--schema", '{"$ref": "urn:n"}', "--ref", f"urn:n={path}")
    path.write_text('{"const": 1}')

    assert cli(*arguments).out == "49\t1\n"
    assert cli(*arguments).out == "49\t1\n"
    assert len(built) == 1
    path.write_text('{"const": 2}')
    assert cli(*arguments).out == "50\t2\n"
    assert len(built) == 2


def test_a_compiled_file_holds_the_documents(
    cli: Callable[..., Any], tmp_path: Path, built: list[dict[str, Any]]
) -> None:
    from constrain.cli.compiled import CompiledFile

    path, out = tmp_path / "n.json", tmp_path / "n.grammar"
    path.write_text('{"const": 1}')

    assert cli("compile", "--schema", '{"$ref": "urn:n"}', "--ref", f"urn:n={path}", "-o", str(out)).code == 0

    constraint = CompiledFile(str(out)).constraint
    assert constraint is not None
    assert constraint.options.references == (("urn:n", '{"const": 1}'),)


@pytest.mark.parametrize("option", ["order", "numbers", "escapes"])
def test_spelling_options_reach_the_compiler(
    option: str, cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the compiler thinks of the value, it is asked with it."""
    given: list[Any] = []
    real = json_schema.build

    def build(schema: str, **options: Any) -> Any:
        given.append(options.pop(option))
        return real(schema, **options)

    monkeypatch.setattr(json_schema, "build", build)
    monkeypatch.setattr("constrain.cli.constraint._check", lambda *_, **__: None)

    assert cli("next", "--schema", "true", f"--{option}", "any").code == 0
    assert cli("next", "--schema", "true").code == 0
    assert given[0] == "any"
    assert given[1:] != ["any"]
