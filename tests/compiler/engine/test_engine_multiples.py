"""Multiples alone, between bounds, with exceptions and among other text: every bit of every mask is the reference's.

The reference, which keeps fractions instead of remainders, is itself held against ``Fraction`` here.
"""

from __future__ import annotations

import itertools
import re
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from engine_driver import Tokens
from engine_oracle import LIMITS, Oracle, after, begun, check, position_after

from constrain import CompiledGrammar, Grammar, GrammarBuilder, UnsatisfiableError
from constrain.compiler.grammar import MAXIMUM_DIVISOR, MAXIMUM_PLACES, Expression
from constrain.compiler.reference import Recogniser

NUMERAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
INTEGER = re.compile(r"0|-?[1-9][0-9]*")


def digit_tokens() -> Tokens:
    """Runs of up to three digits as large vocabularies have them, and what begins, ends and parts numbers."""
    digits = ["".join(run) for length in (1, 2) for run in itertools.product("0123456789", repeat=length)]
    others = [
        "123",
        "000",
        "999",
        "500",
        "-",
        ".",
        "-1",
        "-0",
        "1.",
        "0.",
        ".5",
        ".00",
        "5,",
        "0]",
        "[",
        "],",
        ",",
        "[[",
    ]
    return Tokens("digits", [text.encode() for text in [*digits, *others, "e", "a0"]], [], 128)


def random_divisor(random: Random) -> tuple[int, int | None]:
    return random.choice([1, 2, 3, 7, 8, 12, 25, 30, 40, 45]), random.choice([None, None, 0, 1, 2])


def random_expression(random: Random, builder: GrammarBuilder) -> Expression:
    """Multiples, perhaps with bounds on their digits or exceptions, perhaps after or before other digits."""
    divisor, places = random_divisor(random)
    found = builder.multiples(divisor, places)
    digit = builder.char_class([(48, 57)])
    point = builder.literal(b".")
    minus = builder.repeat(builder.literal(b"-"), 0, 1)
    for _ in range(random.choice([0, 1, 1, 2])):
        first = builder.literal(str(random.randint(0, 99)).encode())
        minimum = random.randint(0, 2)
        more = builder.repeat(digit, minimum, random.choice([None, minimum, minimum + 1]))
        fraction = builder.repeat(builder.concat([point, builder.repeat(digit, 1, random.choice([None, 2]))]), 0, 1)
        match random.choice(["interval", "interval", "intervals", "exception", "ending"]):
            case "interval":
                found = builder.intersection([found, builder.concat([minus, first, more, fraction])])
            case "intervals":
                counts = builder.union([more, builder.repeat(digit, 3, 3), builder.concat([first, more])])
                found = builder.intersection([found, builder.concat([minus, counts, fraction])])
            case "exception":
                found = builder.intersection([found, builder.complement(builder.concat([first, more]))])
            case "ending":
                found = builder.concat([found, random.choice([first, fraction, builder.literal(b"a0")])])
    return found


def random_grammar(seed: int) -> Grammar:
    random, builder = Random(seed), GrammarBuilder()
    number = builder.terminal(random_expression(random, builder), "NUMBER")
    if random.random() < 0.4:
        return builder.finish(number)
    other = builder.terminal(random_expression(random, builder), "OTHER")
    comma, opening, closing = (builder.terminal(builder.literal(sign), sign.decode()) for sign in (b",", b"[", b"]"))
    item = builder.rule("item")
    builder.define(item, [[number], [other], [opening, builder.repeat_symbol(item, 0, None, comma), closing]])
    return builder.finish(item)


@pytest.mark.parametrize("block", range(8))
def test_masks(block: int, tmp_path: Path) -> None:
    tokens = digit_tokens()
    checked = 0
    for seed in range(block * 10, block * 10 + 10):
        grammar = random_grammar(seed)
        try:
            oracle = Oracle(grammar)
        except UnsatisfiableError:
            with pytest.raises(UnsatisfiableError):
                tokens.compile(grammar, LIMITS)
            continue
        compiled = tokens.compile(grammar, LIMITS)
        compiled.save(tmp_path / "grammar")
        loaded = CompiledGrammar.load(tmp_path / "grammar", tokens.native, limits=LIMITS)
        random = Random(seed)
        for _ in range(4):
            text = begun(oracle, random, random.randint(0, 9))
            position = position_after(oracle, text, tokens)
            for grammar_now, when in ((compiled, "first"), (compiled, "again"), (loaded, "saved and loaded")):
                check(grammar_now, position, tokens, f"seed {seed}", when)
            matcher = compiled.matcher()
            assert matcher.accept_bytes(text)
            whole = text + matcher.shortest_completion()
            ended = after(oracle, whole)
            assert ended is not None
            assert ended.accepting
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("seed", range(20))
def test_the_reference_computes_as_fractions_do(seed: int) -> None:
    builder = GrammarBuilder()
    divisor, places = random_divisor(Random(seed))
    grammar = builder.finish(builder.terminal(builder.multiples(divisor, places), "T"))
    recogniser = Recogniser(grammar)
    exact = Fraction(divisor, 10 ** (places or 0))
    pattern = INTEGER if places is None else NUMERAL
    for length in range(1, 5):
        for text in map("".join, itertools.product("-.0257", repeat=length)):
            state = after(recogniser, text.encode())
            taken = state is not None and state.accepting
            assert taken == (pattern.fullmatch(text) is not None and Fraction(text) % exact == 0), text


def test_divisors_out_of_range_are_a_mistake() -> None:
    builder = GrammarBuilder()
    for divisor, places in ((0, None), (MAXIMUM_DIVISOR + 1, None), (1, MAXIMUM_PLACES + 1), (1, -1)):
        with pytest.raises(ValueError, match="bad divisor"):
            builder.multiples(divisor, places)
