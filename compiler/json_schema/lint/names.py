"""Names that are required, and that nobody described."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from constrain.compiler.json_schema.lint.context import Context
from constrain.compiler.json_schema.lint.places import Place
from constrain.compiler.json_schema.lint.warning import LintWarning
from constrain.compiler.json_schema.patterns import matches
from constrain.compiler.json_schema.pointers import escaped, shown
from constrain.errors import InputError

__all__ = ["required_name"]


def required_name(place: Place, context: Context) -> Iterator[LintWarning]:
    """Names in ``required`` and ``dependentRequired`` that ``properties`` does not have: any value will do for them."""
    named = list(_required(place))
    if not named:
        return
    about = list(context.places.about_the_same(place.owner))
    declared = [name for part in about for name in _names(part, "properties")]
    patterns = [name for part in about for name in _names(part, "patternProperties")]
    for pointer, name in named:
        if name in declared or any(_matches(name, pattern) for pattern in patterns):
            continue
        near = difflib.get_close_matches(name, declared, 1, 0.75) or [
            other for other in declared if other.lower() == name.lower()
        ]
        if near:
            message = f"{shown(name)} is required, and no property is called that; {shown(near[0])} is"
            yield LintWarning("required-name", pointer, message, f"{shown(near[0])}, or a property {shown(name)}")
        elif declared:
            message = f"{shown(name)} is required, and 'properties' does not say what it is: any value will do"
            yield LintWarning("required-name", pointer, message, f"a property {shown(name)}")


def _required(place: Place) -> Iterator[tuple[str, str]]:
    keys = place.keys
    if isinstance(keys.get("required"), list):
        for i, name in enumerate(keys["required"]):
            if isinstance(name, str):
                yield f"{place.pointer}/required/{i}", name
    if isinstance(keys.get("dependentRequired"), dict):
        for key, names in keys["dependentRequired"].items():
            for i, name in enumerate(names if isinstance(names, list) else ()):
                if isinstance(name, str):
                    yield f"{place.pointer}/dependentRequired/{escaped(key)}/{i}", name


def _names(place: Place, keyword: str) -> Iterator[str]:
    found: Any = place.keys.get(keyword)
    if isinstance(found, dict):
        yield from found


def _matches(name: str, pattern: str) -> bool:
    try:
        return matches(name, pattern)
    except InputError:
        return True  # a pattern that cannot be read has an error of its own
