"""A tiny model in float64 whose tokens are of several characters, and languages small enough to list.

The oracle is the plain definition: every text of the language, every way to cut it into tokens, and the model's
probability of each, token by token, from transformers alone. It knows nothing of masks, tries or rows.
"""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from constrain import Vocabulary, compile_regex
from constrain.compiler import CompiledGrammar
from constrain.runtime import GenerationOptions
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows

DATA = Path(__file__).resolve().parents[1] / "data" / "faithfulness.toml"


@dataclass(frozen=True)
class Case:
    """A language, as it stands in the corpus; and how many stop tokens its model has."""

    name: str
    regex: str
    alphabet: str
    longest: int
    max_tokens: int
    seed: int
    scale: float
    draws: int
    stops: int = 1

    @property
    def model(self) -> CausalModel:
        return tiny_model(self.seed, self.scale, self.stops)

    @property
    def compiled(self) -> CompiledGrammar:
        return compiled_for(self.regex, self.model)


@cache
def compiled_for(regex: str, model: CausalModel) -> CompiledGrammar:
    return compile_regex(regex, model.vocabulary)


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


def encode(text: str) -> list[int]:
    """The longest token first: as a tokenizer would spell these texts."""
    found = []
    while text:
        token = max((token for token in tokens() if text.startswith(token)), key=len)
        found.append(tokens().index(token))
        text = text[len(token) :]
    return found


@cache
def tiny_model(seed: int, scale: float, stops: int = 1) -> CausalModel:
    """A random Llama over the corpus's tokens and some stop tokens."""
    from tokenizers import Tokenizer, decoders, models

    vocabulary = list(tokens())
    ends = ["</s>", *(f"<end{number}>" for number in range(1, stops))]
    names = {token: i for i, token in enumerate((*vocabulary, *ends))}
    tokenizer = Tokenizer(models.WordLevel(names))
    tokenizer.decoder = decoders.Fuse()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="</s>")
    size = len(names)
    stop_ids = range(len(vocabulary), size)
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
    token_bytes = [token.encode() for token in vocabulary] + [None] * stops
    known = Vocabulary(token_bytes, list(stop_ids), vocab_size=size, encode=encode)
    return CausalModel(f"tiny-{seed}", network, wrapped, known)


@cache
def logits_after(seed: int, scale: float, stops: int, token_ids: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """What the model says of the next token: the plain forward of the whole sequence."""
    with torch.inference_mode():
        return tiny_model(seed, scale, stops).network(torch.tensor([list(token_ids)])).logits[0, -1].numpy()


def next_logprobs(
    case: Case,
    token_ids: tuple[int, ...],
    temperature: float = 1.0,
    repetition_penalty: float = 1.0,
    top_k: int | None = None,
) -> list[float]:
    """Log P of each token after the prompt and these, in the declared order: penalty, temperature, truncation."""
    logits = logits_after(case.seed, case.scale, case.stops, (*PROMPT, *token_ids)).tolist()
    for seen in {*PROMPT, *token_ids}:
        logits[seen] = logits[seen] / repetition_penalty if logits[seen] > 0 else logits[seen] * repetition_penalty
    logits = [value / temperature for value in logits]
    least = sorted(logits)[-top_k] if top_k else -math.inf
    logits = [value if value >= least else -math.inf for value in logits]
    whole = log_sum(logits)
    return [value - whole for value in logits]


PROMPT = (0, 1)

Outputs: TypeAlias = Mapping[tuple[int, ...], float]


def outputs(case: Case, *, max_bytes: int | None = None, **shaping: Any) -> dict[tuple[int, ...], float]:
    """Log P of every output of a case that has any: each text in each spelling of at most ``max_tokens`` tokens."""
    goes_on = beginnings(case)
    found = {}
    for text in sorted(texts_of(case)):
        if max_bytes is not None and len(text) > max_bytes:
            continue
        for spelled in spellings(text):
            if len(spelled) > case.max_tokens:
                continue
            logprob = 0.0
            for at, token_id in enumerate(spelled):
                logprob += said_of(case, spelled[:at], **shaping)[token_id]
            if text in goes_on:
                logprob += log_sum(said_of(case, spelled, **shaping)[len(tokens()) :])
            if logprob > -math.inf:
                found[spelled] = logprob
    return found


@cache
def said_of(case: Case, token_ids: tuple[int, ...], **shaping: Any) -> list[float]:
    return next_logprobs(case, token_ids, **shaping)


@cache
def beginnings(case: Case) -> frozenset[str]:
    """Of texts that go on."""
    return frozenset(text[:end] for text in texts_of(case) for end in range(len(text)))


def text_of(token_ids: Sequence[int]) -> str:
    return "".join(tokens()[token_id] for token_id in token_ids)


def expected_futures(case: Case, explored: Set[tuple[int, ...]] | None = None) -> dict[tuple[int, ...], float]:
    """By beginning, the probability that it is completed, by the definition; where ``explored`` is given, 1 is taken
    for those live beginnings that are not among it: c~ of a trie that has explored these.
    """
    outs = outputs(case)
    live = {token_ids[:end] for token_ids in outs for end in range(len(token_ids) + 1)}
    goes_on = beginnings(case)
    found: dict[tuple[int, ...], float] = {}
    for token_ids in sorted(live, key=len, reverse=True):
        whole = token_ids in outs and text_of(token_ids) not in goes_on
        if whole or (explored is not None and token_ids not in explored):
            found[token_ids] = 1.0
            continue
        said = said_of(case, token_ids)
        ways = [
            math.exp(said[token_id]) * found[(*token_ids, token_id)]
            for token_id in range(len(tokens()))
            if (*token_ids, token_id) in live
        ]
        stop = math.exp(log_sum(said[len(tokens()) :])) if token_ids in outs else 0.0
        found[token_ids] = math.fsum([*ways, stop])
    return found


def spellings(text: str) -> Iterator[tuple[int, ...]]:
    """Every way to cut a text into tokens."""
    if not text:
        yield ()
    for token_id, token in enumerate(tokens()):
        if text.startswith(token):
            for rest in spellings(text[len(token) :]):
                yield (token_id, *rest)


def log_sum(values: Sequence[float]) -> float:
    peak = max(values)
    if peak == -math.inf:
        return peak
    return peak + math.log(math.fsum(math.exp(value - peak) for value in values))


def normaliser(logprobs: Outputs) -> float:
    """Log Z."""
    return log_sum(list(logprobs.values()))


def exact_law(logprobs: Outputs) -> dict[tuple[int, ...], float]:
    """P(x) / Z as logarithms."""
    whole = normaliser(logprobs)
    return {token_ids: logprob - whole for token_ids, logprob in logprobs.items()}


def divergence(law: Outputs, other: Outputs) -> float:
    """KL of a law from another, both as logarithms; the first is normalised."""
    whole = normaliser(law)
    return math.fsum(
        math.exp(value - whole) * (value - whole - other[key]) for key, value in law.items() if value > -math.inf
    )


@cache
def rows_of(model: CausalModel) -> Rows:
    return Rows(model, dtype=torch.float64)


def explorer_of(case: Case, *, prompt: tuple[int, ...] = PROMPT, method: str = "exact", **settings: Any) -> Explorer:
    """A new explorer of a case; settings of its own and of the options are told apart by their names."""
    own = {name: settings.pop(name) for name in ("watch", "memory") if name in settings}
    options = GenerationOptions(**{"method": method, "max_tokens": case.max_tokens, **settings})
    return Explorer(case.model, case.compiled, prompt, options, rows_of(case.model), **own)


def counts(draws: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], int]:
    found: dict[tuple[int, ...], int] = {}
    for token_ids in draws:
        found[token_ids] = found.get(token_ids, 0) + 1
    return found
