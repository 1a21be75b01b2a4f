"""Mistral's tekken.json, with mistral-common as the oracle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constrain import Vocabulary, VocabularyError

mistral_common = pytest.importorskip("mistral_common", reason="mistral-common is not installed")

DATA = Path(mistral_common.__file__).parent / "data"


@pytest.fixture(scope="module", params=["tekken_240718.json", "tekken_240911.json"])
def pair(request: pytest.FixtureRequest) -> tuple[Vocabulary, Any]:
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    return Vocabulary.from_file(DATA / request.param), Tekkenizer.from_file(DATA / request.param)


def test_every_id_has_the_bytes_of_its_piece(pair: tuple[Vocabulary, Any]) -> None:
    vocabulary, tokenizer = pair
    assert vocabulary.vocab_size == tokenizer.n_words
    assert vocabulary.eos_token_ids == [tokenizer.eos_id]
    for token_id in range(vocabulary.vocab_size):
        if token_id < tokenizer.num_special_tokens:
            assert vocabulary.token(token_id) is None
        else:
            assert vocabulary.token(token_id) == tokenizer.id_to_byte_piece(token_id)


def test_encoded_texts_join_to_the_text(pair: tuple[Vocabulary, Any], hard_text: dict[str, Any]) -> None:
    vocabulary, tokenizer = pair
    ids = tokenizer.encode(hard_text["text"], bos=False, eos=False)
    assert b"".join(vocabulary.token(token_id) or b"?" for token_id in ids) == hard_text["text"].encode("utf-8")


def test_listed_special_tokens_name_the_stop_token(tmp_path: Path) -> None:
    document = {
        "config": {"default_vocab_size": 6, "default_num_special_tokens": 3},
        "vocab": [
            {"rank": rank, "token_bytes": encoded} for rank, encoded in enumerate(["YQ==", "Yg==", "YWI=", "YmI="])
        ],
        "special_tokens": [{"rank": 1, "token_str": "</s>", "is_control": True}],
    }
    path = tmp_path / "tekken.json"
    path.write_text(json.dumps(document))
    vocabulary = Vocabulary.from_file(tmp_path)  # the folder will do
    assert [vocabulary.token(token_id) for token_id in range(6)] == [None, None, None, b"a", b"b", b"ab"]
    assert vocabulary.eos_token_ids == [1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"config": {"default_vocab_size": "6"}}, "default_num_special_tokens"),
        ({"config": {"default_vocab_size": 6, "default_num_special_tokens": 9}}, "9 are special"),
        ({"config": {"default_vocab_size": 10**12, "default_num_special_tokens": 0}}, "special"),
        ({"vocab": [{"rank": 0, "token_bytes": "!"}]}, "base64"),
        ({"vocab": [{"rank": -1, "token_bytes": ""}]}, "-1"),
        ({"vocab": ["a"]}, "'a'"),
        ({"special_tokens": ["</s>"]}, "special_tokens"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    document = {
        "config": {"default_vocab_size": 4, "default_num_special_tokens": 3},
        "vocab": [{"rank": 0, "token_bytes": "YQ=="}],
        **change,
    }
    path = tmp_path / "tekken.json"
    path.write_text(json.dumps(document))
    with pytest.raises(VocabularyError, match=says):
        Vocabulary.from_file(path)
