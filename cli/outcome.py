"""What became of one output, and its record."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from constrain.cli import render
from constrain.cli.budget import in_options
from constrain.cli.json_lines import one_line
from constrain.errors import BudgetError, ConstrainError, ModelError

if TYPE_CHECKING:
    from constrain.compiler.tools import Call

__all__ = ["Outcome"]

Status: TypeAlias = Literal["ok", "truncated", "error"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one output.

    Attributes:
        status: ``ok``: complete and valid; ``truncated``: cut by the token budget; ``error``: anything else.
        text: the text, also when it is not printed.
        reason: why the status is not ``ok``.
        exit_code: what a run with only this output ends with.
        thinking: the free text before a complete output, which is no part of it.
        tool_calls: the calls in it, where there were tools.
    """

    status: Status
    text: str = ""
    reason: str = ""
    exit_code: int = 0
    is_json: bool = False
    finish_reason: str | None = None
    tokens: int = 0
    seconds: float = 0.0
    logprob: float | None = None
    sampling_logprob: float | None = None
    attempts: int | None = None
    log_z: tuple[float, float] | None = None
    details: Mapping[str, float] = field(default_factory=dict)
    masked: Mapping[str, float] = field(default_factory=dict)
    uniform_steps: int = 0
    seed: int | None = None
    model: str | None = None
    schema_sha256: str | None = None
    thinking: str | None = None
    tool_calls: tuple[Call, ...] | None = None

    @classmethod
    def of_error(cls, error: ConstrainError) -> Outcome:
        """An output that never came to be."""
        return cls("error", reason=in_options(str(error)), exit_code=error.exit_code)

    @property
    def logweight(self) -> float | None:
        """Log of the importance weight; None where either part is not known."""
        if self.logprob is None or self.sampling_logprob is None:
            return None
        return self.logprob - self.sampling_logprob

    def one_line(self) -> str:
        """The text; JSON without white space between its tokens, digits untouched."""
        return one_line(self.text) if self.is_json else self.text

    def record(self, number: int, *, keep_cut: bool) -> str:
        """One JSON line.

        Args:
            number: the ``id``.
            keep_cut: is the text of a truncated output data?
        """
        if self.status == "ok":
            # spliced in as it is: reading and writing numbers could change their digits
            data = self.one_line() if self.is_json else json.dumps(self.text, ensure_ascii=False)
        else:
            data = json.dumps(self.text, ensure_ascii=False) if self.status == "truncated" and keep_cut else "null"
        rest: dict[str, Any] = {
            "finish_reason": self.finish_reason,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 3),
            "schema_sha256": self.schema_sha256,
            "model": self.model,
            "seed": self.seed,
            "logprob": self.logprob,
            "sampling_logprob": self.sampling_logprob,
            "logweight": self.logweight,
        }
        if self.attempts is not None:
            rest["attempts"] = self.attempts
        if self.log_z is not None:
            rest["log_z"] = [value if math.isfinite(value) else None for value in self.log_z]
        rest |= {name: value if math.isfinite(value) else None for name, value in self.details.items()}
        if self.masked:
            rest["masked"] = dict(self.masked)
        if self.uniform_steps:
            rest["uniform_steps"] = self.uniform_steps
        if self.thinking is not None:
            rest["thinking"] = self.thinking
        if self.status != "ok":
            rest["error"] = self.reason
        calls = "" if self.tool_calls is None else f'"tool_calls": [{", ".join(map(_call, self.tool_calls))}], '
        head = json.dumps({"id": str(number), "status": self.status})
        return f'{head[:-1]}, "data": {data}, {calls}{json.dumps(rest, ensure_ascii=False)[1:]}'

    def problem(self) -> ConstrainError:
        """The outcome as an error, for standard error."""
        if self.status == "truncated":
            return BudgetError(self.reason, expected=render.CUT_EXPECTED)
        return ModelError(self.reason)


def _call(call: Call) -> str:
    """A call as JSON, its arguments digit for digit."""
    return f'{{"name": {json.dumps(call.name)}, "arguments": {one_line(call.arguments)}}}'
