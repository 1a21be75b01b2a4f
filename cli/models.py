"""What ``-m`` names: the embedded model, something on this machine, or a model of the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

from constrain.cli.problems import InputFileError, UsageProblem

__all__ = ["EMBEDDED", "named_model"]

EMBEDDED = "embedded"
"""The embedded model where its name has to be said; a folder of that name is ``./embedded``."""


def named_model(value: str | None) -> str | None:
    """The name as ``load_model`` takes it; None is the embedded model.

    Raises:
        UsageProblem: the name is empty.
        InputFileError: by its spelling it is a folder or a file, and it is not there.
    """
    if value is None or value == EMBEDDED:
        return None
    if not value:
        raise UsageProblem("-m names no model", expected=f"a folder, a GGUF file, a name, or {EMBEDDED!r}")
    path = Path(value).expanduser()
    if (path.is_absolute() or value.startswith((".", "~")) or path.suffix == ".gguf") and not path.exists():
        raise InputFileError(f"cannot read {value!r}: there is no such model", expected="a model folder or a GGUF file")
    return value
