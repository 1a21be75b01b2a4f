"""Keywords that are implemented but not fully proven are refused, with their place, unless asked for by name."""

from __future__ import annotations

import pytest

from constrain.compiler import json_schema
from constrain.compiler.json_schema.formats import REGISTRY_FORMATS
from constrain.compiler.json_schema.preview import PREVIEW
from constrain.errors import SchemaError, UnsupportedError


def test_everything_in_preview_has_a_case() -> None:
    assert REGISTRY_FORMATS == PREVIEW


@pytest.mark.parametrize("name", sorted(REGISTRY_FORMATS))
def test_formats_that_no_draft_defines(name: str) -> None:
    schema = {"format": name}
    with pytest.raises(UnsupportedError, match=f"format '{name}' is not supported here") as caught:
        json_schema.build(schema)
    assert caught.value.pointer == "/format"
    assert json_schema.build(schema, ignore_formats="unknown") == json_schema.build({})
    assert json_schema.build(schema, preview=(name,))


def test_keywords_that_say_nothing_are_not_refused() -> None:
    assert json_schema.build({"type": "object", "minProperties": 0, "propertyNames": True, "dependentRequired": {}})


def test_unknown_names_are_refused() -> None:
    with pytest.raises(SchemaError, match="preview='contains' is nothing in preview"):
        json_schema.build({}, preview=("contains",))
