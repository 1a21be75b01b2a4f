"""A model's fingerprint: the same network, whatever it is called and however it is held."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from constrain.runtime import load_model
from constrain.runtime.models import CausalModel


def fingerprint(folder: Path, dtype: str = "float32") -> str:
    return load_model(str(folder), device="cpu", dtype=dtype).fingerprint


def test_the_same_network_has_the_same_fingerprint(tiny: CausalModel, make_folder: Callable[..., Path]) -> None:
    assert len(bytes.fromhex(tiny.fingerprint)) == 32
    folder = make_folder(vocab_size=288)
    assert fingerprint(folder) == fingerprint(folder, "bfloat16") == tiny.fingerprint


def test_other_numbers_and_other_shapes_have_another(tiny: CausalModel, make_folder: Callable[..., Path]) -> None:
    found = {tiny.fingerprint, fingerprint(make_folder(vocab_size=300))}
    found.add(fingerprint(make_folder(vocab_size=288, initializer_range=0.2)))
    changed = load_model(str(make_folder(vocab_size=288)), device="cpu", dtype="float32")
    with torch.no_grad():
        last = list(changed.network.parameters())[-2]
        last.view(-1)[3] += 1.0
    found.add(changed.fingerprint)
    assert len(found) == 4


def test_it_is_found_out_once(make_folder: Callable[..., Path]) -> None:
    model = load_model(str(make_folder(vocab_size=288)), device="cpu", dtype="float32")
    before = model.fingerprint
    with torch.no_grad():
        next(model.network.parameters()).zero_()
    assert model.fingerprint == before
