"""The library's front door: outputs and streams, in order and side by side."""

from __future__ import annotations

import asyncio
import gc
import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

import constrain
from constrain import Generator, ModelError, compile_json_schema, compile_regex
from constrain.runtime import GenerationOptions, PartialJson, generate
from constrain.runtime.models import CausalModel

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "n": {"type": "integer", "minimum": 0, "maximum": 9}},
    "required": ["name", "n"],
    "additionalProperties": False,
}


def test_it_is_a_public_name() -> None:
    assert constrain.Generator is Generator


@pytest.mark.parametrize("seed", range(4))
def test_outputs_and_streams_are_those_of_generate(tiny: CausalModel, seed: int) -> None:
    compiled = compile_json_schema(SCHEMA, tiny.vocabulary)
    generator = Generator(tiny, compiled, temperature=1.5)
    expected = generate(tiny, compiled, tiny.encode_prompt("x"), GenerationOptions(temperature=1.5, seed=seed))
    assert generator("x", seed=seed).token_ids == expected.token_ids
    assert generator(tiny.encode_prompt("x"), seed=seed).token_ids == expected.token_ids
    stream = generator.stream("x", seed=seed)
    pieces = list(stream)
    assert len(pieces) > 1
    assert "".join(pieces) == stream.result.text == expected.text
    assert stream.result.logprob == pytest.approx(expected.logprob, abs=1e-3)
    assert list(stream) == []
    jsonschema_rs.validate(SCHEMA, json.loads(expected.text))


def test_streams_side_by_side(tiny: CausalModel) -> None:
    compiled = compile_json_schema(SCHEMA, tiny.vocabulary)
    generator = Generator(tiny, compiled)

    async def text(seed: int) -> str:
        return "".join([piece async for piece in generator.stream("x", seed=seed)])

    async def both() -> list[str]:
        return await asyncio.gather(*(text(seed) for seed in range(3)))

    assert asyncio.run(both()) == [generator("x", seed=seed).text for seed in range(3)]


def test_outputs_side_by_side(tiny: CausalModel) -> None:
    generator = Generator(tiny, compile_json_schema(SCHEMA, tiny.vocabulary), seed=5)
    prompts = ["x", "a longer prompt", [7, 8], "y", "z"]
    together = generator.batch(prompts, size=2)
    assert next(together).text == generator(prompts[0]).text
    rest = [generator(prompt, seed=6 + number).text for number, prompt in enumerate(prompts[1:])]
    assert [result.text for result in together] == rest
    failing = generator.batch(["x", [10**6]], max_tokens=60)
    assert next(failing).is_complete
    with pytest.raises(ModelError):
        next(failing)


def test_several_outputs_found_together(tiny: CausalModel) -> None:
    generator = Generator(tiny, compile_regex("a|bb|ccc|dddd", tiny.vocabulary), seed=5)
    ranked = list(generator.several("x", 9, method="map"))
    assert sorted(result.text for result in ranked) == ["a", "bb", "ccc", "dddd"]
    assert [result.logprob for result in ranked] == sorted((result.logprob for result in ranked), reverse=True)
    beams = list(generator.several("x", 2, method="beam"))
    assert [result.text for result in beams] == [result.text for result in ranked[:2]]
    assert generator("x", method="beam").text == generator("x", method="map").text == ranked[0].text
    assert len({result.text for result in generator.several("x", 3)}) == 3
    with pytest.raises(ValueError, match="greedy"):
        generator.several("x", 3, method="greedy").__next__()


def test_a_stream_that_nobody_wants_leaves_its_row(tiny: CausalModel) -> None:
    generator = Generator(tiny, compile_regex("[a-z]{30,}", tiny.vocabulary), max_tokens=200)
    stream = generator.stream("x", seed=1)
    next(iter(stream))
    with generator._shared.turn() as rows:
        assert len(rows) == 1
    del stream
    gc.collect()
    with generator._shared.turn() as rows:
        assert len(rows) == 0


def test_a_stream_can_be_left(tiny: CausalModel) -> None:
    stream = Generator(tiny, compile_regex("[a-z]{30,}", tiny.vocabulary), max_tokens=200).stream("x", seed=1)
    first = next(iter(stream))
    result = stream.result
    assert result.text.startswith(first)
    assert not result.is_complete
    assert result.model_calls < 3


def test_values_as_they_come(tiny: CausalModel) -> None:
    reader = PartialJson()
    stream = Generator(tiny, compile_json_schema(SCHEMA, tiny.vocabulary)).stream("x", seed=3)
    values = [value for piece in stream for value in reader.feed(piece)] + reader.close()
    whole = json.loads(stream.result.text)
    assert {value.pointer: value.value for value in values if value.is_complete} == {
        "/name": whole["name"],
        "/n": whole["n"],
    }
    assert any(not value.is_complete for value in values)


def test_a_monitor(tiny: CausalModel) -> None:
    class Even:
        def veto(self, prefix: str, complete: bool) -> bool:
            return complete and len(prefix) % 2 == 1

    generator = Generator(tiny, compile_regex("[a-z]{1,8}", tiny.vocabulary), monitor=Even(), max_tokens=6)
    assert {len(generator("x", seed=seed).text) % 2 for seed in range(8)} == {0}
    with pytest.raises(ValueError, match="heal must be False"):
        generator("x", heal=True)


def test_bad_options(tiny: CausalModel) -> None:
    compiled = compile_regex("a", tiny.vocabulary)
    with pytest.raises(TypeError, match="warmth"):
        Generator(tiny, compiled, warmth=1)
    with pytest.raises(ValueError, match="temperature"):
        Generator(tiny, compiled, temperature=-1)
    with pytest.raises(ValueError, match="top_p"):
        Generator(tiny, compiled)("x", top_p=2)
    with pytest.raises(ModelError, match="does not fit"):
        Generator(tiny, compiled)("x", max_tokens=10**6)


def test_the_guides_example(
    tiny: CausalModel, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    guide = (root / "docs" / "decoding.md").read_text("utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    monkeypatch.setattr("constrain.runtime.models.load_model", lambda: tiny)
    exec(example, {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("[")
    assert re.fullmatch(r"[0-9.]+(e-[0-9]+)?", printed[-1])
