"""Accepted and rejected texts of every shipped grammar, by the engine over several vocabularies."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest
from grammar_texts import DATA, accepts, built, texts

from constrain import Limits, Vocabulary, allocate_token_bitmask, compile_grammar, grammars
from constrain.compiler.lark.header import read_header

EACH = pytest.mark.parametrize("name", grammars.names())
FEWEST = 8
MOST_STATES = 2_000
# whose many keywords are looked for in many sets
STATES_OF_LANGUAGES = {"python": 8_000, "sparql": 6_000, "sql": 16_000}


@EACH
def test_there_are_a_header_and_texts(name: str) -> None:
    grammar, table = grammars.load(name), texts(name)
    assert grammar.startswith("// ")
    assert 10 < len(grammars.describe(name)) <= 100
    assert "// Left out: " in grammar
    read_header(grammar)
    assert min(len(set(table["accepted"])), len(set(table["rejected"]))) >= FEWEST
    assert set(table["accepted"]).isdisjoint(table["rejected"])
    assert set(table) <= {"accepted", "rejected", "disputed_by_lark"}


def test_the_guide_lists_every_grammar(root: Path) -> None:
    library = (root / "docs/grammars.md").read_text("utf-8").partition("## The library")[2].partition("\n## ")[0]
    listed = [line.split("`")[1] for line in library.splitlines() if line.startswith("| `")]
    assert sorted(listed) == grammars.names()


def test_no_texts_are_without_a_grammar() -> None:
    assert sorted(path.stem for path in DATA.glob("*.toml")) == grammars.names()


@EACH
def test_verdicts_over_bytes(name: str) -> None:
    table = texts(name)
    assert [text for text in table["accepted"] if not accepts(name, text)] == []
    assert [text for text in table["rejected"] if accepts(name, text)] == []


@EACH
def test_automata_are_small(name: str) -> None:
    """What a text and a mask cost follows from the states that are made; time itself isn't measured in tests."""
    automaton = compile_grammar(
        built(name), Vocabulary.bytes(), Limits(max_lexer_states=STATES_OF_LANGUAGES.get(name, MOST_STATES))
    )
    for text in texts(name)["accepted"]:
        assert automaton.matcher().accept_bytes(text.encode())


@cache
def tekken() -> Vocabulary:
    mistral_common = pytest.importorskip("mistral_common", reason="its tekken vocabulary is not installed")
    return Vocabulary.from_file(Path(mistral_common.__file__).parent / "data" / "tekken_240911.json")


def pieces(accepted: list[str], source: random.Random) -> Vocabulary:
    """Single bytes, pieces of the texts, and a stop token."""
    found = set()
    for text in accepted:
        data = text.encode()
        for _ in range(10):
            at = source.randrange(len(data) + 1)
            found.add(data[at : at + source.randint(2, 6)])
    tokens = [bytes([byte]) for byte in range(256)] + sorted(piece for piece in found if len(piece) > 1)
    return Vocabulary(tokens, [len(tokens)], vocab_size=len(tokens) + 1)


def spelling(data: bytes, ids: dict[bytes, int], longest: int, source: random.Random) -> list[int]:
    """Tokens whose bytes are the text, long ones and short ones."""
    spelled, at = [], 0
    while at < len(data):
        ends = [end for end in range(at + 1, min(len(data), at + longest) + 1) if data[at:end] in ids]
        end = source.choice([ends[-1], source.choice(ends)])
        spelled.append(ids[data[at:end]])
        at = end
    return spelled


@EACH
@pytest.mark.parametrize("kind", ["pieces", "tekken"])
def test_verdicts_over_tokens(name: str, kind: str) -> None:
    table, source = texts(name), random.Random(name)
    vocabulary = pieces(table["accepted"], source) if kind == "pieces" else tekken()
    every = {token_id: vocabulary.token(token_id) for token_id in range(vocabulary.vocab_size)}
    ids = {token: token_id for token_id, token in every.items() if token}
    automaton = compile_grammar(built(name), vocabulary, Limits())
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    (stop, *_) = vocabulary.eos_token_ids

    def walk(text: str) -> bool:
        """Is each token of some spelling in the mask, and the stop token in the last one?"""
        matcher = automaton.matcher()
        for token in [*spelling(text.encode(), ids, 16, source), stop]:
            matcher.fill_next_token_bitmask(bitmask, 0)
            if not bitmask[0, token >> 5] >> (token & 31) & 1:
                return False
            assert matcher.accept_token(token)
        return True

    assert [text for text in table["accepted"] if not walk(text)] == []
    assert [text for text in table["rejected"] if walk(text)] == []
