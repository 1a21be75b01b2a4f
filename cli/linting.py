"""What ``schema lint`` and ``grammar lint`` share: their options, and how findings are shown and counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, Self, TypeAlias

import typer

from constrain.cli import render
from constrain.cli.problems import UsageProblem
from constrain.cli.streams import write
from constrain.errors import InputError

__all__ = ["ExitZero", "Ignore", "OutputFormat", "Report"]

OutputFormat: TypeAlias = Annotated[
    str, typer.Option("--format", metavar="text|json", help="A line for each warning, or one JSON object.")
]
Ignore: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="CODE", help="Leave out this kind of warning. May be repeated."),
]
ExitZero: TypeAlias = Annotated[bool, typer.Option("--exit-zero", help="Exit code 0 in spite of warnings.")]


class _Warning(Protocol):
    """One finding, of either linter."""

    @property
    def code(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def mend(self) -> str: ...
    @property
    def error(self) -> bool: ...
    def _asdict(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Report:
    """How findings are to be reported.

    Attributes:
        as_json: as one JSON object?
        ignored: kinds of warnings to leave out.
        exit_zero: is the exit code 0 in spite of warnings?
    """

    as_json: bool
    ignored: frozenset[str]
    exit_zero: bool

    @classmethod
    def of(
        cls, output_format: str, ignore: list[str] | None, exit_zero: bool, codes: Callable[[], Collection[str]]
    ) -> Self:
        """From a command's options.

        Args:
            output_format, ignore, exit_zero: the options.
            codes: every kind of warning; asked for where some are left out.

        Raises:
            UsageProblem: an option's value is wrong.
        """
        if output_format not in ("text", "json"):
            raise UsageProblem(f"--format cannot be {output_format!r}", expected="'text' or 'json'")
        if ignore:
            known = codes()
            for code in ignore:
                if code not in known:
                    raise UsageProblem(f"--ignore cannot be {code!r}", expected=f"one of {', '.join(known)}")
        return cls(output_format == "json", frozenset(ignore or ()), exit_zero)

    def show(self, source: str, found: Iterable[_Warning]) -> int:
        """Write what was found in ``source``; the exit code."""
        # an error is no matter of taste
        warnings = [warning for warning in found if warning.error or warning.code not in self.ignored]
        if self.as_json:
            listed = {"file": source, "warnings": [warning._asdict() for warning in warnings]}
            write(json.dumps(listed, ensure_ascii=False))
        else:
            for each in warnings:
                write(render.lint_warning(source, each.code, each.place, each.message, each.mend, each.error))
        errors = sum(warning.error for warning in warnings)
        render.note(render.linted(len(warnings) - errors, errors))
        return InputError.exit_code if errors else 1 if warnings and not self.exit_zero else 0
