"""Constraints made to exhaust whoever compiles them: each with the outcome that is allowed.

An outcome is ``"result"`` (there are masks, and a completion), ``"unsatisfiable"``, or the budget that the
``LimitError`` names; ``"fixed"`` is a limit that no option raises, and the message says so; or another error's name.
Some may end in either way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from schema_hostile import SCHEMAS

from constrain import CompiledGrammar, GrammarBuilder, Vocabulary
from constrain.compiler import compile_grammar, compile_json_schema, compile_lark, compile_regex

__all__ = ["INPUTS", "compile_input"]

Write = Callable[[GrammarBuilder], Any]


def a_million_rules(builder: GrammarBuilder) -> Any:
    letter = builder.terminal(builder.literal(b"a"), "A")
    symbol = letter
    for index in range(1_000_000):
        symbol = builder.choice(f"r{index}", [[letter, symbol], [letter]])
    return symbol


def a_million_unit_rules(builder: GrammarBuilder) -> Any:
    symbol = builder.terminal(builder.literal(b"a"), "A")
    for index in range(1_000_000):
        symbol = builder.choice(f"r{index}", [[symbol]])
    return builder.choice("start", [[symbol], [symbol, symbol]])


def a_million_alternatives(builder: GrammarBuilder) -> Any:
    letters = [builder.terminal(builder.literal(bytes([byte])), "A") for byte in range(0x61, 0x7B)]
    return builder.choice("start", ([letters[(i // 26**k) % 26] for k in range(5)] for i in range(1_000_000)))


def a_hundred_thousand_terminals(builder: GrammarBuilder) -> Any:
    """All of them may begin at the start, each as an expression of its own."""
    word = builder.repeat(builder.char_class([(0x61, 0x7A)]), 1, None)
    return builder.choice(
        "start", ([builder.terminal(builder.concat([builder.literal(b"%d" % i), word]), "W")] for i in range(100_000))
    )


def rules_that_end_together(builder: GrammarBuilder) -> Any:
    letter = builder.terminal(builder.literal(b"a"), "A")
    other = builder.terminal(builder.literal(b"b"), "B")
    rules = [builder.rule(f"r{index}") for index in range(250_000)]
    for rule in rules:
        builder.define(rule, [[letter], [other]])
    return builder.choice("start", ([rule] for rule in rules))


def a_cycle_of_rules(builder: GrammarBuilder) -> Any:
    rules = [builder.rule(f"r{index}") for index in range(300)]
    letter = builder.terminal(builder.literal(b"a"), "A")
    for rule in rules:
        builder.define(rule, [*([other, rule] for other in rules), [letter], []])
    return rules[0]


def everything_is_ambiguous(builder: GrammarBuilder) -> Any:
    anything = builder.terminal(builder.repeat(builder.char_class([(0x20, 0x10FFFF)]), 0, None), "ANY")
    start = builder.rule("start")
    return builder.define(start, [[start, start, start], [anything], []])


def a_triple_of_itself(builder: GrammarBuilder) -> Any:
    letter = builder.terminal(builder.char_class([(0x61, 0x7A)]), "A")
    start = builder.rule("start")
    return builder.define(start, [[start, start, start], [start, start], [letter], []])


def repeats_of_repeats(builder: GrammarBuilder) -> Any:
    symbol = builder.terminal(builder.repeat(builder.literal(b"a"), 0, 5), "A")
    for _ in range(8):
        symbol = builder.repeat_symbol(symbol, 0, 1_000_000, None)
    return builder.choice("start", [[symbol]])


def a_doubling_of_rules(builder: GrammarBuilder) -> Any:
    """The shortest text has 2**60 letters."""
    symbol = builder.terminal(builder.literal(b"a"), "A")
    for index in range(60):
        symbol = builder.choice(f"r{index}", [[symbol, symbol]])
    return symbol


def towers_of_complements(builder: GrammarBuilder) -> Any:
    part = builder.literal(b"ab")
    for index in range(500):
        part = builder.complement(builder.concat([part, builder.literal(b"a" if index % 2 else b"b")]))
    return builder.terminal(part, "start")


def complements_of_stars(builder: GrammarBuilder) -> Any:
    """Each level of complement may cost an exponential more."""
    part = builder.literal(b"ab")
    anything = builder.repeat(builder.char_class([(0, 0x10FFFF)]), 0, None)
    for index in range(12):
        end = builder.literal(b"ab"[index % 2 :][:1])
        part = builder.complement(builder.concat([anything, part, builder.char_class([(0x61, 0x63)]), end, anything]))
    return builder.terminal(part, "start")


def complement_of_a_scattered_class(builder: GrammarBuilder) -> Any:
    scattered = builder.char_class((point, point) for point in range(0x100, 0x20000, 2) if not 0xD7F0 < point < 0xE010)
    word = builder.repeat(scattered, 1, 1000)
    return builder.terminal(builder.complement(builder.concat([builder.complement(word), word])), "start")


def intersections_of_primes(builder: GrammarBuilder) -> Any:
    """Not empty: the shortest text has 223,092,870 letters."""
    primes = (2, 3, 5, 7, 11, 13, 17, 19, 23)
    parts = [builder.repeat(builder.literal(b"a" * prime), 1, None) for prime in primes]
    return builder.terminal(builder.intersection(parts), "start")


def a_product_of_machines(builder: GrammarBuilder) -> Any:
    """Words of 40 letters in which no two equal ones stand 1 to 14 apart: empty, and hard to see."""
    letter = builder.char_class([(0x61, 0x62)])
    anything = builder.repeat(letter, 0, None)
    parts = [builder.repeat(letter, 40, None)]
    for distance in range(14):
        for text in (b"a", b"b"):
            end = builder.literal(text)
            pair = [anything, end, builder.repeat(letter, distance, distance), end, anything]
            parts.append(builder.complement(builder.concat(pair)))
    return builder.terminal(builder.intersection(parts), "start")


def intersections_of_distances(builder: GrammarBuilder) -> Any:
    """Satisfiability of a formula, as texts: 60 bits, 250 clauses."""
    bit = builder.char_class([(0x30, 0x31)])
    parts = [builder.repeat(bit, 60, 60)]
    state = 7
    for _ in range(250):
        members = []
        for _ in range(3):
            state = (state * 1103515245 + 12345) % 2**31
            place = state // 65536 % 60
            value = builder.literal(b"%d" % (state // 1024 % 2))
            members.append(
                builder.concat([builder.repeat(bit, place, place), value, builder.repeat(bit, 59 - place, 59 - place)])
            )
        parts.append(builder.union(members))
    return builder.terminal(builder.intersection(parts), "start")


def many_overlapping_terminals(builder: GrammarBuilder) -> Any:
    """2,000 lexemes in progress at each byte."""
    letter = builder.char_class([(0x61, 0x7A)])
    word = builder.repeat(letter, 0, None)
    return builder.choice(
        "start",
        (
            [builder.terminal(builder.concat([word, builder.literal(b"x"), builder.repeat(letter, i, i)]), "W")]
            for i in range(2_000)
        ),
    )


def many_parities(builder: GrammarBuilder) -> Any:
    """500 lexemes, each an even number of some letter and then its own number: each set of odd letters is a state."""

    def parity(index: int) -> Any:
        letter = 0x61 + index % 26
        others = builder.repeat(builder.char_class([(0x20, letter - 1), (letter + 1, 0x7E)]), 0, None)
        one = builder.literal(bytes([letter]))
        pairs = builder.repeat(builder.concat([others, one, others, one]), 0, None)
        return builder.concat([pairs, others, builder.literal(b"\n%d" % index)])

    return builder.choice("start", ([builder.terminal(parity(index), "W")] for index in range(500)))


def _wide_object() -> dict[str, Any]:
    return {"type": "object", "properties": {f"property{i}": {"type": "string", "minLength": i} for i in range(300)}}


def _long_lark(rules: int) -> str:
    """A megabyte of rules."""
    lines = [f'r{i}: "a{i}" r{i + 1} | "b" r{i // 2}' for i in range(rules)]
    return "\n".join(["start: r0", *lines, f'r{rules}: "end"'])


_STRING = {"type": "string"}

INPUTS: dict[str, tuple[str, Any, str]] = {
    # regular expressions
    "nested counters": ("regex", "((a{0,100}){0,100}){0,100}", "result"),
    "nested counters of classes": ("regex", "((([a-z]{1,100} ?){1,100};){1,100}\n){1,100}", "result"),
    "nested open counters": ("regex", "((a{2,}){3,}b?){4,}", "result"),
    "twelve nested counters": ("regex", "(" * 12 + "a" + "{0,9})" * 12, "max_expressions"),
    "a tower of stars": ("regex", "(" * 100 + "a" + ")*" * 100, "result"),
    "a tower of equal choices": ("regex", "(" * 100 + "a" + "|a)*" * 100, "result"),
    "a row of equal choices": ("regex", "(a|a)*" * 1000, "result"),
    "a row of optional letters": ("regex", "a?" * 1000 + "a" * 1000, "result"),
    "a row of optional classes": ("regex", "[a-z]?" * 500 + "[a-z]{500}", "result"),
    "pluses in a plus": ("regex", "(x+x+)+y", "result"),
    "pluses in pluses": ("regex", "(" * 40 + "x+" + ")+x" * 40, "result"),
    "thirty times anything": ("regex", "(.*a){30}", "result"),
    "a thousand times anything": ("regex", "(.*a){1000}", "result"),
    "far from the end": ("regex", ".*a.{20}", "result"),
    "further from the end": ("regex", "(.*a.{200}|.*b.{300})", "result or max_lexer_states"),
    "sixty words of anything": ("regex", "([ -~]*){60}", "result"),
    "sixty words": ("regex", "([ -~]+ ){60}", "result"),
    "words in words": ("regex", "(([a-z]+)+ ?){1,50}[0-9]", "result"),
    "a thousand letters of any script": ("regex", r"\w{1000}", "result"),
    "any letters but one word": ("regex", r"(?!\w{1000})\W*", "result"),
    "not a thousand letters": ("regex", r"(?!\w{1000}$)[^\n]*", "result"),
    "ten assertions": ("regex", "".join(f"(?!.*{chr(97 + i)}.{{{i}}}z)" for i in range(10)) + ".*", "max_expressions"),
    "passwords": (
        "regex",
        r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*\W).{8,64}",
        "result",
    ),
    "a million letters": ("regex", "[a-z]{1000000}", "result"),
    "a literal of a megabyte": ("regex", "abcdefghij" * 100_000, "max_pattern_length"),
    "a long literal": ("regex", "abcdefghij" * 20_000, "result"),
    "a long choice": ("regex", "|".join(f"word{i}" for i in range(19_000)), "result"),
    "a choice of patterns": ("regex", "|".join(f"w{i}.*{i}" for i in range(13_000)), "result"),
    "many classes": ("regex", r"\w\d" * 50_000, "result"),
    "many assertions": ("regex", "(?=a)b" * 30_000, "fixed"),
    "many anchors": ("regex", "(?:^a|b$)" * 100 + "a" * 190_000, "fixed"),
    "boundaries": ("regex", r"\b\w+" * 7 + "a" * 190_000, "fixed"),
    "a class of a megabyte": ("regex", "[" + "".join(chr(0x100 + 2 * i) for i in range(25_000)) + "]+", "result"),
    "a thousand groups": ("regex", "(" * 1000 + "a" + ")" * 1000, "fixed"),
    # schemas
    "long and letters": ("schema", {**_STRING, "minLength": 1_000_000, "pattern": "^[a-z]+$"}, "result"),
    "long and pairs": ("schema", {**_STRING, "minLength": 1_000_000, "pattern": "^(ab)+$"}, "result"),
    "long and words": ("schema", {**_STRING, "minLength": 1_000_000, "pattern": "^(foo|barbaz)+!$"}, "result"),
    "long and holds": ("schema", {**_STRING, "minLength": 1_000_000, "pattern": "a.*b"}, "result"),
    "long and a prefix": ("schema", {**_STRING, "minLength": 1_000_000, "pattern": r"^\d{3}-"}, "result"),
    "bounded and letters": (
        "schema",
        {**_STRING, "minLength": 999_999, "maxLength": 1_000_000, "pattern": "^[a-z]+$"},
        "result",
    ),
    "of no length": (
        "schema",
        {**_STRING, "minLength": 999_999, "maxLength": 999_999, "pattern": "^(ab)+$"},
        "unsatisfiable",
    ),
    "long and short": ("schema", {**_STRING, "minLength": 1_000_000, "pattern": "^[a-z]{1,999}$"}, "unsatisfiable"),
    "longer than any completion": ("schema", {**_STRING, "minLength": 10**9, "pattern": "^[a-z]+$"}, "fixed"),
    "two patterns and a length": (
        "schema",
        {"allOf": [{**_STRING, "pattern": "a.*b"}, {**_STRING, "pattern": "b.*a"}, {"minLength": 1_000_000}]},
        "result",
    ),
    "long and not": ("schema", {**_STRING, "minLength": 1_000_000, "not": {"pattern": "ab"}}, "result"),
    "many items": ("schema", {"type": "array", "items": _STRING, "minItems": 1_000_000}, "result"),
    "wide object": ("schema", _wide_object(), "result"),
    **{name: ("schema", schema, outcome) for name, (schema, outcome) in SCHEMAS.items()},
    "an enum of a megabyte": ("schema", {"enum": [f"value number {i:06}" for i in range(50_000)]}, "result"),
    # lark
    "a megabyte of rules": ("lark", _long_lark(40_000), "max_grammar_tokens"),
    "many rules": ("lark", _long_lark(2_000), "result"),
    "many optional parts": ("lark", "start: " + "[a]" * 6_500 + 'a\na: "b"', "result"),
    "lazy choices": ("lark", "start: T\nT: /" + "(a*?|b)" * 8 + "x" * 20_000 + "/", "fixed"),
    "terminals that double": (
        "lark",
        "start: T40\nT0: /a/\n" + "\n".join(f"T{i + 1}: T{i} T{i}" for i in range(40)),
        "fixed",
    ),
    "deep parentheses": ("lark", "start: " + "(" * 500 + '"a"' + ")" * 500, "fixed"),
    "hidden left recursion": ("lark", 'start: e\ne: o e o e "x" | o\no: "a"?', "result"),
    "anything thrice": ("lark", "start: start start start | ANY\nANY: /.+/", "result or max_mask_steps"),
    "words of anything": ("lark", "start: (ANY | WORD)*\nANY: /[^\\n]+/\nWORD: /[a-z]+/", "result"),
    # the grammar form
    **{
        write.__name__.replace("_", " "): ("grammar", write, outcome)
        for write, outcome in (
            (a_million_rules, "result"),
            (a_million_unit_rules, "result"),
            (a_million_alternatives, "result"),
            (a_hundred_thousand_terminals, "result"),
            (rules_that_end_together, "result"),
            (a_cycle_of_rules, "max_items"),
            (everything_is_ambiguous, "result or max_mask_steps"),
            (a_triple_of_itself, "result"),
            (repeats_of_repeats, "result"),
            (a_doubling_of_rules, "fixed"),
            (towers_of_complements, "result"),
            (complements_of_stars, "result"),
            (complement_of_a_scattered_class, "result"),
            (intersections_of_primes, "max_expressions"),
            (a_product_of_machines, "max_expressions"),
            (intersections_of_distances, "max_expressions"),
            (many_overlapping_terminals, "result"),
            (many_parities, "result or max_lexer_states"),
        )
    },
}


def prepare(name: str) -> Any:
    """What a caller would already have: the text, or the grammar form."""
    kind, content, _ = INPUTS[name]
    if kind == "grammar":
        builder = GrammarBuilder()
        return builder.finish(content(builder))
    return json.dumps(content) if kind == "schema" else content


def compile_input(name: str, prepared: Any, vocabulary: Vocabulary) -> CompiledGrammar:
    """Compile what :func:`prepare` made."""
    match INPUTS[name][0]:
        case "regex":
            return compile_regex(prepared, vocabulary)
        case "schema":
            return compile_json_schema(prepared, vocabulary)
        case "lark":
            return compile_lark(prepared, vocabulary)
        case _:
            return compile_grammar(prepared, vocabulary)
