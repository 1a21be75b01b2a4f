"""Token automata: their classes beside the matcher, and what is refused."""

from __future__ import annotations

import random

import numpy as np
import pytest

from constrain import (
    LimitError,
    Vocabulary,
    VocabularyError,
    allocate_token_bitmask,
    compile_json_schema,
    compile_lark,
    compile_regex,
)
from constrain.compiler import Matcher
from constrain.compiler.canvas import token_automaton

PERSON = {
    "type": "object",
    "properties": {
        "note": {"type": "string"},
        "name": {"type": "string", "maxLength": 12},
        "tags": {"type": "array", "items": {"enum": ["new", "old", "ünï"]}, "maxItems": 3},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
    },
    "required": ["note", "name"],
    "additionalProperties": False,
}


WIDTH = 1_300


def many_tokens() -> Vocabulary:
    """All bytes, and pieces of what may come up, broken characters and long tokens among them."""
    choose = random.Random(11)
    text = '{"note": "naïve \\"quote\\" 日本", "name": "Zoë Łuk\\n", "tags": ["new", "ünï"], "age": 149}'.encode()
    pieces = {bytes([byte]) for byte in range(256)}
    while len(pieces) < 1_250:
        start = choose.randrange(len(text))
        pieces.add(text[start : start + choose.randint(2, 9)])
        letters = "abÿ日 \"',:{}[]1\\"
        pieces.add(
            "".join(choose.choice(letters) for _ in range(choose.randint(2, 5))).encode()[choose.randint(0, 1) :]
        )
    return Vocabulary([*sorted(pieces), None, None], [len(pieces)], vocab_size=WIDTH)


def mask_after(matcher: Matcher, token: int) -> bytes:
    """The tokens allowed after one, as bits."""
    fork = matcher.fork()
    assert fork.accept_token(token)
    bitmask = allocate_token_bitmask(1, WIDTH)
    fork.fill_next_token_bitmask(bitmask)
    return bitmask.tobytes()


@pytest.mark.parametrize("seed", range(6))
def test_tokens_of_a_class_lead_to_the_same(seed: int) -> None:
    """Along random texts, the matcher allows all tokens of a class or none, and after them the same tokens."""
    vocabulary = many_tokens()
    grammar = compile_json_schema(PERSON, vocabulary)
    automaton = token_automaton(grammar, 40)
    class_of = automaton.class_of()
    assert 40 < automaton.classes < 600
    assert (np.bincount(class_of[class_of >= 0]) > 0).all()
    choose = random.Random(seed)
    matcher = grammar.matcher()
    allowed = np.zeros(len(class_of), dtype=bool)
    for _ in range(30):
        for token in range(len(class_of)):
            allowed[token] = matcher.validate_tokens([token]) == 1
        # of a canvas as long, nearly all that a matcher allows can still be completed
        assert not allowed[class_of < 0].any()
        for class_ in range(automaton.classes):
            tokens = automaton.tokens_of(class_)
            assert len(set(allowed[tokens])) == 1, class_
            if allowed[tokens[0]]:
                chosen = {int(token) for token in (tokens[0], *choose.choices(tokens.tolist(), k=6))}
                assert len({mask_after(matcher, token) for token in chosen}) == 1, class_
        matcher.accept_token(int(choose.choice(np.flatnonzero(allowed))))
        if matcher.is_terminated():
            break


def test_padding() -> None:
    vocabulary = Vocabulary([b"a", None, None, None], [1])
    grammar = compile_regex("a", vocabulary)
    automaton = token_automaton(grammar, 3, pad_token_ids=[2])
    assert list(automaton.class_of()) == [0, 1, 1, -1]
    assert list(automaton.tokens_of(1)) == [1, 2]
    with pytest.raises(VocabularyError, match="padding token 0 is text"):
        token_automaton(grammar, 3, pad_token_ids=[0])
    with pytest.raises(VocabularyError, match="padding token 4 is not in the vocabulary"):
        token_automaton(grammar, 3, pad_token_ids=[4])
    with pytest.raises(ValueError, match="class 2 is out of range"):
        automaton.tokens_of(2)


def test_budgets_are_named() -> None:
    grammar = compile_lark('start: "(" start ")" | "a"', Vocabulary.bytes())
    assert token_automaton(grammar, 9).states == 4 * 2 + 1 + 2
    with pytest.raises(LimitError, match="canvases of up to 90 tokens needs more than max_states = 20"):
        token_automaton(grammar, 90, max_states=20)
    with pytest.raises(LimitError, match="max_edges = 5"):
        token_automaton(grammar, 9, max_edges=5)
    for length in (0, -1, 100_000, 2.0):
        with pytest.raises(ValueError, match="length must be"):
            token_automaton(grammar, length)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="max_states must be"):
        token_automaton(grammar, 9, max_states=0)


def test_what_must_differ_is_part_of_states_or_left_out_by_name() -> None:
    vocabulary = Vocabulary([b"[", b"]", b", ", b"1", b"2", None], [5])
    grammar = compile_json_schema({"items": {"enum": [1, 2]}, "type": "array", "uniqueItems": True}, vocabulary)
    exact, relaxed = token_automaton(grammar, 9), token_automaton(grammar, 9, distinct=False)
    assert (exact.is_relaxed, relaxed.is_relaxed) == (False, True)
    free = compile_regex("1*", vocabulary)
    assert not token_automaton(free, 9, distinct=False).is_relaxed


def test_a_language_that_needs_more_tokens_has_no_state() -> None:
    vocabulary = Vocabulary([b"a", None], [1])
    automaton = token_automaton(compile_regex("aaaa", vocabulary), 3)
    assert automaton.fewest_tokens is None
    assert list(automaton.class_of()) == [-1, 0]
    assert token_automaton(compile_regex("aaaa", vocabulary), 4).fewest_tokens == 4
