"""Random grammars as trees, random texts of them, and texts near those."""

from __future__ import annotations

from random import Random

from constrain.compiler.notation.tree import Choice, Lexeme, Name, Node, Repeat, Rule, RuleSet
from constrain.compiler.regex.ast import CharacterClass, character, character_class, concat

ALPHABET = 'ab-"\\]^é\n\U0001f600'
_CLASSES = ["a", "ab", '"\\', "]^-", "é\U0001f600", "a\n"]
_STRINGS = ["a", "b", "ab", "ba", "a-", '"', "\\", "é", "\n"]


def random_rules(random: Random, *, left_recursive: bool = True) -> RuleSet:
    """A grammar of up to four rules; each has a text, and none can be empty but by a repetition."""
    names = ["root", "one", "Two_2", "three-3"][: random.randint(1, 4)]
    rules = {}
    for index, name in enumerate(names):
        alternatives = [_sequence(random, names[index + 1 :], 2) for _ in range(random.randint(1, 3))]
        if random.random() < 0.4:  # recursion, beside an alternative that has none
            inner = Name(random.choice(names[: index + 1]), 0)
            before, after = (_sequence(random, [], 0) for _ in range(2))
            kinds = [(*before, inner, *after), (*before, inner)] + ([(inner, *after)] if left_recursive else [])
            alternatives.append(random.choice(kinds))
        rules[name] = Rule(name, Choice(tuple(alternatives), 0), 0)
    return RuleSet("", rules, "root")


def _sequence(random: Random, names: list[str], depth: int) -> tuple[Node, ...]:
    return tuple(_item(random, names, depth) for _ in range(random.randint(1, 3)))


def _item(random: Random, names: list[str], depth: int) -> Node:
    kind = random.random()
    if names and kind < 0.35:
        return Name(random.choice(names), 0)
    if depth and kind < 0.5:
        return Choice(tuple(_sequence(random, names, depth - 1) for _ in range(random.randint(2, 3))), 0)
    if depth and kind < 0.75:
        minimum = random.randint(0, 2)
        maximum = random.choice([None, minimum + random.randint(0, 2)])
        return Repeat(_filled(random, names, depth - 1), minimum, maximum, 0)
    if kind < 0.9:
        return Lexeme(concat([character(ord(each)) for each in random.choice(_STRINGS)]), 0)
    members = [(ord(each), ord(each)) for each in random.choice(_CLASSES)]
    return Lexeme(character_class(members, negated=random.random() < 0.2), 0)


def _filled(random: Random, names: list[str], depth: int) -> Node:
    """An item that is never empty, so that llama.cpp takes repetitions of it."""
    leaf = Lexeme(character(ord(random.choice("ab"))), 0)
    return Choice(((leaf, *_sequence(random, names, depth)),), 0) if random.random() < 0.6 else leaf


def with_unproductive_rules(rules: RuleSet, random: Random) -> tuple[RuleSet, RuleSet]:
    """The same language with rules and alternatives that have no text; and what it would be if these had one."""
    leaf = Lexeme(character(ord("a")), 0)
    dead = ["dead", "Dead-2", "dead3"][: random.randint(1, 3)]

    def use() -> Name:
        return Name(random.choice(dead), 0)

    bodies: dict[str, list[tuple[Node, ...]]] = {}
    for name in dead:
        own = Name(name, 0)
        kinds: list[tuple[Node, ...]] = [
            (own, leaf),
            (own,),
            (leaf, own),
            (use(), leaf),
            (Choice(((use(),), (leaf, own)), 0),),
            (Repeat(use(), random.randint(1, 2), None, 0), leaf),
        ]
        bodies[name] = random.sample(kinds, random.randint(1, 2))
    changed = {}
    for rule in rules.rules.values():
        alternatives = list(rule.body.alternatives)
        kinds = [(use(),), (leaf, use()), (Choice(((use(),), (leaf, use())), 0), leaf)]
        alternatives.insert(random.randint(0, len(alternatives)), random.choice(kinds))
        if random.random() < 0.5:  # in what may be left out
            number = random.randrange(len(alternatives))
            alternatives[number] = (*alternatives[number], Repeat(use(), 0, random.choice([1, 2, None]), 0))
        changed[rule.name] = rule._replace(body=Choice(tuple(alternatives), 0))

    def having(alternatives: list[tuple[Node, ...]]) -> RuleSet:
        more = {name: Rule(name, Choice((*alternatives, *bodies[name]), 0), 0) for name in dead}
        return RuleSet("", changed | more, rules.start)

    return having([]), having([(leaf,), ()])


def random_text(rules: RuleSet, random: Random) -> str:
    """A text of the grammar; long ways are left after a while."""
    return "".join(_text(rules, rules.rules[rules.start].body, random, 6))


def _text(rules: RuleSet, node: Node, random: Random, depth: int) -> str:
    match node:
        case Lexeme(expression):
            parts = [expression] if isinstance(expression, CharacterClass) else list(expression.parts)  # type: ignore[union-attr]
            return "".join(_member(part, random) for part in parts)  # type: ignore[arg-type]
        case Name(name):
            return _text(rules, rules.rules[name].body, random, depth - 1)
        case Choice(alternatives):
            items = alternatives[0] if depth < 0 else random.choice(alternatives)
            return "".join(_text(rules, item, random, depth) for item in items)
        case Repeat(part, minimum, maximum):
            most = minimum + 2 if maximum is None else maximum
            return "".join(_text(rules, part, random, depth) for _ in range(random.randint(minimum, most)))
    raise ValueError(node)


def _member(node: CharacterClass, random: Random) -> str:
    inside = [each for each in ALPHABET if any(low <= ord(each) <= high for low, high in node.ranges)]
    return random.choice(inside or [chr(node.ranges[0][0])])


def texts_near(rules: RuleSet, random: Random, number: int = 20) -> list[str]:
    """Texts of the grammar, and as many with a character or two changed."""
    found = []
    for _ in range(number):
        text = random_text(rules, random)[:40]
        found.append(text)
        for _ in range(random.randint(1, 2)):
            at, size = random.randint(0, len(text)), random.randint(0, 2)
            text = text[:at] + random.choice(["", "", *ALPHABET]) + text[at + size :]
        found.append(text)
    return found
