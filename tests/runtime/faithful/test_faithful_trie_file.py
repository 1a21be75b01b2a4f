"""A trie as a file: read back bit by bit, refused wherever anything is wrong with it."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faithful_models import Refusing, case_of, explorer_of, nodes_of, shared_explorer, tokens, watch_of

from constrain.errors import ArtifactError
from constrain.runtime.decoding.faithful.asap import asap
from constrain.runtime.decoding.faithful.certificate import certify
from constrain.runtime.decoding.faithful.exact import exact
from constrain.runtime.decoding.faithful.guided import GuidedDraws
from constrain.runtime.decoding.faithful.trie import Node, Trie
from constrain.runtime.decoding.faithful.trie_file import load_trie, save_trie, trie_from_bytes, trie_to_bytes

KEY = {"model": "tiny", "temperature": 0.7, "prompt": "abc", "penalties": [1.0, 0.0]}
FIELDS = ("logprob", "value", "proven", "rest", "stop")


def learned() -> Trie:
    """With everything in it: explored and unexplored, whole and dead beginnings."""
    case, trie = case_of("words"), Trie()
    method = asap(explorer_of(case, watch=watch_of(case, Refusing("cb|abab"))), trie, np.random.default_rng(1))
    for _ in range(30):
        method.attempt()
    return trie


def fields(node: Node) -> bytes:
    return struct.pack("<5d", *(getattr(node, field) for field in FIELDS))


def test_what_is_read_is_what_was_written() -> None:
    trie = learned()
    nodes = nodes_of(trie)
    assert any(node.value == -math.inf for node in nodes.values())
    assert any(math.isnan(node.rest) for node in nodes.values())
    assert any(node.proven == 0.0 for node in nodes.values())
    data = trie_to_bytes(trie, KEY)
    again = trie_from_bytes(data, KEY)
    found = nodes_of(again)
    assert {key: fields(node) for key, node in nodes.items()} == {key: fields(node) for key, node in found.items()}
    for key, node in nodes.items():
        assert list(node.children) == list(found[key].children)  # in this order, on which draws depend
        assert all(child.parent is found[key] for child in found[key].children.values())
        assert found[key].token_id == node.token_id
    assert again.size == trie.size == len(nodes)
    assert trie_to_bytes(again, KEY) == data


def test_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    trie, path = learned(), tmp_path / "words.trie"
    save_trie(path, trie, KEY)
    assert path.read_bytes() == trie_to_bytes(trie, KEY)
    assert nodes_of(load_trie(path, KEY)).keys() == nodes_of(trie).keys()
    save_trie(path, Trie(), KEY)
    assert load_trie(path, KEY).size == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    data = trie_to_bytes(learned(), KEY)
    path = tmp_path / "words.trie"
    for length in [*range(0, 400), *range(400, len(data), 97), len(data) - 1]:
        with pytest.raises(ArtifactError):
            trie_from_bytes(data[:length], KEY)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ArtifactError, match=r"words\.trie: the trie is corrupt: it is damaged or cut short"):
        load_trie(path, KEY)
    with pytest.raises(ArtifactError):
        trie_from_bytes(data + b"\0", KEY)


def test_a_file_with_a_changed_byte_is_refused() -> None:
    data = trie_to_bytes(learned(), KEY)
    for at in [*range(0, 300), *range(300, len(data), 53)]:
        with pytest.raises(ArtifactError):
            trie_from_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :], KEY)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({**KEY, "temperature": 1.0}, r"another temperature: 0\.7, not 1\.0"),
        ({**KEY, "prompt": "abd"}, "another prompt: 'abc', not 'abd'"),
        ({**KEY, "max_tokens": 5}, "another max tokens: None, not 5"),
        ({name: KEY[name] for name in ("model", "prompt")}, "another penalties"),
    ],
)
def test_a_file_of_something_else_is_refused(key: dict[str, object], message: str) -> None:
    with pytest.raises(ArtifactError, match=message):
        trie_from_bytes(trie_to_bytes(Trie(), KEY), key)


def test_keys_are_compared_as_they_are_kept() -> None:
    assert trie_from_bytes(trie_to_bytes(Trie(), {"penalties": (1, 2)}), {"penalties": [1, 2]}).size == 1


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / ("x" * 5_000)):
        with pytest.raises(ArtifactError, match="cannot be read"):
            load_trie(path, KEY)
    for data in (b"", b"CSTR", b"{}", b"\x89PNG" * 100):
        with pytest.raises(ArtifactError, match="no trie of constrain"):
            trie_from_bytes(data, KEY)


def forged(rows: list[tuple[int, int, dict[str, float]]], header: Any = None, *, size: int | None = None) -> bytes:
    """A file with a right checksum and anything else in it; rows are parent, token and fields."""
    normal = {"logprob": -1.0, "value": -0.5, "proven": -3.0, "rest": -0.7, "stop": -math.inf}
    header = {"version": 1, "nodes": len(rows), "key": {}} if header is None else header
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    data = b"CSTRTRIE" + (len(text) if size is None else size).to_bytes(4, "little") + text
    data += b"".join(struct.pack("<i", parent) for parent, _, _ in rows)
    data += b"".join(struct.pack("<i", token_id) for _, token_id, _ in rows)
    for field in FIELDS:
        data += b"".join(struct.pack("<d", {**normal, **values}[field]) for _, _, values in rows)
    return data + hashlib.sha256(data).digest()


ROOT = (-1, -1, {})


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "size"),
        ([(0, -1, {})], "no tree"),
        ([(-1, -1, {}), (-1, 3, {})], "no tree"),
        ([ROOT, (1, 3, {})], "no tree"),  # its own parent
        ([ROOT, (2, 3, {}), (1, 3, {})], "no tree"),
        ([ROOT, (5, 3, {})], "no tree"),
        ([ROOT, (0, -4, {})], "no tree"),
        ([ROOT, (0, 3, {}), (0, 3, {})], "there twice"),
        ([ROOT, (0, 3, {"value": 0.1})], "value is not the logarithm"),
        ([ROOT, (0, 3, {"value": math.nan})], "value is not the logarithm"),
        ([ROOT, (0, 3, {"logprob": math.inf})], "logprob is not the logarithm"),
        ([ROOT, (0, 3, {"proven": math.nan})], "proven is not the logarithm"),
        ([ROOT, (0, 3, {"rest": 2.0})], "rest is not the logarithm"),
        ([ROOT, (0, 3, {"stop": math.nan})], "stop is not the logarithm"),
    ],
)
def test_what_is_no_trie_is_refused_whatever_its_checksum(
    rows: list[tuple[int, int, dict[str, float]]], message: str
) -> None:
    with pytest.raises(ArtifactError, match=message):
        trie_from_bytes(forged(rows), {})


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"1" * 5_000,
        {"version": 2, "nodes": 1, "key": {}},
        {"nodes": 1, "key": {}},
        {"version": 1, "nodes": True, "key": {}},
        {"version": 1, "nodes": 1.0, "key": {}},
        {"version": 1, "nodes": "1", "key": {}},
        {"version": 1, "nodes": -1, "key": {}},
        {"version": 1, "nodes": 10**30, "key": {}},
        {"version": 1, "nodes": 1, "key": {"of": "another"}},
        {"version": 1, "key": []},
    ],
)
def test_headers_that_say_anything_else_are_refused(header: Any) -> None:
    with pytest.raises(ArtifactError):
        trie_from_bytes(forged([ROOT], header), {})
    assert trie_from_bytes(forged([ROOT]), {}).size == 1


def test_headers_that_claim_to_be_huge_are_refused() -> None:
    for size in (3, 10_000, 2**32 - 1):
        with pytest.raises(ArtifactError):
            trie_from_bytes(forged([ROOT], size=size), {})


def test_more_nodes_than_there_may_be_are_refused() -> None:
    data = trie_to_bytes(learned(), {})
    with pytest.raises(ArtifactError, match="nodes, more than 3"):
        trie_from_bytes(data, {}, max_nodes=3)


def draw_many(method: GuidedDraws) -> None:
    for _ in range(100):
        method.draw()


@pytest.mark.parametrize("token", ["x", "yes", None], ids=["not allowed", "nowhere in the language", "stop"])
@pytest.mark.parametrize("make", [asap, exact])
def test_a_trie_with_other_tokens_than_the_language_is_refused(make: Any, token: str | None) -> None:
    case = case_of("words")
    token_id = len(tokens()) if token is None else tokens().index(token)
    # below the root, and below "ab", after which the text may stop
    below_root = [(-1, -1, {}), (0, token_id, {"value": -0.1})]
    below_text = [
        (-1, -1, {"rest": -math.inf}),
        (0, tokens().index("ab"), {"value": -0.1}),
        (1, token_id, {"value": -0.1}),
    ]
    for rows in (below_root, below_text):
        method = make(shared_explorer(case), trie_from_bytes(forged(rows), {}), np.random.default_rng(1))
        with pytest.raises(ArtifactError, match="does not allow"):
            draw_many(method)


def test_certificates_do_not_follow_a_stop_token_either() -> None:
    case = case_of("words")
    rows = [
        (-1, -1, {"rest": -math.inf}),
        (0, tokens().index("ab"), {"value": -0.1}),
        (1, len(tokens()), {"value": -0.1}),
    ]
    with pytest.raises(ArtifactError, match="does not allow"):
        certify(shared_explorer(case), trie_from_bytes(forged(rows), {}))
