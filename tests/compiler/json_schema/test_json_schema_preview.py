"""Keywords that are implemented but not fully proven are refused, with their place, unless asked for by name."""

from __future__ import annotations

from typing import Any

import pytest

from constrain.compiler import json_schema
from constrain.compiler.json_schema.preview import PREVIEW
from constrain.errors import SchemaError, UnsupportedError

SCHEMAS: dict[str, dict[str, Any]] = {
    "oneOf": {"oneOf": [{"type": "string"}, {"type": "null"}]},
    "not": {"not": {"type": "string"}},
    "if": {"if": {"type": "string"}, "then": {"maxLength": 3}},
    "minProperties": {"type": "object", "minProperties": 1},
    "maxProperties": {"type": "object", "properties": {"a": {}, "b": {}}, "maxProperties": 1},
    "propertyNames": {"type": "object", "propertyNames": {"maxLength": 3}},
    "dependencies": {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}},
    "dependentRequired": {"dependentRequired": {"a": ["b"]}},
    "dependentSchemas": {"dependentSchemas": {"a": {"required": ["b"]}}},
}


def test_everything_in_preview_has_a_case() -> None:
    assert set(SCHEMAS) == PREVIEW


@pytest.mark.parametrize("keyword", sorted(SCHEMAS))
def test_refused_unless_named(keyword: str) -> None:
    with pytest.raises(UnsupportedError, match=f"^{keyword} is not supported here") as caught:
        json_schema.build(SCHEMAS[keyword])
    assert caught.value.pointer == f"/{keyword}"
    assert caught.value.expected is not None
    assert f"--preview {keyword}" in caught.value.expected
    assert json_schema.build(SCHEMAS[keyword], preview=(keyword,)) == json_schema.build(SCHEMAS[keyword], preview="all")


def test_keywords_that_say_nothing_are_not_refused() -> None:
    assert json_schema.build({"type": "object", "minProperties": 0, "propertyNames": True, "dependentRequired": {}})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SchemaError, match="preview='contains' is nothing in preview"):
        json_schema.build({}, preview=("contains",))
