"""Random schemas that nest every keyword in every other, values near them, and two judges that nobody here wrote.

A seed decides everything: the draft, the schema, the values, and the walks through the automaton.
"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any

import jsonschema
import jsonschema_rs

from constrain import Matcher

__all__ = ["Disagreement", "Judges", "Writer", "number_of_spellings", "spellings"]

DRAFTS = {
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "7": "http://json-schema.org/draft-07/schema#",
    "6": "http://json-schema.org/draft-06/schema#",
    "4": "http://json-schema.org/draft-04/schema#",
}
NAMES = ["a", "b", "c"]
PATTERNS = ["^a", "b$", "a|b", "^[a-c]*$", "\\d", "^$", '^x?"?$', "\\\\", "^.b", "^(a|b)*a.$", "^(?!a)"]
NAME_PATTERNS = ["^a", "b", "^.$", "c$"]
FORMATS = ["date", "ipv4", "uuid"]
SCALARS = [None, True, False, 0, 1, 2, -1, 10, 0.5, 1.25, -0.5, 3.75, 0.3, 1e-7, 123456789012]
SCALARS += ["", "a", "ab", "abc", 'x"', "\\", "1", "éé", "\n", "😀", "bab", "2024-02-29", "2023-02-29"]
SCALARS += ["1.2.3.4", "1.2.3.04", "123e4567-e89b-12d3-a456-426655440000"]
DIVISORS = [1, 0.5, 0.25, 0.1, 2, 3, 7, 1.5, 0.75, 0.01, 1e-7, 2.5]

_ANY = ["type", "type", "type", "enum", "const", "anyOf", "anyOf", "allOf", "oneOf", "oneOf", "not", "if", "$ref"]
_SCALAR = ["minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
_SCALAR += ["multipleOf", "format"]
_ARRAY = ["items", "items", "prefixItems", "prefixItems", "minItems", "maxItems", "contains", "contains"]
_ARRAY += ["unevaluatedItems", "unevaluatedItems"]
_OBJECT = ["properties", "properties", "properties", "required", "required", "additionalProperties", "propertyNames"]
_OBJECT += ["patternProperties", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas"]
_OBJECT += ["unevaluatedProperties", "unevaluatedProperties", "dependencies"]
KEYWORDS = {
    "any": [*_ANY, *_ANY, *_SCALAR, *_ARRAY, *_OBJECT],
    "array": [*_ANY, *_ARRAY, *_ARRAY, *_ARRAY],
    "object": [*_ANY, *_OBJECT, *_OBJECT],
}
"""What to draw from, by what a schema is mostly about."""

_SINCE = {
    "const": 6,
    "contains": 6,
    "propertyNames": 6,
    "if": 7,
    "dependentRequired": 19,
    "dependentSchemas": 19,
    "unevaluatedItems": 19,
    "unevaluatedProperties": 19,
    "prefixItems": 20,
}
_SINGLE = frozenset(
    ["additionalProperties", "not", "if", "contains", "unevaluatedProperties", "unevaluatedItems", "items"]
)
_FAR = re.compile(rb"[eE][+-]?[0-9]{4}")
"""Exponents that make exact numbers too long."""
_SPELLED_DOTS = "[^\\n\\r\\u2028\\u2029]"


class Writer:
    """Writes random schemas and values."""

    def __init__(self, seed: int, drafts: tuple[str, ...] = ("2020-12",) * 6 + ("2019-09", "7", "7", "6", "4")) -> None:
        self.random = random.Random(seed)
        self.draft = self.random.choice(drafts)
        self._age = {"2020-12": 20, "2019-09": 19, "7": 7, "6": 6, "4": 4}[self.draft]
        self._definitions = "$defs" if self._age >= 19 else "definitions"
        self.pool: list[Any] = list(SCALARS)

    # -- schemas ---------------------------------------------------------------------------------------------------

    def document(self) -> dict[str, Any]:
        """A schema of its own, with what its references lead to; none leads back to itself at once."""
        while _leads_back(schema := self._document()):
            pass
        return schema

    def _document(self) -> dict[str, Any]:
        about = self.random.choice(["any", "any", "object", "array"])
        schema = self._choosing(about) if about != "any" and self.random.random() < 0.4 else self.schema(0, about)
        if not isinstance(schema, dict):
            schema = {"allOf": [schema]}
        if "$ref" in json.dumps(schema):
            if self._age < 19:  # beside a reference, nothing counts
                schema = {"allOf": [schema]}
            schema[self._definitions] = {"x": self.schema(1, about), "y": self.schema(2)}
        return {"$schema": DRAFTS[self.draft], **schema} if self.draft != "2020-12" else schema

    def schema(self, depth: int = 0, about: str = "any") -> Any:
        """A schema inside ``depth`` others."""
        choose = self.random.choice
        if depth > 2 or self.random.random() < 0.05:
            simple = [{}, {"type": "string"}, {"type": "integer"}, {"enum": [1, "a"]}, {"maximum": 1}, {"minLength": 2}]
            return choose(simple if self._age < 6 else [True, False, *simple])
        schema: dict[str, Any] = {}
        for keyword in self.random.choices(KEYWORDS[about], k=choose([1, 1, 2, 2, 3, 4])):
            if _SINCE.get(keyword, 0) > self._age or (keyword == "dependencies" and self._age > 7):
                continue
            schema[keyword] = self._keyword(keyword, depth + 1, about)
            if keyword == "contains" and self._age >= 19:
                schema |= {
                    key: self.random.randint(0, 2)
                    for key in ("minContains", "maxContains")
                    if self.random.random() < 0.4
                }
            if keyword == "if":
                schema |= {key: self.schema(depth + 1, about) for key in ("then", "else") if self.random.random() < 0.7}
            if keyword == "items" and isinstance(schema["items"], list) and self.random.random() < 0.5:
                schema["additionalItems"] = self.schema(depth + 1)
        if "maximum" not in schema or "minimum" not in schema:
            # flags of draft 4 need the bounds that they are about
            for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
                if self._age == 4 and flag in schema:
                    schema.setdefault(bound, choose([0, 1, 2.5]))
        return schema

    def _choosing(self, about: str) -> dict[str, Any]:
        """A schema of several choices, of which there are more combinations than are written out."""
        choices = [
            {self.random.choice(["anyOf", "anyOf", "oneOf"]): [self.schema(1, about) for _ in range(2)]}
            for _ in range(self.random.randint(2, 5))
        ]
        schema: dict[str, Any] = {"type": about, "allOf": choices}
        beside = self.schema(1, about)
        if isinstance(beside, dict) and self.random.random() < 0.3:
            schema = {**beside, **schema}
        if self._age >= 19 and self.random.random() < 0.4:
            schema[self.random.choice(["unevaluatedProperties", "unevaluatedItems"])] = self.schema(2)
        return schema

    def _keyword(self, keyword: str, depth: int, about: str) -> Any:
        choose, count = self.random.choice, self.random.randint
        inner = about if self.random.random() < 0.6 else "any"
        if keyword == "items" and self._age < 20 and self.random.random() < 0.4:
            return [self.schema(depth) for _ in range(count(1, 2))]
        if keyword in _SINGLE:
            aside = keyword in ("not", "if")
            schema = self.schema(depth, inner if aside else "any")
            return schema if isinstance(schema, dict) or self._age >= 6 or keyword == "additionalProperties" else {}
        match keyword:
            case "type":
                names = ["string", "integer", "number", "object", "array", "null", "boolean"]
                both = [["string", "null"], ["array", "number"], ["object", "integer"]]
                return choose([*names, *both]) if about == "any" else choose([about, [about, "null"], *both])
            case "enum":
                return self._distinct([self.remembered() for _ in range(count(1, 4))])
            case "const":
                return self.remembered()
            case "properties":
                return {name: self.schema(depth) for name in self.random.sample(NAMES, count(1, 3))}
            case "patternProperties":
                return {p: self.schema(depth) for p in self.random.sample(NAME_PATTERNS, count(1, 2))}
            case "dependentSchemas":
                return {choose(NAMES): self.schema(depth, inner)}
            case "dependentRequired":
                return {choose(NAMES): [choose(NAMES)]}
            case "dependencies":
                return {choose(NAMES): choose([[choose(NAMES)], {"maxProperties": 2}, {"required": [choose(NAMES)]}])}
            case "required":
                return self.random.sample(NAMES, count(1, 2))
            case "propertyNames":
                names = [{"pattern": "^[ab]"}, {"enum": ["a", "c"]}, {"maxLength": 1}, {"not": {"enum": ["b"]}}]
                return choose([*names, self.schema(2)])
            case "prefixItems" | "anyOf" | "allOf" | "oneOf":
                return [
                    self.schema(depth, "any" if keyword == "prefixItems" else inner)
                    for _ in range(choose([1, 2, 2, 2, 3, 3, 4] if depth < 3 else [1, 2]))
                ]
            case "pattern":
                return choose(PATTERNS)
            case "format":
                return choose([each for each in FORMATS if self._age >= 19 or each == "ipv4"])
            case "$ref":
                return choose([f"#/{self._definitions}/{name}" for name in "xxyyy"] + ["#"])
            case "multipleOf":
                return choose(DIVISORS)
            case "exclusiveMinimum" | "exclusiveMaximum" if self._age == 4:
                return choose([True, False])
            case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
                return choose([0, 1, -1, 2, 0.5, -0.5, 1.25, 10, -3, 0.3])
        return count(0, 3)

    @staticmethod
    def _distinct(values: list[Any]) -> list[Any]:
        return [each for i, each in enumerate(values) if json.dumps(each) not in map(json.dumps, values[:i])]

    # -- values ----------------------------------------------------------------------------------------------------

    def remembered(self) -> Any:
        """A value that is likelier to come again."""
        value = self.value()
        self.pool.extend([value, value])
        return value

    def value(self, depth: int = 0) -> Any:
        """A small value."""
        kind = self.random.random()
        if depth < 2 and kind < 0.35:
            return {
                name: self.value(depth + 1) for name in self.random.sample([*NAMES, "ab"], self.random.randint(0, 3))
            }
        if depth < 2 and kind < 0.6:
            return [self.value(depth + 1) for _ in range(self.random.randint(0, 3))]
        return self.random.choice(self.pool)

    def mutated(self, value: Any) -> Any:
        """A value near another."""
        choose = self.random.choice
        if isinstance(value, dict):
            copy = dict(value)
            match choose(["drop", "add", "inside", "inside"]):
                case "drop" if copy:
                    del copy[choose(list(copy))]
                case "inside" if copy:
                    name = choose(list(copy))
                    copy[name] = self.mutated(copy[name])
                case _:
                    copy[choose([*NAMES, "ab"])] = self.value(1)
            return copy
        if isinstance(value, list):
            items = list(value)
            match choose(["drop", "add", "inside", "inside", "swap"]):
                case "drop" if items:
                    del items[self.random.randrange(len(items))]
                case "inside" if items:
                    place = self.random.randrange(len(items))
                    items[place] = self.mutated(items[place])
                case "swap":
                    self.random.shuffle(items)
                case _:
                    items.insert(self.random.randint(0, len(items)), self.value(1))
            return items
        if isinstance(value, str) and self.random.random() < 0.6:
            place = self.random.randint(0, len(value))
            return value[:place] + choose(["", "a", "b", "1", "\\"]) + value[place + choose([0, 1]) :]
        if isinstance(value, int) and not isinstance(value, bool) and self.random.random() < 0.6:
            return value + choose([-1, 1, 2])
        return self.value(1)

    # -- texts -----------------------------------------------------------------------------------------------------

    def walk(self, matcher: Matcher) -> bytes:
        """A text of the automaton: some bytes drawn, the rest the shortest that there is."""
        text = b""
        for _ in range(self.random.randint(5, 50)):
            possible = matcher.next_bytes()
            if not possible or (matcher.is_accepting() and self.random.random() < 0.5):
                break
            plain = [byte for byte in possible if byte in b'"]},:0123456789abc'] or list(possible)
            byte = bytes([self.random.choice(plain if self.random.random() < 0.8 else list(possible))])
            assert matcher.accept_bytes(byte)
            text += byte
        return text + matcher.shortest_completion()

    def respelled(self, value: Any) -> str:
        """The value with its members in some order, and escapes, blanks and numbers as RFC 8259 allows them."""
        choose = self.random.choice
        if isinstance(value, dict):
            names = self.random.sample(list(value), len(value))
            members = [f"{self.respelled(name)}{self._blanks()}:{self.respelled(value[name])}" for name in names]
            return "{" + self._blanks() + f"{self._blanks()},".join(members) + self._blanks() + "}"
        if isinstance(value, list):
            return "[" + self._blanks() + f",{self._blanks()}".join(map(self.respelled, value)) + "]"
        if isinstance(value, str):
            return '"' + "".join(self._character(character) for character in value) + '"'
        if isinstance(value, bool) or value is None or self._age == 4:
            return json.dumps(value)
        plain = _plain(value)
        spread = f"{Decimal(plain) * 100:f}e-2"
        return choose([json.dumps(value), plain if "." in plain else f"{plain}.0", spread])

    def _blanks(self) -> str:
        return self.random.choice(["", "", " ", "\n\t"])

    def _character(self, character: str) -> str:
        if self.random.random() < 0.6:
            return json.dumps(character, ensure_ascii=False)[1:-1]
        return "".join(f"\\u{unit:04{self.random.choice('xX')}}" for unit in _utf16(character))


def _utf16(character: str) -> Iterator[int]:
    data = character.encode("utf-16-be")
    return (int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2))


def _leads_back(root: dict[str, Any]) -> bool:
    """Whether a reference comes back without a member or an item in between, which is for other tests."""

    def follow(schema: Any, trail: tuple[str, ...]) -> bool:
        if not isinstance(schema, dict):
            return False
        name = schema.get("$ref")
        if name in trail:
            return True
        if name is not None and follow(root if name == "#" else root[name.split("/")[1]][name[-1]], (*trail, name)):
            return True
        inside = [schema[key] for key in ("not", "if", "then", "else") if key in schema]
        inside += [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, [])]
        inside += [part for key in ("dependentSchemas", "dependencies") for part in schema.get(key, {}).values()]
        return any(follow(part, trail) for part in inside)

    return any(follow(part, ()) for part in (root, *root.get("$defs", root.get("definitions", {})).values()))


def spellings(value: Any) -> Iterator[str]:
    """The compact texts of a value, with members in every order."""
    if isinstance(value, list):
        for texts in itertools.product(*map(_spelled, value)):
            yield "[" + ",".join(texts) + "]"
    elif isinstance(value, dict):
        keys = [f"{json.dumps(name, ensure_ascii=False)}:" for name in value]
        for texts in itertools.product(*map(_spelled, value.values())):
            for members in itertools.permutations(map(str.__add__, keys, texts)):
                yield "{" + ",".join(members) + "}"
    else:
        yield _plain(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _spelled(value: Any) -> list[str]:
    return list(spellings(value))


def number_of_spellings(value: Any) -> int:
    """How many texts those are."""
    if not isinstance(value, dict | list):
        return 1
    inner = math.prod(map(number_of_spellings, value.values() if isinstance(value, dict) else value))
    return inner * math.factorial(len(value)) if isinstance(value, dict) else inner


def _plain(number: float) -> str:
    """A number without an exponent, and without a fraction if it has none."""
    text = f"{Decimal(repr(number)) or Decimal():f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class Disagreement(Exception):
    """The judges say different things."""


class Judges:
    """Two validators. Numbers are exact to the second, and it has ECMA-262's idea of patterns from us."""

    def __init__(self, schema: Any) -> None:
        self._rust = jsonschema_rs.validator_for(schema, validate_formats=True)
        kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
        text = json.dumps(schema)
        # in 2019-09, ``contains`` evaluates nothing; both think that it does (data/json_schema_disputes.toml)
        self._disputed = "2019-09" in text and "unevaluatedItems" in text and '"contains"' in text
        # what subschemas evaluate, the second one only guesses; on additionalItems beside a boolean, it stumbles
        stumbles = '"additionalItems"' in text and re.search(r'"items": (?:true|false)', text) is not None
        self._alone = stumbles or "unevaluated" in text
        # the year 0 of RFC 3339 is none to Python's calendar
        self._dated = '"format": "date' in text
        self._old = kind is jsonschema.Draft4Validator
        self._python = kind(self._translated(schema), format_checker=kind.FORMAT_CHECKER)

    def verdict(self, text: str | bytes) -> bool | None:
        """Whether a JSON text is valid; None where names occur twice, of which the judges see one."""
        try:
            value = json.loads(text, parse_float=_number, object_pairs_hook=_without_duplicates)
        except _DuplicateError:
            return None
        verdicts: list[bool] = []
        if self._disputed:
            return None
        if not _beyond_floats(text):
            verdicts.append(self._rust.is_valid(json.loads(text)))
        alone = self._alone or (self._dated and '"0000-' in json.dumps(json.loads(text)))
        if not alone and not _FAR.search(text if isinstance(text, bytes) else text.encode()):
            with localcontext(prec=2_000):
                verdicts.append(self._python.is_valid(value if self._old else _integral(value)))
        if len(set(verdicts)) > 1:
            raise Disagreement("rust says", verdicts[0])
        return verdicts[0] if verdicts else None

    def _translated(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self._translated(item) for item in schema]
        if isinstance(schema, float):
            number = Decimal(repr(schema))
            return number if number % 1 else int(number)
        if not isinstance(schema, dict):
            return schema
        found = {key: self._translated(item) for key, item in schema.items()}
        if isinstance(pattern := found.get("pattern"), str):
            found["pattern"] = _python_pattern(pattern)
        if isinstance(patterns := found.get("patternProperties"), dict):
            found["patternProperties"] = {_python_pattern(pattern): item for pattern, item in patterns.items()}
        return found


def _number(text: str) -> Decimal | None:
    return None if _FAR.search(text.encode()) else Decimal(text)


class _DuplicateError(Exception):
    pass


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _DuplicateError
    return found


def _integral(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else value
    if isinstance(value, dict):
        return {name: _integral(item) for name, item in value.items()}
    return [_integral(item) for item in value] if isinstance(value, list) else value


def _python_pattern(pattern: str) -> str:
    pattern = re.sub(r"(?<!\\)\.", lambda _: _SPELLED_DOTS, pattern)
    return pattern.replace("$", r"\Z").replace(r"\d", "[0-9]")


def _beyond_floats(text: str | bytes) -> bool:
    """Whether a text has numbers that a judge who reads floats could take for others."""
    data = text.encode() if isinstance(text, str) else text
    return any(len(number) > 14 for number in re.findall(rb"[\d.]+", data)) or re.search(rb"\d[eE]", data) is not None
