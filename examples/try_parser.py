"""Hand random texts of a grammar to a parser, and show those that it refuses.

    python examples/try_parser.py toml tomllib:loads
    python examples/try_parser.py json5 json:loads -n 20

A text that is refused is a bug of the parser, or shows where its language is another. Then the exit code is 1.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys

from constrain import Vocabulary, compile_grammar, grammars
from constrain.compiler import lark
from constrain.compiler.sample import Sampler


def main() -> int:
    """Draw, parse, report."""
    arguments = argparse.ArgumentParser(description="Hand random texts of a grammar to a parser.")
    arguments.add_argument("grammar", help="a name that 'constrain grammar list' shows")
    arguments.add_argument("parser", help="module:function, which takes a str and raises what it cannot read")
    arguments.add_argument("-n", type=int, default=200, help="so many texts [200]")
    arguments.add_argument("--seed", type=int, default=7, help="other texts [7]")
    given = arguments.parse_args()

    module, _, function = given.parser.partition(":")
    parse = getattr(importlib.import_module(module), function)
    grammar = lark.build(grammars.load(given.grammar))
    sampler = Sampler(compile_grammar(grammar, Vocabulary.bytes()), grammar, random.Random(given.seed))

    refused = 0
    for _ in range(given.n):
        text = sampler.draw().decode()
        try:
            parse(text)
        except Exception as error:
            refused += 1
            print(f"{text!r}\n  {type(error).__name__}: {error}")
    print(f"{given.n} texts, {refused} refused", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
