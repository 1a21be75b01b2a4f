"""``check`` differs from jsonschema-rs where ``differences.toml`` says so, and nowhere else that the data reaches."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conformance_differences import NAMES, Difference, read_differences, verdicts
from conformance_suite import DRAFTS, groups

from constrain.compiler.json_schema.drafts import DRAFTS as KNOWN
from constrain.errors import LimitError, UnsupportedError

KINDS = read_differences()


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSTRAIN_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_listed_cases(kind: Difference) -> None:
    differing = 0
    for case in kind.cases:
        draft, schema, text = case.get("draft", "2020-12"), case["schema"], case["text"]
        ours, theirs = verdicts(schema, draft, formats=case.get("formats", "assert"))
        assert (ours(text), theirs(text)) == (case["ours"], case["theirs"]), case
        if case["ours"] != case["theirs"]:
            assert kind.covers(draft, schema, text), case
            differing += 1
    assert differing
    assert len(kind.specification) > 40


@pytest.mark.parametrize("draft", DRAFTS)
def test_every_disagreement_over_the_official_suite_is_listed(draft: str, shared_data: Path) -> None:
    judged = 0
    for group in groups(shared_data, draft):
        formats = "assert" if group.split.startswith("optional/format") else "annotate"
        texts = [_text(test["data"]) for test in group.tests]
        judged += _compare(group.id, json.dumps(group.schema), draft, texts, formats=formats, references=group.remotes)
    assert judged > 600


def test_every_disagreement_over_real_schemas_is_listed(shared_data: Path) -> None:
    judged = 0
    for id_, schema, tests in _sample(shared_data):
        judged += _compare(id_, json.dumps(schema), _draft(schema), [_text(test["data"]) for test in tests])
    assert judged > 2_000


def _compare(id_: str, schema: str, draft: str, texts: list[str], **options: Any) -> int:
    """Hold the verdicts on some texts against each other; how many there were."""
    try:
        ours, theirs = verdicts(schema, draft, **options)
    except (UnsupportedError, LimitError):
        return 0
    for text in texts:
        if ours(text) != theirs(text):
            assert any(kind.covers(draft, schema, text) for kind in KINDS), (id_, schema, text, ours(text))
    return len(texts)


def _sample(folder: Path) -> Iterator[tuple[str, Any, list[dict[str, Any]]]]:
    with gzip.open(folder / "maskbench/sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            row = json.loads(line)
            yield row["id"], row["schema"], row["tests"]


def _draft(schema: Any) -> str:
    uri = str(schema.get("$schema", "")).rstrip("#") if isinstance(schema, dict) else ""
    return next((draft.name for draft in KNOWN if draft.name in NAMES and draft.uri.rstrip("#") == uri), "2020-12")


def _text(instance: Any) -> str:
    """As Python writes it; lone surrogates as escapes."""
    text = json.dumps(instance, ensure_ascii=False)
    return text if not re.search("[\ud800-\udfff]", text) else json.dumps(instance)
