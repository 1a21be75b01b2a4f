"""``--monitor``, ``--monitor-arg``, ``--monitor-deadline`` and ``--logits``: code of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from constrain.cli import environment
from constrain.cli.problems import UsageProblem
from constrain.errors import MonitorError

if TYPE_CHECKING:
    from constrain.runtime.decoding.adjust import LogitsFunction
    from constrain.runtime.monitors.calls import MonitorCalls

__all__ = ["MonitorOptions", "function_of", "logits_of", "monitor_of"]


@dataclass(frozen=True, slots=True)
class MonitorOptions:
    """Options that name a monitor, as given (see :mod:`.groups`)."""

    monitor: Annotated[
        str | None,
        typer.Option("--monitor", metavar="MODULE:CLASS", help="Suggests and vetoes what the grammar cannot know."),
    ] = None
    monitor_arg: Annotated[
        list[str] | None,
        typer.Option("--monitor-arg", metavar="KEY=VALUE", help="Argument of the monitor; may be repeated."),
    ] = None
    monitor_deadline: Annotated[
        float | None,
        typer.Option("--monitor-deadline", metavar="SECONDS", help="Longest time for one call of the monitor [10]."),
    ] = None

    def load(self) -> MonitorCalls | None:
        """The monitor: see :func:`monitor_of`."""
        return monitor_of(self.monitor, self.monitor_arg or (), self.monitor_deadline)


def monitor_of(name: str | None, arguments: Sequence[str] = (), deadline: float | None = None) -> MonitorCalls | None:
    """The monitor that the options name; None where they name none.

    Args:
        name: ``module:Class`` or ``file.py:Class``; the current folder is importable.
        arguments: ``KEY=VALUE``, for the class.
        deadline: seconds for each call; None for the usual number.

    Raises:
        UsageProblem: there is no such class, it fails, or the options contradict each other.
    """
    if name is None:
        if arguments or deadline is not None:
            option = "--monitor-arg" if arguments else "--monitor-deadline"
            raise UsageProblem(f"{option} goes with --monitor only")
        return None
    from constrain.runtime.monitors.calls import DEADLINE
    from constrain.runtime.monitors.load import load_monitor

    if deadline is not None and not (0 < deadline < math.inf):
        raise UsageProblem(f"--monitor-deadline is {deadline:g}", expected="a number of seconds above 0")
    given: dict[str, str] = {}
    for argument in arguments:
        key, separator, value = argument.partition("=")
        if not separator or not key.isidentifier():
            raise UsageProblem(f"--monitor-arg {argument!r} is no argument", expected="KEY=VALUE")
        if key in given:
            raise UsageProblem(f"--monitor-arg {key} is given twice")
        given[key] = value
    environment.import_from_here()
    try:
        return load_monitor(name, given, deadline=deadline or DEADLINE)
    except MonitorError as error:
        raise UsageProblem(f"--monitor {name}: {error.message}", expected=error.expected) from error


def logits_of(names: Sequence[str]) -> tuple[LogitsFunction, ...]:
    """The functions that ``--logits`` names, in order.

    Raises:
        UsageProblem: there is no such function.
    """
    return tuple(function_of("--logits", name, "takes token ids and logits") for name in names)


def function_of(option: str, name: str, kind: str) -> Callable[..., Any]:
    """A function of the user's: ``module:function`` or ``file.py:function``.

    Args:
        option: that names it.
        name: the name.
        kind: what such a function does, for messages.

    Raises:
        UsageProblem: there is no such function.
    """
    from constrain.runtime.monitors.load import load_named

    environment.import_from_here()
    try:
        function = load_named(name, "function")
    except MonitorError as error:
        raise UsageProblem(f"{option} {name}: {error.message}", expected=error.expected) from error
    if not callable(function) or isinstance(function, type):
        raise UsageProblem(f"{option} {name} is no function", expected=f"one that {kind}")
    return cast("Callable[..., Any]", function)
