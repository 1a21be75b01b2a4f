"""What a tokenizer.json may say, and how it is read: families, added tokens, stop tokens, widths, broken files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from constrain import Vocabulary, VocabularyError

EOS = {"id": 9, "content": "</s>", "special": True}
PIECES = [
    {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
    {"type": "ByteFallback"},
    {"type": "Fuse"},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0},
]


def tokens(vocabulary: Vocabulary) -> list[bytes | None]:
    return [vocabulary.token(token_id) for token_id in range(vocabulary.vocab_size)]


def added(token_id: int, content: str, *, special: bool) -> dict[str, Any]:
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {"id": token_id, "content": content, "special": special, **flags}


def test_byte_level_with_holes_duplicates_and_added_tokens(tokenizer_file: Callable[..., Path]) -> None:
    vocab = {"a": 0, "Ġa": 2, "Ċ": 3, "Ã": 4, "é€": 5}
    more = [added(6, " <tool>é", special=False), added(7, "a", special=False), added(9, "</s>", special=True)]
    vocabulary = Vocabulary.from_file(tokenizer_file(vocab, added=more))
    # 1 and 8 are holes; "é€" leaves the byte alphabet and is taken as text; 7 repeats the bytes of 0
    assert tokens(vocabulary) == [
        b"a",
        None,
        b" a",
        b"\n",
        b"\xc3",
        "é€".encode(),
        " <tool>é".encode(),
        b"a",
        None,
        None,
    ]
    assert vocabulary.eos_token_ids == [9]


def test_sentence_piece_with_byte_fallback(tokenizer_file: Callable[..., Path]) -> None:
    vocab = {"<unk>": 0, "<0x0A>": 1, "<0xff>": 2, "▁": 3, "▁the": 4, "a▁b": 5, "<0x0G>": 6, "\n\n": 7, "": 8}
    more = [added(9, "</s>", special=True), added(10, "▁▁", special=False)]
    path = tokenizer_file(
        vocab, decoder={"type": "Sequence", "decoders": PIECES}, added=more, model_extra={"unk_token": "<unk>"}
    )
    expected = [None, b"\n", b"\xff", b" ", b" the", b"a b", b"<0x0G>", b"\n\n", None, None, b"  "]
    assert tokens(Vocabulary.from_file(path)) == expected


def test_byte_tokens_are_text_without_byte_fallback(tokenizer_file: Callable[..., Path]) -> None:
    pairs = [["<unk>", 0.0], ["▁a", -1.0], ["<0x0A>", -2.0], ["</s>", -3.0]]
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    path = tokenizer_file(
        pairs, model="Unigram", decoder=metaspace, added=[added(3, "</s>", special=True)], model_extra={"unk_id": 0}
    )
    assert tokens(Vocabulary.from_file(path)) == [None, b" a", b"<0x0A>", None]


@pytest.mark.parametrize(
    ("decoder", "says"),
    [
        ({"type": "WordPiece", "prefix": "##", "cleanup": True}, "WordPiece"),
        ({"type": "CTC"}, "CTC"),
        ({"type": "BPEDecoder", "suffix": "</w>"}, "BPEDecoder"),
        ({"type": "Sequence", "decoders": [{"type": "Strip", "content": " "}, {"type": "Fuse"}]}, "Strip"),
        ({"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"Regex": "a+"}, "content": ""}]}, "Regex"),
        ({"type": "Sequence", "decoders": [{"type": "ByteLevel"}, {"type": "WordPiece"}]}, "ByteLevel|WordPiece"),
        (None, "no decoder"),
    ],
)
def test_other_decoders_are_refused_by_name(tokenizer_file: Callable[..., Path], decoder: Any, says: str) -> None:
    path = tokenizer_file({"a": 0}, decoder=decoder, added=[EOS])
    with pytest.raises(VocabularyError, match=says) as caught:
        Vocabulary.from_file(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("companions", "expected"),
    [
        ({}, [9]),  # by its well-known name
        ({"tokenizer_config": {"eos_token": "b"}}, [1]),
        ({"tokenizer_config": {"eos_token": {"content": "b", "special": True}}}, [1]),
        ({"tokenizer_config": {"eos_token": "b"}, "generation_config": {"eos_token_id": [2, 9]}}, [1, 2, 9]),
        ({"tokenizer_config": {"eos_token": "b"}, "config": {"eos_token_id": 0}}, [1]),
        ({"config": {"eos_token_id": 2}}, [2]),
        ({"tokenizer_config": {"eos_token": "unheard of"}}, [9]),
    ],
)
def test_stop_tokens_come_from_the_files_beside_it(
    tokenizer_file: Callable[..., Path], companions: dict[str, Any], expected: list[int]
) -> None:
    path = tokenizer_file({"a": 0, "b": 1, "c": 2}, added=[added(9, "</s>", special=True)], **companions)
    assert Vocabulary.from_file(path).eos_token_ids == expected
    assert Vocabulary.from_file(path.parent).eos_token_ids == expected
    assert Vocabulary.from_file(path, eos_token_ids=[0]).eos_token_ids == [0]


def test_added_tokens_of_the_tokenizer_config_count(tokenizer_file: Callable[..., Path]) -> None:
    decoder = {"1": {"content": "<pad>", "special": True}, "2": {"content": "<go>", "special": False}, "x": {}}
    path = tokenizer_file(
        {"a": 0}, added=[added(9, "</s>", special=True)], tokenizer_config={"added_tokens_decoder": decoder}
    )
    assert tokens(Vocabulary.from_file(path))[:4] == [b"a", None, b"<go>", None]


def test_no_stop_token_is_refused(tokenizer_file: Callable[..., Path]) -> None:
    with pytest.raises(VocabularyError, match="no stop token"):
        Vocabulary.from_file(tokenizer_file({"a": 0}))


def test_a_head_may_be_wider_or_narrower(tokenizer_file: Callable[..., Path]) -> None:
    path = tokenizer_file(
        {"a": 0, "b": 1, "c": 5}, added=[added(3, "</s>", special=True), added(4, "<eos>", special=True)]
    )
    wide = Vocabulary.from_file(path, vocab_size=40)
    assert wide.vocab_size == 40
    assert tokens(wide)[6:] == [None] * 34
    narrow = Vocabulary.from_file(path, vocab_size=4)
    assert tokens(narrow) == [b"a", b"b", None, None]
    assert narrow.eos_token_ids == [3]
    assert narrow.encode is not None
    assert narrow.encode("c") == []  # out of the model's reach
    assert narrow.encode("ab") == [0, 1]
    with pytest.raises(VocabularyError, match="not below 3"):
        Vocabulary.from_file(path, vocab_size=3)
    with pytest.raises(VocabularyError, match="at least one"):
        Vocabulary.from_file(path, vocab_size=0)


def test_the_encoder_is_for_continuations(tokenizer_file: Callable[..., Path]) -> None:
    vocab = {"<unk>": 0, "▁": 1, "a": 2, "▁a": 3, "<0x3C>": 4, "<": 5, "s": 6, "/": 7, ">": 8}
    path = tokenizer_file(
        vocab,
        decoder={"type": "Sequence", "decoders": PIECES},
        added=[added(9, "</s>", special=True)],
        model_extra={"unk_token": "<unk>", "byte_fallback": True, "merges": ["▁ a"]},
        normalizer={
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": "▁"},
                {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
            ],
        },
        truncation={"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
    )
    assert Tokenizer.from_file(str(path)).encode("a</s>").ids == [3, 9]
    encode = Vocabulary.from_file(path).encode
    assert encode is not None
    assert encode("a</s>") == [2, 5, 7, 6, 8]  # no leading space, no special token, not cut
    assert encode("a a") == [2, 3]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "list"),
        (b"{}", "no 'model'"),
        (b'{"model": {"type": "BPE"}}', "decoder|vocab"),
        (b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {}}}', "no tokens"),
        (b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"a": -1}}}', "-1"),
        (b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"a": 1e3}}}', "1000.0"),
        (b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"a": true}}}', "True"),
        (b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"a": 99999999999}}}', "99999999999"),
        (b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"\\ud800": 0}}}', "not Unicode"),
        (b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": [["a"], 5]}}', "entry 1"),
        (b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"a": 0}}, "added_tokens": [5]}', "added_tokens"),
        (
            b'{"decoder": {"type": "ByteLevel"}, "model": {"vocab": {"a": 0}}, "added_tokens": [{"id": 1}]}',
            "no content",
        ),
    ],
)
def test_broken_files_are_refused_with_their_path(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)
    with pytest.raises(VocabularyError, match=says) as caught:
        Vocabulary.from_file(path)
    assert "tokenizer.json" in str(caught.value)


def test_missing_files_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.json"):
        with pytest.raises(VocabularyError, match="no tokenizer"):
            Vocabulary.from_file(path)
