"""Terminals that match the same text where either may stand: by default both readings count, which takes time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import combinations, product
from typing import NamedTuple

from constrain.compiler.notation.lint.finding import Context, GrammarWarning
from constrain.compiler.notation.lint.places import awaited_together, key_of
from constrain.compiler.notation.lint.witness import Undecided, Witnesses, fixed_text
from constrain.compiler.notation.tree import Lexeme, RuleSet, nodes_of
from constrain.errors import LimitError

__all__ = ["terminal_collision"]

MAXIMUM_PAIRS = 1_000
"""Pairs of expressions looked at, some milliseconds each."""

MAXIMUM_TEXTS = 50_000
"""Fixed texts asked about, some microseconds each."""

SHOWN = 5
"""Fixed texts named in one warning."""

SHOWN_NAMES = 3
"""Terminals that these texts are, named in one warning."""


class _Terminals(NamedTuple):
    """What terminals a grammar has: their leaves, and the texts of those that match but one."""

    leaves: dict[str, Lexeme]
    texts: dict[str, str]

    @property
    def expressions(self) -> frozenset[str]:
        """Those that may match several texts."""
        return frozenset(self.leaves.keys() - self.texts.keys())


def terminal_collision(context: Context) -> Iterator[GrammarWarning]:
    """Pairs of terminals that match one text, and may stand at one place."""
    if context.notation != "lark":
        return
    terminals, witnesses = _terminals(context), Witnesses(context.rules.taken)
    try:
        together = awaited_together(context.rules)
    except LimitError as error:
        yield _unchecked(context, f"{error.message}: terminals that collide were not looked for")
        return
    sure = _Sure(context.rules)
    yield from _equal_texts(context, terminals, together, sure)
    expressions = terminals.expressions
    alike = (pair for names in together for pair in combinations(sorted(names & expressions), 2))
    yield from _overlapping(context, terminals, witnesses, _first(alike, MAXIMUM_PAIRS + 1), sure)
    if context.rules.lexer == "complete":  # the contextual lexer takes the fixed text
        fixed = terminals.texts.keys()
        mixed = (pair for names in together for pair in product(sorted(names & expressions), sorted(names & fixed)))
        yield from _matched_texts(context, terminals, witnesses, _first(mixed, MAXIMUM_TEXTS + 1), sure)
    yield from _ignored(context, terminals, witnesses)


class _Sure:
    """A second look at pairs of terminals that collide: may they stand at one place by the grammar's tables, too?"""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules

    def of(self, one: str, other: str) -> bool:
        """Is nothing known against it?"""
        return self._awaited is None or any(one in names and other in names for names in self._awaited)

    @cached_property
    def _awaited(self) -> list[frozenset[str]] | None:
        # lark takes a while; most grammars have nothing that collides
        from constrain.compiler.notation.lint.tables import awaited_by_tables

        return awaited_by_tables(self._rules)


def _terminals(context: Context) -> _Terminals:
    rules = context.rules
    leaves: dict[str, Lexeme] = {}
    for rule in rules.rules.values():
        for node in nodes_of(rule.body):
            if isinstance(node, Lexeme) and _is_known(node, rules):
                name = rule.name if rule.is_terminal else key_of(rules, node)
                leaves.setdefault(name or node.written, node)
    texts = {name: text for name, leaf in leaves.items() if (text := fixed_text(leaf.node)) is not None}
    return _Terminals(leaves, texts)


def _is_known(leaf: Lexeme, rules: RuleSet) -> bool:
    source = rules.taken.get(leaf)
    return leaf not in rules.sealed if source is None else source.is_given


def _first(pairs: Iterable[tuple[str, str]], number: int) -> list[tuple[str, str]]:
    """So many different ones."""
    found: dict[tuple[str, str], None] = {}
    for pair in pairs:
        found[pair] = None
        if len(found) == number:
            break
    return list(found)


def _equal_texts(
    context: Context, terminals: _Terminals, together: Iterable[frozenset[str]], sure: _Sure
) -> Iterator[GrammarWarning]:
    """Two terminals for one text."""
    found: set[tuple[str, str]] = set()
    for names in together:
        same: dict[str, list[str]] = {}
        for name in sorted(names & terminals.texts.keys()):
            same.setdefault(terminals.texts[name], []).append(name)
        found.update(pair for each in same.values() for pair in combinations(each, 2))
    for one, two in sorted(pair for pair in found if sure.of(*pair)):
        yield context.warning(
            "terminal-collision",
            terminals.leaves[two].at,
            f"{one} and {two} are both {terminals.texts[one]!r}, and either may stand there",
            "one terminal for one text",
        )


def _overlapping(
    context: Context, terminals: _Terminals, witnesses: Witnesses, pairs: list[tuple[str, str]], sure: _Sure
) -> Iterator[GrammarWarning]:
    """Two expressions with a text in common."""
    if len(pairs) > MAXIMUM_PAIRS:
        yield _unchecked(context, f"only {MAXIMUM_PAIRS} pairs of terminals were looked at")
    for first, second in pairs[:MAXIMUM_PAIRS]:
        leaf = terminals.leaves[first]
        try:
            witness = witnesses.common(leaf, terminals.leaves[second])
        except Undecided:
            yield _undecided(context, leaf, f"{first} and {second}")
            continue
        if witness is not None and sure.of(first, second):
            yield context.warning(
                "terminal-collision",
                leaf.at,
                f"{first} and {second} both match {witness!r}, and either may stand there",
                "terminals that tell them apart, or the contextual lexer, unless both readings are meant",
            )


def _matched_texts(
    context: Context, terminals: _Terminals, witnesses: Witnesses, pairs: list[tuple[str, str]], sure: _Sure
) -> Iterator[GrammarWarning]:
    """Expressions that match the texts of others: names that may be keywords."""
    if len(pairs) > MAXIMUM_TEXTS:
        yield _unchecked(context, f"only {MAXIMUM_TEXTS} pairs of a terminal and a fixed text were looked at")
    matched: dict[str, dict[str, list[str]]] = {}
    undecided: set[str] = set()
    for name, other in pairs[:MAXIMUM_TEXTS]:
        if name in undecided:
            continue
        try:
            if witnesses.accepts(name, terminals.leaves[name], terminals.texts[other]) and sure.of(name, other):
                matched.setdefault(name, {}).setdefault(terminals.texts[other], []).append(other)
        except Undecided:
            undecided.add(name)
            yield _undecided(context, terminals.leaves[name], f"{name} and fixed texts")
    for name, found in matched.items():
        texts = sorted(found)
        shown = ", ".join(repr(text) for text in texts[:SHOWN])
        more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
        others = [other for text in texts for other in found[text]]
        stand = "stand" if len(others) > 1 else "stands"
        yield context.warning(
            "terminal-collision",
            terminals.leaves[name].at,
            f"{name} matches {shown}{more}, for which {_listed(others)} {stand} at the same place",
            f"a {name} that leaves them out, or the contextual lexer, unless both readings are meant",
        )


def _listed(names: list[str]) -> str:
    """The first names, and how many more there are."""
    shown, more = names[:SHOWN_NAMES], len(names) - SHOWN_NAMES
    last = f"{more} more" if more > 0 else shown.pop()
    return f"{', '.join(shown)} and {last}" if shown else last


def _ignored(context: Context, terminals: _Terminals, witnesses: Witnesses) -> Iterator[GrammarWarning]:
    """Terminals whose texts may be ignored instead."""
    for number, ignored in enumerate(each for each in context.rules.ignored if each not in context.rules.sealed):
        for name, leaf in list(terminals.leaves.items())[:MAXIMUM_PAIRS]:
            text = terminals.texts.get(name)
            try:
                if text is None:
                    witness = witnesses.common(ignored, leaf)
                else:
                    witness = text if witnesses.accepts(f"%ignore {number}", ignored, text) else None
            except Undecided:
                yield _undecided(context, leaf, f"{name} and what is ignored")
                continue
            if witness is not None:
                yield context.warning(
                    "terminal-collision",
                    leaf.at,
                    f"{name} matches {witness!r}, which is ignored, too",
                    f"a {name} that begins otherwise, or less that is ignored",
                )


def _undecided(context: Context, leaf: Lexeme, names: str) -> GrammarWarning:
    return context.warning(
        "unchecked",
        leaf.at,
        f"{names} are too large for a look at what they have in common",
        "smaller terminals, or a look of your own",
    )


def _unchecked(context: Context, message: str) -> GrammarWarning:
    return context.warning("unchecked", 0, message, "a smaller grammar, or a look of your own")
