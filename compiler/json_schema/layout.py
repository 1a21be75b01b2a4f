"""Where blanks go: the punctuation of objects and arrays under each whitespace policy.

Every blank belongs to exactly one lexeme, so no text has two readings. ``compact`` has none. ``spaced`` is the layout
of Python's ``json.dumps()``, one blank after each comma and colon, and ``pretty:N`` that of ``json.dumps(indent=N)``.
``flexible`` takes up to 64 blanks between any two tokens, which bounds how long a model may go on writing nothing;
``any`` takes any number of them, which is all that RFC 8259 allows inside a value, and is meant for texts that are
there already.
"""

from __future__ import annotations

from dataclasses import dataclass

from constrain.compiler.grammar import Expression, GrammarBuilder, Guard, Symbol
from constrain.compiler.json_schema.options import Policy
from constrain.errors import UnsupportedError

__all__ = ["MAXIMUM_BLANKS", "MAXIMUM_PRETTY_DEPTH", "Layout", "Punctuation"]

MAXIMUM_BLANKS = 64
"""Consecutive blanks (space, tab, newline, carriage return) of ``flexible``."""

MAXIMUM_PRETTY_DEPTH = 24
"""Deepest nesting of ``pretty``: its indentation makes every depth a set of rules of its own."""


@dataclass(frozen=True, slots=True)
class Punctuation:
    """The lexemes around members or items at one depth."""

    open_object: Symbol
    close_object: Symbol
    empty_object: Symbol
    open_array: Symbol
    close_array: Symbol
    empty_array: Symbol
    separator: Symbol


@dataclass(slots=True)
class Layout:
    """The lexemes of one policy. ``depth`` counts enclosing objects and arrays; only ``pretty`` looks at it.

    Attributes:
        builder: where the lexemes go.
        policy: how values are spelled.
        blanks: what may stand between tokens.
        colon: the colon after a key, with the blanks around it.
        known: punctuation by depth, and what it asks of what it is around.
    """

    builder: GrammarBuilder
    policy: Policy
    blanks: Expression
    colon: Expression
    known: dict[tuple[int, Guard | None], Punctuation]

    @classmethod
    def of(cls, policy: Policy) -> Layout:
        """The layout of a new grammar."""
        builder = GrammarBuilder()
        blanks = builder.literal(b"")
        if policy.has_blanks:
            blank = builder.char_class([(9, 10), (13, 13), (32, 32)])
            most = policy.sizes.max_blanks
            if policy.whitespace == "flexible":
                most = min(most or MAXIMUM_BLANKS, MAXIMUM_BLANKS)
            blanks = builder.repeat(blank, 0, most)
        colon = builder.literal(policy.colon)
        if policy.has_blanks:
            colon = builder.concat([blanks, colon, blanks])
        return cls(builder, policy, blanks, colon, {})

    def copy(self) -> Layout:
        """This layout with a copy of the grammar so far."""
        return Layout(self.builder.copy(), self.policy, self.blanks, self.colon, self.known.copy())

    @property
    def follows_depth(self) -> bool:
        """Whether rules differ from depth to depth."""
        return self.policy.whitespace == "pretty"

    def openings(self) -> frozenset[Symbol]:
        """The lexemes that objects and arrays begin with."""
        found = [(at.open_object, at.empty_object, at.open_array, at.empty_array) for at in self.known.values()]
        return frozenset(symbol for symbols in found for symbol in symbols)

    def key(self, quoted: bytes | Expression) -> Expression:
        """A member's name (with quotes), the colon and the blanks around it."""
        builder = self.builder
        if isinstance(quoted, bytes):
            if not self.policy.has_blanks:
                return builder.literal(quoted + self.policy.colon)
            quoted = builder.literal(quoted)
        return builder.concat([quoted, self.colon])

    def at(self, depth: int, guard: Guard | None = None) -> Punctuation:
        """Punctuation of an object or array inside ``depth`` others.

        With a guard, the items of the array are distinct, and guarded keys of the object are; or the array repeats an
        item.

        Raises:
            UnsupportedError: deeper than pretty printing goes.
        """
        if self.policy.whitespace != "pretty":
            depth = 0
        known = self.known.get((depth, guard))
        if known is None:
            known = self.known[depth, guard] = self._make(depth, guard)
        return known

    def _make(self, depth: int, guard: Guard | None) -> Punctuation:
        builder = self.builder
        blanks = self.blanks
        always: Guard | None = "distinct" if guard == "distinct" else None
        opening: Guard | None = guard and "distinct"
        if self.policy.whitespace == "pretty":
            if depth > MAXIMUM_PRETTY_DEPTH:
                raise UnsupportedError(f"pretty printing goes {MAXIMUM_PRETTY_DEPTH} levels deep")
            inner = b"\n" + b" " * (self.policy.indent * (depth + 1))
            outer = b"\n" + b" " * (self.policy.indent * depth)
        else:
            inner = outer = b""
        next_one = b" " if self.policy.whitespace == "spaced" else inner

        def lexeme(name: str, before: bytes, middle: bytes, after: bytes, guard: Guard | None = always) -> Symbol:
            if self.policy.has_blanks:
                parts = [builder.literal(middle)]
                if name != "open":
                    parts.insert(0, blanks)
                if name != "close":
                    parts.append(blanks)
                return builder.terminal(builder.concat(parts), f"{name} {middle.decode()}", guard)
            return builder.terminal(builder.literal(before + middle + after), f"{name} {middle.decode()}", guard)

        def empty(text: bytes) -> Symbol:
            if self.policy.has_blanks:
                both = builder.concat([builder.literal(text[:1]), blanks, builder.literal(text[1:])])
                return builder.terminal(both, f"empty {text.decode()}")
            return builder.terminal(builder.literal(text), f"empty {text.decode()}")

        return Punctuation(
            open_object=lexeme("open", b"", b"{", inner),
            close_object=lexeme("close", outer, b"}", b""),
            empty_object=empty(b"{}"),
            open_array=lexeme("open", b"", b"[", inner, opening),
            close_array=lexeme("close", outer, b"]", b"", guard),
            empty_array=empty(b"[]"),
            separator=lexeme("separator", b"", b",", next_one),
        )
