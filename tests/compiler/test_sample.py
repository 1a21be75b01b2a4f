"""Samples of any grammar belong to its language, repeat with their seed, and come by every rule."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from constrain import GrammarBuilder, Limits, Vocabulary, compile_grammar
from constrain.compiler import Grammar, lark, regex
from constrain.compiler.reference import matches
from constrain.compiler.sample import Sampler
from constrain.compiler.words import words_of

GRAMMARS = {
    "nesting": 'start: "(" start ")" | "[" start ("," start)* "]" | "x"',
    "left recursion": 'start: start "+" start | start start | "a"',
    "only long texts": 'start: "abc" ~ 40',
    "not ASCII": "start: /[à-ÿ]+/ | /[😀-😎]{2}/ | /[㐀-鿿]/",
    "one text": 'start: "one"',
    "the empty text": 'start: ["x"]',
    "strings": r'start: /"([^"\\]|\\["\\nt])*"/ ("," start)?',
}
KEYWORDS = """
start: statement+
statement: "while" NAME "do" statement | "return" NAME ";" | "break" ";" | NAME "=" NAME ";"
NAME: /[a-z]{1,8}/
%ignore " "
"""


def sampler(grammar: Grammar, seed: int, length: int = 60) -> Sampler:
    compiled = compile_grammar(grammar, Vocabulary.bytes(), Limits())
    return Sampler(compiled, grammar, random.Random(seed), length=length)


@pytest.mark.parametrize("name", GRAMMARS)
def test_samples_belong_to_the_language(name: str) -> None:
    grammar = lark.build(GRAMMARS[name])
    drawn = sampler(grammar, 1)
    for text in {drawn.draw() for _ in range(12)}:
        assert matches(grammar, text), text


def test_equal_seeds_give_equal_texts() -> None:
    grammar = lark.build(KEYWORDS)
    first, second, other = (sampler(grammar, seed) for seed in (5, 5, 6))
    texts = [[each.draw() for _ in range(20)] for each in (first, second, other)]
    assert texts[0] == texts[1] != texts[2]


def test_every_alternative_has_a_chance_however_rare_its_letters() -> None:
    drawn = sampler(lark.build(KEYWORDS), 2, length=200)
    text = b" ".join(drawn.draw() for _ in range(200)).decode()
    found = Counter(word for word in ("while", "return", "break", "=") if word in text)
    assert set(found) == {"while", "return", "break", "="}


def test_words_are_not_put_where_they_mean_nothing() -> None:
    drawn = sampler(lark.build('start: "<" /[a-z]+/ ">" | "keyword"'), 3)
    texts = {drawn.draw() for _ in range(300)}
    assert b"keyword" in texts
    assert not any(b"keyword" in text for text in texts - {b"keyword"})


@pytest.mark.parametrize("length", [1, 10, 100, 1000])
def test_samples_have_about_the_length_that_is_asked_for(length: int) -> None:
    drawn = sampler(lark.build(GRAMMARS["nesting"]), 4, length)
    lengths = [len(drawn.draw()) for _ in range(100)]
    assert max(lengths) <= length + 8
    assert len(set(lengths)) > 1 or length == 1


def test_a_schema_and_a_regular_expression_can_be_sampled_too() -> None:
    for grammar in (regex.build("[a-c]{2,5}(?:-[0-9]+)?"), lark.build(GRAMMARS["strings"])):
        drawn = sampler(grammar, 5)
        assert len({drawn.draw() for _ in range(50)}) > 10


def test_words() -> None:
    builder = GrammarBuilder()
    parts = [builder.char_class([(ord(letter), ord(letter)), (ord(letter) - 32, ord(letter) - 32)]) for letter in "or"]
    anycase = builder.concat(parts)
    either = builder.union([builder.literal(b"<="), builder.literal(b"<")])
    name = builder.repeat(builder.char_class([(97, 122)]), 1, None)
    maybe = builder.concat([builder.literal(b"is"), builder.repeat(builder.literal(b" not"), 0, 1)])
    symbols = [builder.terminal(each, f"T{index}") for index, each in enumerate((anycase, either, name, maybe))]
    grammar = builder.finish(builder.choice("start", [[symbol] for symbol in symbols]))
    assert words_of(grammar) == (b"<", b"<=", b"OR", b"is", b"is not", b"or")
