"""Weights as bytes: magic, version, key, numbers, arrays, and the CRC-32 of all that. Little-endian.

Nothing is believed: each length is held against what is left before anything is made of it, and what was read is
checked as any weights are. The checksum protects against accidents only, as in the file of a compiled grammar.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constrain.compiler.weights.future_weights import FutureWeights
from constrain.compiler.weights.key import WeightsKey
from constrain.errors import ArtifactError

__all__ = ["from_bytes", "to_bytes"]

MAGIC = b"CSTRNWGT"
VERSION = 1
NUMBERS = struct.Struct("<3d")
"""Temperature, power, least chance."""
LENGTH = struct.Struct("<I")

TYPES = {
    **dict.fromkeys(("parents", "tokens", "places", "indptr", "indices"), np.dtype("<i4")),
    **dict.fromkeys(("values", "ends", "counts"), np.dtype("<f4")),
}
"""Arrays in the order of the format."""


def to_bytes(weights: FutureWeights) -> bytes:
    """Weights as bytes."""
    key = weights.key
    parts = [MAGIC, LENGTH.pack(VERSION), NUMBERS.pack(key.temperature, weights.beta, weights.least)]
    for text in (key.grammar, key.vocabulary, key.model, key.model_name):
        encoded = text.encode()
        parts += [LENGTH.pack(len(encoded)), encoded]
    for name, kind in TYPES.items():
        array: NDArray[Any] = getattr(weights, name)
        parts += [LENGTH.pack(len(array)), array.astype(kind).tobytes()]
    content = b"".join(parts)
    return content + LENGTH.pack(zlib.crc32(content))


def from_bytes(data: bytes) -> FutureWeights:
    """What :func:`to_bytes` made of them.

    Raises:
        ArtifactError: it made something else.
    """
    reader = _Reader(data)
    temperature, beta, least = NUMBERS.unpack(reader.take(NUMBERS.size))
    grammar, vocabulary, model, model_name = (reader.text() for _ in range(4))
    arrays = {name: reader.array(kind) for name, kind in TYPES.items()}
    reader.end()
    try:
        key = WeightsKey(grammar, vocabulary, model, model_name, temperature)
    except ValueError as problem:
        raise _unusable(str(problem)) from None
    return FutureWeights(key, **arrays, beta=beta, least=least)


def _unusable(reason: str) -> ArtifactError:
    return ArtifactError(f"not usable weights: {reason}")


class _Reader:
    """Bytes from which is taken, once their frame was checked."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(MAGIC):
            raise _unusable("they do not start with the magic bytes")
        begin = len(MAGIC) + LENGTH.size
        if len(data) < begin + LENGTH.size:
            raise _unusable("they end early")
        (version,) = LENGTH.unpack_from(data, len(MAGIC))
        if version != VERSION:
            raise _unusable(f"they have version {version}, not {VERSION}")
        self._rest = memoryview(data)[begin : -LENGTH.size]
        (checksum,) = LENGTH.unpack_from(data, len(data) - LENGTH.size)
        if zlib.crc32(memoryview(data)[: -LENGTH.size]) != checksum:
            raise _unusable("their checksum is wrong")

    def take(self, length: int) -> memoryview:
        if length > len(self._rest):
            raise _unusable("they end early")
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def _length(self) -> int:
        (length,) = LENGTH.unpack(self.take(LENGTH.size))
        return int(length)

    def text(self) -> str:
        try:
            return bytes(self.take(self._length())).decode()
        except UnicodeDecodeError:
            raise _unusable("a text is not UTF-8") from None

    def array(self, kind: np.dtype[Any]) -> NDArray[Any]:
        # a copy, in the machine's own byte order, that does not keep all of the bytes
        return np.frombuffer(self.take(self._length() * kind.itemsize), kind).astype(kind.newbyteorder("="))

    def end(self) -> None:
        if len(self._rest):
            raise _unusable("they hold more than they declare")
