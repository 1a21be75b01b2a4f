"""``--max-string`` and its kin: what the options say, and which language a model is held to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tokenizers import pre_tokenizers

from constrain import Sizes, Vocabulary
from constrain.cli.compiled import CompiledFile
from constrain.cli.constraint import Constraint
from constrain.cli.constraint_options import ConstraintOptions, Named, SizeOptions
from constrain.cli.problems import UsageProblem
from constrain.cli.sizes import read_sizes
from constrain.cli.source import Source, read_source
from constrain.compiler.sizes import UNBOUNDED

NOTHING_GIVEN: dict[str, str | None] = dict.fromkeys(Sizes.__slots__)
SAID = {"properties": {"what": {"type": "string"}}, "required": ["what"], "additionalProperties": False}
TOOLS = json.dumps([{"name": "say", "parameters": SAID}])
STRING = {"type": "json_schema", "json_schema": {"type": "string"}}
TAG = {"type": "tag", "begin": "<a>", "content": STRING, "end": "</a>"}
TAGS = json.dumps({"type": "structural_tag", "format": TAG})


def source(option: str, value: str, **given: str) -> Source:
    named = Named(tool_style="hermes" if option == "tools" else "", **{option: [value]})
    return read_source(ConstraintOptions(named=named), sizes=SizeOptions(**given))


def longest(source: Source, begin: str) -> int | None:
    """The longest run of a letter after which the narrowed language goes on; None where it is not narrowed."""
    narrow = source.narrowed_for(Vocabulary.bytes())
    return None if narrow is None else narrow.matcher().viable_prefix((begin + "9" * 3_000).encode()) - len(begin)


def test_the_help_names_the_defaults(cli: Callable[..., Any]) -> None:
    text = re.sub(r"\s+", " ", cli("gen", "--help").out)
    for name in Sizes.__slots__:
        option = f"--{name.replace('_', '-')} N "
        assert f"[{getattr(Sizes(), name)}]" in text.partition(option)[2][:120]


def test_values() -> None:
    assert read_sizes(NOTHING_GIVEN, "--schema") == Sizes()
    assert read_sizes({**NOTHING_GIVEN, "max_string": "7", "max_depth": "none"}, "--tags") == Sizes(7, 20, 100, None)
    assert read_sizes(dict.fromkeys(Sizes.__slots__, "none"), "--tools") == UNBOUNDED
    assert read_sizes(NOTHING_GIVEN, "--regex") == UNBOUNDED
    assert read_sizes(NOTHING_GIVEN, "--grammar") == replace(UNBOUNDED, max_blanks=64)
    assert read_sizes({**NOTHING_GIVEN, "max_blanks": "none"}, "--grammar") == UNBOUNDED


@pytest.mark.parametrize(
    ("option", "value", "begin"),
    [
        ("schema", '{"type": "string"}', '"'),
        ("tags", TAGS, '<a>"'),
        ("tools", TOOLS, '<tool_call>\n{"name": "say", "arguments": {"what": "'),
    ],
)
def test_what_a_model_is_held_to(option: str, value: str, begin: str) -> None:
    assert longest(source(option, value), begin) == 1000
    assert longest(source(option, value, max_string="7"), begin) == 7
    assert longest(source(option, value, max_string="none", max_digits="7"), begin) is None


def test_what_is_bounded_is_not_narrowed() -> None:
    for schema in ('{"type": "string", "maxLength": 9999}', '{"enum": [1, "a"]}', '{"type": "boolean"}'):
        assert source("schema", schema).narrowed_for(Vocabulary.bytes()) is None


def test_what_its_author_wrote_is_not_narrowed() -> None:
    assert source("regex", "json").narrowed_for(Vocabulary.bytes()) is None
    assert source("grammar", "uuid").narrowed_for(Vocabulary.bytes()) is None


@pytest.mark.parametrize("name", ["json", "sparql", "sql", "cypher", "graphql", "cpp"])
def test_what_a_grammar_ignores_ends(name: str) -> None:
    for given, longest in (({}, 64), ({"max_blanks": "3"}, 3)):
        narrow = source("grammar", name, **given).narrowed_for(Vocabulary.bytes())
        assert narrow is not None
        assert narrow.matcher().viable_prefix(b" " * 70) == longest
    assert source("grammar", name, max_blanks="none").narrowed_for(Vocabulary.bytes()) is None


@pytest.mark.parametrize(
    ("option", "name", "value"),
    [("grammar", "max_string", "7"), ("regex", "max_blanks", "7"), ("grammar", "max_blanks", "0")],
)
def test_bounds_of_what_is_not_there_are_refused(option: str, name: str, value: str) -> None:
    with pytest.raises(UsageProblem, match=f"--{name.replace('_', '-')}"):
        source(option, {"grammar": "json"}.get(option, "a"), **{name: value})


def test_other_notations_ignore_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.gbnf"
    file.write_text('root ::= "a"+')
    with pytest.raises(UsageProblem, match="--max-blanks says nothing about a grammar in GBNF"):
        source("grammar", str(file), max_blanks="7")
    assert source("grammar", str(file)).narrowed_for(Vocabulary.bytes()) is None


def test_a_compiled_file_is_not_narrowed(cli: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "any.bin"
    assert cli("compile", "--schema", "true", "-o", str(file)).code == 0
    assert CompiledFile(str(file)).narrowed_for(Vocabulary.bytes()) is None


def test_the_language_stays_what_it_is(cli: Callable[..., Any], tmp_path: Path) -> None:
    text = tmp_path / "long.json"
    text.write_text(json.dumps("a" * 5_000))
    assert cli("check", "--schema", '{"type": "string"}', str(text)).code == 0
    narrowed = source("schema", '{"type": "string"}')
    assert narrowed.language().matcher().viable_prefix(text.read_bytes()) == 5_002


def test_sizes_are_part_of_what_is_kept() -> None:
    """Two narrowed automata of one schema are not taken for one another in the cache."""
    plain = Constraint("schema", '{"type": "string"}', "here")
    for size in (5, 6, 5):
        assert longest(replace(plain, sizes=Sizes(max_string=size)), '"') == size


def test_a_model_that_writes_line_ends_comes_to_an_end(
    cli: Callable[..., Any], tiny_model: Path, tmp_path: Path
) -> None:
    line_end = sorted(pre_tokenizers.ByteLevel.alphabet()).index("Ċ")
    function = f"def writes_line_ends(token_ids, logits):\n    logits[{line_end}] += 40.0\n    return logits\n"
    (tmp_path / "lost.py").write_text(function)
    command = ["gen", "-m", str(tiny_model), "--seed", "1", "--max-tokens", "200", "--envelope"]
    command += ["--logits", f"{tmp_path / 'lost.py'}:writes_line_ends", "--grammar", "sparql"]
    for given, most in ([], 64), (["--max-blanks", "5"], 5), (["--max-blanks", "none"], None):
        ran = cli(*command, *given, "Write.")
        assert ran.code == 0, ran.err
        record = json.loads(ran.out)
        longest = max(map(len, re.findall(r"\n+", record["data"])))
        assert longest == most or (most is None and longest > 150)
        assert ("sizes" in record["masked"]) == (most is not None)
