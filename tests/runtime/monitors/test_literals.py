"""What suggestions leave of a mask, against regular expressions over the texts of tokens."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from constrain import Vocabulary, allocate_token_bitmask
from constrain._core import Literals
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.regex.ast import CharacterClass
from constrain.compiler.regex.python_re import parse

PIECES = [
    "n",
    "a",
    "m",
    "e",
    "na",
    "name",
    "names",
    "name.",
    "me(",
    "es ",
    "é",
    "né",
    "…",
    ".",
    "1",
    "_",
    "<",
    ">",
    "<a>",
]
SETS = [["name"], ["name", "names", "na"], ["<a>", "<a>n"], ["né", "n", "a.m", "a"], ["e…", "…"], ["", "ame", "a"]]
STOP = len(PIECES)


def word(pattern: str = r"\w") -> tuple[tuple[int, int], ...]:
    node = parse(pattern)
    assert isinstance(node, CharacterClass)
    return tuple(node.ranges)


def beginning(text: str, texts: list[str]) -> bool:
    """The definition, in whole characters: the beginning of a text, or a text that ended."""
    ended = "|".join(re.escape(each) + (r"(?!\w)" if re.fullmatch(r"\w?", each[-1:]) else "") for each in texts)
    return any(each.startswith(text) for each in texts) or re.match(ended, text) is not None


@pytest.mark.parametrize("texts", SETS, ids=" ".join)
def test_masks_are_what_the_definition_says(texts: list[str]) -> None:
    vocabulary = Vocabulary([piece.encode() for piece in PIECES], [STOP], vocab_size=STOP + 40)
    literals = Literals(texts, word())
    begun = {""} | {each[:n] for each in texts for n in range(1, len(each) + 1)} | {"x", "name.na", "n…"}
    for before in sorted(begun):
        bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
        bitmask[:] = -1
        literals.keep_allowed(vocabulary, before.encode(), bitmask, 0)
        kept = set(bitmask_to_ids(bitmask[0]).tolist())
        if literals.left_after(before.encode()) is not None:
            assert len(kept) == bitmask.size * 32  # no longer the suggestions' matter
            continue
        expected = {token for token, piece in enumerate(PIECES) if beginning(before + piece, texts)}
        assert kept == expected | ({STOP} if before in texts else set())


def test_only_bits_of_the_grammar_are_kept() -> None:
    vocabulary = Vocabulary([piece.encode() for piece in PIECES], [STOP], vocab_size=STOP + 1)
    bitmask = np.zeros((2, 1), dtype=np.int32)
    bitmask[1] = 0b11
    Literals(["name"], word()).keep_allowed(vocabulary, b"", bitmask, 1)
    assert bitmask.tolist() == [[0], [0b01]]


def test_characters_are_read_byte_by_byte() -> None:
    literals = Literals(["né"], word())
    for data, allowed, left in [
        (b"n", True, None),
        (b"n\xc3", True, None),
        (b"n\xc3\xa8", False, None),
        (b"n\xc3\xa9", True, None),
        (b"n\xc3\xa9\xe2\x80", True, None),
        ("né…".encode(), True, 3),
        ("néé".encode(), False, None),
        (b"n\xc3\xa9\x80", False, None),
    ]:
        assert (literals.allows(data), literals.left_after(data)) == (allowed, left), data


def test_word_characters_are_the_monitors_own() -> None:
    assert Literals(["a"], word(r"\w")).allows(b"a$")
    assert not Literals(["a"], word(r"[\w$]")).allows(b"a$")
    assert Literals(["a"], []).left_after(b"ab") == 1


def test_random_texts_against_the_definition() -> None:
    generator = random.Random(5)
    for _ in range(300):
        texts = ["".join(generator.choices("ab.é", k=generator.randint(1, 4))) for _ in range(generator.randint(1, 5))]
        literals = Literals(texts, word())
        for _ in range(30):
            text = "".join(generator.choices("ab.é…", k=generator.randint(0, 6)))
            assert literals.allows(text.encode()) == beginning(text, texts), (texts, text)


@pytest.mark.parametrize("bad", [np.zeros((1, 2), np.int32), np.zeros((1, 1), np.int64), np.zeros(1, np.int32)])
def test_bitmasks_of_another_shape_are_refused(bad: np.ndarray) -> None:
    vocabulary = Vocabulary([b"a"], [1], vocab_size=2)
    with pytest.raises(ValueError, match="bitmask"):
        Literals(["a"], word()).keep_allowed(vocabulary, b"", bad)
