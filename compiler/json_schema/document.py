"""A schema opened for looking at it: read as ``build`` reads it, but not written as a grammar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from constrain.compiler.json_schema.algebra import Algebra
from constrain.compiler.json_schema.drafts import Draft, check_metaschema, detect_draft
from constrain.compiler.json_schema.model import SchemaId, Store
from constrain.compiler.json_schema.nesting import check_nesting
from constrain.compiler.json_schema.options import Options, read_options
from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.compiler.json_schema.reader import Reader
from constrain.compiler.json_schema.references import References
from constrain.errors import SchemaError

__all__ = ["Document", "open_schema", "parsed_schema"]


@dataclass(frozen=True, slots=True)
class Document:
    """A schema, and what reads it.

    Attributes:
        root: the parsed schema.
        draft: the draft that it is read by.
        options: how.
        store: the model, as far as it was read.
        reader: reads more of it.
        algebra: over the store.
    """

    root: Any
    draft: Draft
    options: Options
    store: Store
    reader: Reader
    algebra: Algebra

    def schema(self, raw: Any, pointer: str, around: Sequence[dict[str, Any]]) -> SchemaId:
        """The model of a schema inside the document, or of one that could stand there.

        Args:
            raw: parsed JSON.
            pointer: its place.
            around: the schemas that hold it, outermost first, on which the meaning of its references depends.

        Raises:
            InputError: it cannot be read.
        """
        references = References(self.root, self.draft)
        base = ""
        for outer in around:
            base = references.base_of(outer, base)
        return self.reader.read(raw, pointer, base, 0)


def open_schema(
    schema: dict[str, Any] | bool | str | bytes,
    *,
    draft: str | None = None,
    formats: Literal["assert", "annotate"] = "assert",
    ignore_formats: Sequence[str] | Literal["unknown"] = (),
    references: Mapping[str, object] | None = None,
) -> Document:
    """Open a schema; arguments are those of ``build``, keywords in preview are read.

    Raises:
        SchemaError: not a valid schema, or an option that is not known.
        UnsupportedError: an option that is not implemented.
        LimitError: it nests too deeply.
    """
    options = read_options(
        draft=draft, formats=formats, ignore_formats=ignore_formats, references=references, preview="all"
    )
    root = parsed_schema(schema)
    known = options.draft or detect_draft(root)
    check_metaschema(root, known)
    store = Store()
    reader = Reader(root, known, options, store)
    return Document(root, known, options, store, reader, Algebra(store, reader.target))


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
