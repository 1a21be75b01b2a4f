"""Copies of JSONSchemaBench in the shapes that people have them in, and what is known about their schemas."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from corpus.keywords import facts
from corpus.loading import DataError, load

SCHEMA = {"type": "integer", "minimum": 3}
TESTED = {
    "description": "sample",
    "meta": {},
    "schema": SCHEMA,
    "tests": [
        {"description": "good", "valid": True, "data": 3},
        {"valid": False, "data": 2, "python_error": "2 is less than 3\n\nFailed validating 'minimum' in schema:\n"},
        {"valid": False, "data": 1},
    ],
}


def write(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))


def test_a_clone_is_read_with_its_instances(tmp_path: Path) -> None:
    write(tmp_path / "maskbench" / "data" / "Github_easy---o1.json", TESTED)
    write(tmp_path / "maskbench" / "data" / "BFCL_simple_0.json", TESTED | {"tests": []})
    write(tmp_path / "data" / "Github_easy" / "o1.json", SCHEMA)
    corpus = load(tmp_path)
    assert corpus.source == f"{tmp_path.name}/maskbench/data"
    assert [(row.id, row.split, len(row.instances)) for row in corpus.rows] == [
        ("BFCL_simple_0", "BFCL", 0),
        ("Github_easy---o1", "Github_easy", 3),
    ]
    assert [instance.keyword for instance in corpus.rows[1].instances] == [None, "minimum", None]
    assert load(tmp_path / "maskbench").rows == load(tmp_path / "maskbench" / "data").rows == corpus.rows


def test_a_folder_for_each_dataset_has_schemas_alone(tmp_path: Path) -> None:
    write(tmp_path / "data" / "Github_easy" / "o1.json", SCHEMA)
    write(tmp_path / "data" / "Snowplow" / "o1.json", {"properties": {"schema": True, "tests": True}})
    for folder in (tmp_path, tmp_path / "data"):
        rows = load(folder).rows
        assert [(row.id, row.split) for row in rows] == [
            ("Github_easy---o1", "Github_easy"),
            ("Snowplow---o1", "Snowplow"),
        ]
        assert rows[0].schema == SCHEMA
        assert not rows[0].instances


def hugging_face_rows(*names: str) -> list[dict[str, str]]:
    return [{"json_schema": json.dumps(SCHEMA), "unique_id": name} for name in names]


def write_lines(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))


def test_a_download_is_read_by_dataset_and_each_schema_once(tmp_path: Path) -> None:
    write_lines(tmp_path / "Github_easy" / "train.jsonl.gz", hugging_face_rows("o1", "o2"))
    write_lines(tmp_path / "Github_easy" / "test.jsonl.gz", hugging_face_rows("o3", "o2"))
    write_lines(tmp_path / "data" / "train.jsonl.gz", hugging_face_rows("o1", "o2", "o3"))
    names = [(row.id, row.split, row.schema) for row in load(tmp_path).rows]
    assert sorted(name for name, _, _ in names) == [f"Github_easy---o{n}" for n in (1, 2, 3)]
    assert all((split, schema) == ("Github_easy", SCHEMA) for _, split, schema in names)
    (row,) = load_lines(tmp_path / "one", hugging_face_rows("Snowplow---a"))
    assert row.split == "Snowplow"


def load_lines(folder: Path, rows: list[dict[str, str]]) -> list[Any]:
    write_lines(folder / "data" / "train.jsonl.gz", rows)
    return load(folder).rows


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    from pyarrow import parquet

    folder = tmp_path / "Github_easy"
    folder.mkdir()
    parquet.write_table(pyarrow.Table.from_pylist(hugging_face_rows("o1")), folder / "train-00000-of-00001.parquet")
    (row,) = load(tmp_path).rows
    assert (row.id, row.split, row.schema) == ("Github_easy---o1", "Github_easy", SCHEMA)


def test_what_is_no_copy_is_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data at .*none; expected a clone of guidance-ai/jsonschemabench"):
        load(tmp_path / "none")
    with pytest.raises(DataError, match="which holds nothing; expected"):
        load(tmp_path)
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(DataError, match=r"which holds notes\.txt; expected"):
        load(tmp_path)
    (tmp_path / "broken.json").write_text('{"type": ')
    with pytest.raises(DataError, match=r"broken\.json is not JSON"):
        load(tmp_path)
    write(tmp_path / "broken.json", {"schema": {}, "tests": [{"data": 1}]})
    with pytest.raises(DataError, match=r"broken\.json: not every test has 'valid' and 'data'"):
        load(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(DataError, match=r"rows\.jsonl: KeyError: 'tests'"):
        load(tmp_path / "rows.jsonl")


def test_the_shared_sample_is_read(shared_data: Path) -> None:
    corpus = load(shared_data / "maskbench" / "sample.jsonl.gz")
    assert len(corpus.rows) == 609


DRAFT_4, DRAFT_7 = ({"$schema": f"http://json-schema.org/draft-0{number}/schema#"} for number in (4, 7))
OWN = {"$schema": "https://example.org/own"}


@pytest.mark.parametrize(
    ("schema", "keywords"),
    [
        ({"properties": {"enum": {"const": {"pattern": "a"}}}, "examples": [{"not": 1}]}, "properties const"),
        ({"enum": [{"type": "string"}], "default": {"type": "string"}, "title": "t"}, "enum"),
        ({"$defs": {"type": {"maxLength": 1}}, "$ref": "#/$defs/type"}, "$ref maxLength"),
        ({"if": {"minimum": 1}, "then": {"maximum": 1}}, "if then minimum maximum"),
        ({"contains": True, "minContains": 2}, "contains minContains"),
        (DRAFT_7 | {"contains": True, "minContains": 2, "items": [{"not": {}}]}, "contains items not"),
        (DRAFT_4 | {"const": {}, "dependencies": {"a": {"type": "null"}}}, "dependencies type"),
        (OWN | {"x-else": {"type": "string"}, "anyOf": [True, {"$ref": "#"}]}, "anyOf $ref"),
        (True, ""),
    ],
)
def test_keywords_count_where_they_are_keywords(schema: Any, keywords: str) -> None:
    assert facts(schema).keywords == set(keywords.split())


def test_formats_and_validity() -> None:
    schema = {"properties": {"format": {"format": "email"}}, "items": {"format": "x"}, "const": {"format": "date"}}
    assert facts(schema).formats == {"email", "x"}
    assert facts(schema).valid
    assert facts({"$schema": "https://example.org/own", "type": 3}).valid
    assert not facts({"type": "no-such-type"}).valid
    assert not facts({"items": {"pattern": "(a"}}).valid
    assert not facts({"patternProperties": {"(a": True}}).valid
    assert facts({"properties": {"pattern": {"const": {"pattern": "(a"}}}}).valid
    assert not facts({"$schema": "http://json-schema.org/draft-04/schema#", "required": []}).valid
    assert facts({"$schema": "http://json-schema.org/draft-06/schema#", "required": []}).valid
