"""The generation loop: mask, model, choice, text, until a stop token or the budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from constrain.compiler import CompiledGrammar
from constrain.errors import ArtifactError, ModelError
from constrain.runtime.decoding.constraint import Constraint
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.result import FinishReason, GenerationResult, Timings
from constrain.runtime.decoding.step import ChosenToken, TokenChooser
from constrain.runtime.decoding.text import TextWriter

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel

__all__ = ["generate"]


def generate(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions | None = None,
    *,
    begun: bytes = b"",
    on_text: Callable[[str], None] | None = None,
) -> GenerationResult:
    """Generate one output in the language of ``compiled``.

    Args:
        model: the model.
        compiled: a grammar compiled for ``model.vocabulary``.
        prompt_ids: from :meth:`CausalModel.encode_prompt`.
        options: how tokens are chosen.
        begun: the beginning of the text, where the prompt ends with it: the output is what comes after it.
        on_text: called with each new piece of text, in whole characters.

    Raises:
        ModelError: prompt and budget exceed the model's context, or the model fails; or no text begins as ``begun``.
        ArtifactError: the grammar was compiled for another vocabulary.
        LimitError: a budget of the grammar ran out.
        VocabularyError: the vocabulary cannot spell what has to follow.
    """
    options = options or GenerationOptions()
    _check(model, compiled, prompt_ids, options)
    started = time.perf_counter()
    run = _Run(model, compiled, prompt_ids, options, begun, on_text)
    finish_reason = run.to_the_end()
    return run.result(finish_reason, time.perf_counter() - started)


class _Run:
    """State of one generation."""

    def __init__(
        self,
        model: CausalModel,
        compiled: CompiledGrammar,
        prompt_ids: Sequence[int],
        options: GenerationOptions,
        begun: bytes,
        on_text: Callable[[str], None] | None,
    ) -> None:
        self._model = model
        self._vocabulary = model.vocabulary
        self._prompt_tokens = len(prompt_ids)
        self._max_tokens = options.max_tokens
        self._constraint = Constraint(compiled, begun)
        self._chooser = TokenChooser(options, prompt_ids)
        self._writer = TextWriter(on_text)
        self._cache = model.new_cache()
        self._unread = list(prompt_ids)
        self._tokens: list[ChosenToken] = []
        self._stop: ChosenToken | None = None
        self._clock = dict.fromkeys(("mask", "model", "sampling"), 0.0)

    def to_the_end(self) -> FinishReason:
        """Token by token until the output is complete or the budget is spent."""
        while True:
            with self._timed("mask"):
                allowed = self._constraint.allowed()
            if self._constraint.must_stop(allowed):
                return "stop"
            if len(self._tokens) == self._max_tokens:
                return "length"
            with self._timed("model"):
                logits = self._model.forward(self._unread, self._cache)
            with self._timed("sampling"):
                chosen = self._chooser.choose(logits.numpy(), allowed)
            if self._constraint.is_stop(chosen.token_id):
                self._stop = chosen
                return "stop"
            with self._timed("mask"):
                self._constraint.accept(chosen.token_id)
            self._take(chosen)

    def _take(self, chosen: ChosenToken) -> None:
        self._tokens.append(chosen)
        self._unread = [chosen.token_id]
        self._writer.write(self._vocabulary.text(chosen.token_id))

    def result(self, finish_reason: FinishReason, seconds: float) -> GenerationResult:
        counted = self._tokens if self._stop is None else [*self._tokens, self._stop]
        return GenerationResult(
            text=self._writer.text,
            token_ids=tuple(token.token_id for token in self._tokens),
            finish_reason=finish_reason,
            is_complete=self._constraint.is_complete(),
            logprob=sum(token.logprob for token in counted),
            sampling_logprob=sum(token.sampling_logprob for token in counted),
            token_logprobs=tuple(token.logprob for token in self._tokens),
            sampling_token_logprobs=tuple(token.sampling_logprob for token in self._tokens),
            prompt_tokens=self._prompt_tokens,
            seconds=seconds,
            timings=Timings(**self._clock),
        )

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._clock[what] += time.perf_counter() - started


def _check(
    model: CausalModel, compiled: CompiledGrammar, prompt_ids: Sequence[int], options: GenerationOptions
) -> None:
    if compiled.vocabulary.sha256 != model.vocabulary.sha256:
        raise ArtifactError(
            f"the grammar was compiled for another vocabulary ({compiled.vocabulary.vocab_size} tokens) than that of "
            f"{model.name} ({model.vocabulary.vocab_size} tokens)",
            expected="a grammar compiled for model.vocabulary",
        )
    if not prompt_ids:
        raise ModelError("the prompt has no tokens", expected="at least one, as encode_prompt gives")
    context = model.context_length
    if context is not None and len(prompt_ids) + options.max_tokens > context:
        raise ModelError(
            f"{len(prompt_ids)} tokens of prompt and {options.max_tokens} reserved for the output exceed the model's "
            f"context of {context} tokens",
            expected="a shorter prompt or a smaller --max-tokens",
        )
