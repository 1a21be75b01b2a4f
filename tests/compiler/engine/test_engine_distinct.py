"""Guarded lexemes: the engine against the reference, and every way of moving a matcher."""

from __future__ import annotations

import random
from typing import Any, Literal

import pytest

from constrain import CompiledGrammar, Grammar, GrammarBuilder, Vocabulary, allocate_token_bitmask
from constrain.compiler import compile_grammar, json_schema
from constrain.compiler.grammar import Demand, Option
from constrain.compiler.reference import matches
from constrain.compiler.reference.distinct import repeats
from constrain.errors import LimitError

TOKENS = [*(bytes([byte]) for byte in range(256)), b'"a"', b",1", b'","', b"1,1", b'","a":', b"],["]


def digits(guard: Literal["distinct"] | None) -> Grammar:
    """An array of numerals, with or without a guard."""
    builder = GrammarBuilder()
    digit = builder.char_class([(0x31, 0x32)])
    item = builder.terminal(builder.repeat(digit, 1, 2), "ITEM")
    opening, separator, closing = (
        builder.terminal(builder.literal(text), "SIGN", guard) for text in (b"[", b",", b"]")
    )
    items = builder.repeat_symbol(item, 1, None, separator)
    return builder.finish(builder.choice("array", [[opening, items, closing]]))


@pytest.fixture(scope="module")
def rich_vocabulary() -> Vocabulary:
    return Vocabulary([*TOKENS, None], [len(TOKENS)])


@pytest.fixture(scope="module")
def anything(rich_vocabulary: Vocabulary) -> CompiledGrammar:
    """Objects with any members, and arrays of them without repetitions."""
    schema = {"type": "array", "uniqueItems": True, "items": {"type": ["integer", "string", "object"]}}
    return compile_grammar(json_schema.build(schema, whitespace="compact"), rich_vocabulary)


def mask_of(matcher: Any) -> bytes:
    bitmask = allocate_token_bitmask(1, len(TOKENS) + 1)
    matcher.fill_next_token_bitmask(bitmask)
    return bytes(bitmask)


def test_only_a_guard_tells_items_apart(rich_vocabulary: Vocabulary) -> None:
    free, guarded = (compile_grammar(digits(guard), rich_vocabulary) for guard in (None, "distinct"))
    assert free.matcher().viable_prefix(b"[1,1,1]") == 7
    assert guarded.matcher().viable_prefix(b"[1,1,1]") == 4
    assert guarded.matcher().viable_prefix(b"[1,11,2]") == 8


def test_a_container_that_holds_nothing_leaves_the_rest(rich_vocabulary: Vocabulary) -> None:
    """With few keys, and demands that none of its members meets."""
    builder = GrammarBuilder()
    opening, separator, closing, key = (
        builder.terminal(builder.literal(text), "SIGN", "distinct") for text in (b"{", b",", b"}", b'"a":1')
    )
    option = Option(key, unique=False)
    members = builder.members([option], separator, order="any", minimum=1, choices=[[Demand(maximum=0)]])
    word = builder.terminal(builder.literal(b"true"), "WORD")
    grammar = builder.finish(builder.choice("value", [[word], [opening, members, closing]]))
    matcher = compile_grammar(grammar, rich_vocabulary).matcher()
    assert matcher.forced_bytes() == b"true"


def test_all_values_are_used_up(rich_vocabulary: Vocabulary) -> None:
    matcher = compile_grammar(digits("distinct"), rich_vocabulary).matcher()
    assert matcher.accept_bytes(b"[1,2,11,12,21,22")
    assert matcher.next_bytes() == matcher.forced_bytes() == b"]"
    assert matcher.forced_tokens() == [ord("]")]
    matcher.rollback(1)
    assert matcher.accept_bytes(b"[1,2,11,12,21")
    assert matcher.forced_bytes() == b""
    assert matcher.accept_bytes(b",")
    assert matcher.forced_bytes() == b"22]"


SCHEMAS: list[Any] = [
    {"type": "array", "uniqueItems": True, "items": {"type": ["integer", "null"]}, "maxItems": 4},
    {"type": "array", "uniqueItems": True, "items": {"type": "array", "items": {"enum": [1, "a"]}}},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "array", "anyOf": [{"uniqueItems": True}, {"maxItems": 2}], "items": {"enum": [1, 2, 3]}},
]


@pytest.mark.parametrize("whitespace", ["compact", "pretty:1", "flexible"])
@pytest.mark.parametrize("number", range(len(SCHEMAS)))
def test_reference(number: int, whitespace: str, rich_vocabulary: Vocabulary) -> None:
    choose = random.Random(f"{number} {whitespace}")
    grammar = json_schema.build(SCHEMAS[number], whitespace=whitespace)
    compiled = compile_grammar(grammar, rich_vocabulary)
    for _ in range(30):
        matcher = compiled.matcher()
        text = b""
        for _ in range(choose.randint(0, 25)):
            following = [byte for byte in matcher.next_bytes() if byte in b'a1[]{},:"\n ']
            if following:
                text += bytes([choose.choice(following)])
                assert matcher.accept_bytes(text[-1:])
        text += matcher.shortest_completion()
        assert matches(grammar, text)
        changed = bytearray(text)
        changed[choose.randrange(len(text))] = choose.choice(b'a1,"[]')
        again = compiled.matcher()
        accepted = again.accept_bytes(bytes(changed)) and again.is_accepting()
        assert accepted == matches(grammar, bytes(changed)), changed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1,2,1", False),
        ("[1,2,1,", True),
        ("[1,2,1]", True),
        ("[1,1.0,", True),
        ("[1,true]", False),
        ('{"a":1,"\\u0061"', True),
        ('{"a":1,"a', False),
        ('{"a":[1,1],', False),
        ('[{"a":1,"b":2},{"b":2,"a":1}]', True),
        ('[["]","]"],', False),
        ('["\\"","\\""]', True),
        ("", False),
    ],
)
def test_slow_reading(text: str, expected: bool) -> None:
    assert repeats(text.encode()) == expected


def test_saved_and_made_ahead(anything: CompiledGrammar, rich_vocabulary: Vocabulary) -> None:
    """Masks that were made ahead know nothing of repetitions; what is loaded still does."""
    loaded = CompiledGrammar.from_bytes(anything.to_bytes(), rich_vocabulary)
    assert loaded.to_bytes() == anything.to_bytes()
    loaded.precompute(1 << 20)
    again = CompiledGrammar.from_bytes(loaded.to_bytes(), rich_vocabulary)
    text = b'[1,"a",{"a":1,"ab":2},{"a":1,"ab":'
    for end in range(len(text) + 1):
        matchers = [grammar.matcher() for grammar in (anything, loaded, again)]
        assert all(matcher.accept_bytes(text[:end]) for matcher in matchers)
        assert len({mask_of(matcher) for matcher in matchers}) == 1
        assert len({matcher.next_bytes() for matcher in matchers}) == 1


def test_forks_and_steps_back(anything: CompiledGrammar) -> None:
    matcher = anything.matcher()
    pieces = [
        b"[",
        b"1",
        b",",
        b'"a"',
        b",",
        b"1",
        b"2",
        b",",
        b'{"a":1',
        b',"b"',
        b":[[]]}",
        b",",
        b'{"b":[[]]',
        b',"a":',
    ]
    masks = []
    for piece in pieces:
        masks.append((mask_of(matcher), matcher.next_bytes()))
        assert matcher.accept_bytes(piece)
    fork = matcher.fork()
    assert not fork.accept_bytes(b"1}")
    assert fork.accept_bytes(b"10}]")
    assert fork.is_accepting()
    assert matcher.viable_prefix(b"1}]") == 1
    assert matcher.viable_prefix(b"12}]") == 4
    assert matcher.validate_tokens(list(b"1]")) == 1
    for mask, following in reversed(masks):
        matcher.rollback(1)
        assert (mask_of(matcher), matcher.next_bytes()) == (mask, following)
    matcher.reset()
    assert matcher.accept_bytes(b"[1,12]")


def test_hundreds_of_items(rich_vocabulary: Vocabulary) -> None:
    schema = {"type": "array", "uniqueItems": True, "items": {"type": "string"}, "minItems": 700}
    matcher = compile_grammar(json_schema.build(schema, whitespace="compact"), rich_vocabulary).matcher()
    assert matcher.accept_bytes(b"[" + b",".join(b'"%d"' % number for number in range(600)))
    rest = matcher.shortest_completion()
    assert matcher.accept_bytes(rest)
    assert matcher.is_accepting()
    assert len(rest) < 100 * len(b',"aa"') + 10


@pytest.mark.parametrize("length", [10**6, 3 * 10**6])
def test_a_long_completion_is_paid_for(length: int, rich_vocabulary: Vocabulary) -> None:
    schema = {"type": "array", "uniqueItems": True, "items": {"type": "string", "minLength": length}, "minItems": 4}
    matcher = compile_grammar(json_schema.build(schema, whitespace="compact"), rich_vocabulary).matcher()
    with pytest.raises(LimitError, match="max_mask_steps"):
        matcher.shortest_completion()


def test_long_numbers(rich_vocabulary: Vocabulary, anything: CompiledGrammar) -> None:
    """Which others a number may turn out to equal is asked at each of its digits."""
    digits = b"1" * 10_000
    assert anything.matcher().viable_prefix(b"[%s,%s]" % (digits, digits)) == 2 * len(digits) + 2
    assert anything.matcher().accept_bytes(b"[1,%s,2%s]" % (100 * digits, 100 * digits))
    with pytest.raises(LimitError, match="length of a number"):
        anything.matcher().accept_bytes(b"[%s,%s]" % (2 * digits, 2 * digits))


ANY_SPELLING = {"whitespace": "flexible", "order": "any", "numbers": "any", "escapes": "any"}


@pytest.mark.parametrize("options", [{"whitespace": "compact"}, ANY_SPELLING], ids=["compact", "any spelling"])
@pytest.mark.parametrize(
    ("text", "viable"),
    [
        ('{"c":1,"a":1}', 6),  # the only member that could be more than 5 is none
        ('{"c":10,"a":1}', 14),
        ('{"a":1,"aa":1,"c":6}', 20),
        ('{"a":1,"b":1,"c":5}', 18),
        ('{"a":1,"b":1,"c":5,"d":1}', 18),
        ('{"a":1}', 6),
        ('{"a":1,"a', 9),
        ('{"a":1,"a"', 9),
    ],
)
def test_a_key_that_must_come_is_not_used_up(
    text: str, viable: int, options: dict[str, Any], rich_vocabulary: Vocabulary
) -> None:
    """Of other keys there are plenty: the search for an end knows that more of them don't help."""
    schema = {
        "type": "object",
        "minProperties": 2,
        "patternProperties": {"^c$": {"type": "integer"}},
        "additionalProperties": {"type": "integer"},
        "not": {"patternProperties": {"^c$": {"maximum": 5}}},
    }
    matcher = compile_grammar(json_schema.build(schema, **options), rich_vocabulary).matcher()
    assert matcher.viable_prefix(text.encode()) == viable
    assert matcher.accept_bytes(text.encode()[:viable])
    assert matcher.accept_bytes(matcher.shortest_completion())
    assert matcher.is_accepting()


def test_what_cannot_be_decided_in_time_is_said(rich_vocabulary: Vocabulary) -> None:
    letters = {"type": "string", "pattern": "^[a-z]$"}
    schema = {"type": "array", "uniqueItems": True, "items": letters, "minItems": 27}
    with pytest.raises(LimitError, match="max_mask_steps"):
        compile_grammar(json_schema.build(schema, whitespace="compact"), rich_vocabulary)


def test_nesting_inside_distinct_items_is_bounded(anything: CompiledGrammar) -> None:
    deep = b'[{"a":' + b"[" * 600
    with pytest.raises(LimitError, match="fixed limit"):
        anything.matcher().accept_bytes(deep)
