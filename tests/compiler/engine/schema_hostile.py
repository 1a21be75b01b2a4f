"""Schemas made to exhaust whoever compiles them, for the table of :mod:`engine_hostile`: name, schema, outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any

__all__ = ["SCHEMAS"]

Json = dict[str, Any]


def chain(length: int, link: Callable[[str, int], Any], last: Any) -> Json:
    """Definitions, each made from a reference to the next one and its number."""
    definitions = {f"d{i}": link(f"#/$defs/d{i + 1}", i) for i in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, f"d{length}": last}}


def tower(height: int, wrap: Callable[[Any, int], Any], inside: Any) -> Any:
    return reduce(wrap, range(height), inside)


def choices(kind: str, number: int, first: Callable[[int], Json], second: Callable[[int], Json], **more: Any) -> Json:
    """A type and so many choices of two."""
    return {"type": kind, "allOf": [{"anyOf": [first(i), second(i)]} for i in range(number)], **more}


def objects(kind: str, number: int, branch: Callable[[int], Json]) -> Json:
    return {"type": "object", kind: [branch(i) for i in range(number)]}


def declared(count: int, schema: Any) -> Json:
    return {"properties": {f"p{i}": schema for i in range(count)}}


def pigeons(birds: int, holes: int) -> Json:
    """Each bird sits in a hole, no two in the same: impossible if there are more birds, and hard to see."""
    somewhere: list[Json] = [{"anyOf": [{"required": [f"b{i}h{j}"]} for j in range(holes)]} for i in range(birds)]
    pairs = [(a, b) for a in range(birds) for b in range(a)]
    alone: list[Json] = [
        {"anyOf": [{"properties": {f"b{a}h{j}": False}}, {"properties": {f"b{b}h{j}": False}}]}
        for j in range(holes)
        for a, b in pairs
    ]
    return {"type": "object", "allOf": somewhere + alone}


def dependent(count: int, needed: Callable[[int], Iterable[int]], **more: Any) -> Json:
    dependencies = {f"k{i}": [f"k{j}" for j in needed(i)] for i in range(count)}
    return {"type": "object", "dependentRequired": dependencies, **more}


def of(kind: str, **more: Any) -> Json:
    return {"type": kind, **more}


def contained(number: int, schema: Callable[[int], Json], **more: Any) -> Json:
    return of("array", allOf=[{"contains": schema(i), **more} for i in range(number)])


FAR = "^(a|b)*a(a|b){20}$"
"""A deterministic automaton of its complement has two million states."""

_WEB = {
    f"d{i}": {
        "$id": f"r{i}",
        "$dynamicAnchor": "n",
        "properties": {f"p{j}": {"$ref": f"r{j}"} for j in range(i % 3, 25, 3)},
        "items": {"$dynamicRef": "#n"},
    }
    for i in range(25)
}
_SUBSETS = {
    "e0": of(
        "object",
        properties={"a": {"allOf": [{"$ref": "#/$defs/e0"}, {"$ref": "#/$defs/e1"}]}, "b": {"$ref": "#/$defs/e0"}},
    ),
    **{
        f"e{i}": of("object", properties={"a": {"$ref": f"#/$defs/e{i + 1}"}, "b": {"$ref": f"#/$defs/e{i + 1}"}})
        for i in range(1, 18)
    },
    "e18": of("object", required=["z"]),
}
_AMBIGUOUS = [of("array", items={"$ref": "#/$defs/e"}, minItems=i) for i in range(30)]
_CASES = [{"if": {"properties": {"t": {"const": f"t{i}"}}}, "then": {"required": [f"r{i}"]}} for i in range(200)]
_TAGS = {"t": {"enum": [f"t{i}" for i in range(200)]}}

SCHEMAS: dict[str, tuple[Any, str]] = {
    # references
    "itself": ({"$ref": "#"}, "SchemaError"),
    "itself or null": ({"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "SchemaError"),
    "not itself": ({"not": {"$ref": "#"}}, "SchemaError"),
    "itself if there is a member": ({"dependentSchemas": {"a": {"$ref": "#"}}}, "SchemaError"),
    "a cycle of references": (chain(2_000, lambda name, i: {"$ref": name}, {"$ref": "#/$defs/d0"}), "SchemaError"),
    "a chain of references": (chain(2_000, lambda name, i: {"$ref": name}, {}), "result"),
    "a chain of nots": (chain(2_000, lambda name, i: {"not": {"$ref": name}}, {"type": "null"}), "result"),
    "a chain of choices": (
        chain(2_000, lambda name, i: {"oneOf": [{"$ref": name}, {"const": i}]}, {"type": "null"}),
        "fixed",
    ),
    "a chain of conditions": (
        chain(300, lambda name, i: {"if": {"$ref": name}, "then": {"minLength": i}, "else": {"$ref": name}}, {}),
        "fixed",
    ),
    "a chain of evaluations": (
        chain(2_000, lambda name, i: {**declared(i % 9, True), "$ref": name, "unevaluatedProperties": False}, {}),
        "fixed",
    ),
    "a chain of members that must be there": (
        chain(2_000, lambda name, i: of("object", required=["x"], properties={"x": {"$ref": name}}), False),
        "unsatisfiable",
    ),
    "a chain of both": (
        chain(60, lambda name, i: {"anyOf": [{"items": {"$ref": name}}, {"contains": {"$ref": name}}]}, {}),
        "result or fixed",
    ),
    "a chain of members that fail": (
        chain(60, lambda name, i: {"not": {"properties": {"a": {"$ref": name}, "b": {"$ref": name}}}}, {}),
        "result or fixed",
    ),
    "a web of dynamic references": ({"$id": "http://x.test/root", "$ref": "r0", "$defs": _WEB}, "result"),
    "subsets of definitions": ({"$ref": "#/$defs/e0", "$defs": _SUBSETS}, "fixed"),
    "thirty arrays of themselves": ({"$ref": "#/$defs/e", "$defs": {"e": {"anyOf": _AMBIGUOUS}}}, "result"),
    "what has a member that it is not": ({"not": {"properties": {"a": {"$ref": "#"}}}}, "result"),
    # depth
    "many levels": (tower(300, lambda inner, i: {"items": inner}, {}), "fixed"),
    "many nots": (tower(200, lambda inner, i: {"not": inner}, {"type": "null"}), "fixed"),
    "nots and conjunctions": (
        tower(49, lambda inner, i: {"not": {"allOf": [inner, {"required": [f"a{i}"]}]}}, {}),
        "result",
    ),
    "oneOf in oneOf": (tower(40, lambda inner, i: {"oneOf": [inner, {"required": [f"a{i}"]}]}, {}), "fixed"),
    "contains in contains": (tower(40, lambda inner, i: {"contains": inner, "maxContains": 2}, {}), "result"),
    # choices
    "choices of objects": (
        choices("object", 20, lambda i: {"properties": {f"a{i}": {"type": "null"}}}, lambda i: {"required": [f"b{i}"]}),
        "result",
    ),
    "choices of objects of two names": (
        choices(
            "object",
            60,
            lambda i: {"properties": {"a": {"minimum": i}}},
            lambda i: {"properties": {"b": {"maximum": i}}},
        ),
        "fixed",
    ),
    "choices of arrays": (
        choices("array", 20, lambda i: {"contains": {"const": i}}, lambda i: {"items": {"maxLength": i}}),
        "fixed",
    ),
    "choices of strings": (
        choices("string", 20, lambda i: {"pattern": f"a{i}"}, lambda i: {"pattern": f"b{i}"}),
        "fixed",
    ),
    "choices of numbers": (choices("number", 20, lambda i: {"multipleOf": i + 2}, lambda i: {"minimum": i}), "fixed"),
    "choices of names": (
        choices("object", 20, lambda i: {"propertyNames": {"minLength": i}}, lambda i: {"required": [f"b{i}"]}),
        "fixed",
    ),
    "choices of what is evaluated": (
        choices(
            *("object", 20, lambda i: {"properties": {f"a{i}": {"type": "null"}}}, lambda i: {"required": [f"b{i}"]}),
            unevaluatedProperties=False,
        ),
        "fixed",
    ),
    "many ways to evaluate": (
        of(
            "object",
            allOf=[{"anyOf": [{"properties": {f"a{i}{j}": {}}} for j in range(9)]} for i in range(2)],
            unevaluatedProperties=False,
        ),
        "fixed",
    ),
    "conditions on one tag": (of("object", required=["t"], properties=_TAGS, allOf=_CASES), "fixed"),
    "conditions on forty": (of("object", required=["t"], properties=_TAGS, allOf=_CASES[:40]), "result"),
    "one of 200 names": (objects("oneOf", 200, lambda i: {"required": [f"a{i}"]}), "fixed"),
    "one of 200 objects": (
        objects("oneOf", 200, lambda i: {"properties": {f"a{i}": {"type": "null"}, "b": {"minimum": i}}}),
        "fixed",
    ),
    "one of 30 objects": (
        objects("oneOf", 30, lambda i: {"properties": {"b": {"minimum": i}}, "required": ["b"]}),
        "result or fixed",
    ),
    "some of 200 objects": (
        objects("anyOf", 200, lambda i: {"properties": {f"a{i}": {"type": "null"}}, "required": ["b"]}),
        "result",
    ),
    "one of some multiples": (of("integer", oneOf=[{"multipleOf": i} for i in range(2, 200)]), "fixed"),
    "pigeons": (pigeons(12, 11), "fixed"),
    "names that need the next": (dependent(1_000, lambda i: [(i + 1) % 1_000]), "result"),
    "names that need the next, and no others": (
        dependent(1_000, lambda i: [(i + 1) % 1_000], propertyNames={"pattern": "^k"}, minProperties=1),
        "result or fixed",
    ),
    "names that need all": (dependent(300, lambda i: range(300)), "result"),
    # numbers of things
    "100,000 members": (of("object", **declared(100_000, {"type": "integer"})), "fixed"),
    "a negation of 5,000 members": (
        of("object", **{"not": {**declared(5_000, {}), "additionalProperties": False}}),
        "result or fixed",
    ),
    "an enum of 100,000": ({"enum": [f"value {i}" for i in range(100_000)]}, "result"),
    "none of 100,000": ({"not": {"enum": [*range(100_000)]}}, "result"),
    "20,000 patterns": ({"anyOf": [of("string", pattern=f"^x{i}") for i in range(5_000)]}, "fixed"),
    "a conjunction of 20,000": ({"allOf": [{"minLength": i} for i in range(20_000)]}, "result"),
    "20 patterns of names": (
        of("object", patternProperties={f"a.*{chr(97 + i)}": {"minimum": i} for i in range(20)}),
        "fixed",
    ),
    "too few items": (of("array", minItems=10**9, maxItems=10**9 - 1), "unsatisfiable"),
    "a billion members, closed": (of("object", minProperties=10**9, additionalProperties=False), "unsatisfiable"),
    "a billion items": (of("array", maxItems=10**9, prefixItems=[{"type": "null"}]), "result"),
    "10**30 items": (of("array", maxItems=10**30), "result"),
    "a billion of a kind": (of("array", contains={"type": "null"}, minContains=10**9), "fixed"),
    "many of a kind": (of("array", contains={"type": "null"}, minContains=15_000), "fixed"),
    "of a kind, and a billion": (of("array", contains={"type": "null"}, maxItems=10**9), "fixed"),
    "thirty kinds of items": (contained(30, lambda i: {"const": i}), "fixed"),
    "ten kinds of items": (contained(10, lambda i: {"const": i}, minContains=2), "fixed"),
    "thirty kinds that overlap": (contained(30, lambda i: {"minimum": i}, maxContains=5), "fixed"),
    # expressions
    "far from the end, negated": (
        of("string", minLength=30, pattern="^[ab]*$", **{"not": {"pattern": FAR}}),
        "max_expressions",
    ),
    "a long name far from the end": (
        of("object", properties={"ab" * 5_000: {}}, patternProperties={"(?:a|b){0,1000}a(?:a|b){20}$": {}}),
        "fixed",
    ),
    "names far from the end": (
        of("object", patternProperties={FAR: {"type": "null"}}, propertyNames={"not": {"pattern": "^b"}}),
        "max_expressions",
    ),
    "one of sixty patterns": (
        of("string", oneOf=[{"pattern": f"a.*{chr(97 + i % 26)}.{{{i}}}"} for i in range(60)]),
        "max_expressions",
    ),
}
