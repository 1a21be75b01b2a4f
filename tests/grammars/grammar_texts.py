"""What the tests of the shipped grammars share: their texts, their automata, and samples of them."""

from __future__ import annotations

import random
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from constrain import CompiledGrammar, Limits, Vocabulary, compile_grammar, grammars
from constrain.compiler import Grammar, lark
from constrain.compiler.sample import Sampler

DATA = Path(__file__).parent / "data"


def texts(name: str) -> dict[str, Any]:
    """The table of texts of a grammar: ``accepted``, ``rejected``, and perhaps ``disputed_by_lark``."""
    return tomllib.loads((DATA / f"{name}.toml").read_text("utf-8"))


@cache
def built(name: str) -> Grammar:
    """A shipped grammar, read once."""
    return lark.build(grammars.load(name))


@cache
def compiled(name: str) -> CompiledGrammar:
    """Its automaton over single bytes."""
    return compile_grammar(built(name), Vocabulary.bytes(), Limits())


def accepts(name: str, text: str) -> bool:
    """The verdict of the automaton over single bytes."""
    matcher = compiled(name).matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


def samples(name: str, number: int, *, seed: int = 1, length: int = 200) -> list[str]:
    """So many texts, none of them left out."""
    sampler = Sampler(compiled(name), built(name), random.Random(seed), length=length)
    return [sampler.draw().decode() for _ in range(number)]
