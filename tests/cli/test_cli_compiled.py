"""``compile -o`` and ``--compiled``: a file in place of a constraint says what the constraint says."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constrain import CompiledGrammar, Vocabulary, compile_grammar, compile_json_schema, compile_regex
from constrain.compiler import choices
from constrain.runtime import load_model
from constrain.runtime.models import gguf

SCHEMA = (
    '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false}'
)


@pytest.fixture
def saved(cli: Callable[..., Any], tmp_path: Path) -> str:
    """A schema, compiled for bytes."""
    path = str(tmp_path / "schema.grammar")
    ran = cli("compile", "--schema", SCHEMA, "-o", path)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith(f"saved {path}, ")
    return path


def test_next_says_the_same(cli: Callable[..., Any], saved: str) -> None:
    for prefix in ("", '{"', '{"n": -', '{"n": 1}', "["):
        one = cli("next", "--compiled", saved, "--json", prefix)
        other = cli("next", "--schema", SCHEMA, "--json", prefix)
        assert (one.code, one.out) == (other.code, other.out)


def test_check_asks_the_automaton(cli: Callable[..., Any], saved: str) -> None:
    """The layout belongs to the automaton's language, which jsonschema-rs does not look at."""
    assert cli("check", "--compiled", saved, "-", stdin='{"n": 1}\n').code == 0
    padded = cli("check", "--compiled", saved, "-", stdin='{ "n": 1 }')
    assert (padded.code, padded.out) == (1, "<stdin>: line 1, column 2, byte 1: unexpected space; expected '\"'\n")
    assert cli("check", "--schema", SCHEMA, "-", stdin='{ "n": 1 }').code == 0


def test_check_takes_a_file_for_any_vocabulary(cli: Callable[..., Any], tmp_path: Path, tiny_model: Path) -> None:
    path = str(tmp_path / "codes.grammar")
    assert (
        cli("compile", "--regex", "[A-Z]{2}", "--tokenizer", str(tiny_model / "tokenizer.json"), "-o", path).code == 0
    )

    assert cli("check", "--compiled", path, "-", stdin="AB").code == 0
    assert cli("check", "--compiled", path, "-", stdin="Ab").code == 1


def test_gen_writes_the_same(cli: Callable[..., Any], tmp_path: Path, tiny_model: Path) -> None:
    path = str(tmp_path / "order.grammar")
    model = ("-m", str(tiny_model))
    schema = '{"enum": ["red", "green", "blue", {"deep": [1, 2]}]}'
    assert cli("compile", "--schema", schema, *model, "-o", path).code == 0
    options = (*model, "--seed", "7", "--envelope", "A colour:")

    one = json.loads(cli("gen", "--compiled", path, *options).out)
    other = json.loads(cli("gen", "--schema", schema, *options).out)

    for record in (one, other):
        del record["seconds"]
    assert one == other
    assert one["schema_sha256"]


def test_gen_takes_what_a_program_saved(cli: Callable[..., Any], tmp_path: Path, tiny_model: Path) -> None:
    """Without the constraint's text there is no second opinion, and nothing to show to the model."""
    path = tmp_path / "colour.grammar"
    compile_json_schema({"enum": ["red"]}, Vocabulary.from_file(tiny_model)).save(path)

    ran = cli("gen", "--compiled", str(path), "-m", str(tiny_model), "--envelope", "A colour:")

    record = json.loads(ran.out)
    assert (ran.code, record["data"], record["schema_sha256"]) == (0, "red", None)


def test_a_text_that_contradicts_the_automaton_is_no_way_around_it(
    cli: Callable[..., Any], tmp_path: Path, tiny_model: Path
) -> None:
    """A file says ``red``, and that it was made from a schema that says ``blue``: nothing is printed."""
    path = tmp_path / "colour.grammar"
    vocabulary = Vocabulary.from_file(tiny_model)
    honest = tmp_path / "honest.grammar"
    cli(
        "compile",
        "--schema",
        '{"enum": ["blue"]}',
        "--tokenizer",
        str(tiny_model / "tokenizer.json"),
        "-o",
        str(honest),
    )
    description = CompiledGrammar.load(honest, vocabulary).description

    compile_grammar(choices.build(['"red"']), vocabulary, description=description).save(path)

    ran = cli("gen", "--compiled", str(path), "-m", str(tiny_model), "A colour:")

    assert (ran.code, ran.out) == (6, "")
    assert "withheld" in ran.err


def test_a_file_for_bytes_where_a_model_is_named(cli: Callable[..., Any], saved: str, tiny_model: Path) -> None:
    tokenizer = str(tiny_model / "tokenizer.json")

    for arguments, asked_by in (
        (("next", "--tokenizer", tokenizer), f"--tokenizer {tokenizer}"),
        (("gen", "-m", str(tiny_model), "Hello."), f"-m {tiny_model}"),
        (("compile", "-m", str(tiny_model)), f"-m {tiny_model}"),
    ):
        ran = cli(*arguments, "--compiled", saved)
        assert (ran.code, ran.out) == (4, "")
        assert ran.err == (
            f"error: {saved} is for single bytes (it was compiled without -m), not for the tokens of {asked_by}\n"
            f"  expected a file that 'constrain compile {asked_by} -o FILE' wrote\n"
        )


def test_a_file_for_a_model_where_none_or_another_is_named(
    cli: Callable[..., Any], tmp_path: Path, tiny_model: Path
) -> None:
    path = tmp_path / "other.grammar"
    compile_regex("a", Vocabulary([b"a", b"b"], [2], vocab_size=3)).save(path)

    without = cli("next", "--compiled", str(path))
    assert (without.code, without.out) == (4, "")
    assert without.err == (
        f"error: {path} is for the tokens of a model, and none is named here\n"
        "  expected the -m or --tokenizer that it was compiled with\n"
    )
    other = cli("next", "--compiled", str(path), "-m", str(tiny_model))
    assert (other.code, other.out) == (4, "")
    assert f"is for other tokens than those of -m {tiny_model}\n" in other.err
    assert f"or a file that 'constrain compile -m {tiny_model} -o FILE' wrote" in other.err


def test_a_file_for_bytes_and_the_embedded_model(
    cli: Callable[..., Any], saved: str, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``gen`` without -m names the model that ``compile`` has to be given; what it then writes, ``gen`` takes."""
    loaded = load_model(str(tiny_model), device="cpu")
    loaded.vocabulary.save(tmp_path / gguf.VOCABULARY_FILE)
    monkeypatch.setattr(gguf, "converted_embedded", lambda cache, notify: tmp_path)
    named: list[str | None] = []
    monkeypatch.setattr("constrain.runtime.load_model", lambda name, **_: named.append(name) or loaded, raising=False)
    fitting = str(tmp_path / "fitting.grammar")

    wrong = cli("gen", "--compiled", saved, "Hello.")
    assert (wrong.code, wrong.out) == (4, "")
    assert "not for the tokens of -m embedded\n  expected a file that 'constrain compile -m embedded -o" in wrong.err
    assert cli("compile", "--choice", "yes", "-m", "embedded", "-o", fitting).code == 0
    for model in ((), ("-m", "embedded")):
        right = cli("gen", "--compiled", fitting, *model, "Hello.")
        assert (right.code, right.out) == (0, "yes\n"), right.err
    assert named == [None] * 3


@pytest.mark.parametrize("command", ["compile", "next"])
def test_help_says_whose_tokens(command: str, cli: Callable[..., Any]) -> None:
    help_text = " ".join(cli(command, "--help").out.split())
    assert "[embedded model]" not in help_text
    assert "'embedded' is the one that 'gen' uses without -m [single bytes]" in help_text


@pytest.mark.parametrize("command", [("next", "a"), ("check", "-"), ("compile",), ("gen", "Hello.")])
def test_files_that_cannot_be_used(
    command: tuple[str, ...], cli: Callable[..., Any], saved: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.grammar"
    content = Path(saved).read_bytes()
    broken.write_bytes(content[:100] + b"?" + content[101:])

    for name, reason in ((str(broken), "its checksum is wrong"), (str(tmp_path / "missing"), "No such file")):
        ran = cli(*command, "--compiled", name)
        assert (ran.code, ran.out) == (4, "")
        assert reason in ran.err
        assert name in ran.err


def test_one_constraint_only(cli: Callable[..., Any], saved: str) -> None:
    for arguments, problem in (
        (("--regex", "a"), "--regex and --compiled exclude each other"),
        (("--whitespace", "flexible"), "--whitespace goes with --schema, --tags and --tools only"),
        (("--start", "a"), "--start goes with --grammar only"),
    ):
        ran = cli("next", "--compiled", saved, *arguments)
        assert ran.code == 2
        assert problem in ran.err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("-o", "-"), "-o cannot be standard output"),
        (("-o", ""), "-o names no file"),
        (("--budget-mb", "3"), "--budget-mb goes with --precompute only"),
    ],
)
def test_compile_usage(arguments: tuple[str, ...], problem: str, cli: Callable[..., Any]) -> None:
    ran = cli("compile", "--regex", "a", *arguments)
    assert ran.code == 2
    assert problem in ran.err


def test_what_cannot_be_written(cli: Callable[..., Any], tmp_path: Path) -> None:
    ran = cli("compile", "--regex", "a", "-o", str(tmp_path / "missing" / "a.grammar"))
    assert ran.code == 4
    assert "cannot be written" in ran.err


def test_what_is_no_file_is_not_replaced(cli: Callable[..., Any], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for name, reason in ((str(pipe), "it is there, and no regular file"), (str(tmp_path), "it is a folder")):
        ran = cli("compile", "--regex", "a", "-o", name)
        assert (ran.code, ran.out) == (4, "")
        assert ran.err.startswith(f"error: {name} cannot be written: {reason}")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_link_is_followed(cli: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    for pattern in ("a", "b"):
        assert cli("compile", "--regex", pattern, "-o", str(tmp_path / "link")).code == 0
    assert (tmp_path / "link").is_symlink()
    assert cli("next", "--compiled", str(tmp_path / "target")).out == "98\tb\n"


def test_statistics_with_a_file(cli: Callable[..., Any], tmp_path: Path) -> None:
    path = str(tmp_path / "a.grammar")
    report = json.loads(cli("compile", "--regex", "[ab]{3}", "-o", path, "--precompute", "--json").out)
    again = json.loads(cli("compile", "--compiled", path, "--json").out)

    # so many letters may be there already
    assert report["reached_states"] == report["precomputed_states"] == 4
    assert (report["distinct_masks"], report["share_covered"]) == (2, 1.0)
    assert again["load_seconds"] >= 0
    assert again["allowed_at_start"] == report["allowed_at_start"] == 2
    # the file holds the masks, and none is made again
    assert again["stored_bytes"] == report["precomputed_bytes"] > 0
    assert (again["mask_loaded"], again["mask_misses"], again["trie_walks"]) == (1, 0, 0)
    assert cli("compile", "--regex", "a", "-o", path).out == ""
    assert "allowed at start\t1\n" in cli("compile", "--regex", "a", "-o", path, "--stats").out


def test_the_same_constraint_makes_the_same_file(cli: Callable[..., Any], saved: str, tmp_path: Path) -> None:
    again = tmp_path / "again.grammar"
    cli("compile", "--schema", SCHEMA, "-o", str(again))
    assert again.read_bytes() == Path(saved).read_bytes()


def test_a_program_loads_what_the_command_line_saved(saved: str) -> None:
    matcher = CompiledGrammar.load(saved, Vocabulary.bytes()).matcher()
    assert matcher.accept_bytes(b'{"n": 12}')
    assert matcher.is_accepting()
    assert compile_regex("a", Vocabulary.bytes()).description["kind"] == "regex"
