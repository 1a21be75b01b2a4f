"""SentencePiece style (Gemma, Llama 2, T5): text with U+2581 for spaces, and ``<0x0A>`` for bytes no piece covers.

What happens at the edges of a whole text is not a property of a token and is left out: Llama 2's decoder strips one
leading space of the text, Metaspace decoders likewise; output that follows a prompt keeps that space.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constrain.errors import VocabularyError

__all__ = ["PieceDecoder"]

BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


@dataclass(frozen=True, slots=True)
class PieceDecoder:
    """The per-token part of a chain of decoder steps of the tokenizers library."""

    replacements: tuple[tuple[str, str], ...]
    byte_fallback: bool

    @classmethod
    def from_steps(cls, steps: Sequence[Mapping[str, Any]]) -> PieceDecoder:
        """Read ``decoder.decoders`` of a tokenizer.json.

        Raises:
            VocabularyError: a step that is unknown, or that changes tokens in a way not understood.
        """
        replacements: list[tuple[str, str]] = []
        byte_fallback = fused = False
        for step in steps:
            kind = step.get("type")
            if kind == "Replace" and not fused and not byte_fallback:
                replacements.append(_replacement(step))
            elif kind == "Metaspace" and not fused and not byte_fallback:
                replacements.append((str(step.get("replacement", "▁")), " "))
            elif kind == "ByteFallback" and not fused:
                byte_fallback = True
            elif kind == "Fuse":
                fused = True
            elif kind == "Strip" and fused:
                continue
            else:
                raise VocabularyError(
                    f"the tokenizer's decoder has the step {kind!r} where it is not supported",
                    expected="ByteLevel, or Replace / Metaspace, then ByteFallback, Fuse and Strip in this order",
                )
        return cls(tuple(replacements), byte_fallback)

    def __call__(self, token: str) -> bytes:
        """Bytes of one token."""
        if self.byte_fallback and (match := BYTE_TOKEN.fullmatch(token)):
            return bytes([int(match.group(1), 16)])
        for old, new in self.replacements:
            token = token.replace(old, new)
        return token.encode("utf-8")


def _replacement(step: Mapping[str, Any]) -> tuple[str, str]:
    pattern, content = step.get("pattern"), step.get("content")
    text = pattern.get("String") if isinstance(pattern, dict) else None
    if not isinstance(text, str) or not text or not isinstance(content, str):
        raise VocabularyError(
            f"the tokenizer's decoder replaces {pattern!r} by {content!r}", expected="a literal string as pattern"
        )
    return text, content
