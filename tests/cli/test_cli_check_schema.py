"""``check --schema``: the first wrong byte in JSON, what could have stood there, and formats decided exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from constrain.compiler.json_schema.repeated_keys import without_overridden

METASCHEMA = "https://json-schema.org/draft/2020-12/meta/validation"
PERSON = json.dumps(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer", "minimum": 0, "maximum": 150},
            "mood": {"enum": ["good", 'b"ad', True]},
        },
        "required": ["name"],
        "additionalProperties": False,
    }
)


@pytest.mark.parametrize(
    ("text", "offset", "message", "expected"),
    [
        ('{"nam": 1}', 5, "unexpected '\"'", "'e', as in \"name\""),
        ('{"x', 2, "unexpected 'x'", "one of 'a', 'm', 'n', as in \"age\", \"mood\", \"name\""),
        ("[]", 0, "unexpected '['", "'{'"),
        ("{", 1, "the text ends too early", 'one of "age", "mood", "name"'),
        ("{}", 1, "unexpected '}'", 'one of "age", "mood", "name"'),
        ('{"name": "é"', 13, "the text ends too early", "one of ',', '}'"),
        ('{"name": "", "age": 151}', 22, "unexpected '1'", "one of ',', '.', '0', 'E', 'e', '}'"),
        ('{"name": "", "age": ', 19, "the text ends too early", "one of '-', digits"),
        ('{"mood":  1', 10, "unexpected '1'", r'one of "b\"ad", "good", true'),
        ('{"mood": "b"', 11, "unexpected '\"'", r"""'\', as in "b\"ad" """.rstrip()),
        ('{"mood": tru,', 12, "unexpected ','", "'e', as in true"),
        ('\n {"name": ""}\n x', 16, "unexpected 'x'", "the end of the text"),
        (
            '{"name": "',
            10,
            "the text ends too early",
            "any character but tab, line feed, carriage return, ",
        ),
    ],
)
def test_the_first_wrong_byte(text: str, offset: int, message: str, expected: str, cli: Callable[..., Any]) -> None:
    ran = cli("check", "--schema", PERSON, "--format", "json", "-", stdin=text)

    first = json.loads(ran.out)["findings"][0]
    assert ran.code == 1
    assert first["offset"] == offset
    assert first["message"].startswith(message)
    assert first["expected"].startswith(expected)
    before = text.encode()[:offset].decode()
    assert first["line"] == before.count("\n") + 1
    assert first["column"] == len(before) - before.rfind("\n")


@pytest.mark.parametrize(
    "text",
    [
        ' {"age" :1.5e1 ,\r\n\t"n\\u0061me":"\\u00e9\\/"} \n',
        '{"mood":"\\u0067ood","name":""}',
        '{"name":"' + "x" * 10_000 + '","age":' + " " * 10_000 + "-0}",
    ],
)
def test_spelling_does_not_count(text: str, cli: Callable[..., Any]) -> None:
    assert cli("check", "--schema", PERSON, "-", stdin=text).code == 0


def test_an_earlier_mistake_comes_before_one_of_syntax(cli: Callable[..., Any]) -> None:
    ran = cli("check", "--schema", PERSON, "-", stdin='{"x": 1,\n}')
    first, second = ran.out.splitlines()
    assert "byte 2: unexpected 'x'" in first
    assert "line 2, column 1, byte 9: not JSON" in second


def test_what_is_no_json_is_one_finding(cli: Callable[..., Any]) -> None:
    ran = cli("check", "--schema", PERSON, "-", stdin='{"name": "",}')
    assert ran.out == (
        "<stdin>: line 1, column 13, byte 12: unexpected '}' (not JSON: Expecting property name enclosed in double "
        'quotes); expected one of "age", "mood"\n'
    )


@pytest.mark.parametrize(("text", "valid"), [('{"name": 1, "name": ""}', True), ('{"name": "", "name": 1}', False)])
def test_the_last_of_a_key_may_count(text: str, valid: bool, cli: Callable[..., Any]) -> None:
    ran = cli("check", "--schema", PERSON, "--duplicate-keys", "last", "--format", "json", "-", stdin=text)
    findings = json.loads(ran.out)["findings"]
    assert (ran.code == 0) == valid == (not findings)
    assert valid or findings[0]["offset"] == text.index("1")

    ran = cli("check", "--schema", PERSON, "-", stdin=text)
    assert ran.code == 1
    assert "twice" in ran.out or "unexpected" in ran.out


@pytest.mark.parametrize("schema", ["true", '{"additionalProperties": {"type": "integer"}}'])
def test_a_key_in_another_spelling_is_the_same(schema: str, cli: Callable[..., Any]) -> None:
    text = '{"a": 1, "\\u0061": 2}'
    assert cli("check", "--schema", schema, "-", stdin=text).code == 1
    assert cli("check", "--schema", schema, "--duplicate-keys", "last", "-", stdin=text).code == 0


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": [1, {"c": 1}]}, "a\\"": "{,", "a": [], "d": {"a": 1}, "\\u0061": 3}',
        '[{"a": "}", "a": "]"}, {"a": 1}, "a", {}, [[]], {"": {"": 1, "": 2}}]',
        '{"a": [{"a": 1}, {"a": 2}], "b": {"a": 1},\n "a": 0}',
        '"a"',
    ],
)
def test_overridden_members_become_blanks(text: str) -> None:
    rest = without_overridden(text.encode())

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    assert len(rest) == len(text)
    assert rest.count(b"\n") == text.count("\n")
    assert json.loads(rest, object_pairs_hook=distinct) == json.loads(text)


@pytest.mark.parametrize(
    ("schema", "text", "valid"),
    [
        ({"format": "hostname"}, "xn--mnchen-3ya", True),
        ({"format": "hostname"}, "xn--x", False),
        ({"format": "hostname"}, "a..b", False),
        ({"format": "idn-hostname"}, "münchen", True),
        ({"format": "idn-hostname"}, "ÜBER", False),
        ({"format": "idn-email"}, "a@xn--mnchen-3ya.de", True),
        ({"format": "regex"}, r"(a)\1", True),
        ({"format": "regex"}, r"\1(", False),
        ({"not": {"format": "hostname"}}, "xn--mnchen-3ya", False),
        ({"not": {"format": "hostname"}}, "xn--x", True),
        ({"not": {"format": "hostname"}}, "a.b", False),
        ({"oneOf": [{"format": "hostname"}, {"pattern": "^xn"}]}, "xn--mnchen-3ya", False),
        ({"oneOf": [{"format": "hostname"}, {"pattern": "^xn"}]}, "xn--x", True),
        ({"type": "string", "format": "hostname", "pattern": "^xn--"}, "xn--mnchen-3ya", True),
        ({"type": "string", "format": "hostname", "pattern": "^xn--"}, "mnchen", False),
        ({"$ref": METASCHEMA + "#/properties/pattern"}, "(", False),
        ({"$ref": METASCHEMA + "#/properties/pattern"}, r"(a)\1", True),
    ],
)
def test_formats_are_decided_exactly(schema: Any, text: Any, valid: bool, cli: Callable[..., Any]) -> None:
    ran = cli("check", "--schema", json.dumps(schema), "-", stdin=json.dumps(text))
    assert (ran.code, bool(ran.out)) == (int(not valid), not valid)


def test_the_automaton_decides(cli: Callable[..., Any]) -> None:
    """Where jsonschema-rs has another opinion, it does not explain."""
    ran = cli("check", "--schema", '{"pattern": "^.$"}', "-", stdin='"\u2028"')
    assert ran.code == 1
    assert len(ran.out.splitlines()) == 1
    assert cli("check", "--schema", '{"pattern": "a\\\\b"}', "-", stdin='"aé"').code == 0
