"""``grammar``, ``cache`` and ``doctor``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constrain import __version__, grammars
from constrain.runtime.cache import Cache

FIRST, SECOND = "1" * 64, "2" * 64


def test_grammars(cli: Callable[..., Any]) -> None:
    assert cli("grammar", "list").out.split() == grammars.names()
    for name in grammars.names():
        assert cli("grammar", "show", name).out == grammars.load(name)
        assert cli("compile", "--grammar", name).code == 0


def test_grammars_are_described(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    listed = [json.loads(line) for line in cli("grammar", "list", "--format", "json").out.splitlines()]
    assert listed == [{"name": name, "description": grammars.describe(name)} for name in grammars.names()]
    shown = cli("grammar", "list", terminal=True).out.splitlines()
    assert [line.split()[0] for line in shown if line.strip()] == grammars.names()
    assert "RFC 8259" in "".join(shown)
    assert cli("grammar", "list", "--format", "yaml").code == 2


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    """A cache with two entries, where the command line looks for it."""
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path / "cache"))
    cache = Cache(tmp_path / "cache")
    cache.add_bytes("models", FIRST, b"1" * 1500)
    cache.add_bytes("models", SECOND, b"2" * 500)
    return cache


def test_the_cache_is_shown_and_cleared(cli: Callable[..., Any], store: Cache) -> None:
    shown = cli("cache")
    report = json.loads(cli("cache", "show", "--json").out)

    assert shown.code == 0
    assert sorted(line.split("\t")[:3] for line in shown.out.splitlines()) == [
        ["models", FIRST, "1.5 kB"],
        ["models", SECOND, "500 B"],
    ]
    assert f"2 entries, 2.0 kB of at most {store.max_bytes / 1e9:.1f} GB in {store.folder}" in shown.err
    assert (report["folder"], report["bytes"]) == (str(store.folder), 2000)
    assert {entry["key"] for entry in report["entries"]} == {FIRST, SECOND}

    cleared = cli("cache", "clear")

    assert (cleared.code, cleared.out, cleared.err) == (0, "", "freed 2.0 kB\n")
    assert store.entries() == []
    assert json.loads(cli("cache", "clear", "--json").out) == {"freed_bytes": 0}


def test_an_empty_cache(cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path / "none"))

    ran = cli("cache", "show")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("0 entries")
    assert not (tmp_path / "none").exists()


def test_the_doctor_finds_this_installation_well(cli: Callable[..., Any], store: Cache) -> None:
    ran = cli("doctor", "--json")

    report = json.loads(ran.out)
    assert ran.code == 0
    assert report["works"]
    assert report["constrain"] == __version__
    assert "works" in report["native engine"]
    assert report["cache"] == f"{store.folder} (2.0 kB)"
    assert "native engine\t" in cli("doctor").out


def test_the_doctor_sees_a_broken_engine(cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("undefined symbol")

    monkeypatch.setattr("constrain.compiler.compile_json_schema", broken)

    ran = cli("doctor")

    assert ran.code == 6
    assert "BROKEN: OSError: undefined symbol" in ran.out


def test_the_full_report(cli: Callable[..., Any]) -> None:
    report = json.loads(cli("doctor", "--full", "--json").out)

    assert report["cuda"]
    assert int(report["threads"]) >= 1


def test_a_cache_that_is_no_folder(cli: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path / "file"))

    for arguments in (("cache",), ("cache", "show", "--json"), ("cache", "clear")):
        ran = cli(*arguments)
        assert (ran.code, ran.out) == (4, "")
        assert ran.err == f"error: cannot read the cache '{tmp_path / 'file'}': Not a directory\n"
