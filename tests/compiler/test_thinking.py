"""A free region before another grammar: where it ends, its length, and how an output is taken apart."""

from __future__ import annotations

import re
from itertools import product

import pytest

from constrain import GrammarError, UnsupportedError, Vocabulary, compile_grammar
from constrain.compiler import json_schema, lark, regex
from constrain.compiler.special_tokens import marked
from constrain.compiler.thinking import Marks, is_begun, marks_of, thinking_before, thoughts_and_rest

THINK = Marks("<t>", "</t>")


def accepts(grammar: object, data: bytes, vocabulary: Vocabulary) -> bool:
    matcher = compile_grammar(grammar, vocabulary).matcher()  # type: ignore[arg-type]
    return matcher.accept_bytes(data) and matcher.is_accepting()


def test_tags_name_marks() -> None:
    assert marks_of("think") == ("<think>", "</think>")
    assert marks_of("[THINK]...[/THINK]") == ("[THINK]", "[/THINK]")
    for bad in ("", "a b", "...", "a...", "<t>"):
        with pytest.raises(GrammarError, match="names no tag"):
            marks_of(bad)


def test_all_short_texts(byte_vocabulary: Vocabulary) -> None:
    """Against an expression for the same: the region holds neither mark, and at most two characters."""
    compiled = compile_grammar(thinking_before(regex.build("x*"), THINK, 2), byte_vocabulary)
    pieces = ["<t>", "</t>", "x", "\n", "é"]
    accepted = 0
    for size in range(6):
        for letters in product(pieces, repeat=size):
            text = "".join(letters)
            found = re.fullmatch(r"<t>((?:(?!</?t>)[\s\S]){0,2})</t>\n{0,2}(x*)", text)
            matcher = compiled.matcher()
            assert (matcher.accept_bytes(text.encode()) and matcher.is_accepting()) == bool(found), text
            if found:
                accepted += 1
                for begun in (text, text.removeprefix("<t>")):
                    rest = thoughts_and_rest(begun, THINK, lambda rest: rest.strip("x") == "")
                    assert rest == (found[1], found[2])
    assert accepted > 50


@pytest.mark.parametrize("pattern", ["\n{2}x", "\n*x", "\n{3}x?", "(\nx)?", "x"])
def test_line_breaks_belong_to_the_rest_where_it_needs_them(pattern: str, byte_vocabulary: Vocabulary) -> None:
    compiled = compile_grammar(thinking_before(regex.build(pattern), THINK), byte_vocabulary)
    whole = re.compile(pattern).fullmatch
    accepted = 0
    for breaks in range(7):
        for end in ("x", ""):
            matcher = compiled.matcher()
            text = f"<t>a\n</t>{breaks * chr(10)}{end}"
            if matcher.accept_bytes(text.encode()) and matcher.is_accepting():
                thoughts, rest = thoughts_and_rest(text, THINK, lambda rest: bool(whole(rest)))
                assert thoughts == "a\n"
                assert whole(rest), text
                assert text.endswith(rest)
                accepted += 1
    assert accepted >= 3


def test_prompts_that_begin_the_region() -> None:
    for prompt in ("<t>", "Hi\n<t>\n", "<t></t><t> \n\n"):
        assert is_begun(prompt, THINK)
    for prompt in ("", "\n", "<t> so", "<t></t>", "<t>\n\n</t>\n\n", "t>", "<t"):
        assert not is_begun(prompt, THINK)


def test_keys_differ_after_thoughts(byte_vocabulary: Vocabulary) -> None:
    grammar = thinking_before(json_schema.build({"type": "object"}, whitespace="compact"), THINK)
    assert accepts(grammar, b'<t>{"a":1,"a":</t>\n\n{"a":1,"b":1}', byte_vocabulary)
    assert not accepts(grammar, b'<t></t>\n{"a":1,"a":1}', byte_vocabulary)


def test_marks_may_be_special_tokens() -> None:
    tokens: list[bytes | None] = [*(bytes([byte]) for byte in range(256)), None, None, None]
    vocabulary = Vocabulary(tokens, [258], special_tokens={"<t>": 256, "</t>": 257})
    grammar = thinking_before(regex.build("x"), THINK, special=vocabulary.special_tokens)
    assert accepts(grammar, marked("<t>") + b"why" + marked("</t>") + b"x", vocabulary)
    assert not accepts(grammar, b"<t>why</t>x", vocabulary)
    matcher = compile_grammar(grammar, vocabulary).matcher()
    assert matcher.forced_tokens() == [256]
    assert all(matcher.accept_token(token) for token in (256, ord("a"), 257, ord("x"), 258))
    assert matcher.is_terminated()


def test_a_lexer_of_its_own_is_refused() -> None:
    grammar = lark.build('start: A B\nA: "a"\nB: "b"\n', lexer="contextual")
    with pytest.raises(UnsupportedError, match="lexer of its own"):
        thinking_before(grammar, THINK)
