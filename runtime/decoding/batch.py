"""Several outputs side by side, each under a constraint of its own, with one forward of the model for all.

Rows join and leave at any step. While the model runs, worker threads find out what each row may write next; they choose
the tokens, too. What one row writes does not depend on the others, rounding apart: it has its own constraint, random
numbers and limits, and an error of its own ends it alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar
from constrain.errors import ConstrainError, ModelError
from constrain.runtime.decoding.drafts import MOST, DraftMemory
from constrain.runtime.decoding.loop import Generation
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.reader import Asked, Reading, RowReader
from constrain.runtime.decoding.result import GenerationResult
from constrain.runtime.monitors.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from constrain.runtime.decoding.draft_model import DraftModel
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows

__all__ = ["Batch", "Ended", "Request", "generate_batch"]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """An output to be; the fields are arguments of :func:`generate`."""

    compiled: CompiledGrammar
    prompt_ids: Sequence[int]
    options: GenerationOptions = field(default_factory=GenerationOptions)
    narrowed: CompiledGrammar | None = None
    begun: bytes = b""
    watch: Watch | None = None
    memory: DraftMemory | None = None
    draft_model: DraftModel | None = None
    on_text: Callable[[str], None] | None = None

    def begin(self, model: CausalModel, rows: Rows | None, on_text: Callable[[str], None] | None) -> Generation:
        """The output in the making; its text goes to ``on_text``. Errors are those of :func:`generate`."""
        return Generation(
            model,
            self.compiled,
            self.prompt_ids,
            self.options,
            narrowed=self.narrowed,
            begun=self.begun,
            watch=self.watch,
            rows=rows,
            memory=self.memory,
            draft_model=self.draft_model,
            on_text=on_text,
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a request: a result, or an error."""

    request: Request
    result: GenerationResult | None = None
    error: ConstrainError | None = None


def generate_batch(
    model: CausalModel, requests: Iterable[Request], *, size: int = 8, rows: Rows | None = None
) -> Iterator[Ended]:
    """Generate many outputs, so many at a time.

    Args:
        model: the model.
        requests: taken one by one, whenever a row is free.
        size: rows at a time.
        rows: of ``model``, which know the beginnings of prompts.

    Yields:
        What became of each request, as soon as it is there: in no particular order.
    """
    with Batch(model, rows=rows) as batch:
        waiting = iter(requests)
        while True:
            while len(batch) < size and (request := next(waiting, None)) is not None:
                batch.join(request)
            if not len(batch):
                return
            yield from batch.step()


@dataclass(slots=True, eq=False)
class _Member:
    """A row.

    Attributes:
        pieces: text that the user has not been given.
        reading: what it wants the model to read.
        asked: what the model has to read for that; None where it was drafted.
    """

    request: Request
    generation: Generation
    reader: RowReader
    pieces: list[str]
    reading: Reading | None = None
    asked: Asked | None = None
    logits: NDArray[np.float32] | None = None
    error: ConstrainError | None = None


class Batch:
    """Outputs in the making, which join at any time and leave when they are done."""

    def __init__(self, model: CausalModel, *, rows: Rows | None = None, workers: int | None = None) -> None:
        """Begin without any.

        Args:
            model: the model.
            rows: of it.
            workers: threads beside that of the model [one for each core].
        """
        from constrain.runtime.models.rows import Rows

        self._model = model
        self._rows = Rows(model) if rows is None else rows
        self._workers = ThreadPoolExecutor(workers or os.cpu_count() or 1, "constrain")
        self._members: list[_Member] = []
        self._ended: list[Ended] = []

    def __len__(self) -> int:
        """How many joined of which no step has said that they ended."""
        return len(self._members) + len(self._ended)

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def join(self, request: Request) -> None:
        """Begin an output; where that can't be, the next step says why."""
        pieces: list[str] = []
        try:
            generation = request.begin(self._model, self._rows, pieces.append if request.on_text else None)
        except ConstrainError as error:
            self._ended.append(Ended(request, error=error))
            return
        self._members.append(_Member(request, generation, generation.row_reader, pieces))

    def step(self) -> list[Ended]:
        """Take each output on by what is certain and one token, with one forward of the model; which of them ended."""
        reading = [member for member in self._members if self._begins(member)]
        looks = {member: self._workers.submit(member.generation.look) for member in reading}
        seconds = self._read([member for member in reading if member.asked])
        draws: dict[_Member, Future[None]] = {}
        for member, look in looks.items():
            if _succeeds(member, look.result):
                draws[member] = self._workers.submit(self._receive, member, seconds)
        for member, drawn in draws.items():
            _succeeds(member, drawn.result)
        return self._leave()

    def close(self) -> None:
        """Give up what is in the making."""
        self._workers.shutdown()
        for member in self._members:
            member.generation.close()
        self._members = []

    def _begins(self, member: _Member) -> bool:
        """Write what is certain; is there something left to read?"""

        def begin() -> None:
            while member.generation.write_certain():
                pass
            if not member.generation.is_finished:
                member.reading = member.generation.reading(MOST // len(self._members))
                member.asked = member.reader.ask(member.reading)

        return _succeeds(member, begin) and not member.generation.is_finished

    def _read(self, members: Sequence[_Member]) -> float:
        """Have the model read what they ask for; how long that took."""
        started = time.perf_counter()
        try:
            self._forward(members)
        except ModelError as error:
            if len(members) == 1:
                members[0].error = error
                return time.perf_counter() - started
            # whose fault it is shows when each is read alone
            for member in members:
                _succeeds(member, partial(self._forward, [member]))
        return time.perf_counter() - started

    def _forward(self, members: Sequence[_Member]) -> None:
        asked = {member.reader.row: member.asked for member in members if member.asked}
        if not asked:
            return
        logits = self._rows.forward(
            {row: each.token_ids for row, each in asked.items()},
            {row: each.positions for row, each in asked.items()},
            {row: each.tree for row, each in asked.items()},
        )
        for member in members:
            member.logits = logits[member.reader.row].numpy()

    @staticmethod
    def _receive(member: _Member, seconds: float) -> None:
        logits, member.logits = member.logits, None
        if member.reading is not None:
            member.generation.receive(member.reader.answer(member.reading, logits), seconds)

    def _leave(self) -> list[Ended]:
        """Hand out texts; those that are done leave."""
        ended, self._ended = self._ended, []
        staying = []
        for member in self._members:
            if member.request.on_text is not None and member.pieces:
                member.request.on_text("".join(member.pieces))
                member.pieces.clear()
            if member.error is not None or member.generation.is_finished:
                member.generation.close()
                result = None if member.error else member.generation.result()
                ended.append(Ended(member.request, result, member.error))
            else:
                staying.append(member)
        self._members = staying
        return ended


def _succeeds(member: _Member, act: Callable[[], object]) -> bool:
    """Do something for one of the outputs, which alone ends where it fails."""
    try:
        if member.error is None:
            act()
    except ConstrainError as error:
        member.error = error
    return member.error is None
