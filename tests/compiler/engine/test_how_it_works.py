"""The program in docs/how-it-works.md prints what the document says it prints."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path


def test_the_program_prints_what_the_document_shows(root: Path) -> None:
    text = (root / "docs" / "how-it-works.md").read_text("utf-8")
    program, shown = re.search(r"```python\n(.*?)```\n\n```output\n(.*?)```", text, re.DOTALL).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(program, "how-it-works.md", "exec"), {})
    assert printed.getvalue() == shown


def test_every_source_file_it_names_exists(root: Path) -> None:
    text = (root / "docs" / "how-it-works.md").read_text("utf-8")
    named = re.findall(r"`(core/src/[a-z_/]+\.rs)`", text)
    assert len(named) > 5
    assert [name for name in named if not (root / name).is_file()] == []
