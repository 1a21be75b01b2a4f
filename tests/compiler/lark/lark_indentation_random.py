"""Random grammars with blocks of lines, for lark's indenter: one of each of many ways to write such a grammar."""

from __future__ import annotations

from random import Random

__all__ = ["random_grammar"]


def random_grammar(seed: int) -> str:
    """A grammar over ``a``, ``:``, brackets, ``#``, blanks, tabs and line feeds; some are refused."""
    random = Random(seed)
    choose = random.choice
    value = choose(
        ['"a"', '"a"', "A", '"a" | "(" [value] ")"', '"a" | "(" value* ")"', '"a" | "[" value "]" | "(" ")"']
    )
    lines = [
        "start: " + choose(["stmt*", "stmt+", "_NEWLINE? stmt*", "_NEWLINE? stmt+", "stmt* value?"]),
        "stmt: simple | block",
        "simple: value+ _NEWLINE" if random.random() < 0.7 else 'simple: value (";" value)* _NEWLINE',
        "value: " + value,
        "block: "
        + choose(['":" suite', 'value ":" suite', '":" suite ["a" ":" suite]', '":" value? suite', '":" suite+']),
        "suite: "
        + choose(
            [
                "_NEWLINE _INDENT stmt+ _DEDENT",
                "simple | _NEWLINE _INDENT stmt+ _DEDENT",
                "_NEWLINE body",
                "_NEWLINE _INDENT simple block* _DEDENT",
                '_NEWLINE _INDENT stmt+ _DEDENT | "a" _NEWLINE',
            ]
        ),
        "body: _INDENT stmt+ _DEDENT",
        "A: /a+/",
        "_NEWLINE: "
        + choose(
            [
                r"/(\r?\n[\t ]*)+/",
                r"/\n[\t ]*/",
                r"(/\r?\n[\t ]*/ | COMMENT)+",
                r"/(\n[\t ]*(#[^\n]*)?)+/",
                r"/\s*\n[ ]*/",
            ]
        ),
        "COMMENT: /#[^\\n]*/",
        "%declare _INDENT _DEDENT",
    ]
    lines += random.sample(
        ["%ignore /[ \\t]+/", "%ignore COMMENT", '%ignore " "', r"%ignore /\\\n/"], random.randint(0, 2)
    )
    return "\n".join(lines)
