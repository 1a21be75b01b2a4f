"""Draws from a model's own distribution over a language, in Python: exactly, and with bounds on how probable it is.

Run it: python examples/faithful_api.py [MODEL]
"""

from __future__ import annotations

import math
import sys

import constrain
from constrain.runtime import load_model
from constrain.runtime.decoding.faithful import DrawSettings
from constrain.runtime.decoding.faithful.trie import Trie

PROMPT = "Review: What a lovely day, and what a terrible lunch!\nMood (good, bad or mixed): "


def main() -> None:
    """Draw moods, each with the probability that the model gives it among the three."""
    model = load_model(*sys.argv[1:2])
    compiled = constrain.compile_choices(["good", "bad", "mixed"], model.vocabulary)
    generator = constrain.Generator(model, compiled, method="exact", max_tokens=8, seed=1)
    learned = Trie()  # what one draw finds out helps the next
    settings = DrawSettings(certify=20.0, max_model_calls=5_000)
    drawn = list(generator.several(PROMPT, 20, settings=settings, trie=learned))
    for text in sorted({result.text for result in drawn}):
        print(f"{text:6} {sum(result.text == text for result in drawn):3} of {len(drawn)}")
    lower, upper = drawn[-1].log_z or (-math.inf, 0.0)
    print(f"the model writes one of them with a probability from {math.exp(lower):.3g} to {math.exp(upper):.3g}")


if __name__ == "__main__":
    main()
