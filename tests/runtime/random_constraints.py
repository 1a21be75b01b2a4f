"""Random constraints of every kind, each with a judge of its texts that nobody here wrote."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from json_schema_random import Judges, Writer
from lark import Lark, UnexpectedInput
from regex_random import Patterns

from constrain import (
    CompiledGrammar,
    LimitError,
    Sizes,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    compile_json_schema,
    compile_lark,
    compile_regex,
)

__all__ = ["RandomConstraint", "random_constraint"]

SIZES = Sizes(max_string=5, max_digits=3, max_items=2, max_depth=2)

GRAMMARS = [
    ('start: start "+" term | term\nterm: NUMBER | "(" start ")"\nNUMBER: /[0-9]+/\n%ignore /[ \\n]+/', None),
    ('start: "a" start "b" | "a" start start | "c"', "complete"),
    ('start: (pair ",")* pair\npair: "<" start ">" | /[ab]+c/', None),
    ('start: WORD (start | /[0-9]{5}/)\nWORD: /[a-z]+/\n%ignore " "', "complete"),
    ('start: "if" NAME "then" start ["else" start] | NAME "=" NAME\nNAME: /[a-z]+/\n%ignore /\\s+/', "contextual"),
    ('start: "[" [value ("," value)*] "]"\n?value: start | STRING | "null"\nSTRING: /"[^"\\n]*"/\n%ignore " "', None),
    ('start: item+\nitem: KEY ":" /[^;]+/ ";"\nKEY: /[a-z]+(?=:)/', "complete"),
    ("start: /(?:ab|a)+/ TAIL\nTAIL: /b{3,}é?/\n%ignore /#[^\\n]*\\n/", "complete"),
]
"""With the lexers that both lark and this project have for them; None: either."""


class RandomConstraint(NamedTuple):
    """A language, a part of it to keep to or None, and whether a text is in it; None where the judges can't say."""

    name: str
    compiled: CompiledGrammar
    narrowed: CompiledGrammar | None
    judge: Callable[[str], bool | None]


def random_constraint(seed: int, vocabulary: Vocabulary) -> RandomConstraint | None:
    """One of them, the same for the same seed; None where nobody satisfies it, or it is not supported."""
    choose = Random(seed)
    try:
        return choose.choice([_schema, _schema, _schema, _regex, _regex, _lark])(seed, choose, vocabulary)
    except (UnsatisfiableError, UnsupportedError, LimitError):
        return None


def _schema(seed: int, choose: Random, vocabulary: Vocabulary) -> RandomConstraint:
    schema = Writer(seed).document()
    compiled = compile_json_schema(schema, vocabulary)
    narrowed = compile_json_schema(schema, vocabulary, sizes=SIZES) if choose.random() < 0.5 else None
    return RandomConstraint(str(schema), compiled, narrowed, Judges(schema).verdict)


def _regex(seed: int, choose: Random, vocabulary: Vocabulary) -> RandomConstraint:
    pattern = Patterns(choose, python=True, cuts=choose.random() < 0.3).pattern(3)
    whole = re.compile(pattern)
    compiled = compile_regex(pattern, vocabulary)
    return RandomConstraint(pattern, compiled, None, lambda text: whole.fullmatch(text) is not None)


def _lark(seed: int, choose: Random, vocabulary: Vocabulary) -> RandomConstraint:
    grammar, lexer = choose.choice(GRAMMARS)
    lexer = lexer or choose.choice(["complete", "contextual"])
    if lexer == "complete":
        parser = Lark(grammar, parser="earley", lexer="dynamic_complete", ambiguity="forest")
    else:
        parser = Lark(grammar, parser="lalr", lexer="contextual")

    def judge(text: str) -> bool:
        try:
            parser.parse(text)
        except UnexpectedInput:
            return False
        except RuntimeError as error:  # a fault of lark's: several ways through ignored text at the end
            return "multiple start symbol items" in str(error)
        return True

    compiled = compile_lark(grammar, vocabulary, lexer="contextual" if lexer == "contextual" else "complete")
    return RandomConstraint(grammar, compiled, None, judge)
