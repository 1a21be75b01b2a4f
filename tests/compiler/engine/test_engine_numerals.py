"""Numerals under conditions, alone and among other text: every bit of every mask is the reference's.

The reference, which tries out fractions, is itself held against their definition here.
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

from constrain import CompiledGrammar, Grammar, GrammarBuilder, LimitError
from constrain.compiler.numeral import MAXIMUM_DIVISOR, Amount, End, Numeral, Side, interval, values
from constrain.compiler.reference import Recogniser, mask

FORMS = {
    "any": re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"),
    "plain": re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"),
    "whole": re.compile(r"0|-?[1-9][0-9]*"),
    "broken": re.compile(r"(?=.*[.eE])-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"),
}


def digit_tokens() -> Tokens:
    """Digits in runs as large vocabularies have them, and what begins, ends and parts numbers."""
    digits = ["".join(run) for length in (1, 2) for run in itertools.product("01259", repeat=length)]
    signs = [
        "-",
        ".",
        "-1",
        "-0",
        "1.",
        "0.",
        ".5",
        ".00",
        "e",
        "E",
        "+",
        "e0",
        "e1",
        "e-",
        "e+",
        "1e",
        "-2",
        "E+0",
        "0e",
    ]
    others = ["3", "4", "6", "7", "8", "123", "000", "999", *signs, "5,", "0]", "[", "],", ",", "a", "a0"]
    return Tokens("digits", [text.encode() for text in [*digits, *others]], [], 128)


class Conditions:
    """Random ones: what `interval` or `values` is given, and what that means."""

    def __init__(self, random: Random) -> None:
        def number() -> Fraction:
            return Fraction(random.randint(-300, 300), 10 ** random.choice([0, 0, 1, 2]))

        def positive() -> Fraction:
            return Fraction(random.choice([1, 2, 3, 5, 7, 10, 12, 25]), 10 ** random.choice([0, 0, 1, 2]))

        self.form = random.choice(["any", "any", "plain", "whole", "broken"])
        self.low = (number(), random.random() < 0.5) if random.random() < 0.6 else None
        self.high = (number(), random.random() < 0.5) if random.random() < 0.6 else None
        if self.low and self.high and self.low[0] > self.high[0]:
            self.low, self.high = self.high, self.low
        self.divisors = [positive() for _ in range(random.choice([0, 0, 1, 1, 2]))]
        if self.form == "whole":
            self.divisors.append(Fraction(1))
        self.avoided = [positive() for _ in range(random.choice([0, 0, 1, 2]))]
        self.listed = [number() for _ in range(random.choice([0, 0, 3]))]
        self.only_listed = self.form in ("any", "broken") and bool(self.listed) and random.random() < 0.4
        if self.only_listed:
            self.numeral = values(self.listed, self.form)  # type: ignore[arg-type]
        else:
            self.numeral = interval(self.form, self.low, self.high, self.divisors, self.avoided, self.listed)  # type: ignore[arg-type]

    def has(self, text: str) -> bool:
        """By the definitions."""
        if FORMS[self.form].fullmatch(text) is None:
            return False
        number = Fraction(text)
        if self.only_listed:
            return number in self.listed
        low, high = self.low, self.high
        return (
            (low is None or number > low[0] or (number == low[0] and not low[1]))
            and (high is None or number < high[0] or (number == high[0] and not high[1]))
            and all((number / divisor).denominator == 1 for divisor in self.divisors)
            and not any((number / divisor).denominator == 1 for divisor in self.avoided)
            and number not in self.listed
        )


def conditions(seeds: range) -> list[Conditions]:
    return [made for seed in seeds if (made := Conditions(Random(seed))).numeral is not None]


def grammar_of(numeral: Numeral, random: Random) -> Grammar:
    """The numeral alone, or before other text, or among others in a list."""
    builder = GrammarBuilder()
    found = builder.numeral(numeral)
    match random.choice(["alone", "ending", "list", "list"]):
        case "alone":
            return builder.finish(builder.terminal(found, "NUMBER"))
        case "ending":
            ending = builder.literals([b"a0", b"e", b".5", b"0"])
            return builder.finish(builder.terminal(builder.concat([found, ending]), "NUMBER"))
    number = builder.terminal(found, "NUMBER")
    others = conditions(range(random.randrange(100, 200), 210))
    other = builder.terminal(builder.numeral(others[0].numeral or numeral), "OTHER")
    comma, opening, closing = (builder.terminal(builder.literal(sign), sign.decode()) for sign in (b",", b"[", b"]"))
    item = builder.rule("item")
    builder.define(item, [[number], [other], [opening, builder.repeat_symbol(item, 0, None, comma), closing]])
    return builder.finish(item)


@pytest.mark.parametrize("block", range(6))
def test_masks(block: int, tmp_path: Path) -> None:
    tokens = digit_tokens()
    checked = 0
    for seed, condition in enumerate(conditions(range(block * 12, block * 12 + 12))):
        random = Random(seed)
        assert condition.numeral is not None
        grammar = grammar_of(condition.numeral, random)
        oracle = Oracle(grammar)
        compiled = tokens.compile(grammar, LIMITS)
        compiled.save(tmp_path / "grammar")
        loaded = CompiledGrammar.load(tmp_path / "grammar", tokens.native, limits=LIMITS)
        for _ in range(3):
            text = begun(oracle, random, random.randint(0, 8))
            position = position_after(oracle, text, tokens)
            for grammar_now, when in ((compiled, "first"), (compiled, "again"), (loaded, "saved and loaded")):
                check(grammar_now, position, tokens, f"{condition.numeral}", when)
            matcher = compiled.matcher()
            assert matcher.accept_bytes(text)
            ended = after(oracle, text + matcher.shortest_completion())
            assert ended is not None
            assert ended.accepting
            checked += 1
    assert checked > 15


@pytest.mark.parametrize("block", range(4))
def test_the_reference_computes_as_fractions_do(block: int) -> None:
    texts = ["".join(text) for length in range(1, 4) for text in itertools.product("-.0125e", repeat=length)]
    texts += ["100e-2", "0.05", "-1.25", "25e-1", "12.0", "-10e1", "0e12", "1e-9"]
    for condition in conditions(range(block * 10, block * 10 + 10)):
        builder = GrammarBuilder()
        assert condition.numeral is not None
        recogniser = Recogniser(builder.finish(builder.terminal(builder.numeral(condition.numeral), "T")))
        wanted = {text for text in texts if condition.has(text)}
        for text in texts:
            state = after(recogniser, text.encode())
            assert (state is not None and state.accepting) == (text in wanted), (condition.numeral, text)
        for text in wanted:
            assert all(after(recogniser, text[:cut].encode()) is not None for cut in range(len(text)))


def test_where_nothing_is_left_there_is_no_numeral() -> None:
    one = Fraction(1)
    assert values([]) is None
    assert interval("any", (one, False), (one, True)) is None
    assert interval("any", (one, False), None, [one], [Fraction(1, 2)]) is None
    assert interval("whole", (one, True), (one * 3, True), [one], [], [one * 2]) is None
    assert interval("plain", (one, False), (one, False), [], [one]) is None
    with pytest.raises(LimitError, match="common multiple"):
        interval("any", None, None, [Fraction(10**12 + 1)], [Fraction(10**12 - 1)])


def test_malformed_numerals_are_a_mistake(byte_vocabulary_tokens: Tokens) -> None:
    end = End(Amount("2", 1), False)
    side = Side(low=end, high=end)
    good = Numeral("any", False, side, None)
    for numeral, sound in (
        (good, True),
        (good._replace(spelling="some"), False),  # type: ignore[arg-type]  # on purpose
        (good._replace(positive=None), False),
        (good._replace(divisor=3), False),
        (good._replace(divisor=MAXIMUM_DIVISOR + 1), False),
        (good._replace(positive=Side(low=end._replace(amount=Amount("20", 1)))), False),
        (good._replace(positive=Side(low=end._replace(amount=Amount("3", 1)), high=end)), False),
        (good._replace(avoided=(2,)), False),
    ):
        builder = GrammarBuilder()
        grammar = builder.finish(builder.terminal(builder.numeral(numeral), "T"))
        if sound:
            recogniser = Recogniser(grammar)
            assert mask(recogniser, recogniser.start(), [b"2", b"3", b"0", b"-"]) == {0, 2}
            assert byte_vocabulary_tokens.compile(grammar, LIMITS).matcher().accept_bytes(b"2")
        else:
            with pytest.raises(ValueError, match=r"malformed|unknown spelling"):
                byte_vocabulary_tokens.compile(grammar, LIMITS)
