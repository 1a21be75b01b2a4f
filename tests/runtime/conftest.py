"""A real causal model of a few thousand random weights, with a real byte-level tokenizer, made anew for the tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CORPUS = [
    '{"name": "Anna", "age": 34, "tags": ["chess", "hiking"]}',
    '{"id": 7, "price": 12.50, "ok": true, "note": null}',
    "The quick brown fox jumps over the lazy dog. Ångström, naïve, 日本語.",
] * 4


def make_tokenizer(**kwargs: Any) -> Any:
    """Byte-level BPE with 288 tokens: 256 bytes, two special tokens, some merges."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=288,
        special_tokens=["<s>", "</s>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", **kwargs)


def make_model(vocab_size: int, **overrides: Any) -> Any:
    """A Llama of about 20,000 random weights, the same at every call."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    settings = {
        "vocab_size": vocab_size,
        "hidden_size": 24,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 1024,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "initializer_range": 0.3,
        **overrides,
    }
    with torch.random.fork_rng():
        torch.manual_seed(7)
        return LlamaForCausalLM(LlamaConfig(**settings))


@pytest.fixture(scope="session")
def make_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a model folder: ``make_folder(vocab_size=..., tokenizer=..., **configuration)``."""

    def write(*, vocab_size: int | None = None, tokenizer: Any = None, **overrides: Any) -> Path:
        folder = tmp_path_factory.mktemp("model")
        tokenizer = tokenizer or make_tokenizer()
        model = make_model(vocab_size or len(tokenizer), **overrides)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    return write


@pytest.fixture(scope="session")
def tiny_folder(make_folder: Callable[..., Path]) -> Path:
    """Folder of the tiny model; not to be changed."""
    return make_folder()


@pytest.fixture(scope="session")
def tiny(tiny_folder: Path) -> Any:
    """The tiny model, loaded."""
    from constrain.runtime import load_model

    return load_model(str(tiny_folder), device="cpu", dtype="float32")
