"""Constraints are compiled once: the next run takes the automaton from the cache, and nobody notices but the clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constrain.compiler import regex
from constrain.runtime.cache import Cache


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cache:
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path / "cache"))
    return Cache(tmp_path / "cache")


def test_the_second_run_reads_no_constraint(
    cli: Callable[..., Any], store: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cli("next", "--regex", "[ab]{3}", "a")
    assert [entry.kind for entry in store.entries()] == ["compiled"]
    monkeypatch.setattr(regex, "build", lambda *_: pytest.fail("read again"))
    second = cli("next", "--regex", "[ab]{3}", "a")
    third = cli("check", "--regex", "[ab]{3}", "-", stdin="abc")

    assert (first.code, first.out) == (second.code, second.out) == (0, "97\ta\n98\tb\n")
    assert third.code == 1
    assert len(store.entries()) == 1


def test_whatever_the_language_depends_on_is_in_the_name(
    cli: Callable[..., Any], store: Cache, tiny_model: Path
) -> None:
    runs = [
        ("--regex", "a"),
        ("--choice", "a"),
        ("--schema", '{"const": "a"}'),
        ("--schema", '{"const": "a"}', "--whitespace", "flexible"),
        ("--schema", '{"const": "a"}', "--formats", "annotate"),
        ("--regex", "a", "--tokenizer", str(tiny_model / "tokenizer.json")),
    ]
    for count, arguments in enumerate(runs, start=1):
        for _ in range(2):
            assert cli("next", *arguments).code == 0
        assert len(store.entries()) == count


@pytest.mark.parametrize("content", [b"", b"junk", "flipped", "folder"])
def test_broken_entries_are_remade_silently(content: bytes | str, cli: Callable[..., Any], store: Cache) -> None:
    right = cli("next", "--regex", "[ab]{3}", "a")
    path = store.entries()[0].path
    good = path.read_bytes()
    if content == "folder":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(content if isinstance(content, bytes) else good[:60] + bytes([good[60] ^ 1]) + good[61:])

    again = cli("next", "--regex", "[ab]{3}", "a")

    assert (again.code, again.out, again.err) == (0, right.out, "")
    if content != "folder":
        assert path.read_bytes() == good


def test_a_cache_that_cannot_be_used_is_done_without(
    cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path / "file"))

    ran = cli("next", "--regex", "[ab]{3}", "a")

    assert (ran.code, ran.out, ran.err) == (0, "97\ta\n98\tb\n", "")


def test_mistakes_are_not_kept(cli: Callable[..., Any], store: Cache) -> None:
    for _ in range(2):
        ran = cli("next", "--regex", "(")
        assert ran.code == 3
        assert "--regex" in ran.err
    assert cli("next", "--regex", "[^\\s\\S]").code == 3
    assert store.entries() == []


def test_it_is_shown_and_cleared(cli: Callable[..., Any], store: Cache) -> None:
    cli("next", "--regex", "a")
    assert cli("cache").out.startswith("compiled\t")
    assert cli("cache", "clear").err.startswith("freed ")
    assert store.entries() == []


def test_compile_measures_and_takes_nothing_from_it(cli: Callable[..., Any], store: Cache) -> None:
    assert cli("compile", "--regex", "a").code == 0
    assert store.entries() == []


def test_use_is_noted(cli: Callable[..., Any], store: Cache) -> None:
    cli("next", "--regex", "a")
    path = store.entries()[0].path
    os.utime(path, (1000.0, 1000.0))
    cli("next", "--regex", "a")
    assert path.stat().st_mtime > 1000.0
