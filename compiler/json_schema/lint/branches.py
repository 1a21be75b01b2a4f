"""Schemas that no value satisfies: alternatives that never count, properties that may never be there."""

from __future__ import annotations

from collections.abc import Iterator

from constrain.compiler.json_schema import sources
from constrain.compiler.json_schema.lint.context import Meaning
from constrain.compiler.json_schema.lint.keywords import keywords_of
from constrain.compiler.json_schema.lint.places import Place
from constrain.compiler.json_schema.lint.warning import LintWarning
from constrain.compiler.json_schema.model import SchemaId

__all__ = ["unsatisfiable"]

_LANGUAGES = frozenset(("pattern", "format", *sources.KEYWORDS))
_TEXT_KEYWORDS = _LANGUAGES | {"minLength", "maxLength"}
_NEVER_MEANT: tuple[object, ...] = (False, {"not": {}}, {"not": True})
"""The spellings of a schema that is meant to refuse everything."""


def unsatisfiable(meaning: Meaning) -> Iterator[LintWarning]:
    """Every warning of this file, for all schemas of a document.

    Raises:
        InputError: a part of the schema cannot be read.
    """
    found: list[str] = []
    for place in reversed(meaning.context.places.all):
        if place.is_negated or (place.parent is not None and place.raw in _NEVER_MEANT):
            continue
        # one contradiction makes all that depends on it impossible: it is told where it stands, and for the whole
        if place.parent is not None and any(pointer.startswith(f"{place.pointer}/") for pointer in found):
            continue
        if warning := _told(meaning, place):
            found.append(place.pointer)
            yield warning


def _told(meaning: Meaning, place: Place) -> LintWarning | None:
    if place.keyword in ("allOf", "then", "else"):
        return None  # told for the schema around it
    if place.parent is None:
        if _is_empty(meaning, place, (meaning.schema(place),)):
            message = "no value satisfies the schema: its parts contradict each other"
            return LintWarning("unsatisfiable", place.pointer, message, "parts that can hold together", error=True)
        return None
    if place.keyword in ("anyOf", "oneOf") and place.keyword in keywords_of(meaning.context.draft):
        beside = meaning.beside(place.parent, place.keyword)
        if _is_empty(meaning, place, (beside, meaning.schema(place))):
            message = f"no value satisfies this alternative of '{place.keyword}': it contradicts itself or its siblings"
            return LintWarning("unsatisfiable-branch", place.pointer, message, "an alternative that can hold, or none")
        return None
    if _is_empty(meaning, place, (meaning.schema(place),)):
        message = "no value satisfies this schema: its parts contradict each other"
        return LintWarning("unsatisfiable", place.pointer, message, "parts that can hold together, or false")
    return None


def _is_empty(meaning: Meaning, place: Place, schemas: tuple[SchemaId, ...]) -> bool:
    document = meaning.document
    if document.algebra.is_empty(schemas):
        return True
    # the algebra does not look into patterns, nor into files; where one thing is said of a text, it excludes nothing
    said = [key for part in meaning.context.places.about_the_same(place) for key in part.keys if key in _TEXT_KEYWORDS]
    if len(said) < 2 or _LANGUAGES.isdisjoint(said):
        return False
    return meaning.is_empty_language(document.store.all_of(schemas))
