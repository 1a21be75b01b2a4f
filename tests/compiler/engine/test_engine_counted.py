"""Counters beside a search, whatever is repeated: masks, next bytes and completions are the reference's.

What is repeated here has a beginning that leads back to itself, or a middle from which the search looks like the count.
No text of it begins another, so that the engine counts.
"""

from __future__ import annotations

from random import Random

import pytest
from engine_driver import Tokens, allowed, byte_tokens, random_tokens
from engine_oracle import LIMITS, Oracle, after, check, position_after, satisfiable

from constrain import compile_regex

PARTS = [
    r'("!" | "#" [!\u{C0}-\u{FF}])',
    '"a"* [bc]',
    '("a" | "x" "y"* "z")',
    '("ab" | "aab" | "b" | "cab")',
    '("a" | "b" "a"* "b")',
    '("a"* "b" "a"* "c")',
    r'(" " | "é" | [ab] [1-9])',
]
SEARCHES = ['"#"', '"b"', '"ab" | "xz"', '[ac] "b"', '"b" "c"?', r'"\xC3"', '"aab"', '"z" | "é"']
TOKENS = {"bytes": byte_tokens(), "random": random_tokens()}


def random_source(random: Random) -> str:
    """Some repetitions among which there is a word, inside the repeated part or across several."""
    part, low = random.choice(PARTS), random.randint(1, 4)
    counted = f"{part}{{{low},{low + random.randint(0, 4)}}}"
    around = random.choice([f"{part}*", f"{part}*", ".*"])
    searches = " & ".join(f"({around} ({word}) {around})" for word in random.choices(SEARCHES, k=random.randint(1, 2)))
    end = random.choice(["", "", ' ("?" | "?!")', ' "?"?'])
    return f'start: X "."?\nX: ({counted} & {searches}){end}'


@pytest.mark.parametrize("tokens", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("block", range(4))
def test_every_place_is_the_reference_s(tokens: Tokens, block: int) -> None:
    checked = 0
    for random, source, grammar, oracle in satisfiable(random_source, range(block * 100, block * 100 + 100)):
        compiled = tokens.compile(grammar, LIMITS)
        text = b""
        for _ in range(12):
            position = position_after(oracle, text, tokens)
            check(compiled, position, tokens, source, "on the way")
            checked += 1
            following = oracle.next_bytes(position.state)
            matcher = compiled.matcher()
            assert matcher.accept_bytes(text)
            assert set(matcher.next_bytes()) == following, (source, text)
            completion = matcher.shortest_completion()
            assert shortest(oracle, text) == len(completion), (source, text, completion)
            reached = after(oracle, completion, position.state)
            assert reached is not None, (source, text, completion)
            assert reached.accepting, (source, text, completion)
            if not following:
                break
            text += bytes([random.choice(sorted(following))])
    assert checked > 100


def shortest(oracle: Oracle, text: bytes) -> int:
    """How many bytes complete the text at least, breadth first."""
    first = after(oracle, text)
    assert first is not None
    length, level, seen = 0, [first], {first}
    while not any(state.accepting for state in level):
        reached = {oracle.advance(state, byte) for state in level for byte in oracle.next_bytes(state)} - {None}
        level = [state for state in reached if state is not None and state not in seen]
        seen.update(level)
        length += 1
    return length


@pytest.mark.parametrize("none_of", [[], ["a|bb|cab"], [".*dda"]])
def test_far_from_a_bound_masks_are_those_without_one(none_of: list[str]) -> None:
    tokens = TOKENS["random"]
    bounded, unbounded = (
        compile_regex(pattern, tokens.native, none_of=none_of) for pattern in ("[a-d]{0,5000}", "[a-d]*")
    )
    matchers = bounded.matcher(), unbounded.matcher()
    made = []
    for _ in range(300):
        ours, theirs = (allowed(matcher, tokens) for matcher in matchers)
        assert ours == theirs
        made.append(bounded.statistics()["mask_misses"])
        assert all(matcher.accept_bytes(b"d") for matcher in matchers)
    assert made[-1] == made[5]
