"""Members in a frame: against enumerated languages, against the reference, and many of them."""

from __future__ import annotations

from itertools import permutations, product
from random import Random
from typing import Literal

import pytest
from engine_driver import Tokens, allowed
from engine_oracle import Oracle, after, expected
from engine_random import joined, random_terminals
from test_engine_random import check_position, compile_or_skip, walk

from constrain import Grammar, GrammarBuilder, Limits, UnsatisfiableError
from constrain.compiler.grammar import Option, Symbol
from constrain.compiler.reference import matches


def sequences(options: list[Option], order: str, minimum: int, maximum: int) -> list[tuple[int, ...]]:
    """Every choice of options, read off the definition."""
    found = []
    for count in range(minimum, maximum + 1):
        for chosen in product(range(len(options)), repeat=count):
            required = all(index in chosen for index, option in enumerate(options) if option.required)
            unique = all(chosen.count(index) <= 1 for index, option in enumerate(options) if option.unique)
            if required and unique and (order == "any" or list(chosen) == sorted(chosen)):
                found.append(chosen)
    return found


def random_members(seed: int) -> tuple[Grammar, set[bytes]]:
    """Members whose language is finite, and all of it."""
    random, builder = Random(seed), GrammarBuilder()
    letters = random.choice(["ab", "abc"])

    def texts() -> set[bytes]:
        empty = random.random() < 0.1
        lengths = [random.randint(not empty, 3) for _ in range(random.choice([0, 1, 1, 1, 2, 2]))]
        return {"".join(random.choices(letters, k=length)).encode() for length in lengths}

    options, languages = [], []
    for index in range(random.randint(1, 4)):
        key, value = texts(), random.choice([{b""}, texts()])
        symbols = [builder.terminal(builder.literals(part), f"{index}") for part in (key, value)]
        symbol = builder.choice(f"option {index}", [symbols]) if random.random() < 0.8 else symbols[0]
        languages.append(joined([key, value]) if symbol not in symbols else key)
        options.append(Option(symbol, random.random() < 0.3, random.random() < 0.7))
    separator, between = None, {b""}
    if random.random() < 0.7:
        between = random.choice([{b","}, {b","}, {b""}, {b"", b","}, set(), texts()])
        separator = builder.terminal(builder.literals(between), "separator")
    order = random.choice(["schema", "any"])
    minimum = random.choice([0, 0, 1, 2])
    maximum = random.choice([minimum, minimum + 1, minimum + 2])
    symbol = builder.members(options, separator, order=order, minimum=minimum, maximum=maximum)
    language: set[bytes] = set()
    for chosen in sequences(options, order, minimum, maximum):
        parts = [part for index in chosen for part in (between, languages[index])][1:]
        language |= joined(parts)
    if random.random() < 0.5:
        # the frame within something else
        bracket = builder.terminal(builder.literal(b"."), ".")
        symbol = builder.choice("start", [[bracket, symbol, bracket]])
        language = {b"." + text + b"." for text in language}
    return builder.finish(symbol), language


EMPTY_OR_NOT = {
    "z": lambda builder: builder.repeat(builder.literal(b"z"), 0, None),
    "b": lambda builder: builder.repeat(builder.literal(b"b"), 0, 1),
    "a": lambda builder: builder.literal(b"a"),
}


@pytest.mark.parametrize("order", ["schema", "any"])
@pytest.mark.parametrize("separated", [False, True])
@pytest.mark.parametrize(("minimum", "maximum"), [(0, None), (2, 3)])
@pytest.mark.parametrize("names", ["z", "za", "az", "zb", "bza", "zba"])
def test_members_that_may_be_empty(
    names: str, minimum: int, maximum: int | None, separated: bool, order: Literal["schema", "any"]
) -> None:
    """Whichever are required or unique: an empty one makes way for those after it."""
    texts = [b"a", b"z", b"b", b"za", b"ba", b",", b",a", b"zba"]
    tokens = Tokens("members", texts, [len(texts)], len(texts) + 1)
    for required, unique in product(product([False, True], repeat=len(names)), repeat=2):
        builder = GrammarBuilder()
        options = [
            Option(builder.terminal(EMPTY_OR_NOT[name](builder), name), *flags)
            for name, *flags in zip(names, required, unique, strict=True)
        ]
        comma = builder.terminal(builder.repeat(builder.literal(b","), 0, 1), "comma") if separated else None
        symbol = builder.members(options, comma, order=order, minimum=minimum, maximum=maximum)
        try:
            grammar = builder.finish(symbol)
            oracle, compiled = Oracle(grammar), tokens.compile(grammar)
        except UnsatisfiableError:
            continue
        for text in (b"", b"z", b"a", b"za", b","):
            state, matcher = after(oracle, text), compiled.matcher()
            assert matcher.accept_bytes(text) == (state is not None)
            if state is not None:
                assert allowed(matcher, tokens) == expected(oracle, state, tokens), (required, unique, text)


@pytest.mark.parametrize("block", range(8))
def test_every_text_by_brute_force(block: int, random_vocabulary_tokens: Tokens) -> None:
    """A token is allowed exactly if a text of the enumerated language goes on with it."""
    tokens, nonempty = random_vocabulary_tokens, 0
    for seed in range(block * 100, (block + 1) * 100):
        grammar, language = random_members(seed)
        if not language:
            with pytest.raises(UnsatisfiableError):
                tokens.compile(grammar)
            continue
        nonempty += 1
        compiled = tokens.compile(grammar)
        beginnings = {text[:end] for text in language for end in range(len(text) + 1)}
        chosen = Random(seed).sample(sorted(beginnings), min(8, len(beginnings)))
        for beginning in chosen:
            matcher = compiled.matcher()
            assert matcher.accept_bytes(beginning), (seed, beginning)
            truth = {token for text, ids in tokens.by_bytes.items() if beginning + text in beginnings for token in ids}
            if beginning in language:
                truth.update(tokens.eos_token_ids)
            assert allowed(matcher, tokens) == truth, (seed, beginning)
            assert matcher.is_accepting() == (beginning in language)
            completions = [text[len(beginning) :] for text in language if text.startswith(beginning)]
            assert matcher.shortest_completion() in completions
            assert len(matcher.shortest_completion()) == min(map(len, completions))
            assert matches(grammar, beginning) == (beginning in language)
    assert nonempty > 40


def random_member_grammar(seed: int) -> Grammar:
    """Frames with options of every kind: rules that recur, other frames, symbols without a text, empty ones."""
    random, builder = Random(seed), GrammarBuilder()
    terminals = random_terminals(random, builder, random.randint(1, 3), depth=random.choice([0, 0, 1]))
    terminals += [builder.terminal(builder.literal(text), text.decode()) for text in (b"a", b"ab", b"abc", b"b", b",")]
    rules = [builder.rule(f"r{index}") for index in range(random.randint(1, 3))]
    symbols: list[Symbol] = terminals + rules
    for index in range(random.randint(1, 3)):
        options = []
        for _ in range(random.randint(1, 4)):
            symbol = random.choice(symbols)
            if random.random() < 0.5:
                symbol = builder.choice("pair", [[random.choice(terminals), symbol]])
            options.append(Option(symbol, random.random() < 0.3, random.random() < 0.7))
        minimum = random.choice([0, 0, 1, 2, 3])
        frame = builder.members(
            options,
            random.choice([None, *terminals]),
            order=random.choice(["schema", "any"]),
            minimum=minimum,
            maximum=random.choice([None, None, minimum, minimum + 1, minimum + 3]),
            name=f"frame {index}",
        )
        symbols.append(frame)
    for rule in rules:
        lengths = [random.choice([0, 1, 1, 2, 2, 3]) for _ in range(random.randint(0, 3))]
        builder.define(rule, [random.choices(symbols, k=length) for length in lengths])
    return builder.finish(random.choice([symbols[-1], rules[0]]))


@pytest.mark.parametrize("vocabulary", ["byte", "random"])
@pytest.mark.parametrize("block", range(4))
def test_positions(block: int, vocabulary: str, request: pytest.FixtureRequest) -> None:
    tokens = request.getfixturevalue(f"{vocabulary}_vocabulary_tokens")
    checked = 0
    for seed in range(block * 30, (block + 1) * 30):
        compiled = compile_or_skip(random_member_grammar(seed), tokens)
        if compiled is None:
            continue
        random = Random(seed)
        texts = walk(compiled[1], random, 10)
        for text in random.sample(texts, min(4, len(texts))):
            check_position(*compiled, tokens, text, random)
            checked += 1
    assert checked > 50


def object_of(builder: GrammarBuilder, names: list[str], required: set[str], **more: object) -> Grammar:
    """``{name:1,...}``"""
    value = builder.terminal(builder.literal(b"1"), "1")
    options = [
        Option(
            builder.choice("pair", [[builder.terminal(builder.literal(name.encode() + b":"), name), value]]),
            required=name in required,
        )
        for name in names
    ]
    mark = {text: builder.terminal(builder.literal(text.encode()), text) for text in "{},"}
    inside = builder.members(options, mark[","], **more)
    return builder.finish(builder.choice("object", [[mark["{"], inside, mark["}"]]]))


def test_every_permutation(byte_vocabulary_tokens: Tokens) -> None:
    names = ["a", "ab", "b", "ba", "c"]
    compiled = byte_vocabulary_tokens.compile(object_of(GrammarBuilder(), names, {"ab", "c"}, order="any", maximum=4))
    for count in range(6):
        for chosen in permutations(names, count):
            text = ("{" + ",".join(f"{name}:1" for name in chosen) + "}").encode()
            matcher = compiled.matcher()
            accepted = matcher.accept_bytes(text) and matcher.is_accepting()
            assert accepted == ({"ab", "c"} <= set(chosen) and count <= 4), text


@pytest.mark.parametrize("order", ["schema", "any"])
def test_two_thousand_options(order: str, byte_vocabulary_tokens: Tokens) -> None:
    """One rule each, and one item however many may come."""
    names = [f"{'key' * (index % 3)}{index}" for index in range(2000)]
    random = Random(3)
    chosen = random.sample(range(2000), 300)
    required = {names[index] for index in chosen[:5]}
    if order == "schema":
        chosen.sort()
    grammar = object_of(GrammarBuilder(), names, required, order=order, minimum=300, maximum=300)
    compiled = byte_vocabulary_tokens.compile(grammar, Limits(max_items=20, max_lexer_states=50_000))
    matcher = compiled.matcher()
    assert matcher.accept_bytes(b"{")
    for index in chosen:
        key = f"{names[index]}:1".encode()
        assert key[0] in matcher.next_bytes()
        assert matcher.accept_bytes(key)
        assert matcher.next_bytes() == (b"}" if index == chosen[-1] else b",")
        assert not matcher.fork().accept_bytes(b"," + key)
        if index != chosen[-1]:
            assert matcher.accept_bytes(b",")
    assert matcher.accept_bytes(b"}")
    assert matcher.is_accepting()
    matcher.reset()
    assert matcher.accept_bytes(b"{key")
    completion = matcher.shortest_completion()
    assert completion.count(b":") == 300
    assert matcher.accept_bytes(completion)
    assert matcher.is_accepting()


def test_a_large_bound_is_a_number(byte_vocabulary_tokens: Tokens) -> None:
    """A bound of 1,000,000 has the grammar and the states of a bound of 10."""

    def sizes(bound: int) -> dict[str, int]:
        builder = GrammarBuilder()
        letter, comma = (builder.terminal(builder.literal(text), text.decode()) for text in (b"a", b","))
        compiled = byte_vocabulary_tokens.compile(builder.finish(builder.repeat_symbol(letter, 5, bound, comma)))
        matcher = compiled.matcher()
        for _ in range(8):
            assert allowed(matcher, byte_vocabulary_tokens)
            assert matcher.accept_bytes(b"a")
            assert matcher.accept_bytes(b",")
        return {name: compiled.statistics()[name] for name in ("rules", "dotted_rules", "lexer_states", "parser_nodes")}

    assert sizes(10) == sizes(1_000_000)


def test_bounds_that_contradict_are_refused() -> None:
    builder = GrammarBuilder()
    letter = builder.terminal(builder.literal(b"a"), "a")
    with pytest.raises(ValueError, match="bad number of members 2, 1"):
        builder.members([Option(letter)], minimum=2, maximum=1)


def counted_grammar(seed: int) -> Grammar:
    """Lists in lists with bounds past what a token spans, and objects with a bound on their members."""
    random, builder = Random(seed), GrammarBuilder()
    mark = {text: builder.terminal(builder.literal(text.encode()), text) for text in "[]{},"}
    key = builder.terminal(builder.repeat(builder.char_class([(0x61, 0x63)]), 1, random.choice([1, None])), "key")
    value = builder.rule("value")
    bodies = [[key]]
    for index in range(2):
        minimum = random.choice([0, 1, 3, 12])
        maximum = random.choice([None, minimum + random.choice([1, 2, 20])])
        separator = random.choice([None, mark[","], mark[","]])
        if random.random() < 0.5:
            inside = builder.repeat_symbol(random.choice([key, value]), minimum, maximum, separator, f"many {index}")
        else:
            named = [builder.terminal(builder.literal(letter), "name") for letter in (b"a", b"b", b"ab")]
            options = [Option(name, random.random() < 0.2) for name in named] + [Option(value, False, False)]
            order = random.choice(["schema", "any"])
            inside = builder.members(options, separator, order=order, minimum=minimum, maximum=maximum)
        opening, closing = random.choice(["[]", "{}"])
        bodies.append([mark[opening], inside, mark[closing]])
    return builder.finish(builder.define(value, bodies))


@pytest.mark.parametrize("block", range(4))
def test_counts_far_from_their_bounds(block: int, random_vocabulary_tokens: Tokens) -> None:
    """Masks are shared between counts that no token tells apart, up to where one does."""
    tokens = random_vocabulary_tokens
    for seed in range(block * 10, (block + 1) * 10):
        compiled = compile_or_skip(counted_grammar(seed), tokens)
        if compiled is None:
            continue
        grammar, recogniser = compiled
        random = Random(seed)
        matcher, state = grammar.matcher(), recogniser.start()
        for _ in range(70):
            assert allowed(matcher, tokens) == expected(recogniser, state, tokens), seed
            following = sorted(recogniser.next_bytes(state))
            if not following:
                break
            # closing is rare, so that lists grow to their bounds
            byte = random.choice([byte for byte in following if byte not in b"]}"] or following)
            state = recogniser.advance(state, byte) or state
            assert matcher.accept_bytes(bytes([byte]))
