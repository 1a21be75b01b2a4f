"""The official JSON Schema test suite, held against the engine: one verdict for each of its groups.

Verdicts come from walking the masks over an instance's tokens, not from a validator. Each group is read as the suite
means it: with its folder's draft, the suite's remote documents, formats (and draft 7's contents) asserted in their
optional folders and annotations elsewhere, unknown formats ignored, members in any order, flexible white space, every
spelling of strings and numbers.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from constrain import CompiledGrammar, Vocabulary
from constrain.compiler import compile_grammar, json_schema
from constrain.compiler.json_schema.formats import FORMATS, key_of
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
        asserts = self.split.startswith(("optional/format", "optional/content"))
        return {
            "draft": self.draft,
            "references": self.remotes,
            "formats": "assert" if asserts else "annotate",
            "ignore_formats": "unknown",
            "whitespace": "flexible",
            "order": "any",
            "numbers": "any",
            "escapes": "any",
        }


class Outcome(NamedTuple):
    """What came of a group.

    Attributes:
        state: ``exact``, ``subset`` (valid instances of a format that is declared to be generated in part were
            rejected), ``refused``, or ``wrong``: anything else.
        reason: why it is not exact.
    """

    state: str
    reason: str = ""


STATES = ("exact", "subset", "refused", "wrong")
"""From the best to the worst."""


class Walker:
    """Walks masks over texts, token by token."""

    def __init__(self, vocabulary: Vocabulary, tokens_of: Callable[[bytes], Sequence[int]]) -> None:
        self.vocabulary = vocabulary
        self._tokens_of = tokens_of
        self._mask = np.zeros((1, (vocabulary.vocab_size + 31) // 32), dtype=np.int32)

    def takes(self, compiled: CompiledGrammar, text: bytes) -> bool:
        """Whether each mask allows the next token, and the text may end after the last one."""
        matcher = compiled.matcher()
        for token in self._tokens_of(text):
            matcher.fill_next_token_bitmask(self._mask, 0)
            if not self._mask[0, token >> 5] >> (token & 31) & 1:
                return False
            if not matcher.accept_token(token):
                raise AssertionError(f"token {token} is in the mask, but not accepted")
        return matcher.is_accepting()


def byte_walker(vocabulary: Vocabulary) -> Walker:
    """Over the byte vocabulary."""
    return Walker(vocabulary, list)


def groups(folder: Path, draft: str) -> Iterator[Group]:
    """The groups of one draft.

    Args:
        folder: of shared data.
        draft: its short name.
    """
    remotes = _remotes(folder)
    for row in _rows(folder, draft)[1:]:
        yield Group(draft, row["id"], row["split"], row["schema"], row["tests"], remotes)


@cache
def _rows(folder: Path, draft: str) -> list[dict[str, Any]]:
    path = folder / "json-schema-test-suite" / f"jsts-draft{draft}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@cache
def _remotes(folder: Path) -> dict[str, Any]:
    """The suite's remote documents, of all drafts: some refer to another's.

    The data lacks those that lie outside the folders of drafts; they are those of 2019-09, without a ``$schema``.
    """
    found: dict[str, Any] = {}
    for draft in DRAFTS:
        found |= _rows(folder, draft)[0]["_meta"]["remotes"]
    for uri, document in list(found.items()):
        if "/draft2019-09/" in uri:
            plain = {key: value for key, value in document.items() if key != "$schema"}
            found.setdefault(uri.replace("/draft2019-09/", "/"), plain)
    return found


def outcome(group: Group, walker: Walker) -> Outcome:
    """Compile a group's schema and judge its instances."""
    texts = [_encoded(test["data"]) for test in group.tests]
    try:
        compiled = compile_grammar(json_schema.build(group.schema, **group.options), walker.vocabulary)
        taken = [walker.takes(compiled, text) for text in texts]
    except UnsatisfiableError:
        taken = [False for _ in texts]
    except (UnsupportedError, LimitError) as error:
        return Outcome("refused", _line(str(error)))
    except ConstrainError as error:
        return Outcome("wrong", _line(f"{type(error).__name__}: {error}"))
    judged = list(zip(texts, taken, [test["valid"] for test in group.tests], strict=True))
    for text, is_taken, valid in judged:
        if is_taken and not valid:
            return Outcome("wrong", _line(f"accepts {text.decode()}"))
    rejected = [text for text, is_taken, valid in judged if valid and not is_taken]
    if not rejected:
        return Outcome("exact")
    reason = _declared(group)
    return Outcome("subset", reason) if reason else Outcome("wrong", _line(f"rejects {rejected[0].decode()}"))


def _declared(group: Group) -> str:
    """What is declared to be left out of the group's format."""
    key = key_of(str(group.schema.get("format")), group.draft)
    return FORMATS[key].reason or "" if key is not None else ""


def _encoded(instance: Any) -> bytes:
    """An instance as text, as Python writes it; a lone surrogate can only be an escape."""
    try:
        return json.dumps(instance, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(instance).encode()


def _line(text: str) -> str:
    return " ".join(text.split())[:160]
