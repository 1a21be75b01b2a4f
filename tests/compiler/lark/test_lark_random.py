"""Random grammars in several files: masks are the reference's, verdicts are lark's."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from random import Random

import pytest
from lark.exceptions import GrammarError as LarkGrammarError
from lark_oracle import LEXERS, disagreements, engine, lark_judge
from lark_random import ALPHABET, random_project

from constrain import (
    GrammarError,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    allocate_token_bitmask,
    compile_grammar,
)
from constrain.compiler.bitmask import bitmask_to_ids
from constrain.compiler.lark import Files, build
from constrain.compiler.reference import Recogniser, mask

BLOCK = 10
"""Grammars in one test."""

SLOW = {9, 26, 148}
"""Grammars that lark's parser takes minutes for."""

blocks = pytest.mark.parametrize(
    "block", [*range(3), *(pytest.param(block, marks=pytest.mark.slow) for block in range(3, 20))]
)
TEXTS = ["".join(letters) for size in range(4) for letters in product(ALPHABET, repeat=size)]
TOKENS = [text.encode() for text in TEXTS[1::2]] + [b"a", b"b", b"c", b" ", b"C", b"B", b"\xc3", b"\xa9", b"cab ", b"d"]


@pytest.mark.parametrize("lexer", LEXERS)
@blocks
def test_verdicts_are_larks(block: int, lexer: str, tmp_path: Path, byte_vocabulary: Vocabulary) -> None:
    compared = 0
    for seed in sorted({*range(block * BLOCK, (block + 1) * BLOCK)} - SLOW):
        project = random_project(seed)
        folder = project.write(tmp_path)
        try:
            theirs = lark_judge(project.grammar, lexer=lexer, folder=folder)
        except LarkGrammarError as error:
            if lexer == "dynamic_complete" and "Rules defined twice" not in str(error):
                raise
            continue  # lark has no use for such rules, or they are not LALR(1)
        try:
            ours = engine(project.grammar, byte_vocabulary, lexer=lexer, folder=folder)
        except UnsatisfiableError:
            assert not any(map(theirs, TEXTS))
            continue
        except (GrammarError, UnsupportedError):
            if lexer == "dynamic_complete":
                raise
            continue
        texts = Random(seed).sample(TEXTS, 25)
        assert disagreements(texts, ours, theirs) == {}, project
        compared += 1
    assert compared or lexer == "contextual"


@blocks
def test_masks_are_those_of_the_reference(block: int, tmp_path: Path) -> None:
    vocabulary = Vocabulary(TOKENS, [len(TOKENS)], vocab_size=len(TOKENS) + 1)
    bitmask = allocate_token_bitmask(1, len(TOKENS) + 1)
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        project = random_project(seed)
        grammar = build(project.grammar, files=Files.on_disk(str(project.write(tmp_path))))
        try:
            compiled = compile_grammar(grammar, vocabulary)
        except UnsatisfiableError:
            continue
        recogniser = Recogniser(grammar)
        state, matcher, random = recogniser.start(), compiled.matcher(), Random(seed)
        for _ in range(4):
            matcher.fill_next_token_bitmask(bitmask, 0)
            allowed = set(bitmask_to_ids(bitmask[0]))
            expected = mask(recogniser, state, TOKENS) | ({len(TOKENS)} if recogniser.accepting(state) else set())
            assert allowed == expected, project
            following = sorted(recogniser.next_bytes(state))
            if not following:
                break
            byte = random.choice(following)
            state = recogniser.advance(state, byte) or state
            assert matcher.accept_bytes(bytes([byte]))
