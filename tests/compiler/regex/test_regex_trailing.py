r"""What may follow a piece of text: Python's ``re`` is asked about each cut of a text into a piece and the rest."""

from __future__ import annotations

import random
import re
from itertools import product

import pytest

from constrain import UnsupportedError, Vocabulary, compile_grammar
from constrain.compiler.grammar import GrammarBuilder
from constrain.compiler.regex import NOTHING, Node, lower
from constrain.compiler.regex.membership import nullable
from constrain.compiler.regex.python_re import parse_endings
from constrain.compiler.regex.trailing import Ending

TEXTS = ["".join(letters) for size in range(5) for letters in product("if \n", repeat=size)]

PATTERNS = [
    # at the end
    r"if\b",
    r"i+\b",
    r"[if ]+\b",
    r"[if ]+\B",
    r"i(?= )",
    r"i(?! )",
    r"i(?=f*\Z)",
    r"i(?= $)",
    r"i$",
    r"i\n$",
    r"i\Z",
    r"[if](?!f)(?!\n)",
    r"[if](?=f| )(?!fi)",
    r"i(?=f\b)",
    r"i(?!f\b)",
    r"(i+|f)(?=i )",
    # at the end of some alternatives
    r"if\b|i",
    r"(i|if\b)",
    r"(i|f\b)?",
    r" (i\b|f(?=i))",
    r"i(f$)?",
    r"(i(?!f)|f(?!i)){1,1}",
    # past the end, from further left
    r"(?!if\b)[if]+",
    r"(?!(if|i f)\b)[if ]+",
    r"(?!(?:if|f)(?!i))[if]+",
    r"(?!if)[if]+",
    r"(?!ii|if|f\n)[if\n]+",
    r"(?!i[fi])(?!f\b)[if]+",
    r"(?=if)[if]+",
    r"(?=if| i)[if ]",
    r"(?=if\b)[if ]{1,3}",
    r"(?=i(f|\Z))[if]*",
    r"i(?!ff)(i|f)?",
    r"f*i(?!ff)f?",
    r"i(?=f\n)(f|)",
    r"(i|f)(?!\n$)[\nf]",
    r"i(?!$)f?",
    r"i$\n?",
    r"(?!i{1,3}\b)[if]+",
    r"(?!(?i:IF)\b)[if]+",
    r"(?![i ]f)[if ]{1,2}(?!f)",
    r"[if]+(?<=i)",
    r"f[if]*(?<!f)\b",
]


def accepts(node: Node, texts: list[str], vocabulary: Vocabulary) -> set[str]:
    if node == NOTHING:
        return set()
    builder = GrammarBuilder()
    grammar = builder.finish(builder.choice("start", [[builder.terminal(lower(node, builder), "node")], []]))
    compiled = compile_grammar(grammar, vocabulary)
    found = set()
    for text in texts:
        matcher = compiled.matcher()
        if text and matcher.accept_bytes(text.encode()) and matcher.is_accepting():
            found.add(text)
    return found | ({""} if nullable(node) else set())


def cuts(found: list[Ending], vocabulary: Vocabulary) -> set[tuple[str, str]]:
    """All pieces, each with the rest of a text."""
    pairs = set()
    for ending in found:
        pieces, rests = (accepts(node, TEXTS, vocabulary) for node in (ending.node, ending.rest))
        pairs |= {(left, right) for left in pieces for right in rests if len(left) + len(right) <= 4}
        if ending.forbidden is not None:
            begun = [re.escape(text) for text in accepts(ending.forbidden, TEXTS, vocabulary)]
            wrong = re.compile("|".join(begun) if begun else "(?!)")
            # told by short texts alone: those that are forbidden have at most two characters
            assert {right for right in TEXTS if not wrong.match(right)} == rests, ending
    return pairs


def cuts_by_re(pattern: str) -> set[tuple[str, str]]:
    pairs = set()
    for text in TEXTS:
        for size in range(len(text) + 1):
            piece, rest = text[:size], text[size:]
            if re.fullmatch(f"(?:{pattern})(?:{re.escape(rest)})", text):
                pairs.add((piece, rest))
    return pairs


@pytest.mark.parametrize("pattern", PATTERNS)
def test_pieces_and_what_follows_are_those_of_re(pattern: str, byte_vocabulary: Vocabulary) -> None:
    assert cuts(parse_endings(pattern), byte_vocabulary) == cuts_by_re(pattern)


def generated(source: random.Random, depth: int = 2) -> str:
    """Patterns of what matters here."""
    pick = source.random()
    if depth == 0 or pick < 0.35:
        return source.choice(["i", "f", " ", "[if]", "[^i]", r"\n"])
    if pick < 0.6:
        return generated(source, depth - 1) + generated(source, depth - 1)
    if pick < 0.75:
        return f"(?:{generated(source, depth - 1)}|{generated(source, depth - 1)})"
    if pick < 0.85:
        return f"(?:{generated(source, depth - 1)}){source.choice('?*+')}"
    return source.choice(
        [r"\b", r"\B", "$", r"\Z", f"(?={generated(source, 1)})", f"(?!{generated(source, 1)})", r"(?!if\b)"]
    )


@pytest.mark.parametrize(
    "block", [*range(4), *(pytest.param(block, marks=pytest.mark.slow) for block in range(4, 100))]
)
def test_random_patterns(block: int, byte_vocabulary: Vocabulary) -> None:
    source = random.Random(block)
    read = 0
    while read < 6:
        pattern = generated(source, 3)
        if not re.search(r"\\[bBZ]|\$|\(\?[=!]", pattern):
            continue
        try:
            found = parse_endings(pattern)
        except UnsupportedError:
            continue
        read += 1
        assert cuts(found, byte_vocabulary) == cuts_by_re(pattern), pattern


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (r"^i", "anchor"),
        (r"\Ai", "anchor"),
        (r"(?<!f)i", "lookbehind"),
        (r"\bi", "lookbehind"),
        (r"(?!i.*f)[if]", "bounded"),
        (r"(i$)*f", "anchor"),
        (r"(i\b)+", "lookahead"),
        (r"i+?(?=f)", "lazy quantifier before lookahead"),
        (r"i.*?(?!ff)f", "lazy"),
    ],
)
def test_what_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(UnsupportedError, match=says):
        parse_endings(pattern)


def test_keywords_are_a_handful_of_endings() -> None:
    (free, *others) = parse_endings(r"(?!(?:if|else|elif|while)\b)[a-z]+")

    assert free.looks == ()
    assert len(others) < 20


def test_lazy_strings_of_larks_python_grammar() -> None:
    """An empty string may not be followed by a third quote; every other one by anything."""
    found = parse_endings(r'(?i:([ubf]?r?|r[ubf])("(?!"").*?(?<!\\)(\\\\)*?"))')

    assert [len(ending.looks) for ending in found] == [0, 1]
