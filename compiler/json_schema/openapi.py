"""What OpenAPI 3.0 has of its own in schemas: ``nullable``, and less of ``type`` and ``items`` than draft 4.

``nullable: true`` adds null to the types of a ``type`` in the same schema, and to nothing else: not without ``type``,
and not to an ``enum``, which must then list null (OpenAPI 3.0.3, and its clarification proposal 2019-10-31).
``discriminator``, ``xml``, ``example``, ``externalDocs`` and ``deprecated`` are annotations.
"""

from __future__ import annotations

from typing import Any

from constrain.compiler.json_schema.pointers import shown
from constrain.errors import SchemaError

__all__ = ["adds_null", "in_draft_4"]

_VALUES = frozenset(("enum", "default", "example", "examples"))
_BY_NAME = frozenset(("properties", "definitions", "schemas"))


def adds_null(raw: dict[str, Any], pointer: str) -> bool:
    """Whether null is added to the types of a schema object; checks what draft 4's metaschema does not.

    Raises:
        SchemaError: a ``type`` or ``items`` that draft 4 has and OpenAPI 3.0 does not; a ``nullable`` that is no flag.
    """
    named, nullable = raw.get("type"), raw.get("nullable", False)
    if isinstance(named, list) or named == "null":
        raise SchemaError(
            f"type is {shown(named)}", pointer=f"{pointer}/type", expected="one type, and nullable: true to add null"
        )
    if isinstance(raw.get("items"), list):
        raise SchemaError(f"items is {shown(raw['items'])}", pointer=f"{pointer}/items", expected="one schema")
    if not isinstance(nullable, bool):
        raise SchemaError(f"nullable is {shown(nullable)}", pointer=f"{pointer}/nullable", expected="true or false")
    return nullable and named is not None


def in_draft_4(document: Any) -> Any:
    """A schema of OpenAPI 3.0, or a description that holds some, in the words of draft 4: for validators of that."""
    if isinstance(document, list):
        return [in_draft_4(part) for part in document]
    if not isinstance(document, dict):
        return document
    found: dict[str, Any] = {}
    for key, part in document.items():
        if key in _VALUES:
            found[key] = part
        elif key in _BY_NAME and isinstance(part, dict):
            found[key] = {name: in_draft_4(inner) for name, inner in part.items()}
        elif key != "id" or not isinstance(part, str):  # draft 4 would take it for a base URI
            found[key] = in_draft_4(part)
    if found.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found
