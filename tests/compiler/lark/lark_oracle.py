"""Two judges of a grammar: lark with one of its lexers, and this project's engine, side by side."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from lark import Lark
from lark.exceptions import UnexpectedInput

from constrain import Limits, Vocabulary, compile_grammar
from constrain.compiler.lark import Files, build
from constrain.compiler.lark.header import Lexer

__all__ = ["LARK", "LEXERS", "Judge", "disagreements", "engine", "lark_judge", "mutated"]

Judge: TypeAlias = Callable[[str], bool]
"""Is a text in the language?"""

LARK: dict[str, dict[str, Any]] = {
    "dynamic_complete": {"parser": "earley", "ambiguity": "forest"},  # no time for trees
    "contextual": {"parser": "lalr"},
}
"""Lark's options for each lexer."""

LEXERS: dict[str, Lexer] = {"dynamic_complete": "complete", "contextual": "contextual"}
"""Lark's lexers that the engine has, by lark's name, with its own."""


def engine(
    grammar: str,
    vocabulary: Vocabulary,
    *,
    lexer: str = "dynamic_complete",
    start: str = "start",
    folder: Path | None = None,
    import_paths: Sequence[Path] = (),
    terminals: Mapping[str, str] | None = None,
) -> Judge:
    """The engine's, with its counterpart of one of lark's lexers; errors as those of ``build``."""
    files = Files.on_disk(None if folder is None else str(folder), [str(path) for path in import_paths])
    built = build(grammar, start=start, lexer=LEXERS[lexer], files=files, terminals=terminals)
    compiled = compile_grammar(built, vocabulary, Limits())

    def accepts(text: str) -> bool:
        matcher = compiled.matcher()
        return matcher.accept_bytes(text.encode()) and matcher.is_accepting()

    return accepts


def lark_judge(
    grammar: str,
    *,
    lexer: str = "dynamic_complete",
    start: str = "start",
    folder: Path | None = None,
    import_paths: Sequence[Path] = (),
) -> Judge:
    """Lark's; LarkError and others when it refuses the grammar."""
    options = {**LARK[lexer], "lexer": lexer, "start": start, "import_paths": list(map(str, import_paths))}
    if folder is not None:
        options["source_path"] = str(folder / "grammar.lark")
    parser = Lark(grammar, **options)

    def accepts(text: str) -> bool:
        try:
            parser.parse(text)
        except UnexpectedInput:
            return False
        except RuntimeError as error:
            # a fault of lark's: several ways through ignored text at the end are several solutions
            if "multiple start symbol items" not in str(error):
                raise
        return True

    return accepts


def disagreements(texts: Sequence[str], ours: Judge, theirs: Judge) -> dict[str, tuple[bool, bool]]:
    """The texts on which the judges differ, with both verdicts."""
    verdicts = {text: (ours(text), theirs(text)) for text in texts}
    return {text: both for text, both in verdicts.items() if both[0] != both[1]}


def mutated(texts: Sequence[str], source: random.Random, count: int) -> list[str]:
    """Texts near the given ones: a piece removed, doubled, swapped for another, or put elsewhere."""
    alphabet = "".join(texts) or "x"
    found = []
    for _ in range(count):
        text = source.choice(texts)
        for _ in range(source.randint(1, 2)):
            at, size = source.randint(0, len(text)), source.randint(0, 2)
            insertion = source.choice([source.choice(alphabet), " ", "", text[at : at + size] * 2])
            text = text[:at] + insertion + text[at + size :]
        found.append(text)
    return found
