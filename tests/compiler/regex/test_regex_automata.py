"""The parts of the way from a pattern to an automaton: formulas, letters, and the smallest table."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from constrain import LimitError
from constrain.compiler.regex import Node, python_re
from constrain.compiler.regex.alphabet import Alphabet
from constrain.compiler.regex.ast import ANY, NOTHING, Automaton
from constrain.compiler.regex.determinise import determinise
from constrain.compiler.regex.formulas import FALSE, TRUE, Formula, Formulas
from constrain.compiler.regex.minimise import Row, minimised

WORLDS = list(itertools.product([False, True], repeat=4))


def truth(formulas: Formulas, formula: Formula) -> list[bool]:
    """Whether a formula holds, for each choice of the variables that do."""
    found = []
    for world in WORLDS:
        at = formula
        while at > TRUE:
            variable, low, high = formulas.parts(at)
            at = high if world[variable] else low
        found.append(at == TRUE)
    return found


def test_formulas_are_equal_where_they_hold_alike() -> None:
    source = random.Random(1)
    formulas = Formulas(lambda steps: None)
    known: dict[tuple[bool, ...], Formula] = {}
    made = [FALSE, TRUE, *map(formulas.variable, range(4))]
    for _ in range(2_000):
        first, second, third = source.choices(made, k=3)
        operation: Callable[[bool, bool, bool], bool]
        match source.randrange(4):
            case 0:
                found, operation = formulas.both(first, second), lambda a, b, _: a and b
            case 1:
                found, operation = formulas.either(first, second), lambda a, b, _: a or b
            case 2:
                found, operation = formulas.negation(first), lambda a, *_: not a
            case _:
                found, operation = formulas.choose(first, second, third), lambda a, b, c: b if a else c
        values = tuple(truth(formulas, found))
        expected = zip(*(truth(formulas, each) for each in (first, second, third)), strict=True)
        assert values == tuple(operation(*each) for each in expected)
        assert known.setdefault(values, found) == found
        made.append(found)
    for formula in made[-50:]:
        replacements = source.choices(made, k=4)
        replaced = formulas.replaced(formula, lambda variable: replacements[variable], {})  # noqa: B023
        inside = zip(*(truth(formulas, each) for each in replacements), strict=True)
        outside = truth(formulas, formula)
        assert truth(formulas, replaced) == [outside[WORLDS.index(world)] for world in inside]
        assert [formulas.holds(formula, variable) for variable in range(4)] == [
            outside[WORLDS.index(tuple(index == variable for index in range(4)))] for variable in range(4)
        ]


def test_letters_are_told_apart_by_the_classes_alone() -> None:
    classes = [((0x61, 0x7A),), ((0x30, 0x39), (0x78, 0x10FFFF)), ((0x78, 0x7A),)]
    alphabet = Alphabet([tuple(each) for each in classes])
    everything = (1 << len(alphabet.members)) - 1
    assert alphabet.ranges(everything) == ANY.ranges
    for selected in range(8):
        groups = alphabet.groups(selected)
        assert sum(letters for _, letters in groups) == everything
        for members, letters in groups:
            for low, high in alphabet.ranges(letters):
                for point in (low, high):
                    inside = [any(a <= point <= b for a, b in each) for each in classes]
                    assert members == sum(1 << index for index in range(3) if inside[index] and selected >> index & 1)


def reads(accepting: list[bool], rows: list[Row], word: tuple[int, ...]) -> bool:
    state = 0
    for letter in word:
        following = [to for to, letters in rows[state].items() if letters >> letter & 1]
        if not following:
            return False
        (state,) = following
    return accepting[state]


def random_automaton(source: random.Random) -> tuple[list[bool], list[Row]]:
    count = source.randint(1, 9)
    rows: list[Row] = []
    for _ in range(count):
        row: Row = {}
        for letter in range(2):
            if source.random() < 0.85:
                to = source.randrange(count)
                row[to] = row.get(to, 0) | 1 << letter
        rows.append(row)
    return [source.random() < 0.4 for _ in range(count)], rows


def test_minimal_automata() -> None:
    words = [word for length in range(9) for word in itertools.product(range(2), repeat=length)]
    tables: dict[tuple[bool, ...], tuple[list[bool], list[Row]]] = {}
    for seed in range(400):
        accepting, rows = random_automaton(random.Random(seed))
        small = minimised(accepting, rows)
        language = tuple(reads(accepting, rows, word) for word in words)
        assert tuple(reads(*small, word) for word in words) == language
        # one table for each language; words of that length tell these languages apart
        assert tables.setdefault(language, small) == small
        # no state too many: the rests of the language are all different
        rests = {
            tuple(reads(small[0][state:] + small[0][:state], _turned(small[1], state), word) for word in words[:127])
            for state in range(len(small[0]))
        }
        assert len(rests) == len(small[0])


def _turned(rows: list[Row], first: int) -> list[Row]:
    """The same rows, in which another state is the first."""
    count = len(rows)
    turned = rows[first:] + rows[:first]
    return [{(to - first) % count: letters for to, letters in row.items()} for row in turned]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("(?:(?!ab)[ab])*", "b*a*"),
        (r"\b\w+\b", r"\w+"),
        ("(?:a(?=b)|b)*", "(?:ab|b)*"),
        ("(?:a++|b)*", "[ab]*"),
        ("(?<=x)a|(?!a)b", "b"),
        ("(?=[ab]{3})(?:a|b)*", "[ab]{3,}"),
    ],
)
def test_equal_languages_have_equal_automata(first: str, second: str) -> None:
    found = determinise(python_re.syntax_tree(first))
    assert isinstance(found, Automaton)
    assert found == determinise(python_re.syntax_tree(second))


def test_the_sizes_of_automata() -> None:
    def states(pattern: str) -> int:
        node: Node = determinise(python_re.syntax_tree(pattern))
        assert isinstance(node, Automaton)
        return len(node.states)

    assert states("(?:(?!END).)*END") == 4
    assert states("(?:(?!END).){1,500}END") < 2_000
    assert states(r"(?:\b\w+\b ?)*") == 2
    assert states("(?s:.*(?<=a).*)") == 2
    assert determinise(python_re.syntax_tree("a(?=b)c")) is NOTHING
    with pytest.raises(LimitError, match="20000 states"):
        states("(?:a(?=.{20}b)|b)*")
