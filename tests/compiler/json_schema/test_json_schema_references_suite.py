"""The official suite's groups on references, identifiers, drafts and vocabularies, each judged by walking the engine.

What is refused today is refused for a keyword that these groups only happen to use.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from json_schema_random import spellings

from constrain.errors import UnsatisfiableError, UnsupportedError

DRAFTS = ["4", "6", "7", "2019-09", "2020-12"]
SPLITS = {
    *("ref", "refRemote", "id", "anchor", "dynamicRef", "recursiveRef", "vocabulary", "defs", "definitions"),
    *("unknownKeyword", "infinite-loop-detection", "dependencies"),
    *("optional/anchor", "optional/id", "optional/refOfUnknownKeyword", "optional/cross-draft", "optional/dynamicRef"),
    *("optional/no-schema", "optional/unknownKeyword", "optional/dependencies-compatibility"),
    "optional/format-assertion",
}
OTHERS = ("uniqueItems", "unevaluated", "the negation of additional", "minProperties that only", "keeps their names")
"""Parts of the messages that name a keyword of another family."""


def read(folder: Path, draft: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"json-schema-test-suite/jsts-draft{draft}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def remotes(shared_data: Path) -> dict[str, Any]:
    """The suite's remote documents, of all drafts: some refer to another's.

    The file lacks those that lie outside the folders of drafts; they are those of 2019-09, without a ``$schema``.
    """
    found: dict[str, Any] = {}
    for draft in DRAFTS:
        found |= read(shared_data, draft)[0]["_meta"]["remotes"]
    for uri, document in list(found.items()):
        if "/draft2019-09/" in uri:
            plain = {key: value for key, value in document.items() if key != "$schema"}
            found.setdefault(uri.replace("/draft2019-09/", "/"), plain)
    return found


@pytest.mark.parametrize("draft", DRAFTS)
def test_groups(draft: str, shared_data: Path, remotes: dict[str, Any], compiled: Any, takes: Any) -> None:
    judged = refused = 0
    for group in read(shared_data, draft)[1:]:
        if group["split"] not in SPLITS:
            continue
        options = {"draft": draft, "references": remotes, "formats": "annotate", "ignore_formats": "unknown"}
        grammar = None
        try:
            grammar = compiled(group["schema"], **options)
        except UnsatisfiableError:
            pass
        except UnsupportedError as error:
            if not any(part in error.message for part in OTHERS):
                raise
            refused += 1
            continue
        for case in group["tests"]:
            taken = grammar is not None and any(takes(grammar, text) for text in spellings(case["data"]))
            assert taken == case["valid"], (group["id"], case["description"])
            judged += 1
    assert refused <= 7
    assert judged > 80
