"""Grammars in several files: found from the command line, and part of what is cached and saved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MAIN = "start: circle NAME\n%import .parts.shapes.circle\n%declare NAME\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path / "cache"))
    home = tmp_path / "home"
    (home / "parts").mkdir(parents=True)
    (home / "main.lark").write_text(MAIN)
    (home / "parts/shapes.lark").write_text('circle: "c" | far\n%import far.far\n')
    (tmp_path / "library").mkdir()
    (tmp_path / "library/far.lark").write_text('far: "f"\n')
    return home


def options(folder: Path) -> list[str]:
    library = str(folder.parent / "library")
    return ["--grammar", str(folder / "main.lark"), "--import-path", library, "--terminal", "NAME=[xy]"]


def test_all_commands_read_imports(cli: Callable[..., Any], folder: Path) -> None:
    assert cli("next", *options(folder), "f").out == "120\tx\n121\ty\n"
    assert cli("check", *options(folder), "-", stdin="fy").code == 0
    assert cli("check", *options(folder), "-", stdin="fz").code == 1
    assert cli("compile", *options(folder)).code == 0


def test_whatever_looks_at_grammars_reads_imports(cli: Callable[..., Any], folder: Path) -> None:
    _, grammar, *given = options(folder)
    ran = cli("grammar", "sample", grammar, *given, "-n", "40", "--seed", "1")
    assert (ran.code, set(ran.out.split())) == (0, {"cx", "cy", "fx", "fy"})
    assert cli("grammar", "lint", grammar, *given).code == 0
    assert cli("grammar", "convert", grammar, "--to", "gbnf", *given).code == 0
    missing = cli("grammar", "sample", grammar, *given[:2])
    assert (missing.code, "--terminal NAME=REGEX" in missing.err) == (3, True)


def test_a_changed_import_is_another_grammar(cli: Callable[..., Any], folder: Path) -> None:
    assert cli("next", *options(folder)).out == "99\tc\n102\tf\n"
    (folder / "parts/shapes.lark").write_text('circle: "d"\n')
    assert cli("next", *options(folder)).out == "100\td\n"
    assert cli("next", *options(folder), "--terminal", "NAME=z").code == 2
    assert cli("next", *[each.replace("[xy]", "z") for each in options(folder)], "d").out == "122\tz\n"


def test_a_compiled_file_holds_what_was_imported(cli: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    folder.rename(elsewhere)
    first, second = str(tmp_path / "first.grammar"), str(tmp_path / "second.grammar")
    assert cli("compile", *options(elsewhere), "-o", first).code == 0
    elsewhere.rename(folder)
    assert cli("compile", *options(folder), "-o", second).code == 0
    (folder / "parts/shapes.lark").unlink()

    # it is the same wherever the files were, and needs them no more
    assert Path(first).read_bytes() == Path(second).read_bytes()
    assert cli("next", "--compiled", first, "c").out == "120\tx\n121\ty\n"
    assert cli("check", "--compiled", first, "-", stdin="cy").code == 0
    assert "shapes.lark" in cli("next", *options(folder)).err
