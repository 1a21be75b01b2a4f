"""Where the meaning here is not that of lark's ``dynamic_complete``: each documented difference, beside lark."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from lark.exceptions import LarkError
from lark_oracle import engine, lark_judge

from constrain import UnsupportedError, Vocabulary

DATA = Path(__file__).resolve().parents[2] / "data"
CASES: list[dict[str, Any]] = tomllib.loads((DATA / "lark_differences.toml").read_text(encoding="utf-8"))["case"]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["why"][:60]) for case in CASES])
def test_difference(case: dict[str, Any], byte_vocabulary: Vocabulary) -> None:
    here, lark, both = (case.get(name, []) for name in ("here", "lark", "both"))
    if "lark_refuses" in case:
        with pytest.raises(LarkError, match=case["lark_refuses"]):
            lark_judge(case["grammar"])
    else:
        theirs = lark_judge(case["grammar"])
        assert {text: theirs(text) for text in [*here, *lark, *both]} == {
            **dict.fromkeys(here, False),
            **dict.fromkeys([*lark, *both], True),
        }
    if "refuses" in case:
        with pytest.raises(UnsupportedError, match=case["refuses"]):
            engine(case["grammar"], byte_vocabulary)
    else:
        ours = engine(case["grammar"], byte_vocabulary)
        assert {text: ours(text) for text in [*here, *lark, *both]} == {
            **dict.fromkeys([*here, *both], True),
            **dict.fromkeys(lark, False),
        }
