"""Does an expression match any text? interegular, which shares no code with the engine, says the same."""

from __future__ import annotations

import random

import interegular
import pytest

from constrain import LimitError, Limits
from constrain.compiler.regex import Complement, intersection, is_empty, python_re

PIECES = ["a", "b", "[ab]", "(a|bc)", "a?", "b*", "c+", "(a|b){2}", "(ab)*", "(c|ba)+"]


def test_what_patterns_have_in_common() -> None:
    source = random.Random(7)
    empty = 0
    for _ in range(200):
        one, other = ("".join(source.choice(PIECES) for _ in range(source.randint(1, 4))) for _ in range(2))
        first, second = (interegular.parse_pattern(each).to_fsm() for each in (one, other))
        nodes = python_re.parse(one), python_re.parse(other)
        assert is_empty(intersection(nodes)) == (first & second).empty(), (one, other)
        assert is_empty(intersection([nodes[0], Complement(nodes[1])])) == (first - second).empty(), (one, other)
        empty += (first & second).empty()
    assert 40 < empty < 160


def test_a_budget_is_kept() -> None:
    node = intersection([python_re.parse("(a|b)*a(a|b){12}"), python_re.parse("(a|b)*b(a|b){12}")])
    with pytest.raises(LimitError, match="max_expressions"):
        is_empty(node, Limits(max_expressions=50))
