"""Members of which something is demanded as a whole: every text of small frames, by the definition."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest
from engine_driver import Tokens, allowed

from constrain import Grammar, GrammarBuilder, UnsatisfiableError
from constrain.compiler.grammar import Demand, Option
from constrain.compiler.reference import matches

FACTS = 4


def random_demand(random: Random) -> Demand:
    facts = [random.random() for _ in range(FACTS)]
    minimum = random.choice([0, 0, 0, 0, 1, 2])
    return Demand(
        tuple(fact for fact, draw in enumerate(facts) if draw < 0.25),
        tuple(fact for fact, draw in enumerate(facts) if draw > 0.8),
        minimum,
        random.choice([None, None, None, minimum, minimum + 1]),
    )


def random_options(random: Random, builder: GrammarBuilder) -> tuple[list[Option], list[int], list[set[bytes]]]:
    """Options in groups, the group of each, and the texts of each; some without any."""
    options: list[Option] = []
    groups: list[int] = []
    languages: list[set[bytes]] = []
    density = random.choice([0.2, 0.4])
    for group in range(random.randint(1, 4)):
        required, unique = random.random() < 0.2, random.random() < 0.7
        together = random.randint(1, 3)
        for _ in range(together):
            texts = {
                "".join(random.choices("abc", k=random.randint(1, 2))).encode()
                for _ in range(random.choice([0, 1, 1, 1, 2]))
            }
            sets = tuple(fact for fact in range(FACTS) if random.random() < density)
            symbol = builder.terminal(builder.literals(texts), f"option {len(options)}")
            if random.random() < 0.5:
                symbol = builder.choice("option", [[symbol]])
            alone = together == 1 and random.random() < 0.5
            options.append(Option(symbol, required, unique, None if alone else group, sets))
            groups.append(group)
            languages.append(texts)
    return options, groups, languages


def is_sentence(
    chosen: tuple[int, ...], options: list[Option], groups: list[int], choices: list[list[Demand]], order: str
) -> bool:
    """Whether options, in this order, are all that is asked for: read off the documentation."""
    taken = [groups[index] for index in chosen]
    facts = {fact for index in chosen for fact in options[index].sets}
    for group, option in zip(groups, options, strict=True):
        if (option.required and group not in taken) or (option.unique and taken.count(group) > 1):
            return False
    for choice in choices:
        if not any(
            facts >= set(demand.needs)
            and not facts & set(demand.bars)
            and demand.minimum <= len(chosen)
            and (demand.maximum is None or len(chosen) <= demand.maximum)
            for demand in choice
        ):
            return False
    return order == "any" or taken == sorted(taken)


def random_frame(seed: int) -> tuple[Grammar, set[bytes]]:
    """A frame with demands and a bound on its members, and all of its language."""
    random, builder = Random(seed), GrammarBuilder()
    options, groups, languages = random_options(random, builder)
    choices = [[random_demand(random) for _ in range(random.randint(1, 3))] for _ in range(random.randint(1, 5))]
    order = random.choice(["schema", "any"])
    minimum = random.choice([0, 0, 1, 2])
    maximum = minimum + random.randint(0, 3)
    comma = builder.terminal(builder.literal(b","), "comma")
    symbol = builder.members(options, comma, order=order, minimum=minimum, maximum=maximum, choices=choices)
    language = set()
    for count in range(minimum, min(maximum, 3) + 1):
        for chosen in product(range(len(options)), repeat=count):
            if is_sentence(chosen, options, groups, choices, order):
                language |= {b",".join(texts) for texts in product(*(languages[index] for index in chosen))}
    return builder.finish(symbol), language


@pytest.mark.parametrize("block", range(8))
def test_every_short_text(block: int, random_vocabulary_tokens: Tokens) -> None:
    """Texts of up to three members are enumerated; frames that may have more are walked only as far."""
    tokens, nonempty = random_vocabulary_tokens, 0
    for seed in range(block * 150, (block + 1) * 150):
        grammar, language = random_frame(seed)
        members = grammar.symbols[grammar.start]
        complete = members[0] == "members" and members[6] is not None and members[6] <= 3
        if not language:
            if complete:
                with pytest.raises(UnsatisfiableError):
                    tokens.compile(grammar)
            continue
        nonempty += 1
        compiled = tokens.compile(grammar)
        beginnings = {text[:end] for text in language for end in range(len(text) + 1)}
        for beginning in Random(seed).sample(sorted(beginnings), min(8, len(beginnings))):
            matcher = compiled.matcher()
            assert matcher.accept_bytes(beginning), (seed, beginning)
            assert matcher.is_accepting() == (beginning in language), (seed, beginning)
            assert matches(grammar, beginning) == (beginning in language)
            if not complete:
                continue
            truth = {token for text, ids in tokens.by_bytes.items() if beginning + text in beginnings for token in ids}
            if beginning in language:
                truth.update(tokens.eos_token_ids)
            assert allowed(matcher, tokens) == truth, (seed, beginning)
            completions = [text[len(beginning) :] for text in language if text.startswith(beginning)]
            assert len(matcher.shortest_completion()) == min(map(len, completions)), (seed, beginning)
            assert matcher.shortest_completion() in completions
    assert nonempty > 15


@pytest.mark.parametrize("order", ["schema", "any"])
def test_many_implications_are_one_rule(order: str, byte_vocabulary_tokens: Tokens) -> None:
    """Each of sixty members needs another one: 2^60 alternatives if they were multiplied out."""
    builder = GrammarBuilder()
    names = [f"{kind}{index:02}" for index in range(60) for kind in "ab"]
    options = [
        Option(builder.terminal(builder.literal(name.encode()), name), sets=(fact,)) for fact, name in enumerate(names)
    ]
    choices = [[Demand(bars=(fact,)), Demand(needs=(fact + 1,))] for fact in range(0, 120, 2)]
    comma = builder.terminal(builder.literal(b","), "comma")
    frame = builder.members(options, comma, order=order, choices=choices)
    compiled = byte_vocabulary_tokens.compile(builder.finish(frame))

    def takes(text: str) -> bool:
        matcher = compiled.matcher()
        return matcher.accept_bytes(text.encode()) and matcher.is_accepting()

    assert takes("a03,b03,b04,b59")
    assert takes(",".join(names))
    assert not takes("a03,b04")
    assert takes("b03,a03") == (order == "any")
    matcher = compiled.matcher()
    assert matcher.accept_bytes(b"a03,")
    if order == "schema":
        assert matcher.forced_bytes() == b"b03"
    assert matcher.shortest_completion() == b"b03"


def test_a_separator_may_hold_the_frame(byte_vocabulary_tokens: Tokens) -> None:
    builder = GrammarBuilder()
    sign = builder.terminal(builder.literal(b"a"), "sign")
    frame = builder.rule("frame")
    three = builder.members([Option(sign, unique=False), Option(frame, unique=False)], order="any", minimum=3)
    members = builder.members([Option(three, unique=False)], frame, order="any", minimum=1, choices=[[Demand()]])
    builder.define(frame, [[members]])
    matcher = byte_vocabulary_tokens.compile(builder.finish(frame)).matcher()
    for length in range(8):
        assert matcher.is_accepting() == (length >= 3)
        assert matcher.shortest_completion() == b"a" * (3 - length)
        assert matcher.accept_bytes(b"a")


@pytest.mark.parametrize("unique", [False, True])
def test_empty_members_are_refused(unique: bool, byte_vocabulary_tokens: Tokens) -> None:
    builder = GrammarBuilder()
    empty = builder.terminal(builder.repeat(builder.literal(b"a"), 0, 1), "empty")
    frame = builder.members([Option(empty, unique=unique)], choices=[[Demand(minimum=1)]])
    with pytest.raises(ValueError, match="members with demands can be empty"):
        byte_vocabulary_tokens.compile(builder.finish(frame))
