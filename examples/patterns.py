"""Patterns and operations on them: file names that are portable, and not those that one system keeps for itself.

A name matches one pattern and a second one, and neither of two others: intersection and difference are exact, also with
assertions in the patterns. The "model" draws allowed bytes at random; every name it writes is in the language.
Run it: python examples/patterns.py
"""

from __future__ import annotations

import random

from constrain import Matcher, UnsatisfiableError, Vocabulary, allocate_token_bitmask, compile_regex
from constrain.compiler.bitmask import bitmask_to_ids

NAME = r"[\p{Latin}0-9._-]{1,16}"
NO_TWO_DOTS = r"(?:\.(?!\.)|[^.])*"  # a dot only where none follows
RESERVED = r"(?i)(?:con|prn|aux|nul|(?:com|lpt)[1-9])(?:\..*)?"
ODD_ENDS = r"[.-].*|.*\."


def draw(matcher: Matcher, vocabulary: Vocabulary, generator: random.Random) -> str:
    """Bytes, each uniformly among the allowed ones, until the stop token."""
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    text = b""
    while True:
        matcher.fill_next_token_bitmask(bitmask, 0)
        token = generator.choice(bitmask_to_ids(bitmask[0]).tolist())
        matcher.accept_token(token)
        if matcher.is_terminated():
            return text.decode()
        text += vocabulary.token(token) or b""


def main() -> None:
    """Print five names, then why none is left of those that are made of dots and hyphens."""
    vocabulary = Vocabulary.bytes()
    compiled = compile_regex(NAME, vocabulary, all_of=[NO_TWO_DOTS], none_of=[RESERVED, ODD_ENDS])
    generator = random.Random(4)
    for _ in range(5):
        print(draw(compiled.matcher(), vocabulary, generator))
    try:
        compile_regex(NAME, vocabulary, all_of=[NO_TWO_DOTS, "[.-]+"], none_of=[RESERVED, ODD_ENDS])
    except UnsatisfiableError as error:
        print(error.message)


if __name__ == "__main__":
    main()
