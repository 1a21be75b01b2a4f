"""Formats that are generated in part: the inner language lies in the format, and the format in the outer one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_json_schema_formats_suite import DRAFTS, groups

from constrain.compiler.json_schema.formats.partial import PARTIAL, may_ask_for_partial

SCHEMAS = (
    lambda schema: {**schema, "type": "string"},
    lambda schema: {"type": "string", "not": schema},
    lambda schema: {"type": "string", "oneOf": [schema, {"maxLength": 3}]},
    lambda schema: {"type": "string", "if": schema, "then": {"maxLength": 12}, "else": {"minLength": 5}},
)


@pytest.mark.parametrize("draft", DRAFTS)
def test_bounds_over_the_official_suite(draft: str, shared_data: Path, compiled: Any, takes: Any) -> None:
    """Valid by the suite means taken by the outer bound, invalid by the suite refused by the inner one."""
    held = 0
    for group in groups(shared_data, draft):
        schema = {"format": group["schema"]["format"]}
        tests = [test for test in group["tests"] if isinstance(test["data"], str)]
        for number, wrap in enumerate(SCHEMAS[:-1] if draft in ("4", "6") else SCHEMAS):  # which have no "if"
            whole = wrap(schema)
            inner, outer = (compiled(whole, draft=draft, formats_bound=bound) for bound in ("inner", "outer"))
            for test in tests:
                text, length = json.dumps(test["data"], ensure_ascii=False), len(test["data"])
                conforms = test["valid"]
                valid = (conforms, not conforms, conforms != (length <= 3), length <= 12 if conforms else length >= 5)
                assert takes(outer, text) or not valid[number], (whole, text)
                assert not takes(inner, text) or valid[number], (whole, text)
                held += 1
    assert held > 500


@pytest.mark.parametrize(
    ("document", "asks"),
    [
        (True, False),
        ({"format": "date"}, False),
        ({"properties": {"format": {"type": "string"}}}, False),
        ({"properties": {"hostname": {}}}, False),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema"}, False),
        ({"properties": {"$schema": {"format": "regex"}}}, True),
        ({"anyOf": [{"items": {"not": {"format": "hostname"}}}]}, True),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, True),
    ],
)
def test_who_may_ask_for_a_partial_format(document: Any, asks: bool) -> None:
    assert may_ask_for_partial([document]) == asks
    assert may_ask_for_partial([{}, [document]]) == asks


def test_what_is_partial() -> None:
    assert {"hostname", "idn-hostname", "idn-email", "regex"} == PARTIAL
