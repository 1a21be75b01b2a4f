"""A tiny model in float64 whose tokens are of several characters, and languages small enough to list.

The oracle is the plain definition: every text of the language, every way to cut it into tokens, and the model's
probability of each, token by token, from transformers alone. It knows nothing of masks, tries or rows.
"""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from constrain import Vocabulary, compile_regex
from constrain.compiler import CompiledGrammar
from constrain.runtime.models import CausalModel

DATA = Path(__file__).resolve().parents[1] / "data" / "faithfulness.toml"


@dataclass(frozen=True)
class Case:
    """A language, as it stands in the corpus."""

    name: str
    regex: str
    alphabet: str
    longest: int
    max_tokens: int
    seed: int
    scale: float
    draws: int

    @property
    def model(self) -> CausalModel:
        return tiny_model(self.seed, self.scale)

    @property
    def compiled(self) -> CompiledGrammar:
        return compile_regex(self.regex, self.model.vocabulary)


@cache
def tokens() -> tuple[str, ...]:
    return tuple(tomllib.loads(DATA.read_text())["tokens"])


@cache
def cases() -> tuple[Case, ...]:
    corpus = tomllib.loads(DATA.read_text())
    return tuple(Case(**case) for case in corpus["case"])


@cache
def texts_of(case: Case) -> frozenset[str]:
    """The language, by Python's ``re``."""
    every = (itertools.product(case.alphabet, repeat=length) for length in range(case.longest + 1))
    texts = ("".join(letters) for letters in itertools.chain.from_iterable(every))
    return frozenset(text for text in texts if re.fullmatch(case.regex, text))


@cache
def tiny_model(seed: int, scale: float) -> CausalModel:
    """A random Llama over the corpus's tokens and one stop token."""
    from tokenizers import Tokenizer, decoders, models

    vocabulary = list(tokens())
    tokenizer = Tokenizer(
        models.WordLevel({**{token: i for i, token in enumerate(vocabulary)}, "</s>": len(vocabulary)})
    )
    tokenizer.decoder = decoders.Fuse()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")
    size = len(vocabulary) + 1
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=size,
                hidden_size=16,
                intermediate_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                max_position_embeddings=256,
                initializer_range=scale,
                bos_token_id=None,
                eos_token_id=size - 1,
            )
        ).double()
    token_bytes = [token.encode() for token in vocabulary] + [None]
    return CausalModel(f"tiny-{seed}", network, wrapped, Vocabulary(token_bytes, [size - 1], vocab_size=size))


@cache
def next_logprobs(
    seed: int, scale: float, token_ids: tuple[int, ...], temperature: float = 1.0
) -> np.ndarray[Any, Any]:
    """What the model says of the next token: the plain forward of the whole sequence."""
    with torch.inference_mode():
        logits = tiny_model(seed, scale).network(torch.tensor([list(token_ids)])).logits[0, -1]
    return torch.log_softmax(logits / temperature, -1).numpy()


PROMPT = (0, 1)


def outputs(case: Case, *, temperature: float = 1.0) -> dict[tuple[int, ...], float]:
    """Log P of every output of a case: each text in each spelling of at most ``max_tokens`` tokens."""
    stop = len(tokens())
    texts = texts_of(case)
    goes_on = {text[:end] for text in texts for end in range(len(text))}
    found = {}
    for text in sorted(texts):
        for spelled in spellings(text):
            if len(spelled) > case.max_tokens:
                continue
            logprob = 0.0
            ending = (*spelled, stop) if text in goes_on else spelled
            for at, token_id in enumerate(ending):
                said = next_logprobs(case.seed, case.scale, (*PROMPT, *spelled[:at]), temperature)
                logprob += float(said[token_id])
            found[spelled] = logprob
    return found


def spellings(text: str) -> Iterator[tuple[int, ...]]:
    """Every way to cut a text into tokens."""
    if not text:
        yield ()
    for token_id, token in enumerate(tokens()):
        if text.startswith(token):
            for rest in spellings(text[len(token) :]):
                yield (token_id, *rest)


def normaliser(logprobs: dict[Any, float]) -> float:
    """Log Z."""
    peak = max(logprobs.values())
    return peak + math.log(math.fsum(math.exp(value - peak) for value in logprobs.values()))


def divergence(law: dict[Any, float], other: dict[Any, float]) -> float:
    """KL of a law from another, both as logarithms; the first is normalised."""
    whole = normaliser(law)
    return math.fsum(
        math.exp(value - whole) * (value - whole - other[key]) for key, value in law.items() if value > -math.inf
    )


def rows_of(model: CausalModel) -> Any:
    from constrain.runtime.models.rows import Rows

    return Rows(model, dtype=torch.float64)


def counts(draws: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], int]:
    found: dict[tuple[int, ...], int] = {}
    for token_ids in draws:
        found[token_ids] = found.get(token_ids, 0) + 1
    return found
