"""What a model could write without end, or leave out: values without bounds, open objects, optional properties.

These are questions about meaning, so the algebra answers them: bounds may come from anywhere around a value. Each place
that holds a value is looked at once; where a schema has alternatives, each of them together with what stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from constrain.compiler.json_schema import numbers, strings
from constrain.compiler.json_schema.clauses import Clause, ObjectChoice
from constrain.compiler.json_schema.lint.context import Meaning
from constrain.compiler.json_schema.lint.keywords import TYPE_OF, keywords_of
from constrain.compiler.json_schema.lint.places import Place
from constrain.compiler.json_schema.lint.types import types_of
from constrain.compiler.json_schema.lint.warning import LintWarning
from constrain.compiler.json_schema.model import (
    ALL_TYPES,
    ARRAY,
    FALSE,
    NUMBER,
    OBJECT,
    STRING,
    TRUE,
    Schema,
    SchemaId,
)
from constrain.compiler.json_schema.objects import Members
from constrain.compiler.json_schema.pointers import shown

__all__ = ["unbounded"]

_TYPES = ((STRING, "string"), (NUMBER, "number"), (ARRAY, "array"), (OBJECT, "object"))


def unbounded(meaning: Meaning) -> Iterator[LintWarning]:
    """Every warning of this file, for all values of a document.

    Raises:
        InputError: a part of the schema cannot be read.
    """
    places = meaning.context.places
    queue = [places.root]
    seen: set[str] = set()
    for place in queue:
        if place.pointer in seen or place.raw is False:
            continue
        seen.add(place.pointer)
        yield from _Value(meaning, place).warnings()
        # a schema that is only used through others is looked at where it is used
        for part in places.about_the_same(place):
            if part.is_negated:
                continue
            types = types_of(part.keys.get("type"))
            inner = [child for child in places.children(part) if child.keyword in _HOLD_VALUES]
            queue.extend(child for child in inner if types & TYPE_OF[child.keyword])
        queue.extend(_whole_targets(meaning, place))


_HOLD_VALUES = frozenset(
    [
        *("properties", "patternProperties", "additionalProperties", "unevaluatedProperties"),
        *("items", "prefixItems", "additionalItems", "unevaluatedItems"),
    ]
)


def _whole_targets(meaning: Meaning, place: Place) -> Iterator[Place]:
    """The places that a value's schema leads to by nothing but a reference, in some alternative."""
    target = _target(meaning, place)
    if target is not None:
        yield target
        return
    if not _has_rest(meaning, place):
        for child in meaning.context.places.children(place):
            if child.keyword in ("anyOf", "oneOf"):
                yield from _whole_targets(meaning, child)


def _target(meaning: Meaning, place: Place) -> Place | None:
    """Where a schema leads that is nothing but a reference."""
    draft = meaning.context.draft
    if "$ref" in place.keys and draft.reference_siblings and len(keywords_of(draft) & place.keys.keys()) > 1:
        return None
    return meaning.context.places.target(place)


def _has_rest(meaning: Meaning, place: Place) -> bool:
    constraining = keywords_of(meaning.context.draft) | {"type"}
    return len(constraining & place.keys.keys()) != 1


class _Value:
    """One value."""

    def __init__(self, meaning: Meaning, place: Place) -> None:
        self._meaning = meaning
        self._place = place
        self._found: dict[tuple[str, str], LintWarning] = {}

    def warnings(self) -> Iterator[LintWarning]:
        """Each finding once, whatever the number of alternatives that show it."""
        self._alternatives(self._place, ())
        yield from self._found.values()

    def _alternatives(self, place: Place, beside: tuple[SchemaId, ...]) -> None:
        if not beside and _target(self._meaning, place) is not None:
            return  # looked at there
        if place.raw is False:
            return
        for keyword in ("anyOf", "oneOf"):
            branches = [p for p in self._meaning.context.places.children(place) if p.keyword == keyword]
            if branches and keyword in keywords_of(self._meaning.context.draft):
                rest = self._meaning.beside(place, keyword)
                more = beside if rest == TRUE else (*beside, rest)
                for branch in branches:
                    self._alternatives(branch, more)
                return
        algebra = self._meaning.document.algebra
        for clause in algebra.expand((*beside, self._meaning.schema(place))):
            if not algebra.is_empty_clause(clause):
                self._clause(place, clause)

    def _say(self, code: str, pointer: str, message: str, mend: str) -> None:
        self._found.setdefault((code, pointer), LintWarning(code, pointer, message, mend))

    def _clause(self, place: Place, clause: Clause) -> None:
        types, values, _, leaves, choices = clause
        if values is not None:
            return
        pointer = place.pointer
        schemas = [self._meaning.document.store.schemas[leaf] for leaf in leaves]
        if types == ALL_TYPES:
            about = self._typed_keywords(place)
            if not about:
                message = "any JSON value is allowed here, of any type, size and depth"
                self._say("any-value", pointer, message, "'type', or another keyword that says what is meant")
                return
            key, _, name = about[0]
            message = f"'{key}' is about {name}s, and without 'type' every value of another type is allowed, too"
            self._say("missing-type", pointer, message, f"'type': '{name}'")
            types = sum({bit for _, bit, _ in about})
        if types & STRING:
            self._string(pointer, schemas)
        if types & NUMBER:
            self._number(pointer, schemas)
        if types & ARRAY:
            self._array(place, leaves)
        if types & OBJECT:
            self._object(place, leaves, choices)

    def _typed_keywords(self, place: Place) -> list[tuple[str, int, str]]:
        names = dict(_TYPES)
        draft = self._meaning.context.draft
        about = list(self._meaning.context.places.about_the_same(place))
        keys = dict.fromkeys(key for part in about if not part.is_negated for key in part.keys)
        return [(k, TYPE_OF[k], names[TYPE_OF[k]]) for k in keys if k in TYPE_OF and k in keywords_of(draft)]

    def _string(self, pointer: str, schemas: list[Schema]) -> None:
        text = strings.merge([schema.string for schema in schemas if schema.string is not None])
        if text.maximum is None and not any(not term.negated for term in text.patterns):
            message = "a string of any length is allowed, and a model may never end it"
            self._say("unbounded-string", pointer, message, "maxLength, pattern, format or enum")

    def _number(self, pointer: str, schemas: list[Schema]) -> None:
        number = numbers.merge([schema.number for schema in schemas if schema.number is not None])
        missing = [name for name, bound in (("minimum", number.low), ("maximum", number.high)) if bound is None]
        if missing:
            message = "a number of any size is allowed, of any number of digits"
            self._say("unbounded-number", pointer, message, " and ".join(missing))

    def _array(self, place: Place, leaves: tuple[SchemaId, ...]) -> None:
        items = self._meaning.document.algebra.items(leaves)
        if self._has(place, "unevaluatedItems") or items.is_empty:
            return
        if items.maximum is None and items.rest != (FALSE,):
            message = "an array of any length is allowed, and a model may never end it"
            self._say("unbounded-array", place.pointer, message, "maxItems")
        if (
            not items.rest
            and not self._has(place, "items")
            and (items.maximum is None or items.maximum > len(items.prefix))
        ):
            message = "the items of the array may be any JSON values"
            self._say("any-value", place.pointer, message, "'items' with a schema")

    def _object(self, place: Place, leaves: tuple[SchemaId, ...], choices: tuple[ObjectChoice, ...]) -> None:
        declared = self._declared(place)
        # where there are choices, what every one of them leaves open in some option
        ways = [self._open_ends(place, leaves, choice, declared) for choice in choices or (((),),)]
        for finding in ways[0]:
            if all(finding in way for way in ways):
                self._say(*finding)

    def _open_ends(
        self, place: Place, leaves: tuple[SchemaId, ...], choice: ObjectChoice, declared: dict[str, str]
    ) -> dict[tuple[str, str, str, str], None]:
        found: dict[tuple[str, str, str, str], None] = {}
        for option in choice:
            for members in self._meaning.document.algebra.members((*leaves, *option)):
                if not members.is_empty:
                    found.update(dict.fromkeys(self._members(place, members, declared)))
        return found

    def _members(self, place: Place, members: Members, declared: dict[str, str]) -> Iterator[tuple[str, str, str, str]]:
        for member in members.named:
            if not member.required and member.name in declared:
                message = f"the property {shown(member.name)} is optional: a model may leave it out"
                mend = f"{shown(member.name)} in 'required', with null among its types where it may be missing"
                yield "optional-property", declared[member.name], message, mend
        if self._has(place, "unevaluatedProperties"):
            return
        for family in members.families:
            if not family.schemas and not family.matching:
                message = "properties of any other name and value are allowed: a model may invent some"
                yield "open-object", place.pointer, message, "'additionalProperties': false"
            elif members.maximum is None:
                message = "any number of properties is allowed, and a model may never end them"
                yield "unbounded-object", place.pointer, message, "maxProperties, or the properties by name"

    def _declared(self, place: Place) -> dict[str, str]:
        """Pointers of the properties by name, wherever a part of the value's schema declares them."""
        places = self._meaning.context.places
        found: dict[str, str] = {}
        for part in (*places.about_the_same(place), *places.about_the_same(self._place)):
            for child in places.children(part):
                if child.keyword == "properties" and not part.is_negated:
                    name = child.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
                    found.setdefault(name, child.pointer)
        return found

    def _has(self, place: Place, keyword: str) -> bool:
        places = self._meaning.context.places
        about = (*places.about_the_same(place), *places.about_the_same(self._place))
        return any(keyword in part.keys for part in about)
