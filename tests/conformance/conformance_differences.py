"""The list of what ``check`` and jsonschema-rs see differently, and both verdicts on a text."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import jsonschema_rs

from constrain.cli.constraint import CompileOptions, Constraint
from constrain.cli.json_documents import JsonJudge
from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.errors import UnsatisfiableError

__all__ = ["DIFFERENCES", "Difference", "our_verdict", "read_differences", "their_verdict", "verdicts"]

DIFFERENCES = Path(__file__).with_name("differences.toml")
NAMES = {
    **{"4": "Draft4", "6": "Draft6", "7": "Draft7", "2019-09": "Draft201909", "2020-12": "Draft202012"},
    **{"openapi-3.0": "Draft4", "openapi-3.1": "Draft202012"},
}

Verdict = bool | Literal["refused"]


class Difference(NamedTuple):
    """One kind of disagreement.

    Attributes:
        name: what it is about.
        specification: the words that decide.
        drafts: whether it is confined to some.
        schema: what occurs in the schema's text.
        text: what occurs in the text.
        cases: examples, some of which lie just beside it.
    """

    name: str
    specification: str
    drafts: tuple[str, ...]
    schema: re.Pattern[str]
    text: re.Pattern[str]
    cases: tuple[dict[str, Any], ...]

    def covers(self, draft: str, schema: str, text: str) -> bool:
        """Whether a disagreement is of this kind, by what it is about."""
        return (
            (not self.drafts or draft in self.drafts)
            and self.schema.search(schema) is not None
            and self.text.search(text) is not None
        )


def read_differences() -> list[Difference]:
    """The list."""
    with DIFFERENCES.open("rb") as file:
        kinds = tomllib.load(file)["kind"]
    return [
        Difference(
            kind["name"],
            kind["specification"],
            tuple(kind.get("drafts", ())),
            re.compile(kind["schema"]),
            re.compile(kind["text"], re.DOTALL),
            tuple(kind["cases"]),
        )
        for kind in kinds
    ]


def verdicts(
    schema: str, draft: str, *, formats: str = "assert", references: Mapping[str, Any] | None = None
) -> tuple[Callable[[str], Verdict], Callable[[str], Verdict]]:
    """What ``check`` and jsonschema-rs say about texts.

    Raises:
        ConstrainError: the schema cannot be compiled.
    """
    documents = dict(references or {})
    return our_verdict(schema, draft, formats, documents), their_verdict(schema, draft, formats, documents)


def our_verdict(schema: str, draft: str, formats: str, references: Mapping[str, Any]) -> Callable[[str], Verdict]:
    """The judge of ``check``."""
    options = CompileOptions(
        draft=draft,
        formats=formats,
        ignore_formats=("unknown",),
        references=tuple((uri, json.dumps(document)) for uri, document in references.items()),
    )
    try:
        judge = JsonJudge(Constraint("schema", schema, "a schema", options))
    except UnsatisfiableError:
        return lambda _: False
    return lambda text: not judge.findings(text.encode())


def their_verdict(schema: str, draft: str, formats: str, references: Mapping[str, Any]) -> Callable[[str], Verdict]:
    """jsonschema-rs as it comes, formats included."""
    try:
        validator = getattr(jsonschema_rs, f"{NAMES[draft]}Validator")(
            read_schema_text(schema),
            validate_formats=formats == "assert",
            ignore_unknown_formats=True,
            retriever=lambda uri: _given(uri, references),
        )
    except jsonschema_rs.ValidationError:
        return lambda _: "refused"
    return lambda text: bool(validator.is_valid(read_schema_text(text, repeated_keys="last")))


def _given(uri: str, references: Mapping[str, Any]) -> Any:
    if uri not in references:
        raise ValueError(f"{uri} is not given")
    return references[uri]
