"""Intersection, difference and complement of patterns: exact, and interegular agrees on what is empty."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable

import interegular
import pytest

from constrain import CompiledGrammar, LimitError, Limits, RegexError, UnsatisfiableError, Vocabulary, compile_regex

TEXTS = ["".join(letters) for length in range(6) for letters in itertools.product("abc", repeat=length)]
PIECES = ["a", "b", "c", "[ab]", "[^a]", "(a|bc)", "(ab|b)", "a?", "b*", "c+", "(a|b){2}", "(ab)*", "(c|ba)+", "."]


def taken(compiled: CompiledGrammar) -> set[str]:
    found = set()
    for text in TEXTS:
        matcher = compiled.matcher()
        if matcher.accept_bytes(text.encode()) and matcher.is_accepting():
            found.add(text)
    return found


def random_pattern(source: random.Random) -> str:
    return "".join(source.choice(PIECES) for _ in range(source.randint(1, 4)))


@pytest.mark.parametrize(
    ("pattern", "all_of", "none_of"),
    [
        ("[a-c]{1,3}", [".*b.*"], ["ab"]),
        ("[a-c]+", ["(?!.*cc).*", r".*\bab?.*"], [".*bb.*", "(?:a|c(?=b)|b)*"]),
        ("(?s:.*)", [], ["[ab]*"]),
        ("(?s:.*)", [], ["(?s:.*)a(?s:.*)", "(?:b(?=c)|c)*"]),
        ("(?i)[A-C]{0,3}", ["(?:a++|b)*c?"], [""]),
        ("a|b", [], []),
    ],
)
def test_operations_are_those_of_re(
    pattern: str, all_of: list[str], none_of: list[str], byte_vocabulary: Vocabulary
) -> None:
    def is_wanted(text: str) -> bool:
        wanted = all(re.fullmatch(each, text) for each in [pattern, *all_of])
        return wanted and not any(re.fullmatch(each, text) for each in none_of)

    compiled = compile_regex(pattern, byte_vocabulary, all_of=all_of, none_of=none_of)
    assert taken(compiled) == {text for text in TEXTS if is_wanted(text)}


def test_random_operations_and_emptiness(byte_vocabulary: Vocabulary) -> None:
    source = random.Random(5)
    empty = 0
    for _ in range(300):
        first, second, third = (random_pattern(source) for _ in range(3))
        # interegular's own parser and automata
        automata = [interegular.parse_pattern(each).to_fsm() for each in (first, second, third)]
        expected = (automata[0] & automata[1]) - automata[2]
        try:
            compiled = compile_regex(first, byte_vocabulary, all_of=[second], none_of=[third])
        except UnsatisfiableError:
            assert expected.empty(), (first, second, third)
            empty += 1
            continue
        assert not expected.empty(), (first, second, third)
        assert taken(compiled) == {text for text in TEXTS if expected.accepts(text)}, (first, second, third)
    assert 60 < empty < 240


@pytest.mark.parametrize("form", ["(?={0}){1}", "(?!{0}){1}", "{1}(?<={0})", "{1}(?<!{0})", "(?:(?!{0})[abc])*"])
def test_assertions_at_the_ends_are_operations(form: str, byte_vocabulary: Vocabulary) -> None:
    def automaton(pattern: str) -> interegular.FSM:
        return interegular.parse_pattern(pattern).to_fsm()

    source = random.Random(6)
    anything = r"(.|\n)*"
    empty = 0
    for _ in range(60):
        first, second = random_pattern(source), random_pattern(source)
        match form:
            case "(?={0}){1}":
                expected = automaton(second) & automaton(first + anything)
            case "(?!{0}){1}":
                expected = automaton(second) - automaton(first + anything)
            case "{1}(?<={0})":
                # re wants lookbehind of one width, the engine doesn't
                first = source.choice(["a", "[^a]b", "c.", "ab|bc", "(a|b){3}"])
                expected = automaton(second) & automaton(f"{anything}({first})")
            case "{1}(?<!{0})":
                first = source.choice(["a", "[^a]b", "c.", "ab|bc", "(a|b){3}"])
                expected = automaton(second) - automaton(f"{anything}({first})")
            case _:
                # no place but the last begins what is forbidden
                inside = automaton(f"{anything}({first}){anything}")
                expected = automaton("") if automaton(first).accepts("") else automaton("[abc]*") - inside
        pattern = form.format(first, second)
        try:
            compiled = compile_regex(pattern, byte_vocabulary)
        except UnsatisfiableError:
            assert expected.empty(), pattern
            empty += 1
            continue
        assert not expected.empty(), pattern
        assert taken(compiled) == {text for text in TEXTS if expected.accepts(text)}, pattern
    assert empty < 50


@pytest.mark.parametrize(
    ("pattern", "all_of", "none_of", "says"),
    [
        ("a", ["b"], [], "all_of 'b' leaves none of the texts that match 'a'$"),
        ("[ab]", ["a|c", "b|c"], [], r"all_of 'b\|c' leaves none of the texts that match '\[ab\]' and meet the condit"),
        ("[ab]", ["a|c"], ["b", "a"], "none_of 'a' leaves none of the texts that match"),
        ("(?>a*)a", [], [], r"no text matches '\(\?>a\*\)a'$"),
        ("a(?!a)a", ["b"], [], r"no text matches 'a\(\?!a\)a'$"),
        ("x" * 70, [], ["x*"], r"none_of 'x\*' leaves none of the texts that match 'x{57}\.\.\.'$"),
    ],
)
def test_nothing_left(
    pattern: str, all_of: list[str], none_of: list[str], says: str, byte_vocabulary: Vocabulary
) -> None:
    with pytest.raises(UnsatisfiableError) as caught:
        compile_regex(pattern, byte_vocabulary, all_of=all_of, none_of=none_of)
    assert re.search(says, caught.value.message)


def test_mistakes_name_the_pattern(byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(RegexError) as caught:
        compile_regex("a", byte_vocabulary, all_of=["b", "x(y"])
    assert caught.value.__notes__ == ["all_of 'x(y'"]
    assert caught.value.span is not None
    assert caught.value.span.column == 2
    with pytest.raises(LimitError, match="max_pattern_length = 5"):
        compile_regex("ab", byte_vocabulary, none_of=["abcd"], limits=Limits(max_pattern_length=5))


@pytest.mark.parametrize("name", ["all_of", "none_of"])
@pytest.mark.parametrize("value", ["abc", 5, None, [1], {"a": "b"}, [b"a"]])
def test_arguments_of_another_type(name: str, value: object, byte_vocabulary: Vocabulary) -> None:
    compile_it: Callable[..., CompiledGrammar] = compile_regex
    with pytest.raises(TypeError, match=f"{name} must be a"):
        compile_it("a", byte_vocabulary, **{name: value})
