"""A million choices and a long document: bounded memory, and masks over a real vocabulary."""

from __future__ import annotations

import json
import subprocess
import sys
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from constrain import GrammarBuilder, Vocabulary, allocate_token_bitmask, compile_grammar
from constrain.compiler.bitmask import bitmask_to_ids

MEASURED = """
import json, re, sys
import constrain
from constrain.compiler import choices, compile_grammar
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids

vocabulary = constrain.Vocabulary.from_file(sys.argv[2])
with open(sys.argv[1], "rb") as file:
    grammar = choices.build_list(file.read())
compiled = compile_grammar(grammar, vocabulary)
bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
compiled.matcher().fill_next_token_bitmask(bitmask)
allowed = [vocabulary.token(token) for token in bitmask_to_ids(bitmask[0])]
compiled.save(sys.argv[3])
# getrusage would count what the process that started this one had in use
with open("/proc/self/status") as status:
    peak = int(re.search(r"VmHWM:\\s*(\\d+)", status.read())[1]) / 1024
print(json.dumps({"peak": peak, "allowed": sorted(token.decode("latin-1") for token in allowed)}))
"""


def names(count: int, random: Random) -> Iterator[str]:
    """Titles as those of an encyclopedia, no two alike."""
    syllables = [
        "an",
        "ber",
        "cor",
        "da",
        "el",
        "fi",
        "ga",
        "hor",
        "in",
        "jo",
        "ka",
        "lo",
        "mar",
        "ni",
        "or",
        "sch",
        "é",
    ]
    words = ["".join(random.choices(syllables, k=random.randint(1, 3))).capitalize() for _ in range(30_000)]
    seen: set[str] = set()
    while len(seen) < count:
        name = " ".join(random.choices(words, k=random.randint(1, 3))) + random.choice(["", "", " (film)", ", 1900"])
        if name not in seen:
            seen.add(name)
            yield name


@pytest.mark.slow
def test_a_million_choices(shared_data: Path, tmp_path: Path) -> None:
    path, saved = tmp_path / "names.txt", tmp_path / "names.grammar"
    tokenizer = shared_data / "tokenizers" / "llama3_1" / "tokenizer.json"
    listed = list(names(1_000_000, Random(7)))
    path.write_text("\n".join(listed), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path), str(tokenizer), str(saved)], capture_output=True, check=True
    )
    measured = json.loads(ran.stdout)
    assert measured["peak"] < 500
    in_order = sorted(name.encode() for name in listed)
    vocabulary = Vocabulary.from_file(tokenizer)
    tokens = [text for token in range(vocabulary.vocab_size) if (text := vocabulary.token(token))]
    begins = [text for text in tokens if (at := bisect_left(in_order, text)) < 10**6 and in_order[at].startswith(text)]
    assert measured["allowed"] == sorted(text.decode("latin-1") for text in begins)


@pytest.mark.parametrize("unit", ["char", "word"])
def test_masks_over_a_long_document(unit: str, tekken_vocabulary_tokens: object) -> None:
    """At the start and behind it, each token that is allowed stands there, and each that isn't doesn't."""
    vocabulary: Vocabulary = tekken_vocabulary_tokens.native  # type: ignore[attr-defined]  # Tokens
    random = Random(11)
    text = ". ".join(names(300, random)) + "."
    builder = GrammarBuilder()
    spans = builder.spans([text.encode()], unit)  # type: ignore[arg-type]  # one of them
    compiled = compile_grammar(builder.finish(builder.terminal(spans, "span")), vocabulary)
    data = text.encode()
    inside = {data[start : start + length] for start in range(len(data)) for length in range(1, 50)}
    tokens = {token: found for token in range(vocabulary.vocab_size) if (found := vocabulary.token(token))}
    for written in (b"", b"Ka", b"Kaber", b"K"):
        matcher = compiled.matcher()
        assert matcher.accept_bytes(written)
        bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
        matcher.fill_next_token_bitmask(bitmask)
        allowed = set(bitmask_to_ids(bitmask[0])) - set(vocabulary.eos_token_ids)
        there = {token for token, found in tokens.items() if written + found in inside}
        assert allowed <= there
        if unit == "char":
            # what is no text by itself may stand inside a character, where no span begins
            assert {token for token in there - allowed if _is_text(written + tokens[token])} == set()
        else:
            assert written or {text[:1] for text in (tokens[token] for token in allowed)} & {b"K", b"."}


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
