"""The metaschemas of the drafts and of their vocabularies, which a schema may refer to; loaded when one does."""

from __future__ import annotations

from typing import Any

__all__ = ["official_document"]

_HOSTS = ("http://json-schema.org/", "https://json-schema.org/")


def official_document(uri: str) -> Any:
    """The document that json-schema.org publishes under a URI without a fragment (http or https); None without one."""
    if not uri.startswith(_HOSTS):
        return None
    # not at the top: the package builds a registry, which most schemas have no need of
    from jsonschema_specifications import REGISTRY

    for scheme in ("http", "https"):
        resource = REGISTRY.get(f"{scheme}:{uri.partition(':')[2]}")
        if resource is not None:
            return resource.contents
    return None
