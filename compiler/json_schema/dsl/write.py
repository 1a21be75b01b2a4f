"""From the concise form's tree to JSON Schema."""

from __future__ import annotations

import difflib
import json
from typing import Any

from lark import Token, Tree

from constrain.compiler.json_schema.patterns import check_pattern
from constrain.errors import InputError, SchemaError, Span

__all__ = ["TYPES", "Writer"]

TYPES: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "num": {"type": "number"},
    "bool": {"type": "boolean"},
    "null": {"type": "null"},
    "any": {},
    **{name: {"type": "string", "format": name} for name in ("date", "time", "duration", "email", "hostname")},
    **{name: {"type": "string", "format": name} for name in ("ipv4", "ipv6", "uri", "uuid")},
    "datetime": {"type": "string", "format": "date-time"},
}
"""What the words for types mean."""

_OTHER_NAMES = {
    **{"string": "str", "text": "str", "integer": "int", "number": "num", "float": "num", "boolean": "bool"},
    **{"none": "null", "array": "[type]", "list": "[type]", "object": "{name type}", "dict": "{*: type}"},
}
"""What other notations call the types: taken neither for a type nor for a constant, unless in quotes."""

_CONSTANTS = {"true": True, "false": False}

_MAXIMUM_DIGITS = 15
"""Digits of a number: so many keep their value as a float."""

_Node = Tree[Token]


class Writer:
    """Writes one schema."""

    def schema(self, start: _Node) -> dict[str, Any]:
        """The schema of a whole text."""
        body = next(child for child in start.children if isinstance(child, Tree))
        return self._fields(body) if body.data == "fields" else self._array(body)

    # -- objects ---------------------------------------------------------------------------------------------------

    def _fields(self, node: _Node) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        others: Any = False
        given = False
        for child in _trees(node):
            if child.data == "others":
                if given:
                    raise _problem(child, "'*' is there twice", "one type for the members of any other name")
                given = True
                others = _described(self._type(_trees(child)[0]), child)
                continue
            name, optional = self._name(child)
            if name in properties:
                raise _problem(child, f"the field {_shown(name)} is there twice", "distinct names")
            types = [part for part in _trees(child) if part.data == "type"]
            properties[name] = _described(self._type(types[0]) if types else dict(TYPES["str"]), child)
            if not optional:
                required.append(name)
        schema: dict[str, Any] = {"type": "object"}
        if properties:
            schema["properties"] = properties
        if required:
            schema["required"] = required
        schema["additionalProperties"] = others
        return schema

    def _name(self, field: _Node) -> tuple[str, bool]:
        token = _token(_trees(field)[0])
        optional = any(isinstance(part, Token) and part.type == "OPTIONAL" for part in field.children)
        return (_text(token) if token.type == "QUOTED" else str(token)), optional

    # -- types -----------------------------------------------------------------------------------------------------

    def _type(self, node: _Node) -> dict[str, Any]:
        """One type, or alternatives: constants together, ``null`` beside a type in the list of types."""
        parts = _trees(node)
        if len(parts) == 1:
            return self._alternative(parts[0], alone=True)
        written = [self._alternative(part, alone=False) for part in parts]
        constants = [value for schema in written for value in schema.get("enum", ())]
        types = [schema for schema in written if "enum" not in schema]
        word = next((part for part in parts if _is_bare_constant(part)), None)
        if word is not None and any(schema != TYPES["null"] for schema in types):
            raise _problem(
                word,
                f"{word.children[0]} is no type, and stands among types",
                _TYPE_NAMES + ", or the constant in quotes",
            )
        if constants and types and all(schema == TYPES["null"] for schema in types):
            constants, types = [*constants, None], []
        unions = [{"enum": list(_distinct(constants))}] if constants else []
        unions += [schema for i, schema in enumerate(types) if schema not in types[:i]]
        if len(unions) == 2 and unions[1] == TYPES["null"] and isinstance(unions[0].get("type"), str):
            return {**unions[0], "type": [unions[0]["type"], "null"]}
        return unions[0] if len(unions) == 1 else {"anyOf": unions}

    def _alternative(self, node: _Node, *, alone: bool) -> dict[str, Any]:
        match node.data:
            case "named":
                return self._named(node, alone)
            case "constant":
                token = _token(node)
                return {"enum": [_text(token) if token.type == "QUOTED" else _number(token)]}
            case "pattern":
                return _pattern(node)
            case "array":
                return self._array(node)
        return self._fields(_trees(node)[0])

    def _array(self, node: _Node) -> dict[str, Any]:
        items, *count = _trees(node)
        schema = {"type": "array", "items": self._type(items)}
        return schema | (_counts(count[0], "minItems", "maxItems") if count else {})

    def _named(self, node: _Node, alone: bool) -> dict[str, Any]:
        word, *more = node.children
        name = str(word)
        if name in _CONSTANTS and not more:
            return {"enum": [_CONSTANTS[name]]}
        if name not in TYPES:
            if more or alone or name.lower() in _OTHER_NAMES:
                raise _problem(node, f"there is no type {_shown(name)}", _TYPE_NAMES + _hint(name))
            return {"enum": [name]}
        schema = dict(TYPES[name])
        if not more:
            return schema
        limit = more[0]
        if isinstance(limit, Token):
            if name not in ("int", "num"):
                raise _problem(limit, f"{name} has no range", "int or num; the length of a str is {1..40}")
            return schema | _range(limit, "minimum", "maximum", whole=name == "int")
        if schema != TYPES["str"]:
            raise _problem(limit, f"{name} has no length", "str{1..40}, or [type]{1..5}")
        return schema | _counts(limit, "minLength", "maxLength")


def _is_bare_constant(node: _Node) -> bool:
    return node.data == "named" and str(node.children[0]) not in {*TYPES, *_CONSTANTS}


def _counts(node: _Node, least: str, most: str) -> dict[str, Any]:
    token = _token(node)
    if token.type == "RANGE":
        return _range(token, least, most, whole=True, lowest=0)
    number = _number(token)
    if not isinstance(number, int) or number < 0:
        raise _problem(token, f"{token} is no count", "a whole number from 0")
    return {least: number, most: number}


def _range(token: Any, least: str, most: str, *, whole: bool, lowest: int | None = None) -> dict[str, Any]:
    ends = [_number(token, end) if end else None for end in str(token).split("..")]
    for end in ends:
        if end is not None and ((whole and not isinstance(end, int)) or (lowest is not None and end < lowest)):
            raise _problem(token, f"{end} is no bound here", "a whole number" + (" from 0" if lowest == 0 else ""))
    low, high = ends
    if low is not None and high is not None and low > high:
        raise _problem(token, f"the range {token} is empty", "the lower bound first")
    return {key: end for key, end in ((least, low), (most, high)) if end is not None}


def _pattern(node: _Node) -> dict[str, Any]:
    token = _token(node)
    pattern = f"^(?:{str(token)[1:-1]})$"
    try:
        check_pattern(pattern, "")
    except InputError as error:
        expected = error.expected or "an ECMA-262 regular expression without backreferences"
        raise _problem(token, f"the pattern is refused: {error.message}", expected) from None
    return {"type": "string", "pattern": pattern}


def _described(schema: dict[str, Any], node: _Node) -> dict[str, Any]:
    texts = [part[1:].strip() for part in node.children if isinstance(part, Token) and part.type == "DESCRIPTION"]
    return {**schema, "description": texts[0]} if texts and texts[0] else schema


def _text(token: Any) -> str:
    try:
        value = json.loads(token)
    except ValueError:
        raise _problem(token, f"{token} is no JSON string", "JSON's escapes") from None
    return str(value)


def _number(token: Any, part: str | None = None) -> int | float:
    text = str(token) if part is None else part
    if sum(character.isdigit() for character in text) > _MAXIMUM_DIGITS:
        raise _problem(token, f"the number {text[:40]} is too long", f"at most {_MAXIMUM_DIGITS} digits")
    return float(text) if "." in text else int(text)


def _distinct(values: list[Any]) -> list[Any]:
    return [value for i, value in enumerate(values) if not any(_same(value, other) for other in values[:i])]


def _same(a: Any, b: Any) -> bool:
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _token(node: _Node) -> Any:
    """The first token of a tree."""
    first: Any = node
    while isinstance(first, Tree):
        first = first.children[0]
    return first


def _trees(node: _Node) -> list[_Node]:
    return [child for child in node.children if isinstance(child, Tree)]


_TYPE_NAMES = ", ".join(TYPES)


def _hint(name: str) -> str:
    near = [_OTHER_NAMES.get(name.lower()), *difflib.get_close_matches(name.lower(), TYPES, 1)]
    return next((f"; perhaps {word}" for word in near if word), "") + f'; as a constant: "{name}"'


def _shown(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _problem(place: Any, message: str, expected: str | None) -> SchemaError:
    token = _token(place) if isinstance(place, Tree) else place
    return SchemaError(message, span=Span(token.line, token.column), expected=expected)
