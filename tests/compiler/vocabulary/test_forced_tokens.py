"""Forced tokens against the tokenizers' own encoders: what is forced is what they write, whatever follows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from constrain import CompiledGrammar, Vocabulary, compile_choices, compile_json_schema, compile_regex

PIECES = [
    *("it", "'", "re", "s", "'s", "'ll", "'LL", " ", "  ", "\n", "\r\n", "\t", " \n", "1", "12", "345", "6789"),
    *(
        "Camel",
        "HTML",
        "Parser",
        "é",
        "日本",
        "語",
        "😀",
        '"',
        '":"',
        '{"',
        '"},',
        "_",
        "-",
        "--",
        "==",
        "name",
        "first",
    ),
    *(
        "the",
        " the",
        "The",
        "THE",
        ".",
        "..",
        "ing",
        "tion",
        "a",
        "b",
        "\u0301",
        "ß",
        "/",
        "//",
        "http://",
        "@",
        "#",
        "\\",
    ),
    *("\\n", "\\u00e9", "<|eot_id|>", "</s>"),
]

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "kind": {"enum": ["order", "order form", "ordinary", "it's", "it"]},
        "first_value": {"type": "integer"},
        "items": {"type": "array", "items": {"const": {"the key": ["x", 12345]}}},
        "done": {"type": "boolean"},
    },
    "required": ["name", "kind", "first_value", "items", "done"],
    "additionalProperties": False,
}


@pytest.fixture(scope="session")
def trained() -> Vocabulary:
    """Byte-pair encoding trained on a few lines, as large tokenizers are made."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    random = Random(3)
    lines = ["".join(random.choices(PIECES, k=8)) for _ in range(300)] + [document(random) for _ in range(100)]
    tokenizer.train_from_iterator(lines, trainer)
    return Vocabulary.from_tokenizer(tokenizer)


def document(random: Random) -> str:
    """A text of the schema's language."""
    words = ["", "a", "Ada", "it's", " the", "1", "日本語", "x y", "order", "\u00e9t\u00e9", "first_value"]
    value = {
        "name": "".join(random.choices(words, k=random.randint(0, 3))),
        "kind": random.choice(["order", "order form", "ordinary", "it's", "it"]),
        "first_value": random.choice([0, 7, -12, 345, 67890]),
        "items": [{"the key": ["x", 12345]}] * random.randint(0, 3),
        "done": random.random() < 0.5,
    }
    return json.dumps(value, ensure_ascii=False)


def forced_along(compiled: CompiledGrammar, ids: Sequence[int]) -> int:
    """Checks the forced tokens at each boundary of a canonical spelling; how many of its tokens were forced."""
    matcher = compiled.matcher()
    reached = forced = 0
    for place in range(len(ids) + 1):
        run = matcher.forced_tokens()
        assert run == list(ids[place : place + len(run)])
        assert matcher.validate_tokens(run) == len(run)
        reached = max(reached, place + len(run))
        if place < len(ids):
            forced += place < reached
            assert matcher.accept_token(ids[place])
    return forced


def check_choices(vocabulary: Vocabulary, trials: int) -> None:
    """A few texts with one beginning: it is forced as far as all of them spell it in one way."""
    encode, random = encoder(vocabulary), Random(5)
    forced = 0
    for _ in range(trials):
        beginning = "".join(random.choices(PIECES, k=random.randint(1, 8)))
        count = random.choice([1, 2, 2, 3, 5])
        texts = sorted({beginning + "".join(random.choices(PIECES, k=random.randint(0, 5))) for _ in range(count)})
        compiled = compile_choices(texts, vocabulary)
        for text in texts:
            ids = encode(text)
            if spelled(vocabulary, ids) == text.encode():  # not so where a normaliser changes it
                forced += forced_along(compiled, ids)
    assert forced > trials


def check_documents(vocabulary: Vocabulary, trials: int) -> None:
    encode, random = encoder(vocabulary), Random(6)
    compiled = compile_json_schema(SCHEMA, vocabulary)
    forced = total = 0
    for _ in range(trials):
        ids = encode(document(random))
        forced += forced_along(compiled, ids)
        total += len(ids)
    assert forced > total / 3


def encoder(vocabulary: Vocabulary) -> Callable[[str], Sequence[int]]:
    assert vocabulary.encode is not None
    return vocabulary.encode


def spelled(vocabulary: Vocabulary, ids: Sequence[int]) -> bytes:
    return b"".join(vocabulary.token(token_id) or b"" for token_id in ids)


@pytest.fixture(scope="session")
def real(known: Any) -> Vocabulary:
    """A real vocabulary with its encoder."""
    vocabulary: Vocabulary = known.vocabulary
    if vocabulary.encode is not None:
        return vocabulary
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer
    from test_tekken import DATA, mistral_common  # a file of Mistral's comes without an encoder

    assert mistral_common
    tokenizer = Tekkenizer.from_file(DATA / "tekken_240911.json")
    tokens = [vocabulary.token(token_id) for token_id in range(vocabulary.vocab_size)]
    return Vocabulary(
        tokens, vocabulary.eos_token_ids, encode=lambda text: list(tokenizer.encode(text, bos=False, eos=False))
    )


def test_texts_with_one_beginning(trained: Vocabulary) -> None:
    check_choices(trained, 300)


def test_documents_of_a_schema(trained: Vocabulary) -> None:
    check_documents(trained, 15)


def test_texts_with_one_beginning_in_real_tokens(real: Vocabulary) -> None:
    check_choices(real, 60)


def test_documents_of_a_schema_in_real_tokens(real: Vocabulary) -> None:
    check_documents(real, 4)


def longest_match(text: str) -> list[int]:
    """The encoder of ``WORDS``: always the longest token."""
    ids, data = [], text.encode()
    while data:
        token_id = max((n for n, word in enumerate(WORDS) if data.startswith(word)), key=lambda n: len(WORDS[n]))
        ids.append(token_id)
        data = data[len(WORDS[token_id]) :]
    return ids


WORDS = [b"a", b"b", b"c", b"ab", b"bc", b"abc", "é".encode(), b"\xc3", b"\xa9", b"\xa8", b"cc"]


@pytest.mark.parametrize(
    ("pattern", "before", "forced"),
    [
        ("abca", b"", [b"abc", b"a"]),  # the end is the end
        ("abca?", b"", [b"abc"]),  # 'a' is a token of its own here
        ("ab[ab]", b"", [b"ab"]),
        ("ab[abc]", b"", []),  # 'abc' is a token
        ("aab[bc]", b"", [b"a"]),
        ("a(b|c)", b"", []),  # 'ab' is a token
        ("a(a|c)", b"", [b"a"]),
        ("abc", b"a", []),  # the encoder would have begun with 'abc', and the mask has both 'b' and 'bc'
        ("aé", b"", [b"a", "é".encode()]),
        ("a[éè]", b"", [b"a"]),  # half a character is forced, too, but no encoder spells it
        ("[éè]", b"", []),
        ("abcc", b"abc", [b"c"]),
        ("c[éè]", b"c", []),
    ],
)
def test_the_boundary_token_is_left_open(pattern: str, before: bytes, forced: list[bytes]) -> None:
    vocabulary = Vocabulary([*WORDS, None], [len(WORDS)], encode=longest_match)
    matcher = compile_regex(pattern, vocabulary).matcher()
    assert matcher.accept_bytes(before)
    found = [vocabulary.token(token_id) for token_id in matcher.forced_tokens()]
    assert found == forced


def test_without_an_encoder_masks_decide() -> None:
    vocabulary = Vocabulary([*WORDS, None], [len(WORDS)])
    assert compile_regex("ca[bc]", vocabulary).matcher().forced_tokens() == [2]
    assert compile_regex("aa[bc]", vocabulary).matcher().forced_tokens() == [0]
    assert compile_regex("ab[bc]", vocabulary).matcher().forced_tokens() == []


@pytest.mark.parametrize(
    "encode", [lambda text: [], lambda text: [9] * len(text), lambda text: longest_match("a" + text)]
)
def test_an_encoder_that_changes_the_text_is_not_believed(encode: Callable[[str], list[int]]) -> None:
    vocabulary = Vocabulary([*WORDS, None], [len(WORDS)], encode=encode)
    assert compile_regex("cab", vocabulary).matcher().forced_tokens() == [2]


def test_errors_of_an_encoder_are_not_hidden() -> None:
    def encode(text: str) -> list[int]:
        raise KeyError(text)

    vocabulary = Vocabulary([*WORDS, None], [len(WORDS)], encode=encode)
    with pytest.raises(KeyError, match="cab"):
        compile_regex("cab", vocabulary).matcher().forced_tokens()


def test_rollback_and_fork_know_the_text_before() -> None:
    seen: list[str] = []

    def encode(text: str) -> list[int]:
        seen.append(text)
        return longest_match(text)

    vocabulary = Vocabulary([*WORDS, None], [len(WORDS)], encode=encode)
    matcher = compile_regex("(a|b){2}c", vocabulary).matcher()
    assert matcher.accept_token(0)
    assert matcher.accept_bytes(b"a")
    fork = matcher.fork()
    matcher.rollback(1)
    assert matcher.accept_token(1)
    assert fork.forced_tokens() == [2]
    assert matcher.forced_tokens() == [2]  # the mask's word: the encoder would have written 'abc' at once
    assert seen[0] == "aac"
    assert seen[-1] == "abc"
