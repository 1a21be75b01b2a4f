"""The verdicts that hard cases claim, against oracles: re, jsonschema-rs and lark."""

from __future__ import annotations

import json
import re

import jsonschema_rs
import lark
import pytest

from masks.cases import Case, batch_cases, hard_cases
from masks.cases.grammars import nested_json
from masks.constraint import Constraint

SMALLER = {"JSON grammar, 1,000 deep": nested_json(depth=20)}
"""Stand-ins for cases that take an oracle too long."""


def allows(constraint: Constraint, text: str) -> bool:
    """The oracle's verdict."""
    if constraint.kind == "regex":
        return re.fullmatch(constraint.source, text) is not None
    if constraint.kind == "json_schema":
        try:
            document = json.loads(text)
        except json.JSONDecodeError:
            return False
        return jsonschema_rs.is_valid(constraint.source, document)
    try:
        lark.Lark(constraint.source, lexer="dynamic_complete").parse(text)
    except lark.exceptions.UnexpectedInput:
        return False
    return True


@pytest.mark.parametrize("case", hard_cases(), ids=lambda case: case.name)
def test_verdicts_of_a_case(case: Case) -> None:
    case = SMALLER.get(case.name, case)
    assert case.valid
    assert case.invalid
    assert [text for text in case.valid if not allows(case.constraint, text)] == []
    assert [text for text in case.invalid if allows(case.constraint, text)] == []


def test_texts_of_batches_are_valid() -> None:
    for case in batch_cases():
        assert len({json.dumps(constraint.source) for constraint in case.constraints}) == len(case.constraints)
        for row, text in enumerate(case.texts):
            assert allows(case.constraints[row % len(case.constraints)], text)


def test_cases_are_the_same_every_time() -> None:
    assert hard_cases() == hard_cases()
    assert batch_cases() == batch_cases()
