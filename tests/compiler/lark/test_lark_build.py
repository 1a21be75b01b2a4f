"""What the corpus cannot say: options, the shape of the result, hostile grammars."""

from __future__ import annotations

import subprocess
import sys

import pytest

from constrain import GrammarError, LimitError, Limits, UnsatisfiableError, Vocabulary, compile_lark
from constrain.compiler.lark import build


def test_start_may_be_any_rule_and_a_missing_one_names_those_there_are() -> None:
    grammar = 'a: "x" b\nb: "y"\n'
    assert build(grammar, start="b") != build(grammar, start="a")
    with pytest.raises(GrammarError) as caught:
        build(grammar, start="c")
    assert caught.value.expected == "one of a, b"


def test_messages_begin_with_the_source() -> None:
    with pytest.raises(GrammarError, match=r"^rules\.lark: Rule 'b' used but not defined.*line 2, column 4"):
        build("start: a\na: b\n", source="rules.lark")


def test_an_empty_language_is_unsatisfiable(byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(UnsatisfiableError):
        compile_lark('start: "a" start\n', byte_vocabulary)


def test_lone_surrogates_are_no_text() -> None:
    with pytest.raises(GrammarError, match="lone surrogate") as caught:
        build('start: "a"\n  | "\ud800"')
    assert str(caught.value.span) == "line 2, column 6"


def test_large_counts_and_many_optional_parts_stay_small() -> None:
    assert len(build('start: "a"~1000000 ("b" | "c")~0..1000000000\n').symbols) < 10
    assert len(build("start: " + " ".join(f'["{letter}"]' for letter in "abcdefghijklmnopqrstuvwxyz")).symbols) < 60


def test_terminals_that_double_are_refused_before_they_grow() -> None:
    doubling = "".join(f"A{index}: A{index + 1} A{index + 1}\n" for index in range(60))
    with pytest.raises(LimitError, match="patterns above"):
        build(f'start: A0\n{doubling}A60: "x"\n')
    with pytest.raises(LimitError, match="patterns above"):
        build('start: "x"\nA: "' + "x" * 200_000 + '"\n')


def test_long_grammars_are_refused_by_an_option(byte_vocabulary: Vocabulary) -> None:
    grammar = 'start: "a b" /c "d/ // and so on\n'
    compile_lark(grammar, byte_vocabulary, limits=Limits(max_grammar_tokens=5))
    with pytest.raises(LimitError, match=r"max_grammar_tokens = 4;.*Limits\(max_grammar_tokens="):
        compile_lark(grammar, byte_vocabulary, limits=Limits(max_grammar_tokens=4))


def test_nesting_is_bounded() -> None:
    build("start: " + "(" * 90 + '"a"' + ")" * 90)
    with pytest.raises(LimitError, match="nests"):
        build("start: " + "(" * 5000 + '"a"' + ")" * 5000)
    with pytest.raises(LimitError, match="nest"):
        build("start: /" + "(" * 5000 + "a" + ")" * 5000 + "/")


def test_lark_itself_is_never_imported() -> None:
    program = (
        "import sys; from constrain.compiler.lark import build; "
        "build('start: INT\\n%import common.INT'); sys.exit('lark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_chain_of_terminals_is_no_deep_stack() -> None:
    chain = "".join(f"A{index}: A{index + 1}\n" for index in range(4_000))
    assert len(build(f'start: A0\n{chain}A4000: "x"\n').symbols) == 2
    with pytest.raises(GrammarError, match="contains itself"):
        build(f"start: A0\n{chain}A4000: A0\n")


def test_a_template_needs_its_arguments() -> None:
    with pytest.raises(GrammarError, match="without arguments") as caught:
        build("start: twice\ntwice{x}: x x\n")
    assert str(caught.value.span) == "line 1, column 8"


def test_names_of_the_other_kind_are_refused() -> None:
    with pytest.raises(GrammarError, match="other kind") as caught:
        build("start: digit\n%import common.DIGIT -> digit\n")
    assert str(caught.value.span) == "line 1, column 8"


def test_blank_lines_are_read_at_once() -> None:
    """A quarter of a million of them: read again from each, they would take hours."""
    assert build('start: "a"' + "\r\n" * 250_000 + '| "b"\n').symbols == build('start: "a" | "b"').symbols
