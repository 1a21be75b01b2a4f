"""All documents that references may lead to: the schema itself, those that were given, the official metaschemas.

Nothing is ever fetched. A document is read when a reference first needs it; of those that are given, that is when one
names it, or when a URI that nothing else has may be an identifier inside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constrain.compiler.json_schema.documents import Document, Place
from constrain.compiler.json_schema.drafts import LATEST, Draft, check_metaschema, detect_draft, find_draft, named_draft
from constrain.compiler.json_schema.metaschemas import official_document
from constrain.compiler.json_schema.nesting import check_nesting
from constrain.compiler.json_schema.pointers import shown
from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.compiler.json_schema.subschemas import Kind, kind_of_member
from constrain.compiler.json_schema.uris import split_fragment
from constrain.compiler.json_schema.vocabularies import dialect_of
from constrain.errors import LimitError, SchemaError, UnsupportedError

__all__ = ["Library"]


class Library:
    """The documents of one compilation, apart from the schema, which refers to them."""

    def __init__(self, references: Mapping[str, object]) -> None:
        """Keep documents, none of which is read yet.

        Args:
            references: other documents by URI: parsed JSON, or JSON text.
        """
        self._given = {split_fragment(uri)[0]: document for uri, document in references.items()}
        self._loaded: dict[str, Document | None] = {}
        self._foreign: set[str] = set()
        self._dialects: dict[str, Draft | None] = {}
        self._default = LATEST

    def open(self, root: Any, draft: Draft | None) -> Document:
        """The document of the schema itself. What names no draft has the same.

        Args:
            root: the schema.
            draft: what to read it by; None means its own ``$schema``.

        Raises:
            UnsupportedError: a ``$schema`` that is no draft, or one with an unknown required vocabulary.
        """
        self._default = draft or LATEST
        self._default = self._draft_of(root, draft, "")
        return Document(root, draft=self._default, retrieval="", prefix="", dialect=self.dialect)

    def resource(self, uri: str) -> Place | None:
        """The schema that a URI without a fragment names in a document other than the schema.

        Raises:
            SchemaError: the document is not JSON, or uses the name twice.
            LimitError: it is too deep.
        """
        if uri in self._given or uri in self._loaded:
            document = self._load(uri)
            return None if document is None else document.root
        official = self._official(uri)
        if official is not None:
            return official.root
        for other in self._given:
            if other in self._foreign:
                continue
            try:
                given = self._load(other)
            except UnsupportedError:  # of a draft that is not known, so neither are its identifiers
                self._foreign.add(other)
                continue
            place = None if given is None else given.resource(uri)
            if place is not None:
                return place
        return None

    def dialect(self, uri: str, pointer: str) -> Draft:
        """The draft that a ``$schema`` at a place names.

        Raises:
            UnsupportedError: no draft, and no metaschema that is given.
        """
        return find_draft(uri) or self._custom(uri) or detect_draft({"$schema": uri}, pointer)

    def check(self, place: Place) -> None:
        """Hold a schema to the metaschema of its draft.

        Raises:
            SchemaError: it is not valid; with the pointer of the first offending place.
        """
        raw = place.raw
        try:
            try:
                check_metaschema(raw, place.draft)
            except SchemaError:
                pruned = self._without_other_drafts(raw, place.draft)
                if pruned == raw:
                    raise
                check_metaschema(pruned, place.draft)
        except SchemaError as error:
            inner = f"{place.pointer}{error.pointer or ''}"
            raise SchemaError(error.message, pointer=inner, expected=error.expected) from None

    # -- documents -------------------------------------------------------------------------------------------------

    def _official(self, uri: str) -> Document | None:
        raw = official_document(uri)
        draft = None if raw is None else find_draft(str(raw.get("$schema")))
        if draft is None:  # nothing, or a draft from before those that are supported
            return None
        document = self._loaded[uri] = self._document(raw, draft, uri)
        document.checked = True
        return document

    def _load(self, uri: str) -> Document | None:
        """A document that was given, None while it is being read."""
        if uri not in self._loaded:
            self._loaded[uri] = None
            try:
                self._loaded[uri] = self._read(uri)
            finally:
                if self._loaded[uri] is None:
                    del self._loaded[uri]
        return self._loaded[uri]

    def _read(self, uri: str) -> Document:
        raw = self._given[uri]
        try:
            if isinstance(raw, str | bytes):
                raw = read_schema_text(raw)
            check_nesting(raw)
        except (SchemaError, LimitError) as error:
            raise type(error)(error.message, pointer=f"{uri}#", span=error.span, expected=error.expected) from error
        return self._document(raw, self._draft_of(raw, None, f"{uri}#"), uri)

    def _document(self, raw: Any, draft: Draft, uri: str) -> Document:
        return Document(raw, draft=draft, retrieval=uri, prefix=f"{uri}#", dialect=self.dialect)

    # -- drafts ----------------------------------------------------------------------------------------------------

    def _draft_of(self, root: Any, chosen: Draft | None, prefix: str) -> Draft:
        """The draft of a document's root; one that was chosen wins, but keeps the vocabularies of its metaschema."""
        name = root.get("$schema") if isinstance(root, dict) else None
        if chosen is not None:
            custom = self._custom(name) if isinstance(name, str) and find_draft(name) is None else None
            return custom if custom is not None and custom.name == chosen.name else chosen
        pointer = f"{prefix}/$schema"
        if name is None and prefix and isinstance(root, dict) and isinstance(root.get("openapi"), str):
            return self._draft_of_openapi(root, prefix)
        if name is None:
            return self._default
        return self.dialect(name, pointer) if isinstance(name, str) else detect_draft(root, pointer)

    def _draft_of_openapi(self, root: dict[str, Any], prefix: str) -> Draft:
        """The draft of the schemas in an OpenAPI description, which says so in ways of its own."""
        dialect = root.get("jsonSchemaDialect")
        if isinstance(dialect, str):
            return self.dialect(dialect, f"{prefix}/jsonSchemaDialect")
        for version in ("3.0", "3.1"):
            if root["openapi"].startswith(f"{version}."):
                return named_draft(f"openapi-{version}")
        raise UnsupportedError(
            f"OpenAPI {shown(root['openapi'])} is not supported", pointer=f"{prefix}/openapi", expected="3.0 or 3.1"
        )

    def _custom(self, uri: str) -> Draft | None:
        """The dialect of a metaschema that was given."""
        uri = split_fragment(uri)[0]
        if uri not in self._dialects:
            self._dialects[uri] = None  # what a metaschema of itself finds
            self._dialects[uri] = self._read_dialect(uri)
        return self._dialects[uri]

    def _read_dialect(self, uri: str) -> Draft | None:
        place = self.resource(uri)
        if place is None or not isinstance(place.raw, dict):
            return None
        if not isinstance(place.raw.get("$schema"), str):
            raise UnsupportedError(
                f"the metaschema {shown(uri)} does not say which draft it belongs to",
                pointer=f"{place.pointer}/$schema",
                expected="$schema there",
            )
        base = named_draft(place.draft.name)
        if "$vocabulary" not in place.raw:
            return base
        return dialect_of(base, place.raw["$vocabulary"], f"{place.pointer}/$vocabulary")

    def _without_other_drafts(self, raw: Any, draft: Draft) -> Any:
        """A schema in which the embedded resources of other drafts are empty: other metaschemas are for them."""
        if not isinstance(raw, dict):
            return raw

        def pruned(item: Any) -> Any:
            named = item.get("$schema") if isinstance(item, dict) else None
            if isinstance(named, str) and (find_draft(named) or self._custom(named)) not in (draft, None):
                return {}
            return self._without_other_drafts(item, draft)

        result = dict(raw)
        for keyword, value in raw.items():
            kind = kind_of_member(draft, keyword, value)
            if kind is Kind.SCHEMA:
                result[keyword] = pruned(value)
            elif kind is Kind.SCHEMAS and isinstance(value, dict):
                result[keyword] = {name: pruned(item) for name, item in value.items()}
            elif kind is Kind.SCHEMAS:
                result[keyword] = [pruned(item) for item in value]
        return result
