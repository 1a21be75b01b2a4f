"""From an output to its marks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from quality.prompts import THINK, Form, schema_of
from quality.tasks import Item, Task

__all__ = ["Judged", "json_in", "judge"]


@dataclass(frozen=True, slots=True)
class Judged:
    """What an output is worth.

    Attributes:
        marks: of the task.
        is_json: could the answer be read as JSON? True for text.
        is_valid: is it valid under the schema as well? True for text.
    """

    marks: Mapping[str, float]
    is_json: bool = True
    is_valid: bool = True


def judge(task: Task, item: Item, form: Form, output: str) -> Judged:
    """Read an output and mark it; what can't be read is wrong."""
    if not form.is_json:
        return Judged(task.marks(task.from_text(output, item), item))
    value = json_in(output, thinks=form.thinks)
    if value is None:
        return Judged(task.marks(None, item), is_json=False, is_valid=False)
    is_valid = jsonschema_rs.is_valid(schema_of(task, item, form), value)
    answer = value if isinstance(item.gold, dict) else value.get("answer")
    return Judged(task.marks(answer, item), is_valid=is_valid)


def json_in(output: str, *, thinks: bool) -> dict[str, Any] | None:
    """The object that an output is, or that follows its thoughts; None where it is none."""
    if thinks:
        _, mark, output = output.partition(f"</{THINK}>")
        if not mark:
            return None
    try:
        value = json.loads(output)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
