"""Values inside a schema: ``enum``, ``const``, ``default``, ``examples``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from constrain.compiler.json_schema.lint.context import Context, Meaning
from constrain.compiler.json_schema.lint.places import Place
from constrain.compiler.json_schema.lint.warning import LintWarning
from constrain.compiler.json_schema.pointers import shown
from constrain.compiler.json_schema.show.text import json_text

__all__ = ["constant_beside_enum", "invalid_value", "repeated_value"]


def repeated_value(place: Place, context: Context) -> Iterator[LintWarning]:
    """Values that stand in ``enum`` twice; ``1`` and ``1.0`` are one value."""
    values = place.keys.get("enum")
    seen: set[object] = set()
    for i, value in enumerate(values if isinstance(values, list) else ()):
        key = _key(value)
        if key in seen:
            message = f"the value {_shown(value)} is there before"
            yield LintWarning("repeated-value", f"{place.pointer}/enum/{i}", message, "each value once")
        seen.add(key)


def constant_beside_enum(place: Place, context: Context) -> Iterator[LintWarning]:
    """``const`` and ``enum`` in one schema: either they exclude each other, or one is enough."""
    keys = place.keys
    if "const" not in keys or not isinstance(keys.get("enum"), list) or "const" not in context.draft.keywords:
        return
    if _key(keys["const"]) in {_key(value) for value in keys["enum"]}:
        message, mend = "'const' allows one value, and makes 'enum' idle", "only one of them"
    else:
        message, mend = "'const' is none of the values in 'enum', so no value is allowed", "only one of them"
    yield LintWarning("const-and-enum", f"{place.pointer}/const", message, mend)


def invalid_value(place: Place, meaning: Meaning) -> Iterator[LintWarning]:
    """A ``default``, an example or a value of ``enum`` that the schema it stands in refuses."""
    keys = place.keys
    examples = keys.get("examples")
    values = None if "const" in keys else keys.get("enum")
    for code, pointer, value in (
        *([("invalid-default", "default", keys["default"])] if "default" in keys else ()),
        *(
            ("invalid-example", f"examples/{i}", v)
            for i, v in enumerate(examples if isinstance(examples, list) else ())
        ),
        *(("unreachable-value", f"enum/{i}", v) for i, v in enumerate(values if isinstance(values, list) else ())),
    ):
        if meaning.accepts(place, value) is False:
            yield LintWarning(
                code,
                f"{place.pointer}/{pointer}",
                f"{_shown(value)} is refused by the schema that it stands in",
                "a value that fits, or a schema that allows it",
            )


def _shown(value: Any) -> str:
    return shown(json.loads(json_text(value)))  # numbers as JSON writes them


def _key(value: Any) -> object:
    """Equal for equal JSON values, as the specification has it."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return type(value).__name__, value
    if isinstance(value, dict):
        return "object", frozenset((name, _key(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return "array", tuple(_key(part) for part in value)
    return "number", Decimal(repr(value)) if isinstance(value, float) else value
