"""The benchmarks' own packages on the path, and a small tokenizer for them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from masks.tokenizer import byte_alphabet


@pytest.fixture
def tokenizer_folder(tmp_path: Path) -> Path:
    """A byte-level tokenizer of the 256 bytes, one merge and a stop token, as Hugging Face files."""
    alphabet = sorted(byte_alphabet(), key=byte_alphabet().__getitem__)
    vocabulary = {character: byte for byte, character in enumerate(alphabet)} | {'{"': 256}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[("{", '"')]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<stop>"])
    folder = tmp_path / "bytes"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text('{"eos_token": "<stop>"}')
    return folder
