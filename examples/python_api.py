"""The library without its command line: compile once, then drive any sampler with bitmasks.

The "model" here draws allowed bytes at random, which shows that the automaton alone guarantees the language.
Run it: python examples/python_api.py
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from constrain import CompiledGrammar, Vocabulary, allocate_token_bitmask, compile_json_schema

SCHEMA = Path(__file__).with_name("order.json").read_text(encoding="utf-8")


def write_at_random(compiled: CompiledGrammar, vocabulary: Vocabulary, seed: int) -> bytes:
    """Draw tokens, each uniformly among those that the mask allows, until the stop token."""
    generator = random.Random(seed)
    matcher = compiled.matcher()
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    text = b""
    while not matcher.is_terminated():
        matcher.fill_next_token_bitmask(bitmask, 0)
        allowed = [t for t in range(vocabulary.vocab_size) if bitmask[0, t >> 5] >> (t & 31) & 1]
        token = generator.choice(allowed)
        matcher.accept_token(token)
        text += vocabulary.token(token) or b""
    return text


def main() -> None:
    """Print a valid order, and say what a half-finished one lacks."""
    vocabulary = Vocabulary.bytes()  # of a tokenizer: Vocabulary.from_file("tokenizer.json")
    compiled = compile_json_schema(SCHEMA, vocabulary)
    print(json.dumps(json.loads(write_at_random(compiled, vocabulary, seed=7)), indent=2))

    matcher = compiled.matcher()
    matcher.accept_bytes(b'{"order_id": "ORD-000017", "status": "p')
    print("forced next:", matcher.forced_bytes().decode())
    print("one way to finish:", matcher.shortest_completion().decode())


if __name__ == "__main__":
    main()
