"""Seeded random grammars of the shapes that the engine has shortcuts for, in the notation of ``engine_notation``.

Each function writes one grammar as text, so that a mask that is wrong can be reproduced from what the failing test
prints. What they are after:

* counted repetitions whose bounds are about as long as tokens are, alone and beside, inside and after one another;
* classes that a whole token may stay in, with exits into other lexemes that one token passes several of;
* many lexemes under way at once;
* nesting, in which the same situation comes again at other depths, with another rest of the text below it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

CLASSES = [
    "[a-z]",
    "[a-z]",
    "[a-c]",
    "[ab]",
    "[a-z0-9]",
    "[0-9]",
    '[^"]',
    r'[^"\\\x00-\x1F]',
    "[^a]",
    "[^a-z]",
    ".",
    "[aé]",
    "[à-ü]",
    "[a-é]",
    "[é€😀]",
    "[€-😀]",
    r"[\u{80}-\u{10FFFF}]",
    "[a-z ]",
    r"[\]}),\"]",
]
LITERALS = ['"a"', '"x"', '"ab"', '"é"', r'"\""', '","', r'"\",\""', '": "', '"]"', '"1"']
SEPARATORS = ['","', '", "', r'"\",\""', '" "', '"a"']


def bounds(random: Random, most: int = 12) -> str:
    """``{m,n}``, ``{n}`` or ``{m,}``: about as long as tokens are."""
    low, high = sorted((random.randint(0, most), random.randint(0, most)))
    return random.choice([f"{{{low},{high}}}"] * 5 + [f"{{{high}}}", f"{{{low},}}"])


def large_bounds(random: Random) -> str:
    return f"{{{random.choice([0, 1, 3, 20])},{random.choice([25, 63, 64, 65, 300, 100_000, 1_000_000])}}}"


def counted(random: Random) -> str:
    """One class, so and so many times."""
    many = random.choice([bounds, bounds, bounds, bounds, lambda _: "*", lambda _: "+", large_bounds])
    return random.choice(CLASSES) + many(random)


def concatenation(random: Random) -> str:
    """Counts beside one another, with and without something between them that they overlap with."""
    parts = [random.choice([counted, counted, counted, literal])(random) for _ in range(random.randint(1, 4))]
    return " ".join(parts)


def literal(random: Random) -> str:
    return random.choice(LITERALS)


def quoted(random: Random) -> str:
    return rf'"\"" {random.choice([counted, concatenation, escaped_text])(random)} "\""'


def escaped_text(random: Random) -> str:
    """The body of a JSON string, bounded or not."""
    many = random.choice(["*", bounds(random)])
    return rf'([^"\\\x00-\x1F] | "\\" ["\\/bn] | "\\u" [0-9]{{4}}){many}'


def repeated(random: Random) -> str:
    """Counters inside a repetition that counts, too."""
    inner = " ".join(random.choice(["[a-z]", "[ab]", "[aé]", '","', "[0-9]"]) + bounds(random, 4) for _ in range(2))
    return f'({inner} "{random.choice(["", ",", "x", "a"])}"){bounds(random, 5)}'


def looped(random: Random) -> str:
    """A count, and after it what may come back to where the repetitions were."""
    letters = random.choice(["[a-z]", "[ab]", "[aé]", '([a-c] | "xy")'])
    after = random.choice(['","', '"1"', "[0-9]", '", "', '"é€"' if "é" not in letters else '"€"'])
    return f"{letters}{bounds(random)} ({after} {letters}*)*"


def beside(random: Random) -> str:
    """Two repetitions of other parts that must both match, with the bounds on one of them."""
    letter, word = "[a-z]", "([a-m] | [n-z] [a-z])"
    counts = random.choice([(bounds(random), "*"), ("*", bounds(random))])
    both = f"{letter}{counts[0]} & {word}{counts[1]}"
    return random.choice([both, f'"1" ({letter}{bounds(random)} & {word}*) | "0" ({both})'])


def combined(random: Random) -> str:
    """Counters on both sides of an operator, small enough for the reference to decide emptiness."""
    left, right = (random.choice(CLASSES) + bounds(random) for _ in range(2))
    tail, letter = random.choice(["", "x", "1", "é"]), random.choice("ab1")
    return random.choice(
        [
            f'{left} "{tail}" | {right} "{tail}"',
            f'({left} | {right} "{tail}") [a-c]{bounds(random)}',
            f'({left} "{tail}") & ({right} [a-z0-9])',
            f'{left} "{tail}" & !({right} "{tail}")',
            f'({left} & !(.* "{letter}{letter}" .*)) {right}',
            f"!({left} {right})",
            f'!(.* "{letter}" .{bounds(random, 5)}) "{tail}" & {left}',
            f'({left} "{tail}"){{0,3}}',
        ]
    )


def body(random: Random) -> str:
    """An expression of any of these shapes."""
    return random.choice([counted, concatenation, concatenation, quoted, repeated, combined, looped, beside])(random)


def short(random: Random) -> str:
    """Something to nest: mostly so short that brackets are what is left of the text."""
    few = ['"1"', '"a"', "[ab]", "[ab]{0,3}", r'"\"" [ab]{0,2} "\""', "[a-z]{1,2}"]
    return random.choice(few * 2 + [counted(random), quoted(random)])


# -- grammars ----------------------------------------------------------------------------------------------------------


def terminal_shape(random: Random) -> str:
    return f"start: X\nX: {body(random)}"


def sequence_shape(random: Random) -> str:
    """Lexemes after one another, so that tokens leave one and end in the next, or in the one after it."""
    names = "XYZ"[: random.randint(2, 3)]
    order = " ".join(random.choice([name, name, name, literal(random)]) for name in names)
    start = random.choice([order, f"{order} | X", f"{order} start | X", f"X {order}"])
    return "\n".join([f"start: {start}", *(f"{name}: {body(random)}" for name in names)])


def list_shape(random: Random) -> str:
    """``"...", "...", ...``: exits into a separator and the next element."""
    item = random.choice([quoted, quoted, counted, combined])(random)
    around = random.choice([("", ""), ('"["', '"]"'), ('"[" "["', '"]" "]"')])
    separator = random.choice([*SEPARATORS, '""'])
    return f"start: {around[0]} ITEM{bounds(random)[:-1]} / {separator}}} {around[1]}\nITEM: {item}"


def object_shape(random: Random) -> str:
    """Keys that are declared, keys that are any but those, values of several kinds."""
    keys = random.sample(["a", "ab", "abc", "b", "é", "zz", "true"], k=random.randint(1, 4))
    declared = " | ".join(rf'"\"{key}\""' for key in keys)
    return "\n".join(
        [
            f'start: "{{" pair{{{random.choice(["0,", "1,2", "0,3"])} / {random.choice(["COMMA", "WIDE"])}}} "}}"',
            f'pair: KEY ":" value | OTHER ":" {random.choice(["value", "NUMBER", "OTHER"])}',
            f'value: TEXT | NUMBER | start | "true" | "null" | "[" value{bounds(random, 3)[:-1]} / COMMA}} "]"',
            f"KEY: {declared}",
            rf'OTHER: ("\"" {escaped_text(random)} "\"") & !({declared})',
            f"TEXT: {quoted(random)}",
            f'NUMBER: "-"? ("0" | [1-9] [0-9]{random.choice(["*", "{0,3}"])}) ("." [0-9]{bounds(random, 5)})?',
            'COMMA: ","',
            'WIDE: "," [ ]{0,2}',
        ]
    )


def lexemes_shape(random: Random) -> str:
    """Many lexemes under way at the same byte."""
    names = [f"T{index}" for index in range(random.randint(4, 12))]
    separator = random.choice(SEPARATORS)
    return "\n".join(
        [
            f"start: one{bounds(random)[:-1]} / {separator}}}",
            f"one: {' | '.join(names)}",
            *(f"{name}: {random.choice([counted, literal, concatenation, quoted])(random)}" for name in names),
        ]
    )


def nesting_shape(random: Random) -> str:
    """Brackets of two or three kinds: what closes at one depth doesn't at the next."""
    lists = [
        f'"[" value{bounds(random, 3)[:-1]} / ","}} "]"',
        '"(" value ")"',
        f'"{{" {random.choice(["value", "X", "value value", ""])} "}}"',
        '"[" value "}"',
        '"(" "[" value "]" ")"',
        '"a" value "b"',
        '"a" value "bb"',
        '"<a>" value "</a>"',
        '"<b>" value "</b>"',
    ]
    chosen = random.sample(lists, k=random.randint(2, 4))
    return "\n".join(
        [
            f"start: value{random.choice(['', ' value', '{1,2}'])}",
            f"value: {' | '.join(chosen)} | X{random.choice(['', ' |', ' | value value'])}",
            f"X: {short(random)}",
        ]
    )


def shared_shape(random: Random) -> str:
    """A rule that others end with, so that two of them are under way in one text, within the same rule or another."""
    opened, overlapping = random.choice([("(", "["), ("[", "("), ("a", "1"), ("{", "-")])
    closing = random.sample([")", "]", "}", "]]", "b"], k=2)
    first, second, last = random.choice(["ab1", "1ab", "xa1", "ba,", 'a"x'])
    quote = "\\" if second == '"' else ""
    again = random.choice(["", f' | "{opened}" start "{closing[0]}"'])
    return "\n".join(
        [
            f'start: "{opened}" either "{closing[0]}" | "{opened}{overlapping}" parts "{closing[1]}"{again}',
            "either: whole | parts",
            f'whole: W "{last}"',
            f'parts: "{first}" rest',
            f'rest: "{quote}{second}" "{last}"',
            f'W: "{overlapping}"? "{first}{quote}{second}"',
        ]
    )


def counting_shape(random: Random) -> str:
    """Depth that must come out even, in one lexeme after another or across them."""
    x = random.choice(["X", '"1"', ""])
    shapes = [
        f'start: "a" start "b" | {x}',
        f'start: "a" start "b" "b" | {x}',
        f'start: "a" start ("b" | "bb") | {x}',
        f'start: "a" start "b" start | {x}',
        f'start: left right\nleft: "a" left "b" | {x}\nright: "b" right "a" |',
        f'start: "ab" start "ab" | "a" start "b" | {x}',
        f'start: line+\nline: "- " X "," | "a" line | "b" "b" line\nother: {x}',
        f'start: start "b" | "a" start | {x}',
        f'start: "a" inner "b" | "[" inner "]"\ninner: start | inner "," start | {x}',
    ]
    return f"{random.choice(shapes)}\nX: {short(random)}"


def indented_shape(random: Random) -> str:
    """Lines that begin with as many spaces as they are deep, to a depth that is written out."""
    depth, step = random.randint(2, 4), random.choice([" ", "  "])
    line = random.choice(["X", '"a"', '"- " X', "start"])
    rules = [
        f'block{level}: "{step * level}" (LINE | HEAD block{level + 1}{random.choice(["", "{1,2}", "{1,}", "+"])})'
        for level in range(depth)
    ]
    return "\n".join(
        [
            "start: block0{1,}",
            *rules,
            f'block{depth}: "{step * depth}" {line} "\\n"',
            f'LINE: {short(random)} "\\n"',
            'HEAD: [ab] ":\\n"',
            f"X: {short(random)}",
        ]
    )


def recursion_shape(random: Random) -> str:
    """Hidden left recursion, cycles, ambiguity and nullable rules around lexemes that are counted."""
    shapes = [
        'start: maybe start "b" | X\nmaybe: | "a"',
        'start: maybe maybe start X | ","\nmaybe: | maybe | Y',
        "start: start start | X | Y",
        "start: one | two\none: two | X\ntwo: one | one Y |",
        'start: start "," start | "[" start "]" | X |',
        "start: one start | one\none: X | Y | X Y",
        "start: many X{0,2}\nmany: many Y | ",
        'start: X{0,3} Y{1,2} maybe{0,}\nmaybe: | "," maybe',
    ]
    return f"{random.choice(shapes)}\nX: {random.choice([short, body])(random)}\nY: {short(random)}"


DEEP: list[Callable[[Random], str]] = [nesting_shape, counting_shape, indented_shape, recursion_shape, shared_shape]
"""Those in which a text may be nested."""

SHAPES = [terminal_shape, sequence_shape, list_shape, object_shape, lexemes_shape, *DEEP]


def random_shape(seed: int) -> str:
    """The grammar of a seed, as text."""
    return SHAPES[seed % len(SHAPES)](Random(seed))


def deep_shape(seed: int) -> str:
    """The grammar of a seed whose texts are nested."""
    return DEEP[seed % len(DEEP)](Random(seed))
