"""Walks that take many tokens at once, by the characters they are made of: every bit of every mask is the reference's.

The vocabulary has tokens below nearly every token, with characters of all lengths, spaces among them that patterns tell
from their neighbours, and halves of characters. The patterns keep most characters, search for some, and count.
"""

from __future__ import annotations

import itertools
from random import Random

import pytest
from engine_driver import Tokens
from engine_oracle import LIMITS, after, check, position_after, satisfiable

CHARACTERS = [text.encode() for text in ["a", "b", "B", "1", " ", "é", "\u00a0", "€", "\u2028", "\u3000", "語", "😀"]]
BEGUN = [b"\xe2", b"\xe2\x80", b"\xe2\x82", b"\xf0\x9f"]
OTHERS = [b'"', b".", b"\x80", b"\xa8", b"\xac", b"\xc3"]
CLASSES = [
    r"[^\"]",
    r"[^\"\n\u{2028}\u{2029}]",
    r"[^\"\u{A0}\u{2000}-\u{2060}\u{3000}]",
    r"[^\"\u{80}-\u{FFFF}]",
    "[aB1é]",
    r'([^\"b] | "b" [aé])',
]
WORDS = [
    r"[aB]",
    r"[1 ]",
    '"1"',
    '"aB"',
    '"é"',
    r"[\u{20AC}\u{1F600}]",
    r'"\u{2028}"',
    '"語" " "?',
    r"[^\"aB ]",
    r'"\xE2"',
    r"[aé]{2}",
]


def character_tokens() -> Tokens:
    """Below most characters there are only others; below some there are quotes and stray bytes, too."""
    pairs = itertools.product(CHARACTERS, [*CHARACTERS, *BEGUN])
    strays = itertools.product([*CHARACTERS[:2], *OTHERS], [*CHARACTERS, *OTHERS])
    random = Random(3)
    longer = [random.choices(CHARACTERS, k=random.randint(3, 6)) for _ in range(150)]
    mixed = [random.choices([b"a", b"1", *BEGUN, *OTHERS], k=random.randint(3, 5)) for _ in range(50)]
    runs = [[text] * count for text in (CHARACTERS[0], CHARACTERS[5], CHARACTERS[10]) for count in range(3, 9)]
    texts = {b"".join(text) for text in itertools.chain(pairs, strays, longer, mixed, runs)}
    found = sorted(texts.union(CHARACTERS, BEGUN, OTHERS))
    return Tokens("characters", found, [len(found)], len(found) + 1)


def random_source(random: Random) -> str:
    """A string that must hold some words, of which the characters may be counted."""
    kept, *words = random.choice(CLASSES), *random.choices(WORDS, k=random.randint(0, 2))
    body = "".join(f"{word} {kept}* " for word in words)
    low = random.randint(2, 5)
    counted = f"{kept}{{{low},{low + random.randint(0, 9)}}}"
    forms = [
        f"{kept}* {body}",
        f"({kept}* {body}) & {counted}",
        f"{body or counted} & {counted}",
        body,
        f"({kept} {kept})*",
    ]
    after = random.choice(['"\\""', '("\\"" | "\\"a")', '("\\"" [aé1]*)'])
    body, end = f'"\\"" ({random.choice(forms)})', random.choice(["", after])
    return f'start: BODY AFTER "."?\nBODY: {body} {end}\nAFTER: {after if not end else "[a1é]*"}'


@pytest.mark.parametrize("block", range(8))
def test_walks_by_characters(block: int) -> None:
    tokens, checked = character_tokens(), 0
    for random, source, grammar, oracle in satisfiable(random_source, range(block * 30, block * 30 + 30)):
        compiled = tokens.compile(grammar, LIMITS)
        # a favourite leaves other words missing until the count is nearly full
        text, favourite = b"", random.choice(CHARACTERS)
        for _ in range(14):
            check(compiled, position_after(oracle, text, tokens), tokens, source, "on the way")
            checked += 1
            fitting = [piece for piece in [*CHARACTERS, *OTHERS] if after(oracle, text + piece) is not None]
            if not fitting:
                break
            text += favourite if favourite in fitting and random.random() < 0.8 else random.choice(fitting)
    assert checked > 100
