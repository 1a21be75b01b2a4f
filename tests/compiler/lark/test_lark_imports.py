"""Imports of files: found where lark finds them, with its names; what goes wrong is told at its place in its file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from lark.exceptions import LarkError
from lark_oracle import LEXERS, disagreements, engine, lark_judge

from constrain import (
    GrammarError,
    InputError,
    LimitError,
    Limits,
    RegexError,
    UnsupportedError,
    Vocabulary,
    compile_lark,
)
from constrain.compiler.lark import Files, Location, build, gathered

FILES = {
    "shapes.lark": """
        circle: "c" RADIUS _end
        square: "s" RADIUS ["x" RADIUS] -> box
        RADIUS.3: DIGIT+
        DIGIT: "0".."9"
        _end: ";" | "."
        list{item}: item ("," item)*
        %import .more.deep.DOT
        %import .more.deep (dotted)
        %import common.INT
        %ignore " "
        spot: dotted DOT INT
        %declare OPEN
        open: OPEN
    """,
    "more/deep.lark": """
        DOT: "."
        dotted: DOT inner DOT
        inner: "i" | dotted | near
        %import .beside.near
    """,
    "more/beside.lark": 'near: "n" DOT\nDOT: "!"\n',
    "far/away.lark": 'far: "f" near\n%import near.near\n',
    "far/near.lark": 'near: "N"\n',
    "over/common.lark": 'INT: "no number"\n',
}

GRAMMARS = {
    "a rule and what it uses": "start: circle+\n%import .shapes.circle\n",
    "several": "start: circle square\n%import .shapes (circle, square)\n",
    "renamed": "start: one DIGIT\n%import .shapes.circle -> one\n%import .shapes.DIGIT\n",
    "a name of the other text stays free": 'start: circle RADIUS\nRADIUS: "r"\n%import .shapes.circle\n',
    "nested folders, each beside its own": "start: dotted | spot\n%import .shapes.spot\n%import .more.deep.dotted\n",
    "templates": 'start: list{circle} | list{"z"}\n%import .shapes (circle, list)\n',
    "override reaches what came along": 'start: circle\n%import .shapes (circle, _end)\n%override _end: "!"\n',
    "extend reaches what came along": 'start: circle\n%import .shapes (circle, _end)\n%extend _end: "!" -> more\n',
    "terminals go by value": 'start: RADIUS DIGIT\n%import .shapes (RADIUS, DIGIT)\n%override DIGIT: "d"\n',
    "ignored text of imports is not ignored": "start: circle circle\n%import .shapes.circle\n",
    "search path": "start: far\n%import away.far\n",
    "search path for a relative import, too": "start: far\n%import .away.far\n",
    "search path before lark's own": "start: INT\n%import common.INT\n",
    "lark's own, not by a relative import": "start: WORD\n%import .unicode.WS -> WORD\n",
    "imported under two names by two texts": "start: circle near\n%import .shapes.circle\n%import .more.beside.near\n",
    "undefined": "start: nothing\n%import .shapes.nothing\n",
    "missing": "start: x\n%import .nowhere.x\n",
    "missing, not relative": "start: x\n%import shapes.x\n",
    "the name is taken": "start: circle\n%import .shapes.circle\n%import .more.deep.dotted -> circle\n",
    "defined here, too": 'start: circle\ncircle: "x"\n%import .shapes.circle\n',
    "both relative and not": "start: INT\n%import common.INT\n%import .common.INT -> B\n",
}
TEXTS = ["c1;", "c12.", "s1x2", "s1x2c1;", "c1;s1", "c1;5", "c1;r", ".i.", ".n!.", "..i..", ".i..5", "c1;,c2;", "z,z"]
MORE_TEXTS = ["c1!", "1d", "15", "c1;c2;", "c1; c2;", "fN", "fn!", "no number", "7", " ", "c1;n!", "", "c1;n."]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.strip() for line in text.splitlines()), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", GRAMMARS)
def test_imports_are_larks(name: str, folder: Path, byte_vocabulary: Vocabulary) -> None:
    paths = [folder / "far", folder / "over"]
    try:
        theirs = lark_judge(GRAMMARS[name], folder=folder, import_paths=paths)
    except (LarkError, OSError, AssertionError):
        with pytest.raises(GrammarError) as caught:
            engine(GRAMMARS[name], byte_vocabulary, folder=folder, import_paths=paths)
        assert caught.value.span is not None
        return
    ours = engine(GRAMMARS[name], byte_vocabulary, folder=folder, import_paths=paths)
    texts = [*TEXTS, *MORE_TEXTS]
    assert disagreements(texts, ours, theirs) == {}
    assert any(map(ours, texts))


def test_a_grammar_by_its_path(folder: Path, byte_vocabulary: Vocabulary) -> None:
    (folder / "main.lark").write_text('\ufeffstart: circle "é"\n%import .shapes.circle\n', encoding="utf-8")

    matcher = compile_lark(folder / "main.lark", byte_vocabulary).matcher()

    assert matcher.accept_bytes("c1;é".encode())
    assert matcher.is_accepting()


def wrong(grammar: str, folder: Path | None, **options: object) -> InputError:
    files = Files.on_disk(None if folder is None else str(folder))
    with pytest.raises(InputError) as caught:
        build(grammar, files=files, **options)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    ("text", "kind", "line", "column", "says"),
    [
        ('x: "a"\n\n  $', GrammarError, 3, 3, "unexpected character '$'"),
        ('x: "a" y', GrammarError, 1, 8, "'y' used but not defined"),
        ("x: A\nA: /(/", RegexError, 2, 5, "unterminated subpattern"),
        ("x: A\nA: /b*/", GrammarError, 2, 4, "matches the empty string"),
        ("x: A\nA: B\nB: A", GrammarError, 2, 1, "contains itself"),
        ('x: "abc', GrammarError, 1, 4, "the string that begins here is not closed"),
        (r'x: "\u12"', GrammarError, 1, 4, "cannot be read"),
        ('x: "a"\nx: "b"', GrammarError, 2, 1, "defined more than once"),
        ("x: Y\n%declare Y", UnsupportedError, 2, 10, "%declare more__wrong__Y"),
        ("x: y{Z}\ny{a}: a a{Z}\nZ: /./", GrammarError, 2, 9, "no template"),
        ("x: t{Z}\nZ: /./\nt{a}: t{t{a}}", LimitError, 3, 1, "more than 2000 rules"),
        ('x: "b"\n%import .gone.a', GrammarError, 2, 10, "no grammar of that name"),
        ('x: "b"\n%import .wrong.x -> y', GrammarError, 2, 10, "cyclic import: "),
    ],
)
def test_mistakes_in_an_imported_file(
    text: str, kind: type[InputError], line: int, column: int, says: str, folder: Path
) -> None:
    (folder / "more/wrong.lark").write_text(text)

    error = wrong("start: x\n\n\n%import .more.wrong.x\n", folder)

    assert type(error) is kind
    assert says in error.message
    assert error.span is not None
    assert (error.span.line, error.span.column) == (line, column)
    assert error.span.file == str(folder / "more/wrong.lark")
    assert f"line {line}, column {column} of {folder}/more/wrong.lark" in str(error)


def test_what_is_missing_is_named_with_where_it_was_looked_for(folder: Path) -> None:
    error = wrong("start: x\n%import .sub.gone.x\n", folder)

    assert str(error.span) == "line 2, column 10"
    assert error.message == "%import .sub.gone: there is no grammar of that name"
    assert str(error.expected).startswith(f"{folder}/sub/gone.lark")
    error = wrong("start: x\n%import gone.x\n", folder)
    assert str(error.expected).startswith("one of lark's own: common, lark, ")


def test_a_grammar_without_a_file_has_no_folder() -> None:
    error = wrong("start: x\n%import .shapes.x\n", None)

    assert isinstance(error, UnsupportedError)
    assert str(error.span) == "line 2, column 10"


def test_cycles(folder: Path) -> None:
    (folder / "a.lark").write_text("x: y\n%import .b.y\n")
    (folder / "b.lark").write_text("y: x\n%import .a.x\n")

    error = wrong("start: x\n%import .a.x\n", folder)

    assert error.message == f"cyclic import: {folder}/a.lark imports {folder}/b.lark imports {folder}/a.lark"
    assert str(error.span) == f"line 2, column 10 of {folder}/b.lark"
    # a link in a circle makes ever other paths to the same file, until the system has enough of them
    (folder / "loop").symlink_to(folder)
    (folder / "a.lark").write_text("x: x2\n%import .loop.a.x -> x2\n")
    assert "no grammar of that name" in wrong("start: x\n%import .a.x\n", folder).message


def test_chains_have_an_end(folder: Path) -> None:
    for depth in range(60):
        (folder / f"d{depth}.lark").write_text(f"x: y\n%import .d{depth + 1}.x -> y\n" if depth < 59 else 'x: "x"\n')

    assert build("start: x\n%import .d10.x\n", files=Files.on_disk(str(folder))).symbols
    assert "import each other in a row" in wrong("start: x\n%import .d9.x\n", folder).message


def test_what_is_no_text_or_no_file(folder: Path) -> None:
    (folder / "latin.lark").write_bytes(b'x: "\xe9"\n')
    (folder / "folder.lark").mkdir()
    os.mkfifo(folder / "pipe.lark")
    (folder / "large.lark").write_bytes(b"//" + b" " * 16_000_000 + b"\nx: /./\n")

    latin = wrong("start: x\n%import .latin.x\n", folder)
    assert "not UTF-8: byte 0xe9 at byte offset 4" in latin.message
    assert str(latin.span) == "line 2, column 10"
    assert "no grammar of that name" in wrong("start: x\n%import .folder.x\n", folder).message
    assert "no grammar of that name" in wrong("start: x\n%import .pipe.x\n", folder).message
    assert isinstance(wrong("start: x\n%import .large.x\n", folder), LimitError)


def test_links_are_followed(folder: Path) -> None:
    (folder / "inside").mkdir()
    (folder / "inside/link.lark").symlink_to(folder / "shapes.lark")

    with pytest.raises(GrammarError, match=r"\.more\.deep"):  # beside the link, not beside the file
        build("start: circle\n%import .link.circle\n", files=Files.on_disk(str(folder / "inside")))


def test_no_import_climbs_out_of_its_folder(folder: Path) -> None:
    assert "unexpected" in wrong("start: x\n%import ..shapes.x\n", folder / "more").message
    assert "unexpected" in wrong("start: x\n%import /etc/x.x\n", folder / "more").message


def test_imports_that_multiply_are_stopped(folder: Path) -> None:
    """Each file imports two copies of the next: 2**40 texts, and no more than the budget of them is read."""
    for depth in range(40):
        following = f"d{depth + 1}"
        (folder / f"d{depth}.lark").write_text(
            f"x: y z\n%import .{following}.x -> y\n%import .a.{following}.x -> z\n" if depth < 39 else 'x: "x"\n'
        )
    (folder / "a").symlink_to(folder)
    began = time.process_time()

    with pytest.raises(LimitError, match="max_grammar_tokens"):
        build("start: x\n%import .d0.x\n", files=Files.on_disk(str(folder)))

    assert time.process_time() - began < 20
    small = Limits(max_grammar_tokens=40)
    with pytest.raises(LimitError, match="max_grammar_tokens"):
        build("start: circle\n%import .shapes.circle\n", files=Files.on_disk(str(folder)), limits=small)


def test_gathered_texts_are_all_there_is_to_know(folder: Path) -> None:
    text = "start: spot far\n%import .shapes.spot\n%import away.far\n"
    disk = Files.on_disk(str(folder), [str(folder / "far")])

    texts = gathered(text, disk, Limits())

    assert sorted(texts) == [
        Location(0, "more/beside.lark"),
        Location(0, "more/deep.lark"),
        Location(0, "shapes.lark"),
        Location(1, "away.lark"),
        Location(1, "near.lark"),
    ]
    assert build(text, files=Files.given(texts)) == build(text, files=disk)
    assert gathered("start: (", disk, Limits()) == {}


def test_declared_terminals_take_a_pattern(byte_vocabulary: Vocabulary, folder: Path) -> None:
    grammar = "start: A+ B\nB: A A\n%declare A\n"
    accepts = engine(grammar, byte_vocabulary, terminals={"A": "(?i:x|yy)"})
    imported = engine(
        "start: open\n%import .shapes.open\n", byte_vocabulary, folder=folder, terminals={"shapes__OPEN": r"\("}
    )

    assert [accepts(text) for text in ("xXYy", "xx", "yYyyx", "xyx")] == [True, False, True, False]
    assert imported("(")
    for terminals, says in (
        (None, "%declare A: nothing says what the terminal stands for"),
        ({"B": "x"}, "a pattern is given for B, which the grammar does not declare"),
        ({"A": "x("}, "unterminated subpattern"),
        ({"A": "x*"}, "terminal A matches the empty string"),
        ({"A": r"x\1"}, "invalid group reference"),
    ):
        with pytest.raises(InputError, match=says):
            engine(grammar, byte_vocabulary, terminals=terminals)


def test_what_is_declared_and_defined_or_not_used(byte_vocabulary: Vocabulary) -> None:
    assert engine('start: A\n%declare A\n%override A: "x"\n', byte_vocabulary)("x")
    assert engine('start: "x"\n%declare A b\n', byte_vocabulary)("x")
    for grammar in ("start: b\n%declare b\n", 'start: "x"\n%ignore A\n%declare A\n', "start: B\nB: A\n%declare A\n"):
        for lexer in LEXERS.values():
            with pytest.raises(UnsupportedError, match="nothing says what"):
                build(grammar, lexer=lexer)
    with pytest.raises(GrammarError, match="as it wasn't defined before"):
        build('start: A\n%declare A\n%extend A: "x"\n')
