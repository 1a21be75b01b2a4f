"""Dynamic and recursive references: random resources against python's jsonschema, and the specification's words.

jsonschema-rs is no oracle here: it forgets resources on some ways of dynamic references. Both take only the innermost
run of resources with ``$recursiveAnchor``, where 2019-09 asks for the outermost of all; so for that there is an
evaluator here. It keeps the whole dynamic scope and looks through it at each reference, which the compiler does not.
"""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest
from json_schema_random import spellings

from constrain.errors import LimitError, SchemaError, UnsatisfiableError

HOME = "http://x.test/"
TYPES: dict[str, Any] = {"integer": int, "string": str, "null": type(None), "object": dict}


def resources(seed: int, *, recursive: bool) -> dict[str, Any]:
    """A schema of some resources that lead to each other."""
    choice = random.Random(seed).choice
    names = ["r0", "r1", "r2"]

    def reference() -> dict[str, Any]:
        if recursive:
            return choice([{"$ref": choice(names)}, {"$recursiveRef": "#"}, {"$recursiveRef": "#"}])
        return choice([{"$ref": choice(names)}, {"$dynamicRef": "#a"}, {"$dynamicRef": f"{choice(names)}#a"}])

    def resource(name: str) -> dict[str, Any]:
        schema: dict[str, Any] = {"$id": name, "properties": {"p": reference(), "q": reference()}}
        if choice([True, False]):
            schema["properties"]["t"] = {"type": choice(list(TYPES))}
        if choice([True, False]):
            schema["type"] = choice(["object", "object", ["object", "integer"], ["object", "string"]])
        if recursive:
            schema["$recursiveAnchor"] = choice([True, True, False])
        else:
            anchor = choice(["$dynamicAnchor", "$dynamicAnchor", "$anchor"])
            schema["$defs"] = {"d": {anchor: "a", **choice([{"type": choice(list(TYPES))}, reference()])}}
            if choice([True, False]):
                schema |= {"$defs": {"d": {"type": "null"}}, anchor: "a"}
        return schema

    draft = "2019-09" if recursive else "2020-12"
    return {
        "$schema": f"https://json-schema.org/draft/{draft}/schema",
        "$id": HOME,
        **({"$recursiveAnchor": choice([True, False])} if recursive else {}),
        "allOf": [{"$ref": choice(names)}],
        "$defs": {name: resource(name) for name in names},
    }


def value(chooser: random.Random, depth: int = 0) -> Any:
    if depth == 4 or chooser.random() < 0.25:
        return chooser.choice([1, "a", None, {}])
    return {name: value(chooser, depth + 1) for name in chooser.sample(["p", "q", "t"], chooser.randint(1, 2))}


def satisfies(root: dict[str, Any], schema: Any, instance: Any, scope: list[dict[str, Any]], steps: int = 0) -> bool:
    """The keywords of :func:`resources` in 2019-09; ``scope`` is the resources entered, outermost first."""
    if steps > 100:
        raise RecursionError
    scope = scope if "$id" not in schema else [*scope, schema]
    parts = [*schema.get("allOf", ())]
    if "$ref" in schema:
        parts.append(root["$defs"][schema["$ref"]])
    if "$recursiveRef" in schema:
        target = scope[-1]
        if target.get("$recursiveAnchor") is True:
            target = next(entered for entered in scope if entered.get("$recursiveAnchor") is True)
        parts.append(target)
    names = schema.get("type", list(TYPES))
    allowed = tuple(TYPES[name] for name in ([names] if isinstance(names, str) else names))
    members = schema.get("properties", {}) if isinstance(instance, dict) else {}
    return (
        isinstance(instance, allowed)
        and all(satisfies(root, part, instance, scope, steps + 1) for part in parts)
        and all(satisfies(root, members[name], instance[name], scope) for name in members if name in instance)
    )


@pytest.mark.parametrize("recursive", [False, True], ids=["dynamic", "recursive"])
def test_random_resources(recursive: bool, compiled: Any, takes: Any) -> None:
    judged = {True: 0, False: 0}
    for seed in range(150):
        schema = resources(seed, recursive=recursive)
        grammar = None
        try:
            grammar = compiled(schema)
        except UnsatisfiableError:
            pass
        except SchemaError as error:
            if "leads back to itself" not in error.message:
                raise
            continue
        chooser = random.Random(seed)
        validator = None if recursive else jsonschema.Draft202012Validator(schema)
        for instance in (value(chooser) for _ in range(12)):
            valid = satisfies(schema, schema, instance, []) if validator is None else validator.is_valid(instance)
            taken = grammar is not None and any(takes(grammar, text) for text in spellings(instance))
            assert taken == valid, (seed, schema, instance)
            judged[valid] += 1
    assert min(judged.values()) > 150


def test_a_chain_of_resources_without_progress_is_named_by_its_place(compiled: Any) -> None:
    schema = {
        "$id": f"{HOME}a",
        "$dynamicAnchor": "a",
        "allOf": [{"$ref": "b"}],
        "$defs": {"b": {"$id": "b", "$dynamicAnchor": "b", "$ref": "a"}},
    }
    with pytest.raises(SchemaError, match="leads back to itself") as caught:
        compiled(schema)
    assert caught.value.pointer == "/$defs/b"


def test_many_ways_are_a_limit(compiled: Any) -> None:
    names = [f"r{i}" for i in range(20)]
    everywhere = {name: {"$ref": name} for name in names}
    schema = {
        "$ref": "r0",
        "$defs": {name: {"$id": name, "$dynamicAnchor": name, "properties": everywhere} for name in names},
    }
    with pytest.raises(LimitError, match="dynamic anchors"):
        compiled({"$id": HOME, **schema})


def test_one_anchor_in_many_resources_is_bound_once(compiled: Any, takes: Any) -> None:
    names = [f"r{i}" for i in range(100)]
    schema = {
        "$id": HOME,
        "$ref": "r0",
        "$defs": {
            name: {
                "$id": name,
                "$dynamicAnchor": "a",
                "properties": {"n": {"$ref": following}, "d": {"$dynamicRef": "#a"}},
            }
            for name, following in zip(names, [*names[1:], "r0"], strict=True)
        },
    }
    schema["$defs"]["r0"]["maxProperties"] = 1  # type: ignore[index]
    grammar = compiled(schema)
    assert takes(grammar, json.dumps({"n": {"n": {"d": {"d": {}}}}}, separators=(",", ":")))
    assert not takes(grammar, '{"n":{"n":{"d":{"n":{},"d":{}}}}}')
