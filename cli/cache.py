"""``constrain cache``: what is kept on disk (converted models, compiled grammars), and how to be rid of it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from constrain.cli import environment, render
from constrain.cli import options as option
from constrain.cli.problems import InputFileError, UsageProblem
from constrain.cli.streams import write

if TYPE_CHECKING:
    from constrain.runtime.cache import Cache, CacheEntry

__all__ = ["EXAMPLES", "cache"]

EXAMPLES = option.examples("constrain cache", "constrain cache show --json", "constrain cache clear")


def cache(
    action: Annotated[str, typer.Argument(metavar="[show|clear]", help="What to do.")] = "show",
    as_json: option.Json = False,
) -> option.Job:
    """Show or clear the cache of converted models and compiled grammars.

    It lies in the platform's cache folder, or where CONSTRAIN_CACHE_DIR says. Everything in it can be made again.
    """
    if action not in ("show", "clear"):
        raise UsageProblem(f"the cache cannot {action!r}", expected="'show' or 'clear'")

    def job() -> int:
        from constrain.runtime.cache import Cache

        store = Cache(environment.cache_directory())
        # what is printed is printed outside: its failures are not the cache's
        try:
            freed = store.clear() if action == "clear" else None
            entries = store.entries() if action == "show" else []
        except OSError as error:
            raise InputFileError(f"cannot read the cache {str(store.folder)!r}: {error.strerror or error}") from None
        return _show(store, entries, as_json) if freed is None else _clear(freed, as_json)

    return job


def _clear(freed: int, as_json: bool) -> int:
    if as_json:
        write(json.dumps({"freed_bytes": freed}))
    else:
        render.note(render.freed(freed))
    return 0


def _show(store: Cache, entries: list[CacheEntry], as_json: bool) -> int:
    total = sum(entry.bytes for entry in entries)
    if as_json:
        listed = [
            {"kind": e.kind, "key": e.key, "path": str(e.path), "bytes": e.bytes, "last_use": e.last_use}
            for e in entries
        ]
        value = {"folder": str(store.folder), "bytes": total, "max_bytes": store.max_bytes, "entries": listed}
        write(json.dumps(value, ensure_ascii=False))
        return 0
    render.rows(
        [("kind", "left"), ("key", "left"), ("size", "right"), ("last use", "left")],
        ([e.kind, e.key, render.human_size(e.bytes), _date(e.last_use)] for e in entries),
    )
    render.note(render.cache_summary(str(store.folder), len(entries), total, store.max_bytes))
    return 0


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="minutes")
