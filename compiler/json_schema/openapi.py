"""What OpenAPI 3.0 has of its own in schemas: ``nullable``, and less of ``type`` and ``items`` than draft 4.

``nullable: true`` adds null to the types of a ``type`` in the same schema, and to nothing else: not without ``type``,
and not to an ``enum``, which must then list null (OpenAPI 3.0.3, and its clarification proposal 2019-10-31).
``discriminator``, ``xml``, ``example``, ``externalDocs`` and ``deprecated`` are annotations.
"""

from __future__ import annotations

from typing import Any

from constrain.compiler.json_schema.pointers import shown
from constrain.errors import SchemaError

__all__ = ["adds_null"]


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
