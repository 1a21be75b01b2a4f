"""Byte-level BPE (GPT-2, Llama 3, Qwen, GPT-4o): tokens are written in an alphabet of 256 printable characters."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["byte_alphabet", "byte_level_bytes"]


@lru_cache(maxsize=1)
def byte_alphabet() -> dict[str, int]:
    """Character -> byte, as GPT-2 published it.

    Printable Latin-1 characters stand for themselves; the other 68 bytes, in ascending order, are written as the
    characters from U+0100 on (so a space is ``Ġ``, a newline ``Ċ``).
    Source: ``bytes_to_unicode`` in https://github.com/openai/gpt-2/blob/master/src/encoder.py
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {chr(byte): byte for byte in printable}
    hidden = [byte for byte in range(256) if byte not in set(printable)]
    alphabet.update({chr(0x100 + index): byte for index, byte in enumerate(hidden)})
    return alphabet


def byte_level_bytes(token: str) -> bytes:
    """Bytes of a token of the model's vocabulary.

    A token with a character outside the alphabet stands for its own UTF-8, as in the ``ByteLevel`` decoder of the
    tokenizers library.
    """
    alphabet = byte_alphabet()
    try:
        return bytes([alphabet[character] for character in token])
    except KeyError:
        return token.encode("utf-8")
