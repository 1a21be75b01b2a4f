"""What a caller may choose, checked once: the reading of formats and the spelling policy of the output."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from constrain.compiler.data import DataFiles
from constrain.compiler.json_schema.drafts import DRAFTS, Draft
from constrain.compiler.json_schema.numbers import Spelling
from constrain.compiler.json_schema.pointers import shown
from constrain.compiler.sizes import UNBOUNDED, Sizes
from constrain.errors import SchemaError, UnsupportedError

__all__ = ["MAXIMUM_INDENT", "Options", "Policy", "read_options"]

MAXIMUM_INDENT = 16
"""Widest ``pretty:N``."""


class Policy(NamedTuple):
    """How JSON values are spelled, and how large they get.

    Attributes:
        whitespace: ``spaced``, ``compact``, ``pretty``, ``flexible`` or ``any``.
        indent: spaces per level of ``pretty``.
        order: of members, ``schema`` or ``any``.
        any_escape: whether characters may be escaped that need not be.
        numbers: which spellings of numbers.
        formats_bound: where a format is not practically regular, whether a part of what conforms is written
            (``inner``), or all of it and more (``outer``).
        sizes: bounds of what the schema sets no bound of.
    """

    whitespace: Literal["spaced", "compact", "pretty", "flexible", "any"] = "spaced"
    indent: int = 0
    order: Literal["schema", "any"] = "schema"
    any_escape: bool = False
    numbers: Spelling = "plain"
    formats_bound: Literal["inner", "outer"] = "inner"
    sizes: Sizes = UNBOUNDED

    @property
    def has_blanks(self) -> bool:
        """Whether blanks may stand between any two tokens."""
        return self.whitespace in ("flexible", "any")

    @property
    def colon(self) -> bytes:
        """The colon after a key, without blanks that may be there or not."""
        return b": " if self.whitespace in ("spaced", "pretty") else b":"


@dataclass(frozen=True, slots=True)
class Options:
    """Checked options.

    Attributes:
        draft: the draft to read by; None means the schema's own ``$schema``.
        assert_formats: whether ``format`` constrains at all.
        ignored_formats: names of formats that are annotations.
        ignore_unknown_formats: whether formats that nobody here knows are annotations.
        policy: how values are spelled.
        references: other documents by their URI: parsed JSON, or JSON text.
        data: the files that lists of choices and documents are in.
    """

    draft: Draft | None
    assert_formats: bool
    ignored_formats: frozenset[str]
    ignore_unknown_formats: bool
    policy: Policy
    references: Mapping[str, object] = field(default_factory=dict, compare=False)
    data: DataFiles = field(default_factory=DataFiles, compare=False)


def read_options(
    *,
    draft: str | None = None,
    formats: str = "assert",
    ignore_formats: Sequence[str] | str = (),
    references: Mapping[str, object] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    whitespace: str = "spaced",
    order: str = "schema",
    numbers: str = "plain",
    escapes: str = "minimal",
    formats_bound: str = "inner",
    sizes: Sizes = UNBOUNDED,
) -> Options:
    """Check option values.

    Raises:
        SchemaError: a value that is none of the accepted ones.
        UnsupportedError: an accepted value that is not implemented.
    """
    known = None
    if draft is not None:
        known = next((d for d in DRAFTS if draft in (d.name, f"draft{d.name}", d.uri, d.uri.rstrip("#"))), None)
        if known is None:
            raise UnsupportedError(
                f"draft {draft!r} is not supported", expected=", ".join(repr(d.name) for d in DRAFTS)
            )
    _one_of("formats", formats, ("assert", "annotate"))
    _one_of("order", order, ("schema", "any"))
    _one_of("numbers", numbers, ("plain", "any"))
    _one_of("escapes", escapes, ("minimal", "any"))
    _one_of("formats_bound", formats_bound, ("inner", "outer"))
    indent = 0
    layout = whitespace
    if isinstance(whitespace, str) and (match := re.fullmatch(r"pretty:([0-9]{1,3})", whitespace)):
        layout, indent = "pretty", int(match[1])
        if indent > MAXIMUM_INDENT:
            raise SchemaError(f"whitespace={whitespace!r} is too wide", expected=f"at most 'pretty:{MAXIMUM_INDENT}'")
    elif whitespace not in ("compact", "spaced", "flexible", "any"):
        raise SchemaError(
            f"whitespace={whitespace!r} is not known",
            expected="'spaced', 'compact', 'pretty:N', 'flexible' or 'any'",
        )
    if isinstance(ignore_formats, str):
        names = frozenset[str]() if ignore_formats == "unknown" else frozenset([ignore_formats])
    else:
        names = frozenset(ignore_formats)
        if not all(isinstance(name, str) for name in names):
            raise SchemaError("ignore_formats holds something that is no name", expected="names, or 'unknown'")
    return Options(
        draft=known,
        assert_formats=formats == "assert",
        ignored_formats=names - {"unknown"},
        ignore_unknown_formats=ignore_formats == "unknown" or "unknown" in names,
        policy=Policy(layout, indent, order, escapes == "any", numbers, formats_bound, sizes),  # type: ignore[arg-type]  # known ones by now
        references=_references({} if references is None else references),
        data=DataFiles(data),
    )


def _references(documents: object) -> Mapping[str, object]:
    if not isinstance(documents, Mapping):
        raise SchemaError("references is no mapping", expected="a mapping from URIs to documents")
    for uri, document in documents.items():
        if not isinstance(uri, str) or not uri.rstrip("#") or "#" in uri.rstrip("#"):
            raise SchemaError(f"references has the key {shown(uri)}", expected="a URI without a fragment")
        if not isinstance(document, dict | list | bool | str | bytes):
            raise SchemaError(
                f"references[{shown(uri)}] is of type {type(document).__name__}", expected="parsed JSON, or JSON text"
            )
    return documents


def _one_of(name: str, value: str, accepted: tuple[str, ...]) -> None:
    if value not in accepted:
        raise SchemaError(f"{name}={value!r} is not known", expected=" or ".join(repr(item) for item in accepted))
