"""JSON Schema to a grammar: exactly the schema's language within a declared spelling, or a refusal with the place.

``read_text`` -> ``reader`` (one file per keyword family) -> ``model`` -> ``algebra`` -> ``lowering``. What is
generated: members in schema order with undeclared ones last; strings in UTF-8 with only the escapes that JSON needs;
integers without fraction or exponent and numbers inside bounds without exponent, unless every spelling is asked for;
blanks as ``layout`` says.

One thing is left out of it: ``pretty`` ends at a declared depth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from constrain.compiler.emptiness import has_text
from constrain.compiler.grammar import Grammar, reachable
from constrain.compiler.json_schema.algebra import Algebra
from constrain.compiler.json_schema.lowering import Lowering
from constrain.compiler.json_schema.model import Store
from constrain.compiler.json_schema.nesting import check_nesting
from constrain.compiler.json_schema.options import Options, read_options
from constrain.compiler.json_schema.read_text import read_schema_text
from constrain.compiler.json_schema.reader import NeedsAnnotations, Reader, pointer_of_name
from constrain.compiler.nesting import bounded_nesting
from constrain.compiler.sizes import UNBOUNDED, Sizes
from constrain.errors import SchemaError

__all__ = ["UNBOUNDED", "Sizes", "build", "read_schema_text"]


def build(
    schema: dict[str, Any] | bool | str | bytes,
    *,
    draft: str | None = None,
    formats: Literal["assert", "annotate"] = "assert",
    ignore_formats: Sequence[str] | Literal["unknown"] = (),
    references: Mapping[str, object] | None = None,
    data: Mapping[str, bytes | str] | None = None,
    whitespace: str = "spaced",
    order: Literal["schema", "any"] = "schema",
    numbers: Literal["plain", "any"] = "plain",
    escapes: Literal["minimal", "any"] = "minimal",
    formats_bound: Literal["inner", "outer"] = "inner",
    sizes: Sizes = UNBOUNDED,
) -> Grammar:
    """The grammar of the JSON texts that satisfy a schema.

    Args:
        schema: parsed JSON (a float means its shortest spelling, members are in the file's order), or JSON text
            (exact decimals).
        draft: ``4``, ``6``, ``7``, ``2019-09``, ``2020-12``, ``openapi-3.0`` or ``openapi-3.1``; None reads
            ``$schema``, and without that it is 2020-12. Embedded and other documents keep the draft that they name.
        formats: whether ``format`` constrains.
        ignore_formats: formats that are annotations: their names, or ``"unknown"`` for all that nobody defined.
        references: the documents that ``$ref`` and ``$schema`` may lead to besides the schema and the official
            metaschemas, by URI: parsed JSON, or JSON text. Nothing is fetched.
        data: contents of the files that ``x-constrain-choices`` and ``x-constrain-substring-of`` name, by name.
        whitespace: ``spaced`` (as ``json.dumps()``), ``compact`` (no blanks), ``pretty:N`` (as
            ``json.dumps(indent=N)``), ``flexible`` (up to 64 blanks between tokens) or ``any`` (so many as one likes).
        order: order of members: that of the schema with undeclared ones last, or any.
        numbers: ``plain`` spellings, or ``any`` of RFC 8259: with it ``1.0`` and ``10e-1`` are integers, too (not in
            draft 4).
        escapes: spellings of characters: ``minimal`` escapes what must be escaped, ``any`` is every spelling there is.
        formats_bound: of formats that are not practically regular, ``inner`` is the declared subset. ``outer`` is for
            judges that look at what it takes once more: all valid texts are taken, and some that are not.
        sizes: bounds of what the schema sets no bound of, for texts that a model writes; by default none.

    Raises:
        SchemaError: not a valid schema, or an option that is not known.
        RegexError: an invalid ``pattern``.
        UnsupportedError: a keyword or option that is not implemented, or a document that is not given.
        DataError: a file that is not given, not UTF-8, or empty.
        UnsatisfiableError: no JSON value satisfies the schema.
        LimitError: a budget ran out.
    """
    options = read_options(
        draft=draft,
        formats=formats,
        ignore_formats=ignore_formats,
        references=references,
        data=data,
        whitespace=whitespace,
        order=order,
        numbers=numbers,
        escapes=escapes,
        formats_bound=formats_bound,
        sizes=sizes,
    )
    document: Any = read_schema_text(schema) if isinstance(schema, str | bytes) else schema
    if not isinstance(document, dict | bool):
        raise SchemaError(
            f"the schema is of type {type(document).__name__}", pointer="", expected="a JSON object, true or false"
        )
    check_nesting(document)
    try:
        with bounded_nesting("schema", "a flatter schema"):
            return _build(document, options)
    except SchemaError as error:
        if error.pointer is None or (pointer := pointer_of_name(error.pointer)) == error.pointer:
            raise
        raise SchemaError(error.message, pointer=pointer, expected=error.expected) from None


def _build(document: Any, options: Options) -> Grammar:
    try:
        return _lowered(document, options, annotates=False)
    except NeedsAnnotations:
        return _lowered(document, options, annotates=True)


def _lowered(document: Any, options: Options, *, annotates: bool) -> Grammar:
    store = Store()
    reader = Reader(document, options, store, annotates=annotates)
    root = reader.root()
    by_spelling = options.policy.numbers == "any" and not reader.draft.integral_floats
    algebra = Algebra(store, reader.target, integers_by_spelling=by_spelling)
    grammar = Lowering.of(store, algebra, options, reader.draft).grammar(root)
    if options.policy.sizes != UNBOUNDED and _may_lack_room(grammar) and not has_text(grammar):
        # bounds that each value keeps, but not all of them together
        whole = replace(options, policy=options.policy._replace(sizes=UNBOUNDED))
        grammar = Lowering.of(store, algebra, whole, reader.draft).grammar(root)
    return grammar


def _may_lack_room(grammar: Grammar) -> bool:
    """Might there be too few values or names that differ, or too few kinds of members, once they are bounded?"""
    for index in reachable(grammar):
        node = grammar.symbols[index]
        if node[0] == "terminal" and node[3] is not None and node[1] == "open [":
            return True
        if node[0] == "members" and (node[7] or (node[5] > 1 and not all(option.unique for option in node[2]))):
            return True
    return False
