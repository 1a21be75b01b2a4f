"""What in a schema makes generation go wrong, although the schema is valid: each finding with its place and a mend.

Rules are small functions in tables. Those in ``TEXT_RULES`` look at one schema as it is written; those in
``VALUE_RULES`` and ``MEANING_RULES`` ask what it means, and so need one that the draft's metaschema allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from constrain.compiler.json_schema.document import open_schema, parsed_schema
from constrain.compiler.json_schema.lint.bounds import unbounded
from constrain.compiler.json_schema.lint.branches import unsatisfiable
from constrain.compiler.json_schema.lint.context import Context, Meaning
from constrain.compiler.json_schema.lint.names import required_name
from constrain.compiler.json_schema.lint.places import Place, Places
from constrain.compiler.json_schema.lint.spelling import (
    ignored_sibling,
    no_effect,
    obsolete_keyword,
    unknown_keyword,
    wrong_shape,
)
from constrain.compiler.json_schema.lint.texts import unanchored_pattern, unknown_format
from constrain.compiler.json_schema.lint.types import misplaced_keyword
from constrain.compiler.json_schema.lint.values import constant_beside_enum, invalid_value, repeated_value
from constrain.compiler.json_schema.lint.warning import LintWarning
from constrain.compiler.json_schema.pointers import escaped
from constrain.compiler.nesting import bounded_nesting
from constrain.errors import ConstrainError, LimitError, UnsupportedError

__all__ = ["CODES", "LintWarning", "lint"]

TEXT_RULES: tuple[Callable[[Place, Context], Iterator[LintWarning]], ...] = (
    wrong_shape,
    obsolete_keyword,
    unknown_keyword,
    ignored_sibling,
    no_effect,
    misplaced_keyword,
    required_name,
    unknown_format,
    unanchored_pattern,
    repeated_value,
    constant_beside_enum,
)
VALUE_RULES: tuple[Callable[[Place, Meaning], Iterator[LintWarning]], ...] = (invalid_value,)
MEANING_RULES: tuple[Callable[[Meaning], Iterator[LintWarning]], ...] = (unbounded, unsatisfiable)

CODES = (
    *("any-value", "const-and-enum", "exclusive-flag", "ignored-sibling", "invalid-default", "invalid-example"),
    *("items-list", "misplaced-keyword", "missing-type", "no-effect", "obsolete-keyword", "open-object"),
    *("optional-property", "repeated-value", "required-boolean", "required-name", "unanchored-pattern"),
    *("unbounded-array", "unbounded-number", "unbounded-object", "unbounded-string", "unknown-format"),
    *("unknown-keyword", "unreachable-value", "unsatisfiable", "unsatisfiable-branch", "unsupported", "wrong-draft"),
)
"""Every kind of finding."""


def lint(
    schema: dict[str, Any] | bool | str | bytes,
    *,
    draft: str | None = None,
    references: Mapping[str, object] | None = None,
    data: Mapping[str, bytes | str] | None = None,
) -> list[LintWarning]:
    """Everything suspicious in a schema, in the order of its places.

    Args:
        schema: parsed JSON, or JSON text.
        draft: as for :func:`~constrain.compiler.json_schema.build`.
        references: other documents by URI.
        data: contents of the files that the schema names, by name; nothing is proved about others.

    Raises:
        SchemaError: not a valid schema, for a reason that no rule explains better.
        RegexError: an invalid ``pattern``.
        UnsupportedError: a draft that is not supported.
        LimitError: it nests too deeply.
    """
    # formats that nobody knows have a rule of their own
    opened = partial(open_schema, draft=draft, ignore_formats="unknown", references=references, data=data)
    document = opened(parsed_schema(schema))
    with bounded_nesting("schema", "a flatter schema"):
        context = Context(document.draft, Places(document.root, document.draft))
        found = [warning for place in context.places.all for rule in TEXT_RULES for warning in rule(place, context)]
        explained = [warning.pointer for warning in found if warning.error]
        if explained:
            # what no rule explains in the rest is an error of its own
            opened(_without(document.root, explained)).reader.check()
        else:
            document.reader.check()
            found += _as_meant(Meaning(context, document))
    places = context.places
    order = _reading_order(places)
    return sorted(dict.fromkeys(found), key=lambda warning: _rank(order, warning.pointer))


def _as_meant(meaning: Meaning) -> list[LintWarning]:
    places, store = meaning.context.places.all, meaning.document.store
    found = [warning for place in places for rule in VALUE_RULES for warning in rule(place, meaning)]
    for rule in MEANING_RULES:
        try:
            found.extend(rule(meaning))
        except (UnsupportedError, LimitError) as error:
            found.append(_refused(error.message, error.pointer or "", error.expected))
    refusals = dict.fromkeys(refusal for known in store.schemas for refusal in known.refusals)
    found.extend(_refused(f"'{r.keyword}' is not implemented here", r.pointer, r.expected) for r in refusals)
    try:
        meaning.write(meaning.document.reader.root())
    except (UnsupportedError, LimitError) as error:
        if all(warning.code != "unsupported" for warning in found):
            found.append(_refused(error.message, error.pointer or "", error.expected))
    except ConstrainError:
        pass  # a rule has said so
    return found


def _refused(message: str, pointer: str, expected: str | None) -> LintWarning:
    said = f"{message}: the schema is refused where that matters"
    return LintWarning("unsupported", pointer, said, expected or "a schema that says it otherwise")


def _without(root: Any, pointers: list[str]) -> Any:
    """A document without some of its members."""

    def copied(value: Any, pointer: str) -> Any:
        if not isinstance(value, dict | list):
            return value
        if isinstance(value, list):
            return [copied(part, f"{pointer}/{i}") for i, part in enumerate(value)]
        places = {key: f"{pointer}/{escaped(key)}" for key in value}
        return {key: copied(part, places[key]) for key, part in value.items() if places[key] not in pointers}

    return copied(root, "")


def _reading_order(places: Places) -> dict[str, int]:
    """Numbers of all schemas and keywords by pointer, as they follow each other in the document."""
    order: dict[str, int] = {}
    stack: list[Place | str] = [places.root]
    while stack:
        place = stack.pop()
        if isinstance(place, str):
            order.setdefault(place, len(order))
            continue
        order.setdefault(place.pointer, len(order))
        inside: list[Place | str] = []
        for key in place.keys:
            inside.append(f"{place.pointer}/{escaped(key)}")
            inside.extend(child for child in places.children(place) if child.keyword == key)
        stack.extend(inside[::-1])
    return order


def _rank(order: Mapping[str, int], pointer: str) -> tuple[int, list[tuple[int, str]]]:
    """Where in the document a finding stands: at the innermost keyword around it, then by index."""
    outer = pointer
    while outer and outer not in order:
        outer = outer.rpartition("/")[0]
    rest = pointer[len(outer) :].split("/")
    return order.get(outer, 0), [(int(token), "") if token.isdecimal() else (0, token) for token in rest]
