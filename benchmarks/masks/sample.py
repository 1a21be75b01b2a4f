"""The benchmark's rows: schemas with valid and invalid instances, one JSON object a line, gzip or plain.

MaskBench's data in that form: ``id``, ``split``, ``schema`` and ``tests``, a list of ``valid``, ``data`` and, for an
invalid instance, the ``keyword`` that a validator named. The first line may be ``{"_meta": {...}}`` with a ``source``.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

__all__ = ["Instance", "Row", "choose", "in_schema_order", "instance_text", "json_lines", "read_row", "read_rows"]


@dataclass(frozen=True)
class Instance:
    """One document, whether the schema allows it, and if not, the keyword that a validator named."""

    valid: bool
    data: Any
    keyword: str | None = None


@dataclass(frozen=True)
class Row:
    """One schema (keys in the file's order) with its instances; ``split`` is the collection it came from."""

    id: str
    split: str
    schema: Any
    instances: list[Instance] = field(default_factory=list)


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file with one a line, gzip or plain."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8", "surrogatepass")
    yield from map(json.loads, filter(None, text.split("\n")))


def read_row(document: dict[str, Any]) -> Row:
    """The row that a line holds."""
    instances = [Instance(test["valid"], test["data"], test.get("keyword")) for test in document["tests"]]
    return Row(document["id"], document["split"], document["schema"], instances)


def read_rows(path: Path) -> tuple[str | None, list[Row]]:
    """Read a data file.

    Returns:
        What the file says about its source, and the rows in file order.
    """
    source = None
    rows = []
    for document in json_lines(path):
        if "_meta" in document:
            source = document["_meta"].get("source")
        else:
            rows.append(read_row(document))
    return source, rows


def choose(rows: list[Row], count: int, seed: int) -> list[Row]:
    """Choose rows in proportion to the splits, at least one of each, by a hash of seed and id; all when count is 0.

    The choice depends on nothing but the rows and the seed, so everybody who names both measures the same schemas.
    """
    if not count or count >= len(rows):
        return rows
    by_split: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_split[row.split].append(row)
    share = {split: count * len(members) / len(rows) for split, members in by_split.items()}
    quota = {split: max(1, int(part)) for split, part in share.items()}
    for split in sorted(share, key=lambda split: (int(share[split]) - share[split], split)):
        if sum(quota.values()) >= count:
            break
        quota[split] += 1

    def rank(row: Row) -> str:
        return hashlib.sha256(f"{seed}:{row.id}".encode()).hexdigest()

    chosen = {row.id for split, members in by_split.items() for row in sorted(members, key=rank)[: quota[split]]}
    return [row for row in rows if row.id in chosen]


def in_schema_order(data: Any, schema: Any) -> Any:
    """The instance with declared keys in the order of ``properties``, others after them, wherever schemas reach.

    References inside the document are followed; what a schema declares beside ``properties``, in conjunctions and
    alternatives, comes after that, in their order.
    """
    return _in_order(data, [schema], schema)


def _in_order(data: Any, schemas: list[Any], root: Any) -> Any:
    """The same for a value that several schemas are about."""
    about = [part for schema in schemas for part in _parts(schema, root, set())]
    if isinstance(data, list):
        items = [schema["items"] for schema in about if isinstance(schema.get("items"), dict)]
        return [_in_order(item, items, root) for item in data]
    if not isinstance(data, dict):
        return data
    declared: dict[str, list[Any]] = defaultdict(list)
    for schema in about:
        properties = schema.get("properties")
        for key, inner in properties.items() if isinstance(properties, dict) else ():
            declared[key].append(inner)
    others = [schema["additionalProperties"] for schema in about if "additionalProperties" in schema]
    keys = [*(key for key in declared if key in data), *(key for key in data if key not in declared)]
    return {key: _in_order(data[key], declared.get(key, others), root) for key in keys}


def _parts(schema: Any, root: Any, seen: set[str]) -> Iterator[dict[str, Any]]:
    """A schema and those that are about the same value: behind its reference, in conjunctions and alternatives."""
    if not isinstance(schema, dict):
        return
    yield schema
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#") and reference not in seen:
        seen.add(reference)
        yield from _parts(_behind(reference, root), root, seen)
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = schema.get(keyword)
        for branch in branches if isinstance(branches, list) else ():
            yield from _parts(branch, root, seen)
    for keyword in ("if", "then", "else"):
        yield from _parts(schema.get(keyword), root, seen)


def _behind(reference: str, root: Any) -> Any:
    """What a pointer (RFC 6901) in a fragment leads to; None where it leads nowhere."""
    value = root
    for step in unquote(reference[1:]).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        value = value.get(name) if isinstance(value, dict) else None
    return value


def instance_text(data: Any, compact: bool) -> str:
    """JSON text as a model would write it: non-ASCII characters as they are, lone surrogates escaped."""
    separators = (",", ":") if compact else (", ", ": ")
    text = json.dumps(data, ensure_ascii=False, separators=separators)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = json.dumps(data, separators=separators)
    return text
