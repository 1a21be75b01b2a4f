"""Several outputs side by side: threads that each decode one, on rows whose forwards are gathered into one.

Decoding asks its rows for one forward at a time. Here a forward waits until every thread wants one, or has ended; then
the model reads for all of them at once, which takes little longer than for one. Each output is decoded as it would be
alone; logits differ by rounding.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import torch

    from constrain.runtime.models.rows import Row, Rows

__all__ = ["GatheredRows", "side_by_side"]

T = TypeVar("T")


class GatheredRows:
    """In the place of ``Rows``, for threads."""

    def __init__(self, rows: Rows, threads: int) -> None:
        """Args: rows: to share. threads: how many begin."""
        self._rows = rows
        self._threads = threads
        self._changed = threading.Condition()
        self._asked: list[tuple[Mapping[Row, Sequence[int]], dict[Row, Any]]] = []
        self._answers: dict[int, Any] = {}
        self.is_batched = rows.is_batched

    def join(self, token_ids: Sequence[int]) -> Row:
        """As of ``Rows``."""
        with self._changed:
            return self._rows.join(token_ids)

    def fork(self, row: Row) -> Row:
        """As of ``Rows``."""
        with self._changed:
            return self._rows.fork(row)

    def leave(self, row: Row) -> None:
        """As of ``Rows``."""
        with self._changed:
            self._rows.leave(row)

    def crop(self, row: Row, length: int) -> None:
        """As of ``Rows``."""
        with self._changed:
            self._rows.crop(row, length)

    def forward(self, token_ids: Mapping[Row, Sequence[int]], positions: Any = "last") -> dict[Row, torch.Tensor]:
        """As of ``Rows``, once every thread waits here."""
        chosen = dict(positions) if isinstance(positions, Mapping) else dict.fromkeys(token_ids, positions)
        request = (token_ids, chosen)
        with self._changed:
            self._asked.append(request)
            self._run_if_all_wait()
            self._changed.wait_for(lambda: id(request) in self._answers)
            answer = self._answers.pop(id(request))
        if isinstance(answer, BaseException):
            raise answer
        return {row: answer[row] for row in token_ids}

    def ended(self) -> None:
        """A thread will not ask again."""
        with self._changed:
            self._threads -= 1
            self._run_if_all_wait()

    def _run_if_all_wait(self) -> None:
        if not self._asked or len(self._asked) < self._threads:
            return
        asked, self._asked = self._asked, []
        read = {row: fresh for token_ids, _ in asked for row, fresh in token_ids.items()}
        wanted = {row: position for _, positions in asked for row, position in positions.items()}
        answer: Any
        try:
            answer = self._rows.forward(read, wanted)
        except BaseException as error:
            answer = error
        self._answers.update((id(request), answer) for request in asked)
        self._changed.notify_all()


def side_by_side(rows: Rows, tasks: Sequence[Callable[[Any], T]]) -> list[T]:
    """What the tasks give, each called with the rows in a thread of its own."""
    gathered = GatheredRows(rows, len(tasks))

    def run(task: Callable[[Any], T]) -> T:
        try:
            return task(gathered)
        finally:
            gathered.ended()

    with ThreadPoolExecutor(max_workers=max(len(tasks), 1)) as pool:
        return list(pool.map(run, tasks))
