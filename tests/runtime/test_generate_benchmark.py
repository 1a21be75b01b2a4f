"""The benchmark of generation, end to end on a tiny model, and its arithmetic on results written down here."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from generate import batch, parts
from generate.cases import Case, read_cases
from generate.ours import Compiled, plain, write
from generate.peers import PEERS, Peer
from generate.report import beside, per_token, report
from generate.store import Store, StoreError

CASES = [
    Case("mood", '{"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"]}', "How?"),
    Case("ages", '{"type": "array", "items": {"type": "integer"}, "maxItems": 3}', "How old?"),
]
SETTINGS: dict[str, Any] = {
    "model": "tiny",
    "max_tokens": 60,
    "machine": "here",
    "versions": {},
    "date": "today",
    "command": "run",
}


def stores(folder: Path | None = None) -> dict[str, Store]:
    return {part: Store(folder and folder / f"{part}.jsonl", SETTINGS) for part in ("texts", "peers", "batch")}


def test_shipped_list(tmp_path: Path) -> None:
    """Without data, the constraints that are here; with it, the whole list, or an error that names what is missing."""
    assert [case.name for case in read_cases(None)] == ["order.json"]
    listed = tmp_path / "list.txt"
    listed.write_text("# a comment\norder.json | An order.\n\nages | How old?\n")
    data = tmp_path / "rows.jsonl.gz"
    data.write_bytes(gzip.compress(b'{"id": "ages", "split": "a", "schema": {"type": "null"}, "tests": []}'))
    assert [(case.name, case.request) for case in read_cases(data, listed=listed)] == [
        ("order.json", "An order."),
        ("ages", "How old?"),
    ]
    assert [case.schema for case in read_cases(data, "age", listed)] == ['{"type": "null"}']
    listed.write_text("other | What?\n")
    with pytest.raises(ValueError, match="no schema other"):
        read_cases(data, listed=listed)


def test_texts(tiny: Any, tmp_path: Path) -> None:
    """Every kind in every round, valid, and drafts change no text; a second run measures nothing again."""
    store = stores(tmp_path)["texts"]
    parts.texts(tiny, CASES, store, 2, 60)
    for case in CASES:
        alone, drafts = store.of(case.name, "alone"), store.of(case.name, "drafts")
        assert [result["text"] for result in alone] == [result["text"] for result in drafts]
        for kind in parts.KINDS:
            results = store.of(case.name, kind)
            assert len(results) == 2
            for result in results:
                jsonschema.validate(json.loads(result["text"]), json.loads(case.schema))
                assert result["complete"]
                assert 0 < result["first_seconds"] <= result["seconds"] + 1
                assert result["plain"]["seconds"] >= result["plain"]["first_seconds"] > 0
    kept = (tmp_path / "texts.jsonl").read_text()
    parts.texts(tiny, CASES, stores(tmp_path)["texts"], 2, 60)
    assert (tmp_path / "texts.jsonl").read_text() == kept


def test_plain_reads_the_same_tokens(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One forward a token of the constrained output, and nothing else."""
    from constrain.runtime import GenerationOptions

    options = GenerationOptions(seed=3, max_tokens=60)
    prompt = tiny.encode_prompt("How old?")
    written = write(tiny, Compiled(CASES[1].schema, tiny), prompt, options)
    read: list[list[int]] = []
    forward = tiny.forward

    def noting(token_ids: Sequence[int], cache: Any) -> Any:
        read.append(list(token_ids))
        return forward(token_ids, cache)

    monkeypatch.setattr(tiny, "forward", noting)
    plain(tiny, prompt, options, written.result.token_ids)
    assert read == [prompt, *([token_id] for token_id in written.result.token_ids[:-1])]


def test_batches(tiny: Any) -> None:
    """A row for each schema; the plain batch has as many steps as the longest text has tokens."""
    from constrain.runtime import GenerationOptions

    store = stores()["batch"]
    parts.batches(tiny, CASES, store, 1, 60)
    for kind in parts.BATCHES:
        (result,) = store.of("2 schemas", kind)
        assert (result["rows"], result["complete"]) == (2, 2)
        for case, text in zip(CASES, result["texts"], strict=True):
            jsonschema.validate(json.loads(text), json.loads(case.schema))
    row = batch.Row(Compiled(CASES[1].schema, tiny), tiny.encode_prompt("How?"), GenerationOptions(seed=0))
    assert batch.plain(tiny, [row, row], [[5, 6, 7], [8]]).steps == 3


class Refusing(Peer):
    package = "pytest"

    def compiled(self, schema: str) -> Any:
        if "integer" in schema:
            raise ValueError("no integers\nat all")
        return None

    def write(self, compiled: Any, case: Case, max_tokens: int) -> Any:
        return self.generate(self.prompt(case, max_tokens), max_tokens)


def test_peers(tiny: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The baseline writes as many tokens as constrain; who refuses or is not there is told of."""

    class Absent(Refusing):
        package = "no-such-package"

        def __init__(self, model: Any) -> None:
            raise ImportError("no module named so")

        @classmethod
        def version(cls) -> str:
            return "not installed"

    monkeypatch.setitem(PEERS, "refusing", Refusing)
    monkeypatch.setitem(PEERS, "absent", Absent)
    engines = ["constrain", "transformers", "constrain-drafts", "constrain-processor", "refusing", "absent"]
    kept = stores()
    parts.peers(tiny, CASES, kept["peers"], engines, 2, 60, 10)
    for case in CASES:
        for ours, base in zip(
            kept["peers"].of(case.name, "constrain"), kept["peers"].of(case.name, "transformers"), strict=True
        ):
            assert ours["valid"]
            assert ours["finished"]
            assert ours["tokens"] == base["tokens"]
    assert kept["peers"].of("ages", "refusing") == [{"refused": "ValueError: no integers"}] * 2
    assert kept["peers"].of("ages", "absent") == []
    versions = {name: PEERS[name].version() for name in engines}
    text = report(SETTINGS, versions, [case.name for case in CASES], kept)
    assert "- refusing, ages: refused: ValueError: no integers" in text
    assert "| not installed | not run |" in " ".join(text.split())


def test_store_goes_on(tmp_path: Path) -> None:
    """Half a line of a stopped run is as if it had never been; other settings are refused."""
    path = tmp_path / "raw" / "a.jsonl"
    Store(path, {"max_tokens": 1}).add("s", "e", 0, {"x": 1})
    with path.open("a") as file:
        file.write('{"schema": "s", "engine": "e", "round": 1, "re')
    store = Store(path, {"max_tokens": 1})
    assert store.of("s", "e") == [{"x": 1}]
    store.add("s", "e", 1, {"x": 2})
    assert Store(path, {"max_tokens": 1}).of("s", "e") == [{"x": 1}, {"x": 2}]
    with pytest.raises(StoreError, match="max_tokens"):
        Store(path, {"max_tokens": 2})


def test_arithmetic() -> None:
    """Ratios are of the same round, then medians; by hand."""
    ours = [{"seconds": 3.0, "first_seconds": 1.0, "tokens": 3}, {"seconds": 5.0, "first_seconds": 1.0, "tokens": 3}]
    base = [{"seconds": 7.0, "first_seconds": 1.0, "tokens": 3}, {"seconds": 9.0, "first_seconds": 1.0, "tokens": 3}]
    assert per_token(ours[0]) == 1000
    assert beside([ours], [base]) == 2.5  # (3 + 2) / 2
    store = stores()["texts"]
    for number, seconds in enumerate((1.0, 2.0, 5.0)):
        result = {"seconds": seconds, "first_seconds": 0.5, "tokens": 10, "calls": 5, "drafted": 2, "mask": 0.1}
        result |= {"draft": 0.0, "prompt_tokens": 7, "compile": 0.001, "plain": {"seconds": 6.0, "first_seconds": 0.5}}
        for kind in parts.KINDS:
            store.add("s", kind, number, result)
    text = report(SETTINGS, {}, ["s"], {**stores(), "texts": store})
    line = next(line for line in text.splitlines() if "one output alone" in line)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    # tokens/s, plain, 18/8, median of 6, 3 and 1.2, least, most, reached, calls, drafted, share, its median, reached
    assert cells[1:] == ["3.8", "1.7", "2.25", "3.00", "3.00", "3.00", "1 of 1", "50", "20", "3.8%", "5.0%", "0 of 1"]
