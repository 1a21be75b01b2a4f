"""Lists of choices and documents: what their text means, which are refused and where, and what is taken from them."""

from __future__ import annotations

from random import Random

import pytest

from constrain import (
    CompiledGrammar,
    DataError,
    LimitError,
    Limits,
    UnsatisfiableError,
    Vocabulary,
    compile_choices,
    compile_spans,
)
from constrain.compiler import choices, compile_grammar
from constrain.compiler.data import DataFiles, TextSource, Unit, check_size, choices_in, document_in


def accepts(compiled: CompiledGrammar, text: str) -> bool:
    matcher = compiled.matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\nb\r\n", ["a", "b"]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        (b"a\n\n \t\n\r\nb\n", ["a", "b"]),
        (b" a \n\tb\n", [" a ", "\tb"]),
        (b"a\na\n", ["a", "a"]),
        ("é\u2028x\nb\x0bc\x85d", ["é\u2028x", "b\x0bc\x85d"]),
        ("\ufeffa", ["a"]),
    ],
)
def test_a_choice_is_a_line(content: bytes | str, expected: list[str]) -> None:
    assert [text.decode() for text in choices_in(content, "f")] == expected


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "f holds no choice; expected one choice a line"),
        (b"\n \n\r\n", "f holds no choice"),
        (b"\xef\xbb\xbf", "f holds no choice"),
        (b"ok\n\xff\n", "f is not UTF-8: byte 0xff in line 2, at byte offset 3"),
        (b"ok\xed\xa0\x80", "f is not UTF-8: byte 0xed in line 1, at byte offset 2"),
        ("ok\n\ud800", "f holds a lone surrogate, which is no character, in line 2"),
    ],
)
def test_bad_lists(content: bytes | str, says: str) -> None:
    with pytest.raises(DataError) as caught:
        choices_in(content, "f")
    assert str(caught.value).startswith(says)
    assert caught.value.exit_code == 4


def test_documents() -> None:
    assert document_in("\ufeffa\r\nb", "f") == document_in(b"\xef\xbb\xbfa\r\nb", "f") == b"a\r\nb"
    with pytest.raises(DataError, match="f is empty"):
        document_in(b"", "f")
    with pytest.raises(DataError, match="f is not UTF-8"):
        document_in(b"\x80", "f")


@pytest.mark.parametrize("limit", [choices.MAXIMUM_TRIE_BYTES, 0])
def test_short_and_long_lists_mean_the_same(
    limit: int, monkeypatch: pytest.MonkeyPatch, byte_vocabulary: Vocabulary
) -> None:
    monkeypatch.setattr(choices, "MAXIMUM_TRIE_BYTES", limit)
    random = Random(1)
    texts = {"".join(random.choices("ab é", k=random.randint(1, 6))).strip() or "x" for _ in range(200)}
    listed = compile_grammar(choices.build_list("\r\n".join(texts)), byte_vocabulary)
    given = compile_choices([*texts, "b"], byte_vocabulary)
    for text in texts | {"".join(random.choices("ab é", k=4)) for _ in range(200)} | {""}:
        assert accepts(listed, text) == (text in texts)
        assert accepts(given, text) == (text in texts or text == "b")


def test_an_empty_choice_is_one(monkeypatch: pytest.MonkeyPatch, byte_vocabulary: Vocabulary) -> None:
    for limit in (0, 100):
        monkeypatch.setattr(choices, "MAXIMUM_TRIE_BYTES", limit)
        compiled = compile_choices(["", "ab"], byte_vocabulary)
        assert [accepts(compiled, text) for text in ("", "a", "ab")] == [True, False, True]


def test_spans_of_documents(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_spans(["Call me Ishmael.", b"Stately, plump"], byte_vocabulary, unit="word")
    assert accepts(compiled, "me Ishmael")
    assert accepts(compiled, "plump")
    assert not accepts(compiled, "m")
    assert not accepts(compiled, "Ishmael. Stately")
    assert compiled.description["unit"] == "word"


def test_spans_of_what_has_none(byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(TypeError, match="documents must be several texts, not one str"):
        compile_spans("abc", byte_vocabulary)
    with pytest.raises(ValueError, match="unknown unit 'line'; expected one of char, word, sentence"):
        compile_spans(["abc"], byte_vocabulary, unit="line")  # type: ignore[arg-type]  # that's the point
    with pytest.raises(DataError, match=r"documents\[1\] is empty"):
        compile_spans(["abc", ""], byte_vocabulary)
    for documents in ([], [" \n "]):
        with pytest.raises(UnsatisfiableError):
            compile_spans(documents, byte_vocabulary, unit="word")


def test_files_are_given() -> None:
    files = DataFiles({"a.txt": b"x\ny", "b.txt": "text"})
    assert files.choices("a.txt") == [b"x", b"y"]
    assert files.document("b.txt") == b"text"
    with pytest.raises(DataError, match=r"the data file 'c' is not given; expected data=\{'c': ...\}"):
        files.choices("c")
    with pytest.raises(TypeError, match=r"data\['a'\] must be bytes or a str, not int"):
        DataFiles({"a": 3})  # type: ignore[dict-item]  # that's the point


@pytest.mark.parametrize("unit", ["char", "word", "sentence"])
def test_what_a_source_holds(unit: Unit, byte_vocabulary: Vocabulary) -> None:
    """Looked up without an automaton, as the second opinion of ``gen`` does it, and with one."""
    text = "a b. a bb c. Bb c, c.\nA b? é e\u0301."
    source = TextSource(unit, None, (text, "zz"))
    compiled = compile_spans([text, "zz"], byte_vocabulary, unit=unit)
    spans = {text[low:high] for low in range(len(text) + 1) for high in range(low, len(text) + 1)}
    held = {span for span in spans if source.holds(span)}
    assert held == {span for span in spans if accepts(compiled, span)}
    assert len(held) > 5
    assert "" not in held
    assert not source.holds("\ud800")


def test_the_size_of_a_file_is_held_against_the_budget() -> None:
    check_size(20_000_000, "choice", Limits())
    check_size(20_000_000, "char", Limits())
    with pytest.raises(LimitError, match=r"max_expressions = 2000000; .*Limits\(max_expressions=...\)"):
        check_size(30_000_000, "char", Limits())
    with pytest.raises(LimitError):
        check_size(200_000_000, "choice", Limits())
