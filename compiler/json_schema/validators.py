"""jsonschema-rs under the compiler's reading of a schema: the same draft, the same formats, the same documents.

It is the second opinion about texts, and shares nothing with the automaton but what is read here. What a format asks
for is decided by ``formats.exact``, which knows nothing of automata either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urljoin

import jsonschema_rs

from constrain.compiler.data import DataFiles
from constrain.compiler.json_schema import sources
from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.formats import NAMES, key_of
from constrain.compiler.json_schema.formats.exact import conforms
from constrain.compiler.json_schema.openapi import in_draft_4
from constrain.compiler.json_schema.options import Options
from constrain.compiler.json_schema.pointers import pointer_of, shown
from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.errors import InputError, LimitError, SchemaError, UnsupportedError

__all__ = ["parsed_references", "shortened", "validator"]

_BASE = "json-schema:///"
"""What jsonschema-rs takes for the base of a document without an identifier; relative names are known under it."""

_VALIDATORS: dict[str, Callable[..., Any]] = {
    "4": jsonschema_rs.Draft4Validator,
    "6": jsonschema_rs.Draft6Validator,
    "7": jsonschema_rs.Draft7Validator,
    "2019-09": jsonschema_rs.Draft201909Validator,
    "2020-12": jsonschema_rs.Draft202012Validator,
    "openapi-3.0": jsonschema_rs.Draft4Validator,
    "openapi-3.1": jsonschema_rs.Draft202012Validator,
}
_DRAFTS = {
    "4": jsonschema_rs.Draft4,
    "6": jsonschema_rs.Draft6,
    "7": jsonschema_rs.Draft7,
    "2019-09": jsonschema_rs.Draft201909,
    "2020-12": jsonschema_rs.Draft202012,
    "openapi-3.0": jsonschema_rs.Draft4,
    "openapi-3.1": jsonschema_rs.Draft202012,
}


def validator(
    schema: Any,
    draft: Draft,
    options: Options,
    references: Mapping[str, object] | None = None,
) -> Any:
    """A validator for a parsed schema.

    Args:
        schema: parsed JSON that the draft's metaschema allows.
        draft: how to read it.
        options: how to read formats.
        references: other documents by URI: parsed JSON, or its text.

    Raises:
        SchemaError: not a usable schema.
        UnsupportedError: a reference to a document that is not there.
        LimitError: it nests too deeply.
    """
    if draft.dropped:
        raise UnsupportedError(
            "jsonschema-rs cannot judge by a metaschema that leaves vocabularies out", pointer="/$schema"
        )
    translated = in_draft_4 if draft.nullable else _as_it_is
    schema = translated(schema)
    documents = {urljoin(_BASE, uri): translated(part) for uri, part in parsed_references(references).items()}
    decided: dict[str, Callable[[str], bool]] = {
        name: partial(conforms, key) for name in NAMES if (key := key_of(name, draft.name)) is not None
    }
    decided.update(dict.fromkeys(options.ignored_formats, _any))
    try:
        retrieve = partial(_given, documents)
        make = partial(
            _VALIDATORS[draft.name],
            schema,
            validate_formats=options.assert_formats or draft.asserts_formats,
            ignore_unknown_formats=options.ignore_unknown_formats,
            formats=decided,
            keywords={keyword: partial(_Taken, options.data, keyword) for keyword in sources.KEYWORDS},
            retriever=retrieve,
        )
        try:
            return make()
        except (jsonschema_rs.ReferencingError, jsonschema_rs.ValidationError, ValueError):
            if not documents:
                raise
            # Perhaps a name that is given inside a document, which a registry knows. It is not asked first, for it
            # reads what nothing refers to, and all by one draft.
            known = list(documents.items())
            return make(registry=jsonschema_rs.Registry(known, draft=_DRAFTS[draft.name], retriever=retrieve))
    except jsonschema_rs.ReferencingError as error:
        raise _unresolved(str(error)) from None
    except jsonschema_rs.ValidationError as error:
        if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing):
            raise _unresolved(error.message) from None
        raise SchemaError(
            f"not a usable schema: {shortened(error.message)}", pointer=pointer_of(error.instance_path)
        ) from None
    except ValueError as error:
        raise LimitError(f"jsonschema-rs cannot read the schema: {error}", expected="a flatter schema") from None


def parsed_references(references: Mapping[str, object] | None) -> dict[str, Any]:
    """Documents by URI, parsed.

    Raises:
        SchemaError, LimitError: a text that is not JSON; with a note that names its URI.
    """
    documents: dict[str, Any] = {}
    for uri, document in (references or {}).items():
        try:
            documents[uri] = read_schema_text(document) if isinstance(document, str | bytes) else document
        except InputError as error:
            error.add_note(uri)
            raise
    return documents


def shortened(text: str) -> str:
    """A message that may quote a whole document, cut in its middle."""
    return text if len(text) <= 300 else f"{text[:200]} ... {text[-90:]}"


def _unresolved(message: str) -> UnsupportedError:
    return UnsupportedError(
        f"a reference cannot be resolved: {shortened(message)}",
        expected="references to places in the schema itself, or in documents that are given (--ref, --ref-dir)",
    )


class _Taken:
    """A keyword that jsonschema-rs does not know: is a string taken from its source? No automaton is asked."""

    def __init__(self, files: DataFiles, keyword: str, schema: Any, value: Any, path: list[str | int]) -> None:
        self._term = sources.read(keyword, value, pointer_of(path), files)

    def validate(self, instance: Any) -> None:
        source = self._term.source
        if isinstance(instance, str) and source is not None and not source.holds(instance):
            what = "a choice of" if source.unit is None else "a span of"
            raise ValueError(f"{shown(instance)} is not {what} {self._term.text}")


def _as_it_is(schema: Any) -> Any:
    return schema


def _any(_: str) -> bool:
    return True


def _given(documents: Mapping[str, Any], uri: str) -> Any:
    if uri not in documents:
        raise ValueError(f"{uri} is another document, and none are fetched")
    return documents[uri]
