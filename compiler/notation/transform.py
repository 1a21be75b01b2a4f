"""Steps on the way from one notation to another; each makes a grammar of the same language.

``with_choices_written_out`` puts the lines of files in their place. ``with_ignored_text`` writes out what Lark's
``%ignore`` allows between terminals. ``spelled_out`` makes rules of regular expressions, down to strings and classes.
``without_left_recursion`` is for llama.cpp, which has none. What matches nothing is a choice without alternatives;
:mod:`~constrain.compiler.notation.productive` leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from constrain.compiler.grammar import Limits
from constrain.compiler.notation.automaton import without_sets
from constrain.compiler.notation.components import cycles, reachable, uses_of
from constrain.compiler.notation.nullable import is_nullable, left_names, nullable_rules
from constrain.compiler.notation.regular import Regular
from constrain.compiler.notation.scanner import MAXIMUM_CHARACTERS
from constrain.compiler.notation.tree import Choice, Difference, Lexeme, Name, Node, Repeat, Rule, RuleSet, nodes_of
from constrain.compiler.regex.ast import CharacterClass, Concat, character, concat, repeat, union
from constrain.compiler.regex.ast import Node as RegexNode
from constrain.compiler.regex.ast import Repeat as RegexRepeat
from constrain.compiler.regex.ast import Union as RegexUnion
from constrain.errors import InputError, LimitError, UnsupportedError

__all__ = [
    "fresh_name",
    "is_character",
    "pruned",
    "spelled_out",
    "with_choices_written_out",
    "with_differences_as_expressions",
    "with_ignored_text",
    "without_left_recursion",
]


def pruned(rules: RuleSet) -> RuleSet:
    """Without the rules that the start does not reach."""
    used = set(reachable(rules.rules, rules.start))
    kept = {name: rule for name, rule in rules.rules.items() if name in used}
    return replace(rules, rules=kept, unused=())


def fresh_name(wanted: str, taken: Callable[[str], bool], separator: str = "_") -> str:
    """``wanted``, or with a number after it."""
    name, number = wanted, 1
    while taken(name):
        number += 1
        name = f"{wanted}{separator}{number}"
    return name


# -- choices from files ----------------------------------------------------------------------------------------------


def with_choices_written_out(rules: RuleSet, limits: Limits) -> RuleSet:
    """Terminals that are one of the lines of a file, as these texts.

    Raises:
        DataError: the file is not given, not UTF-8, or empty; at the terminal's place.
        LimitError: there are more than a grammar may be long.
    """
    if not rules.taken:
        return rules
    written: dict[str, Rule] = {}
    count = characters = 0
    for name, rule in rules.rules.items():
        (leaf,) = rule.body.alternatives[0] if rule.is_terminal else (None,)
        if not isinstance(leaf, Lexeme) or leaf not in rules.taken:
            written[name] = rule
            continue
        choices = [text.decode() for text in dict.fromkeys(rules.taken[leaf].texts)]
        # a word and a sign for each
        count += 2 * len(choices)
        characters += sum(map(len, choices))
        limits.check("max_grammar_tokens", count)
        if characters > MAXIMUM_CHARACTERS:
            raise LimitError(
                f"the choices of {name} and others have more than {MAXIMUM_CHARACTERS} characters",
                span=rules.span(leaf.at),
                expected="fewer of them in a grammar's text; this limit is fixed",
            )
        texts = union([concat([character(ord(each)) for each in choice]) for choice in choices])
        written[name] = rule._replace(body=Choice(((leaf._replace(node=texts),),), rule.at))
    return replace(rules, rules=written, taken={})


# -- ignored text ----------------------------------------------------------------------------------------------------


def with_ignored_text(rules: RuleSet) -> RuleSet:
    """Ignored text as a rule, after every terminal and before the first."""
    if not rules.ignored:
        return rules
    at = rules.ignored[0].at
    name = fresh_name("ignored", rules.rules.__contains__)
    everything = repeat(union([leaf.node for leaf in rules.ignored]), 0, None)
    following = Name(name, at)
    written: dict[str, Rule] = {}
    for rule in rules.rules.values():
        body = _replaced(rule.body, lambda leaf: (leaf, following))
        written[rule.name] = rule._replace(body=body, is_terminal=False)
    start = rules.start
    if any(start in names for names in uses_of(written).values()):
        start = fresh_name("start", written.__contains__)
        begun_at = written[rules.start].at
        written = {start: Rule(start, Choice(((following, Name(rules.start, at)),), at), begun_at), **written}
    else:
        begun = written[start].body.alternatives
        items = begun[0] if len(begun) == 1 else (written[start].body,)
        written[start] = written[start]._replace(body=Choice(((following, *items),), at))
    written[name] = Rule(name, Choice(((Lexeme(everything, at, "%ignore"),),), at), at)
    return RuleSet(rules.text, written, start)


def _replaced(
    choice: Choice,
    replace: Callable[[Lexeme], tuple[Node, ...]],
    express: Callable[[Difference], Lexeme] | None = None,
) -> Choice:
    """A choice with other items in place of its leaves, and leaves in place of its differences."""

    def items_of(node: Node) -> tuple[Node, ...]:
        match node:
            case Lexeme():
                return replace(node)
            case Name():
                return (node,)
            case Repeat(part):
                return (node._replace(part=_as_one(items_of(part), node.at)),)
            case Difference(left, right):
                if express is not None:
                    return (express(node),)
                return (Difference(_as_one(items_of(left), node.at), _as_one(items_of(right), node.at), node.at),)
            case Choice():
                return (_replaced(node, replace, express),)

    alternatives = tuple(tuple(each for item in items for each in items_of(item)) for items in choice.alternatives)
    return Choice(alternatives, choice.at)


def _as_one(items: tuple[Node, ...], at: int) -> Node:
    return items[0] if len(items) == 1 else Choice((items,), at)


# -- regular expressions ---------------------------------------------------------------------------------------------


def with_differences_as_expressions(rules: RuleSet) -> RuleSet:
    """Differences as regular expressions.

    Raises:
        UnsupportedError: a difference of what is not regular, at its place.
    """
    regular = Regular(rules)

    def expression(difference: Difference) -> Lexeme:
        return Lexeme(regular.difference(difference).node, difference.at, "a difference")

    written = {
        name: rule._replace(body=_replaced(rule.body, lambda leaf: (leaf,), expression))
        for name, rule in rules.rules.items()
    }
    return RuleSet(rules.text, written, rules.start, rules.ignored)


def spelled_out(rules: RuleSet) -> RuleSet:
    """Regular expressions as choices, repetitions, strings and classes.

    Raises:
        UnsupportedError: an expression that cannot be written without intersection and complement, at its place.
    """

    def spelled(leaf: Lexeme) -> tuple[Node, ...]:
        try:
            return tuple(_items(without_sets(leaf.node), leaf.at))
        except InputError as error:
            raise type(error)(
                f"in {leaf.written}: {error.message}", span=rules.span(leaf.at), expected=error.expected
            ) from None

    written = {name: rule._replace(body=_replaced(rule.body, spelled)) for name, rule in rules.rules.items()}
    return RuleSet(rules.text, written, rules.start, rules.ignored)


def _items(node: RegexNode, at: int) -> Iterator[Node]:
    match node:
        case CharacterClass():
            yield Lexeme(node, at)
        case Concat(parts):
            run: list[RegexNode] = []
            for part in parts:
                if is_character(part):
                    run.append(part)
                    continue
                if run:
                    yield Lexeme(Concat(tuple(run)), at)
                    run = []
                yield from _items(part, at)
            if run:
                yield Lexeme(Concat(tuple(run)), at)
        case RegexUnion(parts):
            yield Choice(tuple(tuple(_items(part, at)) for part in parts), at)
        case RegexRepeat(part, minimum, maximum):
            yield Repeat(_as_one(tuple(_items(part, at)), at), minimum, maximum, at)
        case _:
            raise ValueError(f"{node} is no plain expression")


def is_character(node: RegexNode) -> bool:
    """Is it a class of one character?"""
    return isinstance(node, CharacterClass) and [low == high for low, high in node.ranges] == [True]


# -- left recursion --------------------------------------------------------------------------------------------------


def without_left_recursion(rules: RuleSet) -> RuleSet:
    """Rules that begin with themselves, as repetitions: ``r: r a | b`` as ``r: b a*``.

    Raises:
        UnsupportedError: left recursion of another kind, or a repetition of what may be empty, at its place.
    """
    written = {name: _turned(rule) for name, rule in rules.rules.items()}
    result = RuleSet(rules.text, written, rules.start, rules.ignored)
    nullable = nullable_rules(written)
    edges = {name: list(dict.fromkeys(left_names(rule.body, nullable))) for name, rule in written.items()}
    for rule in written.values():
        _check_repetitions(result, rule, nullable)
    for cycle in cycles(edges, lambda name: written[name].at):
        raise UnsupportedError(
            f"left recursion through other rules ({' -> '.join(cycle)}), which llama.cpp does not take,",
            span=result.span(written[cycle[0]].at),
            expected="rules that do not begin with each other",
        )
    return result


def _turned(rule: Rule) -> Rule:
    after: list[tuple[Node, ...]] = []
    first: list[tuple[Node, ...]] = []
    for items in rule.body.alternatives:
        if items and isinstance(items[0], Name) and items[0].text == rule.name:
            after.append(items[1:])
        else:
            first.append(items)
    after = [items for items in after if items]  # r: r says nothing
    if len(first) == len(rule.body.alternatives):
        return rule
    loop = Repeat(Choice(tuple(after), rule.at), 0, None, rule.at)
    items = (Choice(tuple(first), rule.at), *((loop,) if after else ()))
    return rule._replace(body=Choice((items,), rule.at))


def _check_repetitions(rules: RuleSet, rule: Rule, nullable: frozenset[str]) -> None:
    for node in nodes_of(rule.body):
        if isinstance(node, Repeat) and node.maximum is None and is_nullable(node.part, nullable):
            raise UnsupportedError(
                f"a repetition of what may be empty (in {rule.name}), which can be left recursion to llama.cpp,",
                span=rules.span(node.at),
                expected="a repetition of what is not empty",
            )
