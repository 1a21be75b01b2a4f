"""``%choices`` and ``%substring_of``: terminals that are taken from files, in rules as any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from constrain import ConstrainError, DataError, GrammarError, UnsupportedError, Vocabulary, compile_lark
from constrain.compiler.grammar import Limits
from constrain.compiler.lark import file_names

DATA = {"names.txt": "Ada Lovelace\nBlaise Pascal\n", "talk.txt": "He said: it works. Really."}


@pytest.mark.parametrize(
    ("grammar", "good", "bad"),
    [
        (
            'start: NAME ":" QUOTE\nNAME: %choices "names.txt"\nQUOTE: %substring_of "talk.txt" word\n%ignore " "',
            ["Ada Lovelace: it works.", "Blaise Pascal:Really", "Ada Lovelace : : "],
            ["Ada: it works.", "Ada Lovelace: t works", "Ada Lovelace:"],
        ),
        ('start: N ("," N)*\nN.2: %choices "names.txt"  // people', ["Ada Lovelace,Blaise Pascal"], ["Ada Lovelace,"]),
        ('start: Q\nQ: %substring_of "talk.txt"', ["t w", "."], ["", "tw"]),
        ('start: Q\nQ: %substring_of "talk.txt" sentence', ["Really.", "He said: it works."], ["He said"]),
        ('%import .more (N)\nstart: N\n%override N: %choices "names.txt"', ["Ada Lovelace"], ["x"]),
        ("%import .more.N\nstart: N", ["Blaise Pascal"], ["Ada"]),
        ("start: pair{N}\npair{x}: x x\n" + 'N: %choices "names.txt"', ["Ada LovelaceAda Lovelace"], ["Ada Lovelace"]),
    ],
)
def test_terminals_from_files(
    grammar: str, good: list[str], bad: list[str], byte_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    (tmp_path / "more.lark").write_text('N: %choices "names.txt"\n')
    (tmp_path / "main.lark").write_text(grammar)
    compiled = compile_lark(tmp_path / "main.lark", byte_vocabulary, data=DATA)
    for text in (*good, *bad):
        matcher = compiled.matcher()
        assert (matcher.accept_bytes(text.encode()) and matcher.is_accepting()) == (text in good), text


@pytest.mark.parametrize(
    ("grammar", "kind", "says"),
    [
        ('start: A\nA: %choices "no.txt"', DataError, "the data file 'no.txt' is not given (at line 2, column 13)"),
        ('start: A\nA: %choices "bad"', DataError, "'bad' is not UTF-8: byte 0xff in line 1, at byte offset 1"),
        ('start: A\nA: %substring_of "empty"', DataError, "'empty' is empty (at line 2, column 18)"),
        ('start: A\nA: %choices "names.txt" | "b"', GrammarError, "unexpected '|' in the grammar: a terminal that is"),
        ('start: A\nA: "b" %choices "names.txt"', GrammarError, "unexpected '%choices' in the grammar"),
        ('start: %choices "names.txt"', GrammarError, "unexpected '%choices' in the grammar"),
        ("start: A\nA: %choices", GrammarError, "expected a string"),
        ('start: A\nA: %choices "names.txt"i', GrammarError, "names no file (at line 2, column 13)"),
        ('start: A\nA: %substring_of "talk.txt" line', GrammarError, "expected 'char' or 'word' or 'sentence'"),
        ('start: A\nA: %choices "names.txt" word', GrammarError, "unexpected 'word'"),
        (
            'start: A\nA: B "x"\nB: %choices "names.txt"',
            UnsupportedError,
            "cannot be part of another one",
        ),
        ('start: "x"\n%ignore B\nB: %choices "names.txt"', UnsupportedError, "cannot be part of another one"),
        (
            'start: A\nA: "x"\n%extend A: %choices "names.txt"',
            UnsupportedError,
            "terminal A is taken from a file, and",
        ),
    ],
)
def test_refusals(grammar: str, kind: type[ConstrainError], says: str, byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(kind) as caught:
        compile_lark(grammar, byte_vocabulary, data={**DATA, "bad": b"a\xff", "empty": ""})
    assert says in str(caught.value)


def test_the_contextual_lexer_scans_for_patterns_only(byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(UnsupportedError, match=r"terminal A is taken from a file, and is no pattern \(at line 2"):
        compile_lark('start: A\nA: %choices "names.txt"', byte_vocabulary, lexer="contextual", data=DATA)


def test_names_of_files() -> None:
    text = '// %choices "comment.txt"\nA: %choices "a.txt"\nB: %substring_of "b.txt" word\nstart: A B "%choices"'
    assert file_names(text, Limits()) == {"a.txt", "b.txt"}
    assert file_names('A: %choices "a.txt"\nB: (', Limits()) == set()
