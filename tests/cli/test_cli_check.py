"""``check``: verdicts, places, reports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

SCHEMA = '{"properties": {"a/b": {"minimum": 3}}, "required": ["c"], "additionalProperties": {"type": "boolean"}}'


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes | str], str]:
    def make(name: str, content: bytes | str) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return make


def test_valid_documents_are_passed_in_silence(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    ran = cli("check", "--schema", SCHEMA, write("a.json", '{"c": true}\n'), write("b.json", "[1]"))

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "2 documents checked, none invalid\n"


def test_every_failed_keyword_with_its_pointer(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    name = write("a.json", '{"a/b": 1, "d": 5}')

    ran = cli("check", "--schema", SCHEMA, name)

    expected = jsonschema_rs.validator_for(json.loads(SCHEMA)).iter_errors({"a/b": 1, "d": 5})
    first, *others = ran.out.splitlines()
    assert ran.code == 1
    assert first.startswith(f"{name}: line 1, column 10, byte 9: unexpected ','; expected one of '.', 'E', 'e', digits")
    assert sorted(line.partition(": ")[0] for line in others) == [name] * 3
    assert sorted(line.split(": ", 2)[2] for line in others) == sorted(e.message for e in expected)
    assert f"{name}: at /a~1b: 1 is less than the minimum of 3" in others
    assert f'{name}: at /: "c" is a required property' in others


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ('{\n  "a": 1,}', "line 2, column", "not JSON"),
        ('{"a": 1,\n "a": 2}', "line 2, column 2", '"a" occurs twice'),
        ("[NaN]", "line 1, column 2", "NaN is not JSON"),
        ("", "line 1, column 1", "not JSON"),
        (b"\xef\xbb\xbf[]", "line 1, column 1", "byte order mark"),
        (b'["caf\xe9"]', "line 1, column 6", "byte 0xe9 is not valid UTF-8"),
    ],
)
def test_texts_that_are_not_json(
    text: str | bytes, place: str, message: str, cli: Callable[..., Any], write: Callable[..., str]
) -> None:
    ran = cli("check", "--schema", "true", write("a.json", text))

    assert ran.code == 1
    assert place in ran.out
    assert message in ran.out
    assert len(ran.out.splitlines()) == 1


def test_lone_surrogates_are_no_text(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    ran = cli("check", "--schema", "true", write("a.json", r'"\ud800"'))

    first, second = ran.out.splitlines()
    assert ran.code == 1
    assert "byte 7: unexpected '\"'; expected" in first
    assert "not Unicode text" in second


def test_numbers_are_exact(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    schema = '{"maximum": 0.1}'

    assert cli("check", "--schema", schema, write("a.json", "0.1000")).code == 0
    assert cli("check", "--schema", schema, write("b.json", "0.10000000000000000000001")).code == 1
    assert cli("check", "--schema", '{"const": 100000000000000000001}', write("c.json", "1e20")).code == 1


def test_draft_and_formats_are_those_of_the_automaton(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    tuples = '{"items": [{"type": "string"}]}'
    assert cli("check", "--schema", tuples, "--draft", "7", write("a.json", "[1]")).code == 1
    assert cli("check", "--schema", tuples, "--draft", "draft7", write("a.json", "[1]")).code == 1
    assert cli("check", "--schema", tuples, write("a.json", "[1]")).code == 3  # not a schema in 2020-12

    date, name = '{"format": "date"}', write("b.json", '"soon"')
    assert cli("check", "--schema", date, name).code == 1
    assert cli("check", "--schema", date, "--formats", "annotate", name).code == 0
    assert cli("check", "--schema", date, "--ignore-format", "date", name).code == 0

    colour = '{"format": "colour"}'
    assert cli("check", "--schema", colour, name).code in (1, 3)  # never passed over in silence
    assert cli("check", "--schema", colour, "--ignore-format", "colour", name).code == 0
    assert cli("check", "--schema", colour, "--ignore-format", "unknown", name).code == 0


def test_json_lines_by_name_and_by_option(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    content = '{"c": true}\r\n\n{}\n[}\n'
    by_name, other = write("a.jsonl", content), write("a.txt", content)

    ran = cli("check", "--schema", SCHEMA, by_name)

    assert ran.code == 1
    assert [line.split(": ")[0] for line in ran.out.splitlines()] == [f"{by_name}:3", f"{by_name}:3", f"{by_name}:4"]
    assert ran.err == "3 documents checked, 2 invalid\n"
    assert cli("check", "--schema", SCHEMA, "--jsonl", other).out == ran.out.replace(by_name, other)


def test_standard_input(cli: Callable[..., Any]) -> None:
    ran = cli("check", "--schema", '{"type": "string"}', "-", stdin="12")

    assert ran.code == 1
    assert ran.out.splitlines() == [
        "<stdin>: line 1, column 1, byte 0: unexpected '1'; expected '\"'",
        '<stdin>: at /: 12 is not of type "string"',
    ]


def test_json_report(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    good, bad = write("good.txt", "ab\n"), write("bad.txt", "aé\nac")

    ran = cli("check", "--regex", r"aé?\n?a?b", "--format", "json", good, bad)

    assert ran.code == 1
    first, second = (json.loads(line) for line in ran.out.splitlines())
    assert first == {"file": good, "valid": True, "findings": []}
    assert second == {
        "file": bad,
        "valid": False,
        "findings": [{"message": "unexpected 'c'", "line": 2, "column": 2, "offset": 5, "expected": "'b'"}],
    }


@pytest.mark.parametrize("text", ["", "1", "12", "12-", "12-3", "x", "12x", "1é", "12-34", "12-345", "12\n"])
def test_the_first_wrong_byte(text: str, cli: Callable[..., Any]) -> None:
    pattern = "[0-9]{2}-[0-9]{2}"

    ran = cli("check", "--regex", pattern, "--format", "json", "-", stdin=text)

    (finding,) = json.loads(ran.out)["findings"] or [None]
    stripped = text.removesuffix("\n")
    assert (ran.code == 0) == (finding is None) == bool(re.fullmatch(pattern, stripped))
    if finding:
        # by definition: the longest prefix of the text that some matching text starts with
        viable = max(n for n in range(len(stripped) + 1) if _is_prefix(stripped[:n]))
        assert finding["offset"] == viable


def _is_prefix(text: str) -> bool:
    return "00-00".startswith(re.sub("[0-9]", "0", text))


def test_one_final_line_break_is_not_text_unless_it_can_be(cli: Callable[..., Any]) -> None:
    assert cli("check", "--regex", "a", "-", stdin="a\n").code == 0
    assert cli("check", "--regex", "a", "-", stdin="a\r\n").code == 0
    assert cli("check", "--regex", "a", "-", stdin="a\n\n").code == 1
    assert cli("check", "--regex", "a\n", "-", stdin="a\n").code == 0
    assert cli("check", "--regex", "a\n", "-", stdin="a").code == 1


def test_what_was_expected_is_said_in_words(cli: Callable[..., Any]) -> None:
    def complaint(pattern: str, text: str | bytes) -> str:
        return str(cli("check", "--regex", pattern, "-", stdin=text).out)

    assert "the text ends too early; expected one of '-', digits" in complaint("[0-9]+-", "1")
    assert "unexpected 'b'; expected the end of the text" in complaint("a", "ab")
    assert "expected 'a', or the end of the text" in complaint("a*", "b")
    assert "expected any character but line feed" in complaint(".+", "")
    assert "expected any character but 'a'" in complaint("[^a]", "a")
    assert "expected the rest of a non-ASCII character" in complaint("[à-ú]", b"\xc3")
    assert "expected space" in complaint("a b", "a-")
    assert "byte 1: unexpected byte 0xff" in str(cli("check", "--regex", "é+", "-", stdin=b"\xc3\xff").out)


def test_choices_and_grammars(cli: Callable[..., Any]) -> None:
    assert cli("check", "--choice", "yes", "--choice", "no", "-", stdin="no\n").code == 0
    assert cli("check", "--choice", "yes", "--choice", "no", "-", stdin="maybe").code == 1
    assert cli("check", "--grammar", "json", "-", stdin='{"a": [1, 2.5e3, null]}').code == 0
    ran = cli("check", "--grammar", "json", "-", stdin='{"a": [1, }')
    assert (ran.code, "line 1, column 11, byte 10: unexpected '}'" in ran.out) == (1, True)


def test_other_files_are_checked_when_one_cannot_be_read(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    ran = cli("check", "--regex", "a", "nowhere.txt", write("b.txt", "b"))

    assert ran.code == 4
    assert "nowhere.txt" in ran.err
    assert "unexpected 'b'" in ran.out


def test_numbers_of_any_length(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    long = "1" * 5_000
    assert cli("check", "--schema", '{"minimum": 0}', write("a.json", long)).code == 0
    ran = cli("check", "--schema", '{"maximum": 0}', write("b.json", long))
    assert (ran.code, "byte" in ran.out) == (1, True)
    assert cli("check", "--schema", '{"multipleOf": 1}', write("c.json", "1e-400")).code == 1


def test_texts_too_deep_to_judge_are_not_called_invalid(cli: Callable[..., Any], write: Callable[..., str]) -> None:
    name = write("a.jsonl", f"1\n{'[' * 401 + ']' * 401}\n2\n")

    ran = cli("check", "--schema", "true", name)

    assert (ran.code, ran.out) == (3, "")
    assert "nests deeper than 400 levels" in ran.err
    assert f"{name}:2" in ran.err
    assert "2 documents checked, none invalid" in ran.err
