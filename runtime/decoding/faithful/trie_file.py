"""A trie as a file, for another run to go on from.

A header in JSON says what the trie is of: the model, the grammar, the prompt, and whatever else probabilities depend
on. Then come, for each node after its parent, the fields of :class:`Node` as float64 and int32, little-endian, and a
checksum. What is read is exactly what was written; a file that is cut short, damaged, or another prompt's is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from constrain.compiler.files import write_whole
from constrain.errors import ArtifactError
from constrain.runtime.decoding.faithful.trie import MAX_NODES, Node, Trie

__all__ = ["load_trie", "save_trie", "trie_from_bytes", "trie_to_bytes"]

MAGIC = b"CSTRTRIE"
VERSION = 1
MAX_HEADER = 1 << 20
CHECKSUM = 32
LONGEST_VALUE = 60
"""Of what a trie is of, in a message."""
FIELDS = ("logprob", "value", "proven", "rest", "stop")
OF_NODE = 2 * 4 + len(FIELDS) * 8


def trie_to_bytes(trie: Trie, key: Mapping[str, object]) -> bytes:
    """The trie, and what it is of."""
    nodes = [trie.root]
    parents = [-1]
    for index, node in enumerate(nodes):  # which grows meanwhile
        nodes += node.children.values()
        parents += [index] * len(node.children)
    header = json.dumps({"version": VERSION, "nodes": len(nodes), "key": dict(key)}, sort_keys=True).encode()
    parts = [MAGIC, len(header).to_bytes(4, "little"), header]
    parts.append(np.array(parents, dtype="<i4").tobytes())
    parts.append(np.array([node.token_id for node in nodes], dtype="<i4").tobytes())
    parts += [np.array([getattr(node, field) for node in nodes], dtype="<f8").tobytes() for field in FIELDS]
    data = b"".join(parts)
    return data + hashlib.sha256(data).digest()


def trie_from_bytes(data: bytes, key: Mapping[str, object], *, max_nodes: int = MAX_NODES) -> Trie:
    """What :func:`trie_to_bytes` gave.

    Args:
        data: the file's content.
        key: what the trie has to be of.
        max_nodes: the most nodes that it may come to have, those of what is dead aside.

    Raises:
        ArtifactError: it is anything else, or of something else; the message names what.
    """
    header, body = _opened(data)
    there = header.get("key")
    _check_key(there if isinstance(there, dict) else {}, dict(json.loads(json.dumps(dict(key)))))
    count = header.get("nodes")
    if not isinstance(count, int) or isinstance(count, bool) or count < 1 or len(body) != count * OF_NODE:
        raise _corrupt("its size is not what it says")
    parents = np.frombuffer(body, dtype="<i4", count=count)
    token_ids = np.frombuffer(body, dtype="<i4", count=count, offset=4 * count)
    values = {
        field: np.frombuffer(body, dtype="<f8", count=count, offset=8 * count * (1 + at))
        for at, field in enumerate(FIELDS)
    }
    _check(parents, token_ids, values)
    living = int((values["value"] > -np.inf).sum())
    if living > max_nodes:
        raise ArtifactError(f"the trie has {living:,} nodes, more than {max_nodes:,}")
    return _built(parents, token_ids, values, max_nodes)


def save_trie(path: str | Path, trie: Trie, key: Mapping[str, object]) -> None:
    """Write a file, whole or not at all.

    Raises:
        ArtifactError: it cannot be written.
    """
    write_whole(str(path), trie_to_bytes(trie, key))


def load_trie(path: str | Path, key: Mapping[str, object], *, max_nodes: int = MAX_NODES) -> Trie:
    """What :func:`save_trie` wrote; errors as those of :func:`trie_from_bytes`, or the file cannot be read."""
    try:
        if not Path(path).is_file():  # a pipe would be waited for
            raise ArtifactError(f"{path} cannot be read: there is no such file")
        data = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read: {error}") from None
    try:
        return trie_from_bytes(data, key, max_nodes=max_nodes)
    except ArtifactError as error:
        raise ArtifactError(f"{path}: {error.message}", expected=error.expected) from None


def _opened(data: bytes) -> tuple[dict[str, object], bytes]:
    """Header and body of an undamaged file."""
    if not data.startswith(MAGIC):
        raise ArtifactError("this is no trie of constrain", expected="a file that --trie wrote")
    start = len(MAGIC) + 4
    size = int.from_bytes(data[len(MAGIC) : start], "little")
    if len(data) < start + CHECKSUM or size > min(MAX_HEADER, len(data) - start - CHECKSUM):
        raise _corrupt("it is cut short")
    if hashlib.sha256(data[:-CHECKSUM]).digest() != data[-CHECKSUM:]:
        raise _corrupt("it is damaged or cut short")
    try:
        header = json.loads(data[start : start + size])
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise _corrupt("its header is malformed")
    if header.get("version") != VERSION:
        raise ArtifactError(f"the trie is of version {header.get('version')!r}, not {VERSION}")
    return header, data[start + size : -CHECKSUM]


def _check_key(there: Mapping[str, object], here: Mapping[str, object]) -> None:
    for name in sorted(there.keys() | here.keys()):
        if there.get(name) != here.get(name):
            values = [repr(key.get(name)) for key in (there, here)]
            told = (
                "" if max(map(len, values)) > LONGEST_VALUE else f": {values[0]}, not {values[1]}"
            )  # hashes say nothing
            raise ArtifactError(
                f"the trie is for another {name.replace('_', ' ')}{told}",
                expected="the file of the same model, constraint, prompt and options, or a new one",
            )


def _check(parents: NDArray[np.int32], token_ids: NDArray[np.int32], values: Mapping[str, NDArray[np.float64]]) -> None:
    """See that the nodes are a tree, and their numbers logarithms of probabilities."""
    own = np.arange(len(parents))
    if parents[0] != -1 or not ((parents[1:] >= 0) & (parents[1:] < own[1:])).all() or (token_ids[1:] < 0).any():
        raise _corrupt("its nodes are no tree")
    most = 1e-6  # sums are rounded
    for field, column in values.items():
        known = column[~np.isnan(column)] if field == "rest" else column
        if np.isnan(known).any() or (known > most).any():
            raise _corrupt(f"{field} is not the logarithm of a probability")


def _built(
    parents: NDArray[np.int32],
    token_ids: NDArray[np.int32],
    values: Mapping[str, NDArray[np.float64]],
    max_nodes: int,
) -> Trie:
    trie = Trie(max_nodes)
    nodes: list[Node] = []
    columns = zip(parents.tolist(), token_ids.tolist(), *(values[field].tolist() for field in FIELDS), strict=True)
    for parent, token_id, *numbers in columns:
        above = nodes[parent] if parent >= 0 else None
        node = Node(above, token_id, 0.0, 0.0)
        for field, number in zip(FIELDS, numbers, strict=True):
            setattr(node, field, number)
        if above is not None:
            if token_id in above.children:
                raise _corrupt("a node is there twice")
            above.children[token_id] = node
        nodes.append(node)
    trie.root, trie.size = nodes[0], len(nodes)
    return trie


def _corrupt(why: str) -> ArtifactError:
    return ArtifactError(f"the trie is corrupt: {why}", expected="a file that --trie wrote, as it was")
