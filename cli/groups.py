"""Options that belong together, declared once: as the fields of a dataclass.

typer reads a command's options from the signature of its function. Under :func:`grouped`, a parameter whose type is a
dataclass stands for the fields of it, in its place and in their order; the function gets them in one piece.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

__all__ = ["grouped"]

Result = TypeVar("Result")


def grouped(command: Callable[..., Result]) -> Callable[..., Result]:
    """A command with the options of its groups, each as a parameter of its own.

    Args:
        command: a function; of its parameters, those whose types are dataclasses are groups. Their fields are options
            (their types are those of parameters, and each has a default), or groups again.
    """
    types = get_type_hints(command, include_extras=True)
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        kind = types[parameter.name]
        parameters += _options(kind) if is_dataclass(kind) else [parameter.replace(annotation=kind)]
    groups = {name: kind for name, kind in types.items() if is_dataclass(kind)}

    @functools.wraps(command)
    def called(**given: Any) -> Result:
        made = {name: _made(kind, given) for name, kind in groups.items()}
        return command(**made, **given)

    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    vars(called)["__signature__"] = inspect.Signature(parameters)
    return called


def _options(group: Any) -> Iterator[inspect.Parameter]:
    """The options of a group, and of the groups in it."""
    types = get_type_hints(group, include_extras=True)
    for field in fields(group):
        kind = types[field.name]
        if is_dataclass(kind):
            yield from _options(kind)
        else:
            default = inspect.Parameter.empty if field.default is MISSING else field.default
            yield inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _made(group: Any, given: dict[str, Any]) -> Any:
    """A group of what is given, which is taken out of there."""
    types = get_type_hints(group, include_extras=True)
    return group(
        **{name: _made(kind, given) if is_dataclass(kind) else given.pop(name) for name, kind in types.items()}
    )
