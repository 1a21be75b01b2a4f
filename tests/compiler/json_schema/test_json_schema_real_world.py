"""Real schemas with valid and invalid instances (MaskBench's sample), where the data lies beside the repository.

Their verdicts come from a validator that nobody here wrote. An invalid instance is never taken. A valid one is taken,
unless its members are in another order than the declared one (schema order): then the same instance must be taken
with its members in some other order, and as it stands where any order will do.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from constrain import Matcher
from constrain.errors import LimitError, UnsupportedError

LEAST_HANDLED = 565


def write(matcher: Matcher, value: Any) -> Matcher | None:
    """A matcher that has taken a value with its members in some order; None when there is no such order."""
    if isinstance(value, dict):
        return write_members(step(matcher, "{"), value, list(value))
    if isinstance(value, list):
        following = step(matcher, "[")
        for i, item in enumerate(value):
            following = following and step(following, "," if i else "")
            following = following and write(following, item)
        return following and step(following, "]")
    return step(matcher, json.dumps(value, ensure_ascii=False))


def write_members(matcher: Matcher | None, value: dict[str, Any], names: list[str]) -> Matcher | None:
    if matcher is None or not names:
        return matcher and step(matcher, "}")
    comma = "," if len(names) < len(value) else ""
    for name in names:
        following = step(matcher, f"{comma}{json.dumps(name, ensure_ascii=False)}:")
        following = following and write(following, value[name])
        following = following and write_members(following, value, [other for other in names if other != name])
        if following is not None:
            return following
    return None


def step(matcher: Matcher, text: str) -> Matcher | None:
    following = matcher.fork()
    return following if following.accept_bytes(text.encode()) else None


def test_maskbench_sample(shared_data: Path, compiled: Any, takes: Any) -> None:
    with gzip.open(shared_data / "maskbench/sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines][1:]
    handled, out_of_order = 0, set()
    for row in rows:
        try:
            grammar = compiled(row["schema"], whitespace="flexible")
        except (UnsupportedError, LimitError):
            continue
        handled += 1
        for test in row["tests"]:
            text = json.dumps(test["data"], ensure_ascii=False)
            if takes(grammar, text) == test["valid"]:
                continue
            assert test["valid"], (row["id"], text)
            end = write(grammar.matcher(), test["data"])
            assert end is not None, (row["id"], text)
            assert end.is_accepting(), (row["id"], text)
            out_of_order.add(row["id"])
    assert handled >= LEAST_HANDLED
    for row in rows:
        if row["id"] in out_of_order:
            grammar = compiled(row["schema"], whitespace="flexible", order="any")
            for test in row["tests"]:
                assert takes(grammar, json.dumps(test["data"], ensure_ascii=False)) == test["valid"], row["id"]
