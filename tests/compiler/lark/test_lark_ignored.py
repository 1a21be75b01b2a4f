"""The bound of ignored text: a part of the language, in which nobody writes blanks or comments without end."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

import pytest
from lark_oracle import lark_judge
from lark_random import ALPHABET, random_project
from test_lark_random import SLOW

from constrain import (
    CompiledGrammar,
    ConstrainError,
    Sizes,
    Vocabulary,
    compile_grammar,
    compile_lark,
)
from constrain.compiler.lark import Files, build

TEXTS = ["".join(letters) for size in range(5) for letters in product(ALPHABET, repeat=size)]
COMMENTS = "\n%ignore /[ \\n]+/\n%ignore /#[^\\n]*/\n%ignore /\\/\\*[^*]*\\*\\//\n"
WORDS = 'start: WORD ("," WORD)*\nWORD: /[a-z]+/'
LEXERS = {"complete": "dynamic_complete", "contextual": "contextual"}


def accepts(compiled: CompiledGrammar, text: str) -> bool:
    matcher = compiled.matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


def walk(compiled: CompiledGrammar, seed: int, most: int) -> str:
    """A random text, completed in the shortest way after so many bytes."""
    choose, matcher, text = random.Random(seed), compiled.matcher(), b""
    while len(text) < most and (following := matcher.next_bytes()):
        # blanks above all
        byte = choose.choice([each for each in following if each in b" \n#*/"] * 3 + list(following))
        assert matcher.accept_bytes(bytes([byte]))
        text += bytes([byte])
    return (text + matcher.shortest_completion()).decode()


@pytest.mark.parametrize("lexer", LEXERS)
def test_blanks_end(lexer: str, byte_vocabulary: Vocabulary) -> None:
    for most in (1, 5, 64):
        narrow = compile_lark(
            WORDS + "\n%ignore /[ \\n]+/",
            byte_vocabulary,
            lexer="complete" if lexer == "complete" else "contextual",
            sizes=Sizes(max_blanks=most),
        )
        for template in ("%sa", "a%s", "a%s,b", "a,%sb"):
            assert accepts(narrow, template % (" " * most))
            assert accepts(narrow, template % ("\n" * most))
            assert not accepts(narrow, template % (" " * (most + 1)))


def test_comments_end_and_come_alone(byte_vocabulary: Vocabulary) -> None:
    narrow = compile_lark(WORDS + COMMENTS, byte_vocabulary, lexer="contextual", sizes=Sizes(max_blanks=9))
    for good in ("a # b\n  ,b", "a/*\n*/,b", "a  /*bbbb*/  ,# x\nb#", "#\na#", "a" + " " * 9 + "#" * 9 + "\n" * 9):
        assert accepts(narrow, good)
    for bad in ("a#2345678 0", "a # b\n # c\n", "a/**//**/,b", "/**/ #\na", "a" + " " * 10):
        assert not accepts(narrow, bad)
    whole = compile_lark(WORDS + COMMENTS, byte_vocabulary, lexer="contextual")
    assert accepts(whole, "/**/ #\na # b\n # c\n")


@pytest.mark.parametrize("lexer", LEXERS)
@pytest.mark.parametrize("grammar", [WORDS, 'start: "(" start ")" start | NAME?\nNAME: /a+/ | "b"'])
def test_what_is_written_is_read_by_lark(grammar: str, lexer: str, byte_vocabulary: Vocabulary) -> None:
    # with lark's lexer that takes every split, what is ignored is taken whole all the same
    grammar += COMMENTS if lexer == "contextual" else "\n%ignore /[ \\n]+/"
    judge, bounded = lark_judge(grammar, lexer=LEXERS[lexer]), 0
    reading = "complete" if lexer == "complete" else "contextual"
    whole = compile_lark(grammar, byte_vocabulary, lexer=reading)  # type: ignore[arg-type]
    narrow = compile_lark(grammar, byte_vocabulary, lexer=reading, sizes=Sizes(max_blanks=6))  # type: ignore[arg-type]
    for seed in range(60):
        text = walk(narrow, seed, 24)
        assert accepts(narrow, text)
        assert accepts(whole, text)
        assert judge(text), text
        text = walk(whole, seed, 24)
        assert judge(text), text
        bounded += not accepts(narrow, text)
    assert bounded > 10


@pytest.mark.parametrize("block", range(3))
def test_random_grammars_are_narrowed_to_a_part(block: int, tmp_path: Path, byte_vocabulary: Vocabulary) -> None:
    """And to all of it where texts are short."""
    done = 0
    for seed in sorted({*range(block * 12, block * 12 + 12)} - SLOW):
        project = random_project(seed)
        files = Files.on_disk(str(project.write(tmp_path)))
        for lexer in LEXERS:
            built = []
            for sizes in (Sizes(max_blanks=None), Sizes(max_blanks=1), Sizes(max_blanks=4)):
                try:
                    grammar = build(project.grammar, files=files, lexer=lexer, sizes=sizes)  # type: ignore[arg-type]
                    built.append(compile_grammar(grammar, byte_vocabulary))
                except ConstrainError:
                    break
            if len(built) < 3:
                assert not built  # what the whole language is not refused for, its part is not
                continue
            whole, narrow, wide = built
            for text in random.Random(seed).sample(TEXTS, 60):
                assert not accepts(narrow, text) or accepts(whole, text)
                if lexer == "complete":
                    assert accepts(wide, text) == accepts(whole, text)
            done += 1
    assert done > 8


@pytest.mark.parametrize("name", ["sql", "cypher", "graphql", "sparql", "json5", "python"])
def test_what_the_library_writes(name: str, root: Path, byte_vocabulary: Vocabulary) -> None:
    """Lark takes too long to read some of its grammars, and what is ignored of others it takes whole."""
    grammar = (root / "grammars" / f"{name}.lark").read_text(encoding="utf-8")
    judge = lark_judge(grammar, lexer="contextual") if name in ("sql", "cypher", "graphql") else None
    narrow, whole = compile_lark(grammar, byte_vocabulary, sizes=Sizes()), compile_lark(grammar, byte_vocabulary)
    for seed in range(10):
        text = walk(narrow, seed, 90)
        assert accepts(whole, text)
        assert judge is None or judge(text), text
