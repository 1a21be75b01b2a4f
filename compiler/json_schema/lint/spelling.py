"""Keywords in a shape or under a name that the draft does not have: left over from others, or typing errors."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from constrain.compiler.json_schema.drafts import DRAFTS, Draft
from constrain.compiler.json_schema.lint.context import Context
from constrain.compiler.json_schema.lint.keywords import ALL_KEYWORDS, ANNOTATIONS, drafts_with, keywords_of
from constrain.compiler.json_schema.lint.places import Place
from constrain.compiler.json_schema.lint.warning import LintWarning

__all__ = ["ignored_sibling", "no_effect", "obsolete_keyword", "unknown_keyword", "wrong_shape"]

_REPLACED = {
    "dependencies": "dependentRequired or dependentSchemas",
    "additionalItems": "items, beside prefixItems",
    "$recursiveRef": "$dynamicRef",
    "id": "$id",
    "definitions": "$defs",
}
_NEEDS = {
    "then": ("if", "if"),
    "else": ("if", "if"),
    "minContains": ("contains", "contains"),
    "maxContains": ("contains", "contains"),
    "additionalItems": ("items", "a list of items"),
}
"""Keyword -> another without which it says nothing, and how that is called."""


def wrong_shape(place: Place, context: Context) -> Iterator[LintWarning]:
    """Values that another draft allows, and this one's metaschema does not."""
    keys, draft = place.keys, context.draft
    if isinstance(keys.get("required"), bool):
        yield LintWarning(
            "required-boolean",
            f"{place.pointer}/required",
            "'required' is a flag here, as it was in draft 3, and a list of names since draft 4",
            "a list of the required names, in the object around the property",
            error=True,
        )
    if isinstance(keys.get("items"), list) and not draft.tuple_items:
        yield LintWarning(
            "items-list",
            f"{place.pointer}/items",
            f"'items' is a list, which draft {draft.name} does not have",
            "prefixItems, and items for those after them",
            error=True,
        )
    for strict, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(keys.get(strict), bool) and not draft.boolean_exclusive:
            yield LintWarning(
                "exclusive-flag",
                f"{place.pointer}/{strict}",
                f"'{strict}' is a flag here, as it was in draft 4, and the bound itself since draft 6",
                f"'{strict}' with the bound, in place of '{plain}'",
                error=True,
            )
        elif strict in keys and draft.boolean_exclusive and not isinstance(keys[strict], bool):
            yield LintWarning(
                "exclusive-flag",
                f"{place.pointer}/{strict}",
                f"'{strict}' is a flag of '{plain}' in draft {draft.name}, not a bound",
                f"'{plain}' with the bound, and '{strict}': true",
                error=True,
            )


def obsolete_keyword(place: Place, context: Context) -> Iterator[LintWarning]:
    """Keywords of other drafts: ignored in this one, or kept only out of habit."""
    draft = context.draft
    for key in place.keys:
        where = f"{place.pointer}/{key}"
        if key in keywords_of(draft):
            if key == "dependencies" and draft.reference_siblings:
                message = f"'dependencies' was dropped before draft {draft.name}, and validators differ about it"
                yield LintWarning("obsolete-keyword", where, message, _REPLACED[key])
        elif key not in ANNOTATIONS | draft.foreign and (others := drafts_with(key)):
            mend = _REPLACED.get(key) if _is_later(draft, others) else None
            yield LintWarning(
                "wrong-draft",
                where,
                f"'{key}' is no keyword of draft {draft.name}, and is ignored",
                mend or f"another '$schema': {', '.join(others)} {'has' if len(others) == 1 else 'have'} it",
            )
    yield from _names_of_parts(place, draft)


def _names_of_parts(place: Place, draft: Draft) -> Iterator[LintWarning]:
    keys = place.keys
    if "definitions" in keys and draft.reference_siblings:
        message = f"'definitions' is called '$defs' since draft 2019-09, and this is read as draft {draft.name}"
        yield LintWarning("obsolete-keyword", f"{place.pointer}/definitions", message, "$defs")
    if "$defs" in keys and not draft.reference_siblings:
        message = f"'$defs' is called 'definitions' in draft {draft.name}"
        yield LintWarning("wrong-draft", f"{place.pointer}/$defs", message, "definitions, or a later '$schema'")
    other = "$id" if draft.id_keyword == "id" else "id"
    if draft.id_keyword is not None and isinstance(keys.get(other), str):
        message = f"'{other}' is called '{draft.id_keyword}' in draft {draft.name}, and is ignored"
        yield LintWarning("wrong-draft", f"{place.pointer}/{other}", message, draft.id_keyword)
    if keys.get("nullable") is True and not draft.nullable:
        message = f"'nullable' belongs to OpenAPI 3.0, and is ignored in draft {draft.name}"
        yield LintWarning("wrong-draft", f"{place.pointer}/nullable", message, "'null' in the list of 'type'")


def _is_later(draft: Draft, others: list[str]) -> bool:
    """Is a draft later than all that have a keyword?"""
    order = [known.name for known in DRAFTS]
    return all(order.index(other) < order.index(draft.name) for other in others)


def unknown_keyword(place: Place, context: Context) -> Iterator[LintWarning]:
    """Names that are almost a keyword: most likely typing errors, which a schema takes for annotations."""
    lowered = {known.lower(): known for known in sorted(ALL_KEYWORDS)}
    for key in place.keys:
        if key in ALL_KEYWORDS or key == "id" or key.startswith(("x-", "_", "@")):
            continue
        plain = key.lower().replace("_", "").replace("-", "")
        # short words are near to many others
        near = difflib.get_close_matches(plain, lowered, 1, 0.82 if len(key) > 4 else 1.0)
        if near:
            yield LintWarning(
                "unknown-keyword",
                f"{place.pointer}/{key}",
                f"'{key}' is no keyword, and is ignored",
                f"'{lowered[near[0]]}', if that is meant; 'x-{key}' for a note of your own",
            )


def ignored_sibling(place: Place, context: Context) -> Iterator[LintWarning]:
    """Keywords beside ``$ref`` where a draft does not read them."""
    if "$ref" not in place.keys or context.draft.reference_siblings:
        return
    for key in place.keys:
        if key != "$ref" and key in keywords_of(context.draft):
            yield LintWarning(
                "ignored-sibling",
                f"{place.pointer}/{key}",
                f"'{key}' stands beside '$ref', and is ignored in draft {context.draft.name}",
                "the reference inside 'allOf', or draft 2019-09 or later",
            )


def no_effect(place: Place, context: Context) -> Iterator[LintWarning]:
    """Keywords that say nothing without another."""
    keys = place.keys
    for key, (needed, called) in _NEEDS.items():
        if key not in keys or key not in keywords_of(context.draft):
            continue
        if needed not in keys or (key == "additionalItems" and not isinstance(keys["items"], list)):
            yield LintWarning(
                "no-effect", f"{place.pointer}/{key}", f"'{key}' says nothing without {called}", f"{called}, or nothing"
            )
    if "if" in keys and "if" in keywords_of(context.draft) and "then" not in keys and "else" not in keys:
        yield LintWarning(
            "no-effect", f"{place.pointer}/if", "'if' says nothing without 'then' or 'else'", "one of them"
        )
