"""Weights as bytes: what comes back, and which bytes are refused."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from weights_toys import VOCABULARY, calibrated, key_of, prompted_law

from constrain import ArtifactError, compile_regex
from constrain.compiler.weights import BETAS, FutureWeights, fitted


def make() -> FutureWeights:
    compiled = compile_regex("a[bc]{0,3}|b(0|1)+x", VOCABULARY)
    lump = calibrated(compiled, [prompted_law(1, "one"), prompted_law(1, "two")], 4, 6)
    return fitted(lump, replace(key_of(compiled), model_name="é/1"), beta=0.75, least=0.001)


@pytest.fixture(scope="module")
def weights() -> FutureWeights:
    return make()


def with_checksum(content: bytes) -> bytes:
    return content + zlib.crc32(content).to_bytes(4, "little")


def test_what_is_written_is_read(weights: FutureWeights) -> None:
    data = weights.to_bytes()
    again = FutureWeights.from_bytes(data)
    assert again.key == weights.key
    assert (again.beta, again.least) == (0.75, 0.001)
    for name, array in weights.arrays().items():
        np.testing.assert_array_equal(getattr(again, name), array)
        assert getattr(again, name).dtype == array.dtype
        assert not getattr(again, name).flags.writeable
    assert data == again.to_bytes() == make().to_bytes()
    assert FutureWeights.from_bytes(bytes(data)).with_beta(0.5).beta == 0.5
    assert weights.states > 5


def test_bytes_that_are_cut_or_changed(weights: FutureWeights) -> None:
    data = weights.to_bytes()
    for at in range(len(data)):
        for bad in (data[:at], data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]):
            with pytest.raises(ArtifactError, match="not usable weights"):
                FutureWeights.from_bytes(bad)
    with pytest.raises(ArtifactError):
        FutureWeights.from_bytes(data + b"\0")


def test_no_number_is_believed(weights: FutureWeights) -> None:
    """With a checksum that fits, what is read is weights or refused, and what is read can be used."""
    content = weights.to_bytes()[:-4]
    read = 0
    for at in range(12, len(content)):
        for claim in (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\xc0\x7f", b"\x01"):
            bad = content[:at] + claim + content[at + len(claim) :]
            try:
                found = FutureWeights.from_bytes(with_checksum(bad))
            except ArtifactError:
                continue
            assert found.to_bytes() == with_checksum(bad)
            found.chain()
            read += 1
    assert read


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "magic"),
        (b"\x80\x04\x95" + b"a" * 50, "magic"),
        (b"CSTRNGRM" + b"\0" * 50, "magic"),
        (b"CSTRNWGT\x01\0\0\0\0", "end early"),
        (b"CSTRNWGT\x02\0\0\0" + b"\0" * 50, "version 2, not 1"),
        (b"CSTRNWGT\x01\0\0\0" + b"\0" * 50, "checksum"),
        (with_checksum(b"CSTRNWGT\x01\0\0\0" + b"\0" * 30), "end early"),
        (with_checksum(b"CSTRNWGT\x01\0\0\0" + b"\0" * 24 + struct.pack("<I", 1) + b"\xff" * 60), "UTF-8"),
    ],
)
def test_foreign_bytes(data: bytes, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        FutureWeights.from_bytes(data)


def changed(array: Any, at: int, value: float) -> Any:
    copy = array.copy()
    copy[at] = value
    return copy


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("parents", lambda array: changed(array, -1, len(array) - 1), "no parent before it"),
        ("parents", lambda array: changed(array, 0, 1), "no parent before it"),
        ("parents", lambda array: array[:-1], "no tree"),
        ("tokens", lambda array: changed(array, 1, -1), "below 0"),
        ("places", lambda array: changed(array, 1, 10_000), "at no state"),
        ("places", lambda array: changed(array, 0, 1), "start"),
        ("places", lambda array: np.where(array == 1, 0, array).astype(np.int32), "no node"),
        ("indptr", lambda array: changed(array, 1, 10_000), "rows are malformed"),
        ("indptr", lambda array: array[:-1], "rows are malformed"),
        ("indices", lambda array: changed(array, 0, -1), "leads to no state"),
        ("values", lambda array: changed(array, 0, 1.5), "chance is none"),
        ("values", lambda array: changed(array, 0, np.nan), "chance is none"),
        ("values", lambda array: array.astype(np.float64), "another type"),
        ("values", lambda array: array.reshape(1, -1), "another shape"),
        ("ends", lambda array: np.ones_like(array), "more than 1"),
        ("counts", lambda array: changed(array, 0, np.inf), "count is none"),
        ("beta", lambda _: 1.5, "the power 1.5 is not from 0 to 1"),
        ("beta", lambda _: float("nan"), "the power nan"),
        ("least", lambda _: 0.0, "least chance 0.0"),
    ],
)
def test_numbers_that_make_no_weights(weights: FutureWeights, name: str, change: Any, reason: str) -> None:
    with pytest.raises(ArtifactError, match=reason):
        replace(weights, **{name: change(getattr(weights, name))})


@pytest.mark.parametrize("beta", BETAS)
def test_powers(weights: FutureWeights, beta: float) -> None:
    assert FutureWeights.from_bytes(weights.with_beta(beta).to_bytes()).beta == beta
