"""``x-constrain-choices`` and ``x-constrain-substring-of``: the verdicts of the automaton and of jsonschema-rs."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest

from constrain import ConstrainError, DataError, SchemaError, UnsatisfiableError, Vocabulary, compile_json_schema
from constrain.compiler.json_schema.document import open_schema
from constrain.compiler.json_schema.lint import lint
from constrain.compiler.json_schema.sample import sample
from constrain.compiler.json_schema.show import normalised_text
from constrain.compiler.json_schema.sources import file_names
from constrain.compiler.json_schema.validators import validator

CHOICES, SPANS = "x-constrain-choices", "x-constrain-substring-of"
DATA = {"names.txt": 'Ada\r\nBlaise "P"\n\nGrace\n', "text.txt": 'See the cat.\nIt\'s 3.14! "Yes", he said. é𝄞'}
CASES: list[tuple[Any, list[Any], list[Any]]] = [
    ({CHOICES: ["a", 'b"\n', ""]}, ["a", 'b"\n', "", 3, None], ["b", "a "]),
    ({"type": "string", CHOICES: "names.txt"}, ["Ada", 'Blaise "P"', "Grace"], ["", "Ad", "Ada\r", 3]),
    ({"type": "string", CHOICES: {"file": "names.txt"}, "maxLength": 4}, ["Ada"], ["Grace"]),
    ({"type": "string", CHOICES: "names.txt", "pattern": "^.[dr]"}, ["Ada", "Grace"], ['Blaise "P"']),
    ({"type": "string", "not": {CHOICES: "names.txt"}, "maxLength": 3}, ["Ad", "", "é"], ["Ada"]),
    ({"enum": ["Ada", "Bo", 4], CHOICES: "names.txt"}, ["Ada", 4], ["Bo", "Grace"]),
    ({"type": "string", "anyOf": [{CHOICES: ["x"]}, {CHOICES: "names.txt"}]}, ["x", "Ada"], ["y"]),
    ({"type": "string", "oneOf": [{CHOICES: ["x", "y"]}, {CHOICES: ["y", "z"]}]}, ["x", "z"], ["y"]),
    ({"type": "string", "allOf": [{CHOICES: ["x", "y"]}, {CHOICES: ["y", "z"]}]}, ["y"], ["x", "z"]),
    ({"type": "string", SPANS: "text.txt"}, ["ee t", "t's 3", '"Yes"', "\nI", "é𝄞"], ["", "cat .", "dog"]),
    ({"type": "string", SPANS: {"file": "text.txt", "unit": "word"}}, ["the cat.", "3.14", "It's"], ["ee", "cat. "]),
    (
        {"type": "string", SPANS: {"file": "text.txt", "unit": "sentence"}},
        ["See the cat.", "See the cat.\nIt's 3.14!"],
        ["See", "the cat.", "It's 3.14! "],
    ),
    ({"type": "string", SPANS: {"text": "abcabd"}, "minLength": 3, "maxLength": 3}, ["abc", "cab"], ["ab", "abca"]),
    ({"type": "string", SPANS: {"text": "abc"}, "not": {"const": "b"}}, ["a", "bc"], ["b"]),
    ({"type": "string", "not": {SPANS: {"text": "abc"}}, "maxLength": 2}, ["", "ac", "d"], ["ab", "c"]),
    ({"type": "string", "enum": ["ab", "ac"], SPANS: {"text": "abc"}}, ["ab"], ["ac"]),
    ({"type": "string", SPANS: {"text": "2020-01-31x"}, "format": "date"}, ["2020-01-31"], ["2020-01-30"]),
    (
        {"$defs": {"n": {CHOICES: "names.txt"}}, "type": "array", "items": {"$ref": "#/$defs/n", "type": "string"}},
        [[], ["Ada", "Ada"]],
        [["Bo"], ["Ada", 1]],
    ),
    (
        {
            "type": "object",
            "propertyNames": {CHOICES: ["k", "l"]},
            "properties": {"k": {SPANS: {"text": "aa"}}},
            "additionalProperties": {"type": "integer"},
        },
        [{}, {"k": "a"}, {"k": 3, "l": 4}],
        [{"m": 1}, {"k": "aaa"}, {"l": "a"}],
    ),
    (
        {"type": "array", "items": {"type": "string", CHOICES: ["a", "b"]}, "uniqueItems": True, "minItems": 2},
        [["a", "b"], ["b", "a"]],
        [["a", "a"], ["a"]],
    ),
    (
        {"if": {CHOICES: ["a"]}, "then": {"maxLength": 1}, "else": {"type": "string", "minLength": 2}},
        ["a", "bb"],
        ["b"],
    ),
]


@pytest.mark.parametrize(("schema", "good", "bad"), CASES)
@pytest.mark.parametrize("escapes", ["minimal", "any"])
def test_values(
    schema: Any, good: list[Any], bad: list[Any], escapes: Literal["minimal", "any"], byte_vocabulary: Vocabulary
) -> None:
    compiled = compile_json_schema(schema, byte_vocabulary, data=DATA, escapes=escapes, whitespace="compact")
    document = open_schema(schema, data=DATA)
    document.reader.check()
    judge = validator(document.root, document.draft, document.options)
    for value in (*good, *bad):
        expected = value in good and not (value is True or value is False)
        assert judge.is_valid(value) == expected, value
        texts = [json.dumps(value, ensure_ascii=False, separators=(",", ":"))]
        if escapes == "any":
            texts.append(json.dumps(value, separators=(",", ":")))
            if isinstance(value, str):
                units = value.encode("utf-16-be").hex()
                escaped = ["\\u" + units[at : at + 4] for at in range(0, len(units), 4)]
                texts.append(f'"{"".join(escaped)}"')
        for text in texts:
            matcher = compiled.matcher()
            assert (matcher.accept_bytes(text.encode()) and matcher.is_accepting()) == expected, text


@pytest.mark.parametrize("draft", ["4", "6", "7", "2019-09", "2020-12", "openapi-3.0", "openapi-3.1"])
def test_every_draft_has_the_keywords(draft: str, byte_vocabulary: Vocabulary) -> None:
    compiled = compile_json_schema({"type": "string", CHOICES: ["ab"]}, byte_vocabulary, draft=draft)
    assert compiled.matcher().forced_bytes() == b'"ab"'


@pytest.mark.parametrize(
    ("schema", "kind", "says"),
    [
        ({"x-constrain-choises": ["a"]}, SchemaError, '"x-constrain-choises" is no keyword (at /x-constrain-choises)'),
        ({CHOICES: 3}, SchemaError, f"3 names no file (at /{CHOICES})"),
        ({CHOICES: ""}, SchemaError, f'"" names no file (at /{CHOICES})'),
        ({CHOICES: ["a", 3]}, SchemaError, f"3 is no text (at /{CHOICES}/1); expected a text"),
        ({CHOICES: ["\ud800"]}, SchemaError, f"a lone surrogate is no character (at /{CHOICES}/0)"),
        ({CHOICES: {"file": "a", "unit": "word"}}, SchemaError, f'"unit" does not belong here (at /{CHOICES})'),
        ({CHOICES: {"text": "a"}}, SchemaError, f'"text" does not belong here (at /{CHOICES})'),
        ({SPANS: ["a"]}, SchemaError, f'["a"] names no file (at /{SPANS})'),
        ({SPANS: {"unit": "word"}}, SchemaError, f"names no file (at /{SPANS})"),
        ({SPANS: {"text": 1}}, SchemaError, f"1 is no text (at /{SPANS}/text)"),
        ({SPANS: {"text": "a", "file": "b"}}, SchemaError, f'"text" does not belong here (at /{SPANS})'),
        ({SPANS: {"text": "a", "unit": "line"}}, SchemaError, f'has the unit "line" (at /{SPANS}/unit)'),
        ({"properties": {"a": {CHOICES: "no"}}}, DataError, f"'no' is not given (at /properties/a/{CHOICES})"),
        ({SPANS: "empty.txt"}, DataError, f"'empty.txt' is empty (at /{SPANS})"),
        ({SPANS: "bad.txt"}, DataError, f"'bad.txt' is not UTF-8: byte 0xff in line 2, at byte offset 2 (at /{SPANS})"),
        ({"type": "string", CHOICES: []}, UnsatisfiableError, "no output satisfies the constraint"),
        ({"type": "string", CHOICES: ["a"], "minLength": 2}, UnsatisfiableError, "no output satisfies"),
        ({"type": "string", SPANS: {"text": " ", "unit": "word"}}, UnsatisfiableError, "no output satisfies"),
        ({"type": "string", SPANS: {"text": "ab"}, "pattern": "c"}, UnsatisfiableError, "no output satisfies"),
    ],
)
def test_bad_schemas(schema: Any, kind: type[ConstrainError], says: str, byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(kind) as caught:
        compile_json_schema(schema, byte_vocabulary, data={"empty.txt": "", "bad.txt": b"a\n\xff"})
    assert says in str(caught.value)


def test_tools_know_the_keywords(byte_vocabulary: Vocabulary) -> None:
    import random

    schema = {"type": "string", CHOICES: "names.txt", SPANS: {"text": "Ada", "unit": "word"}, "not": {CHOICES: ["b"]}}
    shown = json.loads(normalised_text(json.dumps(schema)))
    assert shown[CHOICES] == {"file": "names.txt"}
    assert shown[SPANS] == {"text": "Ada", "unit": "word"}
    assert shown["not"] == {CHOICES: ["b"]}
    assert [warning.code for warning in lint({"type": "string", CHOICES: ["a"]})] == []
    assert [warning.code for warning in lint({"type": "integer", CHOICES: ["a"]})] != []
    compiled = compile_json_schema(schema, byte_vocabulary, data=DATA, whitespace="compact")
    assert sample(compiled, random.Random(1)) == b'"Ada"'


def test_names_of_files() -> None:
    document = {"a": [{CHOICES: "x"}, {SPANS: {"file": "y", "unit": "word"}}, {CHOICES: ["z"]}], SPANS: {"text": "t"}}
    assert file_names(document) == {"x", "y"}
