"""The programs in docs/how-it-works.md print what the document says they print."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path


def test_the_programs_print_what_the_document_shows(root: Path) -> None:
    text = (root / "docs" / "how-it-works.md").read_text("utf-8")
    programs = re.findall(r"```python\n(.*?)```\n\n```output\n(.*?)```", text, re.DOTALL)
    assert len(programs) == text.count("```python") == 2
    for program, shown in programs:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(program, "how-it-works.md", "exec"), {})
        assert printed.getvalue() == shown


def test_every_source_file_it_names_exists(root: Path) -> None:
    text = (root / "docs" / "how-it-works.md").read_text("utf-8")
    named = re.findall(r"`(core/src/[a-z_/]+\.rs)`", text)
    assert len(named) > 5
    named += re.findall(r"\]\(\.\./([a-z_/.]+)\)", text)
    assert [name for name in named if not (root / name).is_file()] == []
