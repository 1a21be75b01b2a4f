"""Grammars that nobody means well with: a result or a refusal, and soon."""

from __future__ import annotations

import pytest
from notation_judge import judged

from constrain import (
    GrammarError,
    InputError,
    LimitError,
    Limits,
    UnsatisfiableError,
    Vocabulary,
    compile_ebnf,
    compile_gbnf,
)
from constrain.compiler.notation import Notation, build
from constrain.compiler.notation.convert import convert
from constrain.compiler.notation.lint import lint


@pytest.mark.parametrize("notation", ["gbnf", "ebnf"])
def test_ten_megabytes_are_refused(notation: str) -> None:
    texts = [
        'root ::= "' + "a" * 10_000_000 + '"',
        "root ::= [" + "ab" * 5_000_000 + "]",
        'root ::= "a"\n' + "".join(f'r{index} ::= "b" | "c" r{index}\n' for index in range(400_000)),
        "root ::= " + "(" * 10_000_000,
        "root ::= " + " " * 10_000_000 + "!",
        "#" * 10_000_000,
        "root ::= '" + "a" * 10_000_000,
        "/*" * 5_000_000,
    ]
    for text in texts:
        with pytest.raises(InputError):
            build(text, notation)  # type: ignore[arg-type]


def test_nesting_is_bounded() -> None:
    assert build("root ::= " + "(" * 90 + '"a"' + ")" * 90, "gbnf")
    for notation in ("gbnf", "ebnf"):
        with pytest.raises(LimitError, match="nests deeper than 100"):
            build("root ::= " + "(" * 5_000 + '"a"' + ")" * 5_000, notation)  # type: ignore[arg-type]


def test_repetitions_of_repetitions_are_bounded() -> None:
    assert convert('root ::= "a"' + "+" * 90, "gbnf", "lark")
    with pytest.raises(LimitError, match="nests deeper than 100"):
        build('root ::= "a"' + "+" * 5_000, "gbnf")
    with pytest.raises(LimitError, match="nests deeper than 100"):
        build("root ::= " + "(" * 60 + '"a"' + "++)" * 60, "gbnf")


@pytest.mark.parametrize("notation", ["gbnf", "ebnf"])
def test_what_may_nest_passes_everywhere(notation: Notation) -> None:
    """As deep as is allowed, from as deep as a program may call."""
    deep = "root ::= " + '("a" | "b" ' * 45 + '"a"' + ")*" * 45

    def called(depth: int) -> str:
        return called(depth - 1) if depth else convert(deep, notation, "lark") + convert(deep, notation, "ebnf")

    assert called(200)
    assert lint(deep, notation) == []


def test_chains_of_differences_are_no_deep_stack(byte_vocabulary: Vocabulary) -> None:
    removed = [chr(code) for code in range(0x4E00, 0x4E00 + 3_000)]
    chain = "root ::= [^#] - " + " - ".join(f"[{character}]" for character in removed)
    verdicts = judged(chain, "ebnf", ["a", removed[0], removed[-1], "#"], byte_vocabulary)
    assert list(verdicts.values()) == [True, False, False, False]
    assert lint(chain, "ebnf") == []
    for target in ("lark", "gbnf"):
        assert convert(chain, "ebnf", target)


def test_nested_differences_pass_or_are_refused() -> None:
    def nested(depth: int) -> tuple[str, str]:
        left, right = "(" * depth + "[a-z]" + " - 'b')*" * depth, "[a-z] - (" * depth + "'b'" + ")*" * depth
        return f"root ::= {left}", f"root ::= {right}"

    for grammar in nested(30):
        assert build(grammar, "ebnf")
    for grammar in nested(99):
        with pytest.raises(LimitError, match="nests too deeply"):
            build(grammar, "ebnf")


def test_counts_of_any_size_are_exact(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_gbnf('root ::= ("ab"{2}){1000000,2000000}\n', byte_vocabulary)
    matcher = compiled.matcher()
    assert matcher.accept_bytes(b"abab" * 1_000)
    assert not matcher.is_accepting()
    verdicts = judged("root ::= [a-z]{3,5000}", "gbnf", ["aa", "aaa", "a" * 5_000, "a" * 5_001], byte_vocabulary)
    assert list(verdicts.values()) == [False, True, True, False]


def test_rules_that_double_stay_small(byte_vocabulary: Vocabulary) -> None:
    doubling = "".join(f"r{index} ::= r{index + 1} r{index + 1}\n" for index in range(60))
    grammar = f'root ::= r0\n{doubling}r60 ::= "a" | "b"\n'
    assert compile_gbnf(grammar, byte_vocabulary).matcher().accept_bytes(b"abba")
    assert convert(grammar, "gbnf", "lark").count("\n") < 80


def test_long_chains_are_no_deep_stack(byte_vocabulary: Vocabulary) -> None:
    chain = "".join(f"r{index} ::= r{index + 1}\n" for index in range(4_000))
    grammar = f'root ::= r0\n{chain}r4000 ::= "a" r0 | "b"\n'
    matcher = compile_gbnf(grammar, byte_vocabulary).matcher()
    assert matcher.accept_bytes(b"aab")
    assert matcher.is_accepting()
    assert convert(grammar, "gbnf", "lark")
    assert lint(grammar, "gbnf") == []


def test_long_differences_are_refused() -> None:
    doubling = "".join(f"r{index} ::= r{index + 1} r{index + 1}\n" for index in range(60))
    with pytest.raises(LimitError, match="a side of a difference"):
        build(f"root ::= r0 - 'a'\n{doubling}r60 ::= 'a'\n", "ebnf")


def test_languages_without_a_text_are_unsatisfiable(byte_vocabulary: Vocabulary) -> None:
    for compiled in (compile_gbnf, compile_ebnf):
        with pytest.raises(UnsatisfiableError):
            compiled('root ::= "a" root\n', byte_vocabulary)


def test_lone_surrogates_are_no_text() -> None:
    with pytest.raises(GrammarError, match="lone surrogate") as caught:
        build('root ::= "\ud800"', "gbnf")
    assert str(caught.value.span) == "line 1, column 11"


def test_long_grammars_are_refused_by_an_option(byte_vocabulary: Vocabulary) -> None:
    grammar = 'root ::= "a b" [c-d] # and so on\n'
    compile_gbnf(grammar, byte_vocabulary, limits=Limits(max_grammar_tokens=5))
    with pytest.raises(LimitError, match=r"max_grammar_tokens = 4;.*Limits\(max_grammar_tokens="):
        compile_gbnf(grammar, byte_vocabulary, limits=Limits(max_grammar_tokens=4))


def test_arguments_are_checked(byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(TypeError, match="grammar must be a str"):
        compile_gbnf(b"root", byte_vocabulary)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown notation"):
        build("root", "bnf")  # type: ignore[arg-type]
    with pytest.raises(GrammarError, match="no rule 'b'"):
        compile_ebnf('root ::= "a"', byte_vocabulary, start="b")
