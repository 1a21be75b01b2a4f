"""What the model is shown: the instruction, examples whose answers have the form that is wanted, and the question."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from quality.tasks import Item, Task

__all__ = ["THINK", "Form", "answer_of", "prompt_of", "schema_of"]

THINK = "think"


@dataclass(frozen=True, slots=True)
class Form:
    """How answers look, in the examples as in the output.

    Attributes:
        is_json: JSON or plain text?
        thinks: where a task has reasoning, is it written in tags before the JSON, not in a field of it?
        blanks: does the JSON of the examples have blanks after commas and colons?
        cue: what stands before an answer.
    """

    is_json: bool = True
    thinks: bool = False
    blanks: bool = False
    cue: Literal["A:\n", "A:", "A: "] = "A:\n"


def answer_of(task: Task, item: Item, form: Form) -> str:
    """The right answer as an example shows it."""
    is_reasoned = task.reasoning == "reasoned"
    if not form.is_json:
        text = task.as_text(item.gold)
        return f"{item.reasoning} The answer is {text}." if is_reasoned else text
    value: Any = item.gold
    if not isinstance(value, dict):
        value = {"answer": value}
        if is_reasoned and not form.thinks:
            value = {"reasoning": item.reasoning, **value}
    text = json.dumps(value, separators=(", ", ": ") if form.blanks else (",", ":"))
    return f"<{THINK}>{item.reasoning}</{THINK}>{text}" if form.thinks else text


def prompt_of(task: Task, examples: Sequence[Item], item: Item, form: Form) -> str:
    """All that comes before the answer."""
    lead = form.cue if form.cue.endswith("\n") else "A: "
    shown = "".join(f"Q: {example.question}\n{lead}{answer_of(task, example, form)}\n\n" for example in examples)
    return f"{task.instruction}\n\n{shown}Q: {item.question}\n{form.cue}"


def schema_of(task: Task, item: Item, form: Form) -> dict[str, Any]:
    """The JSON Schema of an answer, without what is thought before it."""
    answer = task.answer_schema(item)
    if answer.get("type") == "object":
        return answer
    properties = {"answer": answer}
    if task.reasoning == "reasoned" and not form.thinks:
        properties = {"reasoning": {"type": "string", "maxLength": task.reasoning_length}, "answer": answer}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
