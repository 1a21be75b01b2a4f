"""A model under a constraint, for any number of prompts: whole outputs, or text as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from constrain.compiler import CompiledGrammar
from constrain.runtime.decoding import Generation, GenerationOptions, GenerationResult
from constrain.runtime.monitors import Watch

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel

__all__ = ["Generator", "TextStream"]


class Generator:
    """Generates in the language of one compiled grammar::

    generator = Generator(model, compiled, temperature=0.3, max_tokens=200)
    result = generator("Two mugs for Ada.")
    for piece in generator.stream("Two mugs for Bob."):
        print(piece, end="")
    """

    def __init__(
        self,
        model: CausalModel,
        compiled: CompiledGrammar,
        *,
        narrowed: CompiledGrammar | None = None,
        monitor: object = None,
        **options: Any,
    ) -> None:
        """Keep what all outputs share.

        Args:
            model: from :func:`constrain.runtime.load_model`.
            compiled: a grammar compiled for ``model.vocabulary``.
            narrowed: a part of its language that outputs keep to: see :func:`constrain.runtime.generate`.
            monitor: an object that suggests and vetoes: see :class:`constrain.runtime.monitors.Monitor`.
            options: fields of :class:`GenerationOptions`.

        Raises:
            TypeError: there is no such field.
            ValueError: a value outside its range.
        """
        self._model = model
        self._compiled = compiled
        self._narrowed = narrowed
        self._monitor = monitor
        self._options = GenerationOptions(**options)

    def __call__(self, prompt: str | Sequence[int], **options: Any) -> GenerationResult:
        """One output.

        Args:
            prompt: text, which is put into the model's own form; or token ids as they are.
            options: fields that differ for this output.

        Raises:
            ConstrainError: as :func:`constrain.runtime.generate`.
        """
        stream = self.stream(prompt, **options)
        for _ in stream:
            pass
        return stream.result

    def stream(self, prompt: str | Sequence[int], **options: Any) -> TextStream:
        """The text as it comes; for ``for`` and for ``async for``, in which the model runs in a thread of its own."""
        chosen = replace(self._options, **options)
        prompt_ids = (
            self._model.encode_prompt(prompt, reserve=chosen.max_tokens) if isinstance(prompt, str) else list(prompt)
        )
        pieces: list[str] = []
        watch = None
        if self._monitor is not None:
            watch = Watch(self._monitor, self._compiled, prompt if isinstance(prompt, str) else "")
        generation = Generation(
            self._model,
            self._compiled,
            prompt_ids,
            chosen,
            narrowed=self._narrowed,
            watch=watch,
            on_text=pieces.append,
        )
        return TextStream(generation, pieces)


class TextStream:
    """Pieces of one output, in whole characters, and its result."""

    def __init__(self, generation: Generation, pieces: list[str]) -> None:
        self._generation = generation
        self._pieces = pieces

    def __iter__(self) -> Iterator[str]:
        while not self._generation.is_finished:
            self._generation.step()
            yield from self._taken()

    async def __aiter__(self) -> AsyncIterator[str]:
        while not self._generation.is_finished:
            await asyncio.to_thread(self._generation.step)
            for piece in self._taken():
                yield piece

    def _taken(self) -> list[str]:
        taken = self._pieces[:]
        self._pieces.clear()
        return taken

    @property
    def result(self) -> GenerationResult:
        """What came of it: whole after the last piece, before it what there is."""
        return self._generation.result()
