"""Budgets and hostile grammars: a result or a LimitError that says what to raise, never a hang or a crash."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random
from string import ascii_lowercase

import pytest
from engine_driver import Tokens, allowed
from engine_hostile import a_product_of_machines
from engine_notation import read_grammar

from constrain import Grammar, GrammarBuilder, LimitError, Limits, _core, allocate_token_bitmask, fill_batch
from constrain.compiler.grammar import Symbol

EXPONENTIAL = 'start: X "."\nX: [ab]* "a" [ab]{24}'


def run(tokens: Tokens, grammar: Grammar, text: bytes, limits: Limits) -> None:
    """Compile, then a mask before and after a text."""
    matcher = tokens.compile(grammar, limits).matcher()
    allowed(matcher, tokens)
    assert matcher.accept_bytes(text)
    allowed(matcher, tokens)


@pytest.mark.parametrize(
    ("limits", "grammar", "text"),
    [
        (Limits(max_lexer_states=5), 'start: "abcdefghij"', b"abcdefgh"),
        (Limits(max_expressions=20), "start: X\nX: [a-zé]{2} [0-9]{3} ([ab]{4} | [bc]{5})", b"ab012a"),
        (Limits(max_items=2), 'start: a | b | c\na: "x" a |\nb: "x" b |\nc: "x" c |', b"xxx"),
        (Limits(max_parser_nodes=4), 'start: "(" start ")" | "x"', b"(((((("),
        (Limits(max_mask_steps=3), "start: X*\nX: [a-c] | [0-9]{2}", b"a"),
    ],
    ids=["max_lexer_states", "max_expressions", "max_items", "max_parser_nodes", "max_mask_steps"],
)
def test_the_error_names_the_budget(
    limits: Limits, grammar: str, text: bytes, random_vocabulary_tokens: Tokens, request: pytest.FixtureRequest
) -> None:
    budget = request.node.callspec.id
    run(random_vocabulary_tokens, read_grammar(grammar), text, Limits())
    with pytest.raises(LimitError) as caught:
        run(random_vocabulary_tokens, read_grammar(grammar), text, limits)
    assert budget in str(caught.value)
    assert str(getattr(limits, budget)) in str(caught.value)
    assert "Limits" in str(caught.value)


def test_a_matcher_is_usable_after_a_limit_error(byte_vocabulary_tokens: Tokens) -> None:
    compiled = byte_vocabulary_tokens.compile(read_grammar('start: "(" start ")" | "x"'), Limits(max_parser_nodes=6))
    matcher = compiled.matcher()
    assert matcher.accept_bytes(b"(")
    with pytest.raises(LimitError):
        matcher.accept_bytes(b"(" * 50)
    assert matcher.steps == 1
    assert set(matcher.next_bytes()) == set(b"(x")


def test_bounds_of_limits_are_checked() -> None:
    with pytest.raises(ValueError, match="max_items"):
        Limits(max_items=0)


def nested_counters(builder: GrammarBuilder) -> Symbol:
    part = builder.literal(b"a")
    for _ in range(12):
        part = builder.repeat(part, 0, 9)
    return builder.terminal(part, "start")


def towers_of_stars(builder: GrammarBuilder) -> Symbol:
    part = builder.literal(b"a")
    for _ in range(300):
        part = builder.repeat(builder.union([part, builder.concat([part, part])]), 0, None)
    return builder.terminal(part, "start")


def the_same_twice(builder: GrammarBuilder) -> Symbol:
    either = builder.union([builder.literal(b"a"), builder.char_class([(0x61, 0x61)])])
    part = either
    for _ in range(200):
        part = builder.repeat(builder.concat([part, either]), 0, None)
    return builder.terminal(part, "start")


def complement_of_a_large_class(builder: GrammarBuilder) -> Symbol:
    scattered = builder.char_class((point, point) for point in range(0x100, 0x11000, 3))
    word = builder.repeat(scattered, 1, 40)
    return builder.terminal(builder.complement(builder.concat([builder.complement(word), word])), "start")


def towers_of_complements(builder: GrammarBuilder) -> Symbol:
    part = builder.literal(b"ab")
    for index in range(150):
        part = builder.complement(builder.concat([part, builder.literal(b"a" if index % 2 else b"b")]))
    return builder.terminal(part, "start")


def intersections_of_counts(builder: GrammarBuilder) -> Symbol:
    primes = (2, 3, 5, 7, 11, 13, 17, 19, 23)
    parts = [builder.repeat(builder.literal(b"a" * prime), 1, None) for prime in primes]
    return builder.terminal(builder.intersection(parts), "start")


def a_chain_of_rules(builder: GrammarBuilder) -> Symbol:
    symbol = builder.terminal(builder.literal(b"a"), "A")
    for index in range(20_000):
        symbol = builder.choice(f"r{index}", [[symbol]])
    return builder.choice("start", [[symbol], [symbol, symbol]])


def a_doubling_of_rules(builder: GrammarBuilder) -> Symbol:
    symbol = builder.terminal(builder.literal(b"a"), "A")
    for index in range(60):
        symbol = builder.choice(f"r{index}", [[symbol, symbol], []])
    return builder.choice("start", [[symbol]])


def repeats_of_repeats(builder: GrammarBuilder) -> Symbol:
    symbol = builder.terminal(builder.repeat(builder.literal(b"a"), 0, 5), "A")
    for _ in range(8):
        symbol = builder.repeat_symbol(symbol, 0, 1_000_000, None)
    return builder.choice("start", [[symbol]])


def a_deep_expression(builder: GrammarBuilder) -> Symbol:
    part = builder.literal(b"a")
    for _ in range(20_000):
        part = builder.union([builder.concat([builder.literal(b"a"), part]), builder.literal(b"b")])
    return builder.terminal(part, "start")


def many_literals(builder: GrammarBuilder) -> Symbol:
    return builder.terminal(builder.literals(b"a%d" % number for number in range(50_000)), "start")


def a_long_bound(builder: GrammarBuilder) -> Symbol:
    return builder.terminal(builder.repeat(builder.char_class([(0x61, 0x10FFFF)]), 3, 2**40), "start")


def cycles(builder: GrammarBuilder) -> Symbol:
    rules = [builder.rule(f"r{index}") for index in range(60)]
    letter = builder.terminal(builder.literal(b"a"), "A")
    for rule in rules:
        builder.define(rule, [*([other] for other in rules), [letter], []])
    return rules[0]


HARMLESS = [
    towers_of_stars,
    the_same_twice,
    complement_of_a_large_class,
    towers_of_complements,
    a_chain_of_rules,
    a_doubling_of_rules,
    repeats_of_repeats,
    a_deep_expression,
    many_literals,
    a_long_bound,
    cycles,
]
REFUSED = {
    intersections_of_counts: "max_expressions = 200000",
    a_product_of_machines: "max_expressions = 200000",
    nested_counters: "max_expressions = 200000",
}
TIGHT = Limits(
    max_lexer_states=20_000, max_expressions=200_000, max_items=20_000, max_parser_nodes=50_000, max_mask_steps=500_000
)


@pytest.mark.parametrize("write", HARMLESS, ids=lambda write: write.__name__)
def test_grammars_that_only_look_dangerous(
    write: Callable[[GrammarBuilder], Symbol], byte_vocabulary_tokens: Tokens
) -> None:
    builder = GrammarBuilder()
    matcher = byte_vocabulary_tokens.compile(builder.finish(write(builder)), TIGHT).matcher()
    for _ in range(40):
        mask = allowed(matcher, byte_vocabulary_tokens)
        assert mask
        assert matcher.accept_token(ord("a")) == (ord("a") in mask)
    assert matcher.accept_bytes(matcher.shortest_completion())
    assert matcher.is_accepting()


@pytest.mark.parametrize(("write", "budget"), REFUSED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_grammars_that_need_too_much(
    write: Callable[[GrammarBuilder], Symbol], budget: str, byte_vocabulary_tokens: Tokens
) -> None:
    builder = GrammarBuilder()
    grammar = builder.finish(write(builder))
    with pytest.raises(LimitError, match=budget):
        run(byte_vocabulary_tokens, grammar, b"a" * 40, TIGHT)


def test_exponential_determinisation_is_lazy(byte_vocabulary_tokens: Tokens) -> None:
    """The whole automaton would have 2**24 states; a text meets one for each of its bytes."""
    compiled = byte_vocabulary_tokens.compile(read_grammar(EXPONENTIAL), TIGHT)
    matcher = compiled.matcher()
    text = b"abbabaaabbbabaabab" * 40
    assert matcher.accept_bytes(text)
    assert allowed(matcher, byte_vocabulary_tokens) - {ord(".")} == {ord("a"), ord("b")}
    assert (ord(".") in allowed(matcher, byte_vocabulary_tokens)) == (text[-25] == ord("a"))
    assert compiled.statistics()["lexer_states"] < 3 * len(text)


def test_a_long_text_of_new_states_is_refused(byte_vocabulary_tokens: Tokens) -> None:
    random = Random(5)
    matcher = byte_vocabulary_tokens.compile(read_grammar(EXPONENTIAL), TIGHT).matcher()
    with pytest.raises(LimitError, match="max_lexer_states = 20000"):
        matcher.accept_bytes(bytes(random.choices(b"ab", k=30_000)))
    assert matcher.accept_bytes(b"ab")


def test_masks_dropped_to_make_room_cost_no_budget() -> None:
    """More wide masks than are kept: a batch fills them, and none of them runs out of steps."""
    size, count = 4_000_000, 300
    tokens = [
        *(bytes([byte]) for byte in range(256)),
        *(bytes(letters) for letters in product(ascii_lowercase.encode(), repeat=3)),
    ]
    vocabulary = _core.Vocabulary([*tokens, None], [len(tokens)], vocab_size=size)
    builder = GrammarBuilder()
    letters = builder.repeat(builder.char_class([(ord("a"), ord("z"))]), 0, None)
    lexemes = [
        builder.terminal(builder.concat([builder.literal(b"%d:" % i), letters, builder.literal(b"!%d" % i)]), f"T{i}")
        for i in range(count)
    ]
    grammar = builder.finish(builder.choice("start", [[lexeme] for lexeme in lexemes]))
    compiled = _core.compile_grammar(grammar, vocabulary, Limits())
    bitmask = allocate_token_bitmask(1, size)
    most = 0
    for i in range(count):
        matcher = compiled.matcher()
        assert matcher.accept_bytes(b"%d:" % i)
        fill_batch([matcher], bitmask)
        most = max(most, compiled.statistics()["mask_bytes"])
    assert compiled.statistics()["mask_bytes"] < most, "nothing was dropped"
