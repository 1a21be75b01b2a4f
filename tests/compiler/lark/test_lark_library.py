"""The grammars of the lark package, and of its source distribution where that is at hand: all compile or say why."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from lark_texts import LIBRARY

from constrain import InputError, UnsupportedError, Vocabulary, compile_grammar
from constrain.compiler.lark import Files, build

DATA = Path(__file__).resolve().parents[2] / "data"
CASES: list[dict[str, Any]] = tomllib.loads((DATA / "lark_library.toml").read_text(encoding="utf-8"))["case"]

REFUSALS = {
    "advanced/python2.lark": "%declare _INDENT",
}
"""Of the examples in the source distribution; all others compile."""


def test_every_grammar_of_the_package_has_an_outcome() -> None:
    assert {case["grammar"] for case in CASES} == set(LIBRARY)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{case['grammar']} {case.get('start')} {case.get('lexer', 'complete')}") for case in CASES],
)
def test_outcome(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    text = LIBRARY[case["grammar"]]
    outcome = case.get("outcome")
    options = {
        "start": case.get("start", "start"),
        "lexer": case.get("lexer", "complete"),
        "indenter": case.get("indenter"),
        "terminals": case.get("declared"),
    }
    if "terminals" in case:
        # names with an underscore are parts of others, and may be empty
        names = re.findall(r"^([A-Z][A-Z_]*)(?:\.\d+)?:", text, re.MULTILINE)
        assert len(names) > 1
        text += f"\nstart: {' | '.join(names)}\n"
        outcome = case["terminals"]
    if outcome == "compiles":
        assert compile_grammar(build(text, **options), byte_vocabulary).matcher()
        return
    with pytest.raises(UnsupportedError, match=re.escape(outcome)):
        compile_grammar(build(text, **options), byte_vocabulary)


@pytest.mark.slow
def test_examples_of_the_source_distribution(shared_data: Path, byte_vocabulary: Vocabulary) -> None:
    """Unpack ``pip download lark --no-binary :all: --no-deps`` as ``../shared/data/lark``."""
    examples = shared_data / "lark" / "examples"
    if not examples.is_dir():
        pytest.skip("no source distribution of lark in ../shared/data/lark")
    refused = {}
    for path in sorted(examples.rglob("*.lark")):
        text = path.read_text(encoding="utf-8")
        rules = re.findall(r"^[?!]*(_?[a-z]\w*)(?:\.-?\d+)?\s*:", text, re.MULTILINE)
        start = "start" if "start" in rules else rules[0]
        try:
            assert compile_grammar(build(text, start=start, files=Files.on_disk(str(path.parent))), byte_vocabulary)
        except InputError as error:
            refused[str(path.relative_to(examples))] = str(error)
    assert refused.keys() == REFUSALS.keys()
    for name, word in REFUSALS.items():
        assert word in refused[name]
