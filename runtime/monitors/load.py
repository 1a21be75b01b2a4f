"""``module:Class`` and ``path/to/file.py:Class``: from a name to a monitor."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from constrain.errors import MonitorError
from constrain.runtime.monitors.calls import DEADLINE, MonitorCalls, describe_failure
from constrain.runtime.monitors.worker import DeadlineError, Worker

__all__ = ["load_monitor", "load_named"]


def load_monitor(
    name: str, arguments: Mapping[str, str] | None = None, *, deadline: float | None = DEADLINE
) -> MonitorCalls:
    """Import a monitor's class and call it.

    What the module and the class print meanwhile goes to standard error.

    Args:
        name: ``package.module:Class``, importable as for ``python -m``; or ``path/to/file.py:Class``.
        arguments: keyword arguments of the class, texts all of them.
        deadline: seconds for each call of the monitor and for making it; None for no deadline.

    Raises:
        MonitorError: no such module, file or class, it fails, does not take these arguments, or gives no monitor.
    """
    factory = load_named(name, "monitor")
    with contextlib.redirect_stdout(sys.stderr):
        monitor = _made(name, factory, dict(arguments or {}), deadline)
    return MonitorCalls(monitor, name=name, deadline=deadline)


def load_named(name: str, what: str) -> Any:
    """What a name stands for, by import; what the module prints meanwhile goes to standard error.

    Args:
        name: ``package.module:Name`` or ``path/to/file.py:Name``.
        what: it is, for messages.

    Raises:
        MonitorError: no such module, file or name.
    """
    place, separator, attribute = name.rpartition(":")
    if not separator or not place or not attribute:
        raise MonitorError(f"{name!r} names no {what}", expected="package.module:Name or path/to/file.py:Name")
    with contextlib.redirect_stdout(sys.stderr):
        module = _from_file(Path(place)) if place.endswith(".py") else _by_name(place)
    found = getattr(module, attribute, None)
    if found is None:
        raise MonitorError(f"{place} has no {attribute!r}", expected=_classes(module))
    return found


def _by_name(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except BaseException as error:  # a module may fail in any way, sys.exit among them
        if isinstance(error, KeyboardInterrupt):
            raise
        raise MonitorError(f"cannot import {module!r}: {describe_failure(error)}") from error


def _from_file(path: Path) -> ModuleType:
    path = path.expanduser()
    if not path.is_file():
        raise MonitorError(f"there is no file {path}", expected="the path of a Python file before the colon")
    specification = importlib.util.spec_from_file_location(path.stem, path)
    if specification is None or specification.loader is None:
        raise MonitorError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(specification)
    before = sys.modules.get(path.stem)
    sys.modules[path.stem] = module  # dataclasses, among others, look their module up
    try:
        specification.loader.exec_module(module)
    except BaseException as error:
        if before is None:
            del sys.modules[path.stem]
        else:
            sys.modules[path.stem] = before
        if isinstance(error, KeyboardInterrupt):
            raise
        raise MonitorError(f"cannot import {path}: {describe_failure(error)}") from error
    return module


def _made(name: str, factory: Any, arguments: dict[str, str], deadline: float | None) -> Any:
    if not callable(factory):
        raise MonitorError(f"{name} is no class", expected="a class, or a function that makes a monitor")
    with contextlib.suppress(ValueError):  # native code may not say what it takes
        signature = inspect.signature(factory)
        try:
            signature.bind(**arguments)
        except TypeError as error:
            raise MonitorError(
                f"{name} does not take these arguments: {error}", expected=f"{name}{signature}"
            ) from None
    try:
        return Worker(deadline).call(lambda: factory(**arguments))
    except DeadlineError:
        raise MonitorError(f"{name} was not made within {deadline:g} s") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise MonitorError(f"{name} cannot be made: {describe_failure(error)}") from error


def _classes(module: ModuleType) -> str | None:
    """The classes that the module defines, for a message."""
    own = [key for key, value in vars(module).items() if inspect.isclass(value) and value.__module__ == module.__name__]
    return f"one of {', '.join(own)}" if own else None
