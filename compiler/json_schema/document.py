"""A schema opened for looking at it: read as ``build`` reads it, but not written as a grammar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from constrain.compiler.json_schema.algebra import Algebra
from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.model import Store
from constrain.compiler.json_schema.nesting import check_nesting
from constrain.compiler.json_schema.options import Options, read_options
from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.compiler.json_schema.reader import Reader
from constrain.errors import SchemaError

__all__ = ["Document", "open_schema", "parsed_schema"]


@dataclass(frozen=True, slots=True)
class Document:
    """A schema, and what reads it.

    Attributes:
        root: the parsed schema.
        options: how it is read.
        store: the model, as far as it was read.
        reader: reads more of it.
        algebra: over the store.
    """

    root: Any
    options: Options
    store: Store
    reader: Reader
    algebra: Algebra

    @property
    def draft(self) -> Draft:
        """The draft that it is read by."""
        return self.reader.draft


def open_schema(
    schema: dict[str, Any] | bool | str | bytes,
    *,
    draft: str | None = None,
    formats: Literal["assert", "annotate"] = "assert",
    ignore_formats: Sequence[str] | Literal["unknown"] = (),
    references: Mapping[str, object] | None = None,
    data: Mapping[str, bytes | str] | None = None,
) -> Document:
    """Open a schema, which is not held to its metaschema yet; arguments are those of ``build``.

    Raises:
        SchemaError: not JSON, or an option that is not known.
        UnsupportedError: an option or a draft that is not implemented.
        LimitError: it nests too deeply.
    """
    options = read_options(
        draft=draft, formats=formats, ignore_formats=ignore_formats, references=references, data=data
    )
    root = parsed_schema(schema)
    store = Store()
    asks = "unevaluated" in repr((root, options.references))
    reader = Reader(root, options, store, annotates=asks)
    return Document(root, options, store, reader, Algebra(store, reader.target))


def parsed_schema(schema: dict[str, Any] | bool | str | bytes) -> Any:
    """A schema given as text, parsed; any other as it is.

    Raises:
        SchemaError: not JSON, or not an object or a boolean.
        LimitError: it nests too deeply.
    """
    root: Any = read_schema_text(schema) if isinstance(schema, str | bytes) else schema
    if not isinstance(root, dict | bool):
        raise SchemaError(
            f"the schema is of type {type(root).__name__}", pointer="", expected="a JSON object, true or false"
        )
    check_nesting(root)
    return root
