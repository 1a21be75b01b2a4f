"""The reference recogniser against oracles that nobody here wrote: ``re``, lark's Earley parser, and brute force."""

from __future__ import annotations

import re
from itertools import product
from random import Random

import pytest
from engine_oracle import after
from engine_random import random_finite_grammar
from lark import Lark
from lark.exceptions import UnexpectedInput

from constrain import Grammar, GrammarBuilder, UnsatisfiableError
from constrain.compiler.grammar import Expression
from constrain.compiler.reference import Recogniser, mask, matches, viable_prefix


def words(alphabet: str, length: int) -> list[str]:
    return ["".join(letters) for count in range(length + 1) for letters in product(alphabet, repeat=count)]


def accepts(recogniser: Recogniser, text: bytes) -> bool:
    state = after(recogniser, text)
    return state is not None and recogniser.accepting(state)


# -- expressions: Python's re ------------------------------------------------------------------------------------------


def random_pattern(random: Random, builder: GrammarBuilder, depth: int) -> tuple[Expression, str]:
    """An expression and the same as a pattern of ``re``."""
    match random.choice(["literal", "class", "concat", "union", "repeat"][: 5 if depth else 2]):
        case "literal":
            text = "".join(random.choices("aab€", k=random.randint(0, 2)))
            return builder.literal(text.encode()), f"(?:{text})"
        case "class":
            members = random.choice(["a", "ab", "b€", "é-₭", "a-é", "😀b"])
            low_high = re.fullmatch("(.)-(.)", members)
            ranges = [low_high.groups()] if low_high else [(letter, letter) for letter in members]
            return builder.char_class((ord(low), ord(high)) for low, high in ranges), f"[{members}]"
        case "concat":
            parts = [random_pattern(random, builder, depth - 1) for _ in range(random.randint(0, 3))]
            return builder.concat([part for part, _ in parts]), "(?:" + "".join(text for _, text in parts) + ")"
        case "union":
            parts = [random_pattern(random, builder, depth - 1) for _ in range(random.randint(1, 3))]
            return builder.union([part for part, _ in parts]), "(?:" + "|".join(text for _, text in parts) + ")"
    part, text = random_pattern(random, builder, depth - 1)
    minimum = random.randint(0, 2)
    maximum = random.choice([None, minimum, minimum + 1])
    bounds = f"{{{minimum},{'' if maximum is None else maximum}}}"
    return builder.repeat(part, minimum, maximum), f"(?:{text}){bounds}"


@pytest.mark.parametrize("block", range(4))
def test_expressions_match_what_re_matches(block: int) -> None:
    texts = [*words("ab€", 4), "é", "😀", "₭", "₮", "è", "éa", "aé"]
    hits = 0
    for seed in range(block * 30, (block + 1) * 30):
        random, builder = Random(seed), GrammarBuilder()
        (left, left_pattern), (right, right_pattern) = (random_pattern(random, builder, 3) for _ in range(2))
        either = re.compile(f"(?:{left_pattern})|(?:{right_pattern})")
        both = re.compile(f"(?={left_pattern}\\Z)(?:{right_pattern})")
        neither = re.compile(f"(?!{left_pattern}\\Z)(?!{right_pattern}\\Z)(?:.*)", re.DOTALL)
        for expression, pattern in (
            (builder.union([left, right]), either),
            (builder.intersection([left, right]), both),
            (builder.intersection([builder.complement(left), builder.complement(right)]), neither),
        ):
            expected = {text for text in texts if pattern.fullmatch(text)}
            try:
                recogniser = Recogniser(builder.finish(builder.terminal(expression, "T")))
            except UnsatisfiableError:
                assert not expected
                continue
            assert {text for text in texts if accepts(recogniser, text.encode())} == expected
            hits += len(expected)
    assert hits > 1000


def test_a_complement_holds_exactly_the_other_texts() -> None:
    builder = GrammarBuilder()
    part = builder.concat([builder.repeat(builder.literal("é".encode()), 1, None), builder.literal(b"a")])
    recogniser = Recogniser(builder.finish(builder.terminal(builder.complement(part), "T")))
    for text in words("éa€", 4):
        assert accepts(recogniser, text.encode()) != bool(re.fullmatch("é+a", text))
    for broken in (b"\xc3", b"\x80", b"a\xff", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80"):
        assert not accepts(recogniser, broken)


@pytest.mark.parametrize("point", [0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF])
def test_a_class_holds_the_bytes_that_python_encodes(point: int) -> None:
    builder = GrammarBuilder()
    recogniser = Recogniser(builder.finish(builder.terminal(builder.char_class([(point, point)]), "T")))
    neighbours = [
        other for other in (point - 1, point, point + 1) if 0 <= other <= 0x10FFFF and other not in (0xD800, 0xDFFF)
    ]
    assert [other for other in neighbours if accepts(recogniser, chr(other).encode())] == [point]


# -- symbols: lark and brute force -------------------------------------------------------------------------------------


def random_rules(seed: int) -> tuple[Grammar, str]:
    """Rules of any recursion over letters, as a grammar and as lark spells it."""
    random, builder = Random(seed), GrammarBuilder()
    names = ["start", "second", "third"][: random.randint(1, 3)]
    rules = {name: builder.rule(name) for name in names}
    symbols = {f'"{text}"': builder.terminal(builder.literal(text.encode()), text) for text in ("a", "b", "ab")}
    symbols |= rules
    lines = []
    for name in names:
        bodies = [
            random.choices(sorted(symbols), k=random.choice([0, 1, 1, 2, 2, 3])) for _ in range(random.randint(1, 3))
        ]
        builder.define(rules[name], [[symbols[part] for part in body] for body in bodies])
        lines.append(f"{name}: " + " | ".join(dict.fromkeys(" ".join(body) for body in bodies)))
    return builder.finish(rules["start"]), "\n".join(lines)


def lark_accepts(parser: Lark, text: str) -> bool:
    try:
        parser.parse(text)
    except UnexpectedInput:
        return False
    return True


@pytest.mark.parametrize("block", range(3))
def test_rules_accept_what_lark_accepts(block: int) -> None:
    texts = words("ab", 5)
    hits = 0
    for seed in range(block * 40, (block + 1) * 40):
        grammar, spelled = random_rules(seed)
        parser = Lark(spelled, parser="earley", lexer="dynamic_complete")
        expected = {text for text in texts if lark_accepts(parser, text)}
        try:
            recogniser = Recogniser(grammar)
        except UnsatisfiableError:
            assert not expected
            continue
        assert {text for text in texts if accepts(recogniser, text.encode())} == expected, spelled
        hits += len(expected)
    assert hits > 50


def test_finite_languages_by_brute_force() -> None:
    for seed in range(300):
        grammar, language = random_finite_grammar(seed)
        if not language:
            with pytest.raises(UnsatisfiableError):
                Recogniser(grammar)
            continue
        recogniser = Recogniser(grammar)
        following: dict[bytes, set[int]] = {text: set() for text in language}
        for text in language:
            for end, byte in enumerate(text):
                following.setdefault(text[:end], set()).add(byte)
        # from the start, the viable texts are the beginnings of the language's texts, no more and no fewer
        unexplored = [(b"", recogniser.start())]
        for text, state in unexplored:
            assert recogniser.accepting(state) == (text in language)
            assert recogniser.next_bytes(state) == following[text]
            assert recogniser.advance(state, ord("c")) is None
            for byte in following[text] if len(unexplored) < 100 else ():
                longer = recogniser.advance(state, byte)
                assert longer is not None
                unexplored.append((text + bytes([byte]), longer))


# -- the functions ---------------------------------------------------------------------------------------------------


def keyword_grammar() -> Grammar:
    builder = GrammarBuilder()
    return builder.finish(builder.terminal(builder.literals([b"foo", b"foobar"]), "T"))


def test_a_mask_holds_the_tokens_that_some_completion_begins_with() -> None:
    recogniser = Recogniser(keyword_grammar())
    tokens = [b"f", b"foob", b"foobarx", b"", None, b"oo", b"ob", b"f"]
    assert mask(recogniser, recogniser.start(), tokens) == {0, 1, 7}
    state = recogniser.advance(recogniser.start(), ord("f"))
    assert state is not None
    assert mask(recogniser, state, tokens) == {5}


def test_matching_and_viable_prefixes() -> None:
    grammar = keyword_grammar()
    assert [matches(grammar, text) for text in (b"foo", b"foobar", b"foob", b"", b"foox")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [viable_prefix(grammar, text) for text in (b"foo", b"foox", b"", b"x", b"foobarr")] == [3, 3, 0, 0, 6]


def test_states_stay_as_they_were() -> None:
    recogniser = Recogniser(keyword_grammar())
    state = after(recogniser, b"fo")
    assert state is not None
    before = recogniser.next_bytes(state)
    assert after(recogniser, b"obar", state) is not None
    assert after(recogniser, b"x", state) is None
    assert recogniser.next_bytes(state) == before == {ord("o")}


def test_an_empty_language_is_an_error() -> None:
    builder = GrammarBuilder()
    grammar = builder.finish(
        builder.terminal(builder.intersection([builder.literal(b"a"), builder.literal(b"b")]), "T")
    )
    with pytest.raises(UnsatisfiableError):
        matches(grammar, b"a")
