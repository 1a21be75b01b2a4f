"""A tiny model in float64 whose tokens are of several characters, and languages small enough to list.

The oracle is the plain definition: every text of the language, every way to cut it into tokens, and the model's
probability of each, token by token, from transformers alone. It knows nothing of masks, tries or rows.
"""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
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
from constrain.runtime.decoding.faithful.explorer import Explorer, Place
from constrain.runtime.decoding.faithful.trie import Node, Trie
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows
from constrain.runtime.monitors.watch import Watch

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


@cache
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


@cache
def live(case: Case, max_bytes: int | None = None) -> frozenset[tuple[int, ...]]:
    """Beginnings of outputs, with no token, some or all, whatever the model says of them."""
    return frozenset(
        spelled[:end]
        for text in texts_of(case)
        if max_bytes is None or len(text) <= max_bytes
        for spelled in spellings(text)
        if len(spelled) <= case.max_tokens
        for end in range(len(spelled) + 1)
    )


Value: TypeAlias = Callable[[tuple[int, ...]], float]


def one(token_ids: tuple[int, ...]) -> float:
    return 1.0


def ways(
    case: Case, token_ids: tuple[int, ...], value: Value = one, max_bytes: int | None = None, **shaping: Any
) -> dict[int | None, float]:
    """By the next token, P(t) times the value of where it leads; by None that of stopping, where that is a way on."""
    said = said_of(case, token_ids, **shaping)
    alive = live(case, max_bytes)
    found: dict[int | None, float] = {
        token_id: math.exp(said[token_id]) * value((*token_ids, token_id))
        for token_id in range(len(tokens()))
        if (*token_ids, token_id) in alive
    }
    if text_of(token_ids) in texts_of(case):
        found[None] = math.exp(log_sum(said[len(tokens()) :]))
    return found


def law_by_definition(
    case: Case, value: Value = one, max_bytes: int | None = None, **shaping: Any
) -> dict[tuple[int, ...], float]:
    """Log q of every output that has any, where each way on is drawn in proportion to P times its value."""
    goes_on = beginnings(case)
    found = {}
    waiting = [((), 0.0)]
    while waiting:
        token_ids, logprob = waiting.pop()
        if text_of(token_ids) in texts_of(case) and text_of(token_ids) not in goes_on:
            found[token_ids] = logprob
            continue
        weights = ways(case, token_ids, value, max_bytes, **shaping)
        whole = math.fsum(weights.values())
        for token_id, weight in weights.items():
            if weight > 0.0 and token_id is None:
                found[token_ids] = logprob + math.log(weight / whole)
            elif weight > 0.0:
                waiting.append(((*token_ids, token_id), logprob + math.log(weight / whole)))
    return found


def expected_futures(
    case: Case,
    explored: Set[tuple[int, ...]] | None = None,
    value: Value = one,
    max_bytes: int | None = None,
    **shaping: Any,
) -> dict[tuple[int, ...], float]:
    """By beginning, the probability that it is completed, by the definition; where ``explored`` is given, ``value`` is
    taken for the live beginnings that are not among it: c~ of a trie that has explored these.
    """
    goes_on = beginnings(case)
    found: dict[tuple[int, ...], float] = {}
    for token_ids in sorted(live(case, max_bytes), key=len, reverse=True):
        if text_of(token_ids) in texts_of(case) and text_of(token_ids) not in goes_on:
            found[token_ids] = 1.0 if explored is None or token_ids in explored else value(token_ids)
        elif explored is not None and token_ids not in explored:
            found[token_ids] = value(token_ids)
        else:
            found[token_ids] = math.fsum(ways(case, token_ids, found.__getitem__, max_bytes, **shaping).values())
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


def case_of(name: str) -> Case:
    return next(case for case in cases() if case.name == name)


@cache
def rows_of(model: CausalModel) -> Rows:
    return Rows(model, dtype=torch.float64)


def explorer_of(case: Case, *, prompt: tuple[int, ...] = PROMPT, method: str = "exact", **settings: Any) -> Explorer:
    """A new explorer of a case; settings of its own and of the options are told apart by their names."""
    own = {name: settings.pop(name) for name in ("watch", "memory", "observe") if name in settings}
    options = GenerationOptions(**{"method": method, "max_tokens": case.max_tokens, **settings})
    return Explorer(case.model, case.compiled, prompt, options, rows_of(case.model), **own)


class Refusing:
    """A monitor that lets no text be that has what a pattern finds."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    def veto(self, prefix: str) -> bool:
        return self._pattern.search(prefix) is not None


class RefusingEnds:
    """A monitor that lets texts go on as they like, but not be what a pattern finds."""

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    def veto(self, prefix: str, complete: bool) -> bool:
        return complete and self._pattern.search(prefix) is not None


def watch_of(case: Case, monitor: Any) -> Watch:
    return Watch(monitor, case.compiled, deadline=None)


def left_by(case: Case, pattern: str) -> dict[tuple[int, ...], float]:
    """The outputs whose texts have nothing that the pattern finds."""
    return {key: value for key, value in outputs(case).items() if not re.search(pattern, text_of(key))}


def made_up(token_ids: tuple[int, ...]) -> float:
    """A value for each beginning, between a fifth and five, that has nothing to do with how likely anything is."""
    mixed = sum((at + 3) * (token_id + 1) * 7919 for at, token_id in enumerate(token_ids)) % 101
    return 5.0 ** (mixed / 50 - 1)


def made_up_leaves(place: Place) -> np.ndarray[Any, Any]:
    """The same as leaves: of the ways on from a place, the stop token's being 1."""
    values = [made_up((*place.token_ids, token_id)) for token_id in place.ids.tolist()]
    if place.stop is not None:
        values[place.stop] = 1.0
    return np.log(values)


made_up_leaves.revision = 0  # type: ignore[attr-defined]  # they never change


@cache
def shared_explorer(case: Case, **settings: Any) -> Explorer:
    """The same one for many tests, which then need not ask the model again; not for those that count its calls."""
    return explorer_of(case, **settings)


def nodes_of(trie: Trie) -> dict[tuple[int, ...], Node]:
    """What a trie remembers, by beginning."""
    found: dict[tuple[int, ...], Node] = {}
    waiting: list[tuple[tuple[int, ...], Node]] = [((), trie.root)]
    while waiting:
        token_ids, node = waiting.pop()
        found[token_ids] = node
        waiting += [((*token_ids, token_id), child) for token_id, child in node.children.items()]
    return found


def explored(trie: Trie) -> frozenset[tuple[int, ...]]:
    """Beginnings that the model was asked about, and whole outputs that were seen."""
    return frozenset(token_ids for token_ids, node in nodes_of(trie).items() if node.is_explored or node.proven == 0.0)


def counts(draws: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], int]:
    found: dict[tuple[int, ...], int] = {}
    for token_ids in draws:
        found[token_ids] = found.get(token_ids, 0) + 1
    return found
