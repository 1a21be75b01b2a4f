"""GGUF files are converted once, exactly, and found again."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from constrain import compile_regex
from constrain.runtime import Cache, GenerationOptions, generate, load_model

gguf = pytest.importorskip("gguf", reason="gguf is not installed: pip install 'constrain-lm[demo]'")

WIDTH, HEADS, LAYERS, INNER, CONTEXT = 32, 2, 2, 64, 1024


@pytest.fixture(scope="module")
def gguf_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of random float32 weights with a SentencePiece vocabulary: special tokens, bytes, letters."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    special = ["<unk>", "<s>", "</s>", "<|im_end|>"]
    letters = ["▁", *"abcdefghijklmnopqrstuvwxyz", "▁a", "th", "the"]
    tokens = [*special, *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    kinds = [2, 3, 3, 3, *([6] * 256), *([1] * len(letters))]
    scores = [0.0] * (len(special) + 256) + [-float(index) for index in range(len(letters))]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    generator = np.random.default_rng(0)

    def tensor(name: str, *shape: int) -> None:
        writer.add_tensor(f"{name}.weight", generator.normal(0, 0.3, size=shape).astype(np.float32))

    tensor("token_embd", len(tokens), WIDTH)
    tensor("output", len(tokens), WIDTH)
    tensor("output_norm", WIDTH)
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensor(f"blk.{layer}.{name}", WIDTH, WIDTH)
        tensor(f"blk.{layer}.attn_norm", WIDTH)
        tensor(f"blk.{layer}.ffn_norm", WIDTH)
        tensor(f"blk.{layer}.ffn_gate", INNER, WIDTH)
        tensor(f"blk.{layer}.ffn_up", INNER, WIDTH)
        tensor(f"blk.{layer}.ffn_down", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def converted(gguf_file: Path, cache_dir: Path) -> Any:
    return load_model(str(gguf_file), cache_dir=cache_dir, device="cpu", dtype="bfloat16")


def test_the_vocabulary_is_that_of_the_file(converted: Any) -> None:
    vocabulary = converted.vocabulary
    assert [vocabulary.token(token_id) for token_id in range(4)] == [None] * 4
    assert [vocabulary.token(4 + byte) for byte in range(256)] == [bytes([byte]) for byte in range(256)]
    assert [vocabulary.token(token_id) for token_id in (260, 261, 287, 289)] == [b" ", b"a", b" a", b"the"]
    assert converted.eos_token_ids == [2, 3]  # the file's own, and <|im_end|> by its name
    assert converted.context_length == CONTEXT
    assert b"".join(vocabulary.token(token_id) for token_id in vocabulary.encode("the é\n")) == "the é\n".encode()


def test_the_converted_model_computes_what_the_file_holds(converted: Any, gguf_file: Path) -> None:
    from transformers import AutoModelForCausalLM

    from constrain.runtime.models.gguf import _unpacked

    direct = AutoModelForCausalLM.from_pretrained(
        gguf_file.parent, gguf_file=gguf_file.name, dtype=torch.bfloat16, **_unpacked()
    ).eval()
    tokens = [1, 270, 289, 100, 262]
    with torch.inference_mode():
        expected = direct(torch.tensor([tokens])).logits[0, -1].float()
    assert torch.equal(converted.forward(tokens, converted.new_cache()), expected)


def test_it_generates(converted: Any) -> None:
    compiled = compile_regex("(the|é) [a-z]{3}", converted.vocabulary)
    assert len(generate(converted, compiled, converted.encode_prompt("the"), GenerationOptions(seed=1)).text) in (5, 7)


def test_it_is_converted_once_whatever_its_name(
    gguf_file: Path, cache_dir: Path, converted: Any, tmp_path: Path
) -> None:
    told: list[str] = []
    copy = tmp_path / "another name.gguf"
    shutil.copy(gguf_file, copy)
    again = load_model(str(copy), cache_dir=cache_dir, device="cpu", notify=told.append)
    assert told == []
    assert again.name == str(copy)
    assert again.vocabulary.sha256 == converted.vocabulary.sha256
    kinds = [entry.kind for entry in Cache(cache_dir).entries()]
    assert sorted(kinds) == ["digests", "digests", "models"]


def test_another_file_is_another_model(gguf_file: Path, cache_dir: Path, converted: Any, tmp_path: Path) -> None:
    told: list[str] = []
    changed = tmp_path / "changed.gguf"
    changed.write_bytes(gguf_file.read_bytes()[:-4] + b"\0\0\0\0")
    load_model(str(changed), cache_dir=cache_dir, device="cpu", notify=told.append)
    assert [line.split()[0] for line in told] == ["converting", "converted"]


def test_a_damaged_conversion_says_how_to_be_rid_of_it(gguf_file: Path, tmp_path: Path) -> None:
    from constrain import ConstrainError

    load_model(str(gguf_file), cache_dir=tmp_path, device="cpu")
    (entry,) = (entry for entry in Cache(tmp_path).entries() if entry.kind == "models")
    (entry.path / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(ConstrainError, match="constrain cache clear"):
        load_model(str(gguf_file), cache_dir=tmp_path, device="cpu")


def test_conversion_is_quiet(gguf_file: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_model(str(gguf_file), cache_dir=tmp_path, device="cpu")
    assert capfd.readouterr() == ("", "")
