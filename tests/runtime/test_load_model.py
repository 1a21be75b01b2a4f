"""Loading models from folders: what works, and one clear sentence where it does not."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from constrain import ModelError, VocabularyError, compile_regex
from constrain.runtime import GenerationOptions, generate, load_model
from constrain.runtime.models import CausalModel


def test_a_folder_is_a_model(tiny: CausalModel, tiny_folder: Path) -> None:
    assert tiny.name == str(tiny_folder)
    assert tiny.vocabulary.vocab_size == 288
    assert tiny.eos_token_ids == [1]
    assert tiny.context_length == 1024
    assert not tiny.has_chat_template
    assert tiny.vocabulary.encode is not None
    text = "Hello, Wörld 日本!"
    assert (
        b"".join(tiny.vocabulary.token(token_id) or b"" for token_id in tiny.vocabulary.encode(text)).decode() == text
    )


def test_the_key_value_cache_changes_nothing(tiny: CausalModel) -> None:
    tokens = tiny.encode_prompt("The quick brown fox jumps")
    cache = tiny.new_cache()
    for token_id in tokens[:-3]:
        tiny.forward([token_id], cache)
    stepwise = tiny.forward(tokens[-3:], cache)
    at_once = tiny.forward(tokens, tiny.new_cache())
    assert cache.token_ids == tokens
    assert stepwise.shape == (288,)
    assert stepwise.dtype == torch.float32
    assert torch.allclose(stepwise, at_once, atol=1e-4)


@pytest.mark.parametrize("vocab_size", [288 + 40, 280])
def test_heads_wider_and_narrower_than_the_tokenizer(make_folder: Callable[..., Path], vocab_size: int) -> None:
    model = load_model(str(make_folder(vocab_size=vocab_size)), dtype="float32", device="cpu")
    assert model.vocabulary.vocab_size == vocab_size
    assert model.vocabulary.token(288) is None
    compiled = compile_regex(r"(.|\n){1,20}", model.vocabulary)
    for seed in range(5):
        result = generate(model, compiled, [5], GenerationOptions(seed=seed, temperature=3.0))
        assert max(result.token_ids) < min(vocab_size, 288)


def test_a_prompt_beyond_a_narrow_head_is_an_error(make_folder: Callable[..., Path], tiny: CausalModel) -> None:
    model = load_model(str(make_folder(vocab_size=258)), dtype="float32", device="cpu")
    merged = (tiny.vocabulary.token(287) or b"").decode()
    with pytest.raises(ModelError, match="knows only 258"):
        model.encode_prompt(merged)


def test_stop_tokens_of_the_generation_configuration_count(make_folder: Callable[..., Path]) -> None:
    folder = make_folder()
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [1, 40]}))
    assert load_model(str(folder), device="cpu").eos_token_ids == [1, 40]


def test_a_default_of_the_configuration_does_not_outweigh_the_tokenizer(make_folder: Callable[..., Path]) -> None:
    folder = make_folder(eos_token_id=77)
    (folder / "generation_config.json").unlink(missing_ok=True)
    assert load_model(str(folder), device="cpu").eos_token_ids == [1]


@pytest.mark.parametrize(
    ("dtype", "expected"), [("float32", torch.float32), ("bfloat16", torch.bfloat16), ("float16", torch.float16)]
)
def test_dtypes(tiny_folder: Path, dtype: str, expected: torch.dtype) -> None:
    model = load_model(str(tiny_folder), dtype=dtype, device="cpu")
    assert model._model.dtype == expected
    assert model.forward([5, 6], model.new_cache()).dtype == torch.float32


def test_unknown_dtypes_and_devices_are_refused(tiny_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"unknown dtype 'int3'; expected auto, float32"):
        load_model(str(tiny_folder), dtype="int3")
    with pytest.raises(ModelError, match="using the device 'warp'"):
        load_model(str(tiny_folder), device="warp")


def broken(folder: Path, tmp_path: Path, **changes: bytes | None) -> str:
    """A copy of a model folder with some files replaced or left out."""
    copy = tmp_path / "broken"
    shutil.copytree(folder, copy)
    for name, content in changes.items():
        file = copy / name.replace("__", ".")
        file.unlink()
        if content is not None:
            file.write_bytes(content)
    return str(copy)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"config__json": None}, "no config.json"),
        ({"config__json": b"{"}, "reading .*config.json"),
        ({"config__json": b"[]"}, "not a JSON object"),
        ({"config__json": b'{"model_type": "no such type"}'}, "no such type|loading"),
        ({"config__json": b'{"model_type": "t5"}'}, "loading the model"),
        (
            {"config__json": b'{"model_type": "gpt2", "n_layer": 1, "n_embd": 24, "n_head": 2}'},
            "are missing or of another shape",
        ),
        ({"tokenizer__json": None, "tokenizer_config__json": None}, "has no tokenizer"),
        ({"tokenizer__json": b"{"}, "loading the tokenizer"),
        ({"model__safetensors": None}, "loading the model"),
        ({"model__safetensors": b"garbage, not weights"}, "loading the model"),
    ],
)
def test_broken_folders_say_what_is_wrong(
    tiny_folder: Path, tmp_path: Path, changes: dict[str, bytes | None], says: str
) -> None:
    with pytest.raises(ModelError, match=says) as caught:
        load_model(broken(tiny_folder, tmp_path, **changes), device="cpu")
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_tokenizer_that_is_not_understood_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    document = json.loads((tiny_folder / "tokenizer.json").read_bytes())
    document["decoder"] = {"type": "WordPiece", "prefix": "##", "cleanup": True}
    folder = broken(tiny_folder, tmp_path, tokenizer__json=json.dumps(document).encode())
    with pytest.raises(VocabularyError, match="WordPiece"):
        load_model(folder, device="cpu")


@pytest.mark.parametrize("name", ["/no/such/folder", "./nothing", "~/no such model"])
def test_missing_folders(name: str) -> None:
    with pytest.raises(ModelError, match="no model folder"):
        load_model(name)


def test_missing_and_wrong_gguf_files(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file"):
        load_model(str(tmp_path / "missing.gguf"), cache_dir=tmp_path)
    (tmp_path / "wrong.gguf").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="not a GGUF file"):
        load_model(str(tmp_path / "wrong.gguf"), cache_dir=tmp_path)
    (tmp_path / "cut.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    with pytest.raises(ModelError, match=r"converting cut\.gguf"):
        load_model(str(tmp_path / "cut.gguf"), cache_dir=tmp_path)


@pytest.mark.parametrize("name", ["no-such-organisation/no-such-model", "no such model", "a/b/c"])
def test_hub_names_without_the_network(name: str) -> None:
    with pytest.raises(ModelError, match="not on this machine"):
        load_model(name, offline=True)


UNREACHABLE = """
from constrain import ModelError
from constrain.runtime import load_model
for name in ("no-such-organisation/no-such-model", "bad name"):
    try:
        load_model(name)
    except ModelError as error:
        print(error)
"""


def test_a_hub_out_of_reach_is_said_so(tmp_path: Path) -> None:
    """Against a port where nothing listens, in a process of its own: the hub's client reads its address once."""
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", UNREACHABLE], env=environment, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert "out of reach" in first
    assert "neither a local folder nor the name of a model" in second
    assert done.stderr == ""
