"""One tokenizer as every engine needs it: encoder, stop token, and the bytes of each token.

Read from ``tokenizer.json`` here and not by the engine under test, so that all engines are told the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as RawTokenizer

__all__ = ["Tokenizer", "byte_alphabet"]


def byte_alphabet() -> dict[str, int]:
    """Character -> byte of the alphabet that byte-level BPE spells tokens in (GPT-2's ``bytes_to_unicode``)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): byte for byte in printable}
    others = [byte for byte in range(256) if byte not in printable]
    table.update({chr(256 + index): byte for index, byte in enumerate(others)})
    return table


class Tokenizer:
    """A Hugging Face tokenizer file and the stop token that ``tokenizer_config.json`` beside it names."""

    def __init__(self, path: Path) -> None:
        """Read ``path``, a ``tokenizer.json`` or the folder that holds it."""
        self.path = path / "tokenizer.json" if path.is_dir() else path
        self.raw = RawTokenizer.from_file(str(self.path))
        document = json.loads(self.path.read_text(encoding="utf-8"))
        config_path = self.path.with_name("tokenizer_config.json")
        config: dict[str, Any] = json.loads(config_path.read_text(encoding="utf-8")) if config_path.exists() else {}
        eos = config.get("eos_token")
        self.eos = eos["content"] if isinstance(eos, dict) else eos
        eos_id = self.raw.token_to_id(self.eos) if self.eos else None
        if eos_id is None:
            raise SystemExit(f"{config_path} names no eos_token that {self.path.name} knows")
        self.eos_id: int = eos_id
        self.vocabulary: dict[str, int] = self.raw.get_vocab()
        self.vocab_size = max(self.vocabulary.values()) + 1  # width of masks in bits; ids may have holes
        self._added: dict[int, str] = {added["id"]: added["content"] for added in document["added_tokens"]}
        self._special = {added["id"] for added in document["added_tokens"] if added.get("special")}
        self._byte_level = "ByteLevel" in json.dumps(document["decoder"])

    @property
    def name(self) -> str:
        """Name of the folder that holds the file."""
        return self.path.resolve().parent.name

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, no special tokens added."""
        ids: list[int] = self.raw.encode(text, add_special_tokens=False).ids
        return ids

    def token_bytes(self) -> list[bytes | None]:
        """Bytes of each id below ``vocab_size``; None for special tokens and for ids that stand for nothing."""
        table = byte_alphabet()
        found: list[bytes | None] = [None] * self.vocab_size
        for text, token in self.vocabulary.items():
            if token in self._special:
                continue
            if token in self._added:
                found[token] = self._added[token].encode()
            elif self._byte_level:
                found[token] = bytes(table[character] for character in text)
            elif len(text) == 6 and text.startswith("<0x") and text.endswith(">"):
                found[token] = bytes([int(text[3:5], 16)])
            else:
                found[token] = text.replace("\u2581", " ").encode()
        return found

    def for_transformers(self) -> Any:
        """The same tokenizer as a ``transformers.PreTrainedTokenizerFast``, which some engines ask for."""
        from transformers import PreTrainedTokenizerFast

        return PreTrainedTokenizerFast(tokenizer_file=str(self.path), eos_token=self.eos)
