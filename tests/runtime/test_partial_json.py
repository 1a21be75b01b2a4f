"""Values of a JSON text as it grows, against ``json.loads`` of the whole."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from constrain import ModelError
from constrain.runtime.partial_json import PartialJson, PartialValue

VALUES: list[Any] = [
    {},
    [],
    [[], {}, [[]], {"a": {}}],
    "",
    'aé😀\n"\\/',
    12,
    -1.5e-7,
    True,
    None,
    {"a/b": {"~": [1, 20, "x"]}, "": [None, False], "é\n": {"k": ""}},
    [{"name": "Ada", "tags": ["x", "yy"]}, {"name": "Bob", "tags": []}],
    "\ud83d",
    ["\ud83dx", "\ude00\ud83d", "\U0001f600"],
]


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = {key: leaf for part, inner in items for key, leaf in leaves(inner, (*path, part)).items()}
    return found or {path: value}


def spellings(value: Any) -> list[str]:
    return [
        json.dumps(value),
        json.dumps(value, indent=1),
        json.dumps(value, separators=(",", ":"), ensure_ascii=False),
        json.dumps(value).replace("/", "\\/"),
    ]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_in_pieces(value: Any) -> None:
    for seed, text in enumerate(spellings(value) * 8):
        choose = random.Random(seed)
        reader, complete, at, partial = PartialJson(), [], 0, {}
        events: list[PartialValue] = []
        while at < len(text):
            size = choose.randint(1, 5)
            events += reader.feed(text[at : at + size])
            at += size
        events += reader.close()
        for event in events:
            if event.is_complete:
                complete.append((event.path, event.value))
            else:
                assert event.path not in dict(complete)
                partial[event.path] = event.value
                final = leaves(value)[event.path]
                if isinstance(final, str):
                    assert final.startswith(event.value) or "\ud800" <= event.value[-1] <= "\udfff"
                else:
                    assert isinstance(event.value, (int, float))
        assert dict(complete) == leaves(value)
        assert [path for path, _ in complete] == list(leaves(value))


def test_every_change_is_told_once() -> None:
    reader = PartialJson()
    found = [
        [(e.pointer, e.value, e.is_complete) for e in reader.feed(piece)]
        for piece in ['{"a', '": "x', "y", "", 'z", "b": [1', "2", ", tr", "ue]}"]
    ]
    assert found == [
        [],
        [("/a", "x", False)],
        [("/a", "xy", False)],
        [],
        [("/a", "xyz", True), ("/b/0", 1, False)],
        [("/b/0", 12, False)],
        [("/b/0", 12, True)],
        [("/b/1", True, True)],
    ]
    assert reader.close() == []
    assert PartialValue(("a/b", 0, "~"), 1, True).pointer == "/a~1b/0/~0"


def test_a_number_alone_ends_with_the_text() -> None:
    reader = PartialJson()
    assert [event.value for event in reader.feed("-12")] == [-12]
    assert [(event.value, event.is_complete) for event in reader.feed("e")] == []
    assert [(event.value, event.is_complete) for event in reader.feed("3")] == [(-12000.0, False)]
    assert [(event.value, event.is_complete) for event in reader.close()] == [(-12000.0, True)]


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(ModelError, match="closes nothing"):
        PartialJson().feed("]")
