"""The private copy of a tokenizer: one that shares its model with the tokenizer encodes as one read from its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

from constrain.compiler.tokenizers import ContinuationEncoder

TEXTS = ['{"a": 1}', "hello  world\n\n\n x", "<s> a</s>b", " lead", "日本語 naïve", "ab abc\t", "<tool>a</tool>", ""]

NORMALIZERS = [None, normalizers.NFC(), normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])]
PRE_TOKENIZERS = [
    None,
    pre_tokenizers.ByteLevel(add_prefix_space=True),
    pre_tokenizers.Metaspace(),
    pre_tokenizers.Sequence([pre_tokenizers.Digits(), pre_tokenizers.ByteLevel(add_prefix_space=True)]),
]


def tokenizer(normalizer: Any, pre_tokenizer: Any, added: list[AddedToken]) -> Tokenizer:
    letters = sorted({*pre_tokenizers.ByteLevel.alphabet(), *"".join(TEXTS), "▁"})
    pieces = [*letters, "ab", "he", "ll", "▁a", "Ġa", "Ġw"]
    merges = [("a", "b"), ("h", "e"), ("l", "l"), ("▁", "a"), ("Ġ", "a"), ("Ġ", "w")]
    made = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, merges))
    for name, part in (("normalizer", normalizer), ("pre_tokenizer", pre_tokenizer), ("decoder", decoders.ByteLevel())):
        if part is not None:
            setattr(made, name, part)
    for token in added:
        (made.add_special_tokens if token.special else made.add_tokens)([token])
    return made


@pytest.mark.parametrize("normalizer", NORMALIZERS, ids=lambda part: type(part).__name__)
@pytest.mark.parametrize("pre_tokenizer", PRE_TOKENIZERS, ids=lambda part: type(part).__name__)
@pytest.mark.parametrize(
    "added",
    [
        [],
        [AddedToken("<s>", special=True), AddedToken("\n\n"), AddedToken("</s>", special=True), AddedToken("  ")],
        [AddedToken("ab", lstrip=True), AddedToken("<tool>", single_word=True, normalized=False)],
    ],
    ids=["none", "mixed", "odd"],
)
def test_sharing_the_model_changes_nothing(normalizer: Any, pre_tokenizer: Any, added: list[AddedToken]) -> None:
    original = tokenizer(normalizer, pre_tokenizer, added)
    shared = ContinuationEncoder(original)
    read = ContinuationEncoder(lambda: json.loads(original.to_str()))
    before = [original.encode(text).ids for text in TEXTS]
    for text in TEXTS:
        assert shared(text) == read(text), text
    assert [original.encode(text).ids for text in TEXTS] == before  # it was left as it is


def test_tokens_that_are_numbered_with_gaps() -> None:
    original = tokenizer(None, PRE_TOKENIZERS[1], [AddedToken("<s>", special=True)])
    data = json.loads(original.to_str())
    data["added_tokens"][0]["id"] += 7
    gapped = Tokenizer.from_str(json.dumps(data))
    shared, read = ContinuationEncoder(gapped), ContinuationEncoder(lambda: data)
    assert [shared(text) for text in TEXTS] == [read(text) for text in TEXTS]


@pytest.mark.parametrize("name", ["gpt4o", "llama3_1", "qwen3"])
def test_real_tokenizers(shared_data: Path, hard_text: dict[str, Any], name: str) -> None:
    path = shared_data / "tokenizers" / name / "tokenizer.json"
    shared, read = encoders(path)
    assert shared(hard_text["text"]) == read(hard_text["text"])


KNOWN: dict[Path, tuple[ContinuationEncoder, ContinuationEncoder]] = {}


def encoders(path: Path) -> tuple[ContinuationEncoder, ContinuationEncoder]:
    if path not in KNOWN:
        original = Tokenizer.from_file(str(path))
        KNOWN[path] = ContinuationEncoder(original), ContinuationEncoder(lambda: json.loads(path.read_text("utf-8")))
    return KNOWN[path]
