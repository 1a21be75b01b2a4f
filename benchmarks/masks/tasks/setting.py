"""What every task of a worker works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from masks.constraint import Constraint
from masks.engines.base import Compiled, Engine

__all__ = ["Send", "Setting", "describe"]


class Send(Protocol):
    """Sends one event to the process that asked."""

    def __call__(self, event: str, **fields: Any) -> None:
        """Send ``event`` with its fields."""


@dataclass(frozen=True)
class Setting:
    """An engine that is set up, its buffer for one mask, the run's clock (in ns), the way back, and what jobs keep."""

    engine: Engine
    buffer: NDArray[np.int32]
    now: Callable[[], int]
    send: Send
    kept: list[Compiled] = field(default_factory=list)

    def compile(self, constraint: dict[str, Any], *, first_mask: bool = True) -> Compiled | None:
        """Compile, make a first mask, and send how long that took, or why it was refused (and return None)."""
        try:
            prepared = self.engine.prepare(Constraint(**constraint))
            start = self.now()
            compiled = self.engine.compile(prepared)
            between = self.now()
            if first_mask:
                compiled.matcher().mask(self.buffer)
            end = self.now()
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # a panic of a native engine is no Exception
            pointer = getattr(error, "pointer", None)
            self.send("unsupported", error=describe(error), pointer=pointer if isinstance(pointer, str) else None)
            return None
        ttfm_us = (end - start) / 1e3 if first_mask else None
        self.send("compiled", compile_us=(between - start) / 1e3, ttfm_us=ttfm_us)
        return compiled


def describe(error: BaseException) -> str:
    """Kind and message of an error, cut to a size that a report can show."""
    return f"{type(error).__name__}: {error}"[:600]
