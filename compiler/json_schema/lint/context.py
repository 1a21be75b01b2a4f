"""What rules may ask about a document beside its text: the model, proofs, a validator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from constrain.compiler.emptiness import has_text
from constrain.compiler.grammar import Grammar
from constrain.compiler.json_schema.document import Document
from constrain.compiler.json_schema.drafts import Draft
from constrain.compiler.json_schema.lint.places import Place, Places
from constrain.compiler.json_schema.lowering import Lowering
from constrain.compiler.json_schema.model import SchemaId
from constrain.compiler.json_schema.validators import validator
from constrain.errors import ConstrainError, UnsatisfiableError

__all__ = ["Context", "Meaning"]

_HOME = "json-schema:///constrain-lint"
"""What the document is called; relative names in it lead where they would without a name."""


@dataclass(frozen=True, slots=True)
class Context:
    """A document's text.

    Attributes:
        draft: the draft that it is read by.
        places: its schemas.
    """

    draft: Draft
    places: Places


@dataclass(frozen=True, slots=True)
class Meaning:
    """A document's meaning, for schemas that the draft's metaschema allows.

    Attributes:
        context: its text.
        document: what reads it.
    """

    context: Context
    document: Document
    _known: dict[str, SchemaId] = field(default_factory=dict)

    def schema(self, place: Place) -> SchemaId:
        """The model of a schema.

        Raises:
            InputError: it cannot be read.
        """
        known = self._known.get(place.pointer)
        if known is None:
            known = self._known[place.pointer] = self.document.reader.within(place.raw, place.pointer, place.around)
        return known

    def beside(self, place: Place, keyword: str) -> SchemaId:
        """The model of what a schema says without one keyword; errors as those of :meth:`schema`."""
        rest = {key: value for key, value in place.keys.items() if key != keyword}
        return self.document.reader.within(rest, place.pointer, place.around)

    def accepts(self, place: Place, value: Any) -> bool | None:
        """Whether jsonschema-rs accepts a value there; None when it cannot tell."""
        found = self._validator(place)
        try:
            return None if found is None else bool(found.is_valid(value))
        except ValueError:  # lone surrogates, for instance
            return None

    def _validator(self, place: Place) -> Any:
        reference = {"$ref": f"{_HOME}#{quote(place.pointer, safe='/~')}"}
        documents = {**self.document.options.references, _HOME: self.document.root}
        try:
            return validator(reference, self.document.draft, self.document.options, documents)
        except ConstrainError:
            return None

    def write(self, schema: SchemaId) -> Grammar:
        """The grammar of a schema; errors as those of :func:`~constrain.compiler.json_schema.build`."""
        document = self.document
        return Lowering.of(document.store, document.algebra, document.options, document.draft).grammar(schema)

    def is_empty_language(self, schema: SchemaId) -> bool:
        """Whether the engine itself finds no text."""
        try:
            return not has_text(self.write(schema))
        except UnsatisfiableError:
            return True
        except ConstrainError:
            return False
