"""Calls with a deadline: in a thread of its own, which is left behind when it does not answer."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar, cast

__all__ = ["DeadlineError", "Worker"]

T = TypeVar("T")

_Task = Callable[[], Any] | None
_Outcome = tuple[bool, Any]


class DeadlineError(Exception):
    """A call did not come back in time."""


class Worker:
    """Runs calls one after another, each in the same thread while all of them answer in time.

    Nothing can stop Python code from outside: a call that hangs keeps its thread, which ends with the process and does
    not keep that from ending. The next call gets a new one.
    """

    def __init__(self, deadline: float | None) -> None:
        """Nothing is started yet.

        Args:
            deadline: seconds for a call; None calls in the caller's thread, for as long as it takes.
        """
        self.deadline = deadline
        self._one_at_a_time = threading.Lock()
        self._tasks: SimpleQueue[_Task] | None = None
        self._outcomes: SimpleQueue[_Outcome] = SimpleQueue()

    def call(self, task: Callable[[], T]) -> T:
        """What the call gives or raises.

        Raises:
            DeadlineError: it took longer than the deadline.
        """
        if self.deadline is None:
            return task()
        with self._one_at_a_time:
            tasks = self._tasks or self._start()
            tasks.put(task)
            try:
                succeeded, value = self._outcomes.get(timeout=self.deadline)
            except Empty:
                self._tasks = None
                raise DeadlineError from None
            except BaseException:  # an interrupt: the outcome would be taken for that of the next call
                self._tasks = None
                raise
        if not succeeded:
            raise value
        return cast(T, value)

    def _start(self) -> SimpleQueue[_Task]:
        self._tasks, self._outcomes = SimpleQueue(), SimpleQueue()
        thread = threading.Thread(target=_run, args=(self._tasks, self._outcomes), name="monitor", daemon=True)
        thread.start()
        weakref.finalize(self, self._tasks.put, None)
        return self._tasks


def _run(tasks: SimpleQueue[_Task], outcomes: SimpleQueue[_Outcome]) -> None:
    while (task := tasks.get()) is not None:
        try:
            outcome = (True, task())
        except BaseException as error:  # also SystemExit, which would end the thread in silence
            outcome = (False, error)
        outcomes.put(outcome)
        del task, outcome  # hold on to nothing while waiting
