"""Where a copy of JSONSchemaBench keeps its schemas, in the shapes that copies have.

- a clone of guidance-ai/jsonschemabench, or its folder ``maskbench/data``: one file a schema with instances,
  ``{"schema": ..., "tests": [{"valid": ..., "data": ...}]}``, named ``Dataset---name.json``;
- its folder ``data``: a folder for each dataset, and in it one file a schema, without instances;
- a download of Hugging Face's epfl-dlab/JSONSchemaBench: a folder for each dataset, and in it Parquet or JSON Lines
  with ``json_schema`` and ``unique_id``;
- one file of rows as :mod:`masks.sample` reads them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from masks.sample import Instance, Row, json_lines, read_row

__all__ = ["Corpus", "DataError", "load"]

SHAPES = (
    "a clone of guidance-ai/jsonschemabench, its folder maskbench/data (with instances) or data (without); "
    "a download of huggingface.co/datasets/epfl-dlab/JSONSchemaBench (*.parquet, *.jsonl); "
    "or a file of MaskBench rows (.jsonl, .jsonl.gz)"
)
TABLES = ("*.parquet", "*.jsonl", "*.jsonl.gz")
EVERY = "all"
"""What rows of Hugging Face's default configuration, which mixes the datasets, go by."""

NAMED_BY = re.compile(r"Failed validating '([^']+)' in schema")
"""How the message that stands beside an invalid instance, Python's jsonschema's, names the keyword."""


class DataError(Exception):
    """There is no copy of JSONSchemaBench, or one that can't be read; the message says where and what was expected."""


class Corpus(NamedTuple):
    """What a copy holds, in a fixed order, and where in it that was found."""

    source: str
    rows: list[Row]


def load(path: Path) -> Corpus:
    """Read a copy.

    Raises:
        DataError: nothing is there, or not in a shape that is known, or not JSON.
    """
    if not path.exists():
        raise DataError(f"no data at {path}; expected {SHAPES}")
    if path.is_file():
        return Corpus(path.name, _distinct(_rows_of_table(path, path.name.partition(".")[0])))
    clone = (path / "maskbench" / "data", path / "data")
    folder = next((place for place in clone if any(place.rglob("*.json"))), path)
    tables = sorted(file for kind in TABLES for file in folder.rglob(kind))
    if tables:
        named = [(file, _dataset_of(file, folder)) for file in tables]
        # the default configuration holds the same rows as the datasets' own, under no dataset's name
        own = [pair for pair in named if pair[1] != EVERY] or named
        rows = _distinct(row for file, dataset in own for row in _rows_of_table(file, dataset))
    else:
        rows = _distinct(_row_of_document(file, folder) for file in sorted(folder.rglob("*.json")))
    if not rows:
        inside = ", ".join(sorted(entry.name for entry in path.iterdir())[:8]) or "nothing"
        raise DataError(f"no schemas in {path}, which holds {inside}; expected {SHAPES}")
    inner = folder.relative_to(path).as_posix()
    return Corpus(path.resolve().name + ("" if inner == "." else f"/{inner}"), rows)


def _distinct(rows: Iterable[Row]) -> list[Row]:
    """One row for each id: the first."""
    found: dict[str, Row] = {}
    for row in rows:
        found.setdefault(row.id, row)
    return list(found.values())


def _dataset_of(file: Path, folder: Path) -> str:
    """What the place of a table says: ``Github_easy/train-00000-of-00001.parquet``."""
    inner = file.relative_to(folder).parts[:-1]
    return EVERY if not inner or inner[0] in ("data", "default") else inner[0]


def _row_of_document(file: Path, folder: Path) -> Row:
    """A file that holds a schema alone, or a schema with instances."""
    document = _parsed(file.read_bytes(), str(file))
    inner = file.relative_to(folder).parts[:-1]
    name = f"{inner[0]}---{file.stem}" if inner else file.stem
    # what MaskBench took from elsewhere has no dashes: BFCL_simple_0, JME_1
    dataset = name.partition("---")[0] if "---" in name else name.partition("_")[0]
    if not isinstance(document, dict) or not {"schema", "tests"} <= document.keys():
        return Row(name, dataset, document)
    try:
        instances = [Instance(test["valid"], test["data"], _keyword(test)) for test in document["tests"]]
    except (KeyError, TypeError) as error:
        raise DataError(f"{file}: not every test has 'valid' and 'data' ({error!r})") from None
    return Row(name, dataset, document["schema"], instances)


def _keyword(test: dict[str, Any]) -> str | None:
    named = NAMED_BY.search(test.get("python_error") or "")
    return named[1] if named else None


def _rows_of_table(file: Path, dataset: str) -> Iterator[Row]:
    """Rows of one file: MaskBench's, or Hugging Face's, which have no instances."""
    try:
        for document in _parquet_rows(file) if file.suffix == ".parquet" else json_lines(file):
            if "json_schema" in document:
                yield _row_of_hugging_face(document, dataset, file)
            elif "_meta" not in document:
                yield read_row(document)
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file}: {type(error).__name__}: {error}; expected {SHAPES}") from None


def _row_of_hugging_face(document: dict[str, Any], dataset: str, file: Path) -> Row:
    name, schema = document["unique_id"], document["json_schema"]
    if "---" in name:
        dataset = name.partition("---")[0]
    else:
        name = f"{dataset}---{name}"
    return Row(name, dataset, _parsed(schema.encode(), f"{file}: the schema of {name}"))


def _parquet_rows(file: Path) -> Iterator[dict[str, Any]]:
    try:
        from pyarrow import parquet
    except ImportError:
        raise DataError(f"{file} is Parquet, for which this Python needs pyarrow: pip install pyarrow") from None
    yield from parquet.read_table(file, columns=["json_schema", "unique_id"]).to_pylist()


def _parsed(text: bytes, place: str) -> Any:
    try:
        return json.loads(text.decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise DataError(f"{place} is not JSON: {error}") from None
