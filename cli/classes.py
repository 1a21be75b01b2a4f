"""``--schema package.module:Class``: the schema of a Python class, as pydantic writes it.

Models, dataclasses, TypedDicts and whatever else pydantic knows the type of. The current folder is importable, as it is
for ``python -m``; what the module prints while it is imported goes to standard error.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from typing import Any

from constrain.cli import environment
from constrain.cli.problems import InputFileError, UsageProblem
from constrain.errors import SchemaError

__all__ = ["schema_of_class"]


def schema_of_class(name: str) -> str:
    """The JSON text of the schema of ``package.module:Class``.

    Raises:
        UsageProblem: pydantic is not installed.
        InputFileError: there is no such module, it fails, or it has no such name.
        SchemaError: pydantic knows no schema of it.
    """
    try:
        import pydantic
    except ImportError:
        raise UsageProblem(
            f"a schema from a Python class ({name}) needs pydantic", expected="pip install 'constrain-lm[pydantic]'"
        ) from None
    module, _, attribute = name.partition(":")
    found = _imported(module, attribute)
    try:
        if isinstance(found, type) and issubclass(found, pydantic.BaseModel):
            schema: Any = found.model_json_schema()
        else:
            schema = pydantic.TypeAdapter(found).json_schema()
    except Exception as error:  # pydantic has several roots of errors, and a class may add any
        reason = str(error).strip().partition("\n")[0]
        raise SchemaError(
            f"pydantic has no schema for {name}: {reason or type(error).__name__}",
            expected="a pydantic model, a dataclass or a TypedDict",
        ) from None
    return json.dumps(schema, ensure_ascii=False)


def _imported(module: str, attribute: str) -> Any:
    environment.import_from_here()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            value = importlib.import_module(module)
    except Exception as error:  # a module may fail in any way
        raise InputFileError(f"cannot import {module!r}: {type(error).__name__}: {error}") from None
    if not hasattr(value, attribute):
        raise InputFileError(f"the module {module!r} has no {attribute!r}")
    return getattr(value, attribute)
