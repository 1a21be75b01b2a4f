"""The methods that are compared, as data: a form of answers, and what decodes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quality.prompts import Form
from quality.tasks import Task

__all__ = ["METHODS", "PROMPTED", "TEXT", "Method", "methods_of"]


JSON = Form()


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the tables.

    Attributes:
        key: its name in records.
        title: its name in tables.
        form: of answers.
        decoder: ``free``: no constraint; ``constrain``; or a peer's name.
        options: of ``constrain``: those of ``GenerationOptions``, and ``whitespace``.
        tasks: names of the tasks it is for; empty for all.
        beside: the method it is held against, beside plain text: the same prompts without a constraint.
    """

    key: str
    title: str
    form: Form = JSON
    decoder: str = "constrain"
    options: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    beside: str = "json"


TEXT, PROMPTED = "text", "json"
GREEDY = {"method": "greedy"}
FLEXIBLE = {**GREEDY, "whitespace": "flexible"}
SPACED = {**GREEDY, "whitespace": "spaced"}
HEALED = {**GREEDY, "heal": True}
THOUGHTS = Form(thinks=True)
BLANKS = Form(blanks=True)
AFTER_COLON = Form(cue="A:")
AFTER_BLANK = Form(cue="A: ")
LETTERS, OBJECTS = ("last_letters",), ("shuffled_objects",)
SHORT = ("shuffled_objects", "orders")

METHODS = (
    Method(TEXT, "plain text, no constraint", Form(is_json=False), "free"),
    Method(PROMPTED, "prompted JSON, no constraint", JSON, "free"),
    Method("greedy", "constrain, greedy", options=GREEDY),
    Method("mask-1", "constrain, sampled, temperature 1", options={"temperature": 1.0}),
    Method("mask-0.7", "constrain, sampled, temperature 0.7 (default)", options={"temperature": 0.7}),
    Method("beam", "constrain, 4 beams", options={"method": "beam"}),
    Method("map", "constrain, map", options={"method": "map"}, tasks=OBJECTS),
    Method("think-json", "thoughts, then prompted JSON, no constraint", THOUGHTS, "free", tasks=LETTERS),
    Method("think", "thoughts, then JSON: greedy", THOUGHTS, options=GREEDY, tasks=LETTERS, beside="think-json"),
    Method("xgrammar", "xgrammar, greedy", decoder="xgrammar"),
    Method("llguidance", "guidance (llguidance), greedy", decoder="llguidance"),
    Method("outlines", "outlines, greedy", decoder="outlines"),
    Method("lm-format-enforcer", "lm-format-enforcer, greedy", decoder="lm-format-enforcer"),
    Method("any", "greedy, `--tokenization any`", options={**GREEDY, "tokenization": "any"}, tasks=SHORT),
    Method("blanks-json", "shown with blanks: prompted JSON, no constraint", BLANKS, "free", tasks=SHORT),
    Method(
        "blanks-compact", "shown with blanks: greedy, compact", BLANKS, "constrain", GREEDY, SHORT, beside="blanks-json"
    ),
    Method(
        "blanks-flexible",
        "shown with blanks: greedy, `--whitespace flexible`",
        BLANKS,
        options=FLEXIBLE,
        tasks=SHORT,
        beside="blanks-json",
    ),
    Method(
        "blanks-spaced",
        "shown with blanks: greedy, `--whitespace spaced`",
        BLANKS,
        options=SPACED,
        tasks=SHORT,
        beside="blanks-json",
    ),
    Method("colon-json", "after `A:`: prompted JSON, no constraint", AFTER_COLON, "free", tasks=SHORT),
    Method("colon", "after `A:`: greedy", AFTER_COLON, options=GREEDY, tasks=SHORT, beside="colon-json"),
    Method("blank", "after `A: `: greedy", AFTER_BLANK, options=GREEDY, tasks=SHORT, beside="colon-json"),
    Method("heal", "after `A: `: greedy, `--heal`", AFTER_BLANK, options=HEALED, tasks=SHORT, beside="colon-json"),
)


def methods_of(task: Task) -> list[Method]:
    """The methods that a task is tried with."""
    return [method for method in METHODS if not method.tasks or task.name in method.tasks]
