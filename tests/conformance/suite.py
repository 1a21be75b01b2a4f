"""The official JSON Schema test suite, held against the engine: one verdict for each of its groups.

Verdicts come from walking the masks over an instance's tokens, not from a validator. Each group is read as the suite
means it: with its folder's draft, the suite's remote documents, formats asserted in ``optional/format`` and annotations
elsewhere, unknown formats ignored, members in any order, flexible white space, every spelling of strings and numbers.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from constrain import Vocabulary
from constrain.compiler import compile_grammar, json_schema
from constrain.errors import ConstrainError, LimitError, UnsatisfiableError, UnsupportedError

DRAFTS = ("4", "6", "7", "2019-09", "2020-12")


class Group(NamedTuple):
    """One schema of the suite with its instances."""

    draft: str
    id: str
    split: str
    schema: Any
    tests: list[dict[str, Any]]
    remotes: dict[str, Any]

    @property
    def options(self) -> dict[str, Any]:
        """How the suite means the schema."""
        return {
            "draft": self.draft,
            "references": self.remotes,
            "formats": "assert" if self.split.startswith("optional/format") else "annotate",
            "ignore_formats": "unknown",
            "whitespace": "flexible",
            "order": "any",
            "numbers": "any",
            "escapes": "any",
        }


class Outcome(NamedTuple):
    """What came of a group.

    Attributes:
        state: ``exact``, ``subset`` (valid instances were refused), ``refused``, or ``wrong`` (an invalid instance was
            taken, or an error that is none of the declared ones).
        reason: why it is not exact.
    """

    state: str
    reason: str = ""


def groups(folder: Path, draft: str) -> Iterator[Group]:
    """The groups of one draft."""
    with gzip.open(folder / "json-schema-test-suite" / f"jsts-draft{draft}.jsonl.gz", "rt", encoding="utf-8") as file:
        remotes = json.loads(next(file))["_meta"]["remotes"]
        for line in file:
            row = json.loads(line)
            yield Group(draft, row["id"], row["split"], row["schema"], row["tests"], remotes)


def outcome(group: Group, vocabulary: Vocabulary) -> Outcome:
    """Compile a group's schema and judge its instances."""
    taken: list[bool]
    try:
        compiled = compile_grammar(json_schema.build(group.schema, **group.options), vocabulary)
        taken = [_takes(compiled, text_of(test["data"])) for test in group.tests]
    except UnsatisfiableError:
        taken = [False for _ in group.tests]
    except (UnsupportedError, LimitError) as error:
        return Outcome("refused", _line(str(error)))
    except ConstrainError as error:
        return Outcome("wrong", _line(f"{type(error).__name__}: {error}"))
    wrong = [test for test, is_taken in zip(group.tests, taken, strict=True) if is_taken != test["valid"]]
    accepted = [test for test in wrong if not test["valid"]]
    if accepted:
        return Outcome("wrong", _line(f"accepts {text_of(accepted[0]['data'])}"))
    return Outcome("subset", _line(f"rejects {text_of(wrong[0]['data'])}")) if wrong else Outcome("exact")


def text_of(instance: Any) -> str:
    """An instance as text, as Python writes it."""
    return json.dumps(instance, ensure_ascii=False)


def _takes(compiled: Any, text: str) -> bool:
    matcher = compiled.matcher()
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a lone surrogate is only an escape
        data = json.dumps(json.loads(text)).encode()
    return matcher.accept_bytes(data) and matcher.is_accepting()


def _line(text: str) -> str:
    return " ".join(text.split())[:160]
