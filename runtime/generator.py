"""A model under a constraint, for any number of prompts: whole outputs, or text as it comes."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any

from constrain.compiler import CompiledGrammar
from constrain.errors import ConstrainError, ModelError
from constrain.runtime.decoding import Generation, GenerationOptions, GenerationResult
from constrain.runtime.decoding.batch import Batch, Ended, Request
from constrain.runtime.decoding.drafts import DraftMemory
from constrain.runtime.decoding.faithful import DrawSettings
from constrain.runtime.decoding.faithful.trie import Trie
from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights
from constrain.runtime.decoding.several import TOGETHER, several
from constrain.runtime.monitors import Watch

if TYPE_CHECKING:
    from constrain.runtime.decoding.draft_model import DraftModel
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows

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
        draft_model: DraftModel | None = None,
        **options: Any,
    ) -> None:
        """Keep what all outputs share.

        Args:
            model: from :func:`constrain.runtime.load_model`.
            compiled: a grammar compiled for ``model.vocabulary``.
            narrowed: a part of its language that outputs keep to: see :func:`constrain.runtime.generate`.
            monitor: an object that suggests and vetoes: see :class:`constrain.runtime.monitors.Monitor`.
            draft_model: a smaller model that drafts for ``model``.
            options: fields of :class:`GenerationOptions`.

        Raises:
            TypeError: there is no such field.
            ValueError: a value outside its range.
        """
        self._model = model
        self._compiled = compiled
        self._narrowed = narrowed
        self._monitor = monitor
        self._draft_model = draft_model
        self._options = GenerationOptions(**options)
        self._shared = _Shared(model)

    def __call__(self, prompt: str | Sequence[int], **options: Any) -> GenerationResult:
        """One output.

        Args:
            prompt: text, which is put into the model's own form; or token ids as they are.
            options: fields that differ for this output.

        Raises:
            ConstrainError: as :func:`constrain.runtime.generate`.
        """
        if replace(self._options, **options).method in TOGETHER:
            return next(self.several(prompt, 1, **options))
        stream = self.stream(prompt, **options)
        for _ in stream:
            pass
        return stream.result

    def stream(self, prompt: str | Sequence[int], **options: Any) -> TextStream:
        """The text as it comes; for ``for`` and for ``async for``, in which the model runs in a thread of its own."""
        request = self._request(prompt, options)
        pieces: list[str] = []
        with self._shared.turn() as rows:
            generation = request.begin(self._model, rows, pieces.append)
        return TextStream(generation, pieces, self._shared)

    def batch(
        self, prompts: Iterable[str | Sequence[int]], *, size: int = 8, **options: Any
    ) -> Iterator[GenerationResult]:
        """Outputs for many prompts, so many side by side, with one run of the model for all.

        The seed of each is that of the options, if there is one, plus its number from 0.

        Yields:
            An output for each prompt, in their order.

        Raises:
            ConstrainError: one of them can't be generated; it is raised in its turn.
        """
        first = replace(self._options, **options).seed
        requests = (
            self._request(prompt, {**options, "seed": None if first is None else first + number})
            for number, prompt in enumerate(prompts)
        )
        order: deque[Request] = deque()
        done: dict[Request, Ended] = {}
        with self._shared.turn() as rows:
            batch = Batch(self._model, rows=rows)
        try:
            while True:
                with self._shared.turn():
                    while len(batch) < size and (request := next(requests, None)) is not None:
                        order.append(request)
                        batch.join(request)
                    done |= {ended.request: ended for ended in batch.step()}
                while order and order[0] in done:
                    ended = done.pop(order.popleft())
                    if ended.result is None:
                        raise ended.error or ModelError("an output ended without a result")
                    yield ended.result
                if not order:
                    return
        finally:
            with self._shared.turn():
                batch.close()

    def several(
        self,
        prompt: str | Sequence[int],
        number: int,
        *,
        beams: int | None = None,
        settings: DrawSettings | None = None,
        trie: Trie | None = None,
        weights: OnlineWeights | StoredWeights | None = None,
        **options: Any,
    ) -> Iterator[GenerationResult]:
        """Several outputs for one prompt, found together: see :func:`constrain.runtime.decoding.several.several`.

        Args:
            prompt: as for a call.
            number: how many.
            beams: of method ``beam``: beginnings that are kept.
            settings: of methods that draw from the model's own distribution (``exact`` and others).
            trie: what these learned of the prompt before; it is added to.
            weights: expected futures, for these and for ``mask``.
            options: fields that differ for these outputs.

        Yields:
            At most ``number`` outputs: the best first (methods ``beam`` and ``map``), different ones (``mask``), or
            draws one by one (``exact`` and others).

        Raises:
            ConstrainError: as :func:`constrain.runtime.generate`.
        """
        request = self._request(prompt, options)
        with self._shared.turn() as rows:
            found = several(
                self._model,
                request.compiled,
                request.prompt_ids,
                request.options,
                rows,
                number=number,
                beams=beams,
                narrowed=request.narrowed,
                watch=request.watch,
                settings=settings,
                trie=trie,
                weights=weights,
            )
            results = list(islice(found, number))
        yield from results

    def _request(self, prompt: str | Sequence[int], options: dict[str, Any]) -> Request:
        chosen = replace(self._options, **options)
        text = prompt if isinstance(prompt, str) else ""
        return Request(
            self._compiled,
            self._model.encode_prompt(prompt, reserve=chosen.max_tokens) if isinstance(prompt, str) else list(prompt),
            chosen,
            narrowed=self._narrowed,
            watch=None if self._monitor is None else Watch(self._monitor, self._compiled, text),
            memory=self._shared.memory,
            draft_model=self._draft_model,
        )


class _Shared:
    """What outputs share: what the model knows of their prompts, and texts to draft from. One uses it at a time."""

    def __init__(self, model: CausalModel) -> None:
        self.memory = DraftMemory()
        self.left: list[Generation] = []
        """Those that nobody asks for any more; whoever comes next lets go of what they hold."""
        self._model = model
        self._rows: Rows | None = None
        self._lock = Lock()

    @contextmanager
    def turn(self) -> Iterator[Rows]:
        """Keep the others from using the rows meanwhile."""
        from constrain.runtime.models.rows import Rows

        with self._lock:
            if self._rows is None:
                self._rows = Rows(self._model)
            while self.left:
                self.left.pop().close()
            yield self._rows


class TextStream:
    """Pieces of one output, in whole characters, and its result."""

    def __init__(self, generation: Generation, pieces: list[str], shared: _Shared) -> None:
        self._generation = generation
        self._pieces = pieces
        self._shared = shared
        self._leave = weakref.finalize(self, shared.left.append, generation)

    def __iter__(self) -> Iterator[str]:
        while not self._generation.is_finished:
            self._step()
            yield from self._taken()

    async def __aiter__(self) -> AsyncIterator[str]:
        while not self._generation.is_finished:
            await asyncio.to_thread(self._step)
            for piece in self._taken():
                yield piece

    def _step(self) -> None:
        try:
            with self._shared.turn():
                self._generation.step()
        except ConstrainError:
            self._leave()
            raise
        if self._generation.is_finished:
            self._leave()

    def _taken(self) -> list[str]:
        taken = self._pieces[:]
        self._pieces.clear()
        return taken

    @property
    def result(self) -> GenerationResult:
        """What came of it: whole after the last piece, before it what there is."""
        return self._generation.result()
