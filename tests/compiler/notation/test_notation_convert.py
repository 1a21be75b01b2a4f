"""What conversions look like, what they refuse and where, and that shipped grammars keep their languages."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from notation_judge import judged

from constrain import (
    DataError,
    InputError,
    LimitError,
    UnsatisfiableError,
    UnsupportedError,
    Vocabulary,
    compile_grammar,
    grammars,
)
from constrain.compiler.grammar import Limits
from constrain.compiler.notation import NOTATIONS, Notation, build
from constrain.compiler.notation.automaton import without_sets
from constrain.compiler.notation.convert import convert
from constrain.compiler.regex import python_re
from constrain.compiler.sample import Sampler

SUMS = 'start: sum\nsum: product | sum "+" product\nproduct: NUMBER ("*" NUMBER)*\nNUMBER: /[0-9]+/\n%ignore " "\n'


def test_lark_becomes_gbnf() -> None:
    assert convert(SUMS, "lark", "gbnf") == (
        "root ::= ignored sum\n"
        'sum ::= product ("+" ignored product)*\n'
        'product ::= NUMBER ("*" ignored NUMBER)*\n'
        "NUMBER ::= [0-9]+ ignored\n"
        'ignored ::= " "*\n'
    )


def test_gbnf_becomes_lark() -> None:
    gbnf = 'root ::= item ("," item)* "\\n"?\nitem ::= [a-z]+ opt{2,}\nopt ::= | "-" [^\\]"/\\n]\n'
    assert convert(gbnf, "gbnf", "lark") == (
        'start: item ("," item)* "\\n"?\n'
        "item: /[a-z]/+ (opt~2 opt*)\n"
        r'opt: ("-" /[^\n\"\/\]]/)?' + "\n"
    )


def test_templates_imports_and_flags_are_written_out(byte_vocabulary: Vocabulary) -> None:
    lark = (
        'start: list{item, ","}\nlist{what, by}: what (by what)*\nitem: INT | "true"i | /a.*?b/ | "x".."z"~2..3\n'
        "%import common.INT\n"
    )
    texts = ["1,22", "TRUE,tRue", "acb", "acbb", "xyz,1", "x", "xyzx", ""]
    verdicts = judged(lark, "lark", texts, byte_vocabulary)
    assert list(verdicts.values()) == [True, True, True, False, True, False, False, False]
    for target in ("gbnf", "ebnf", "lark"):
        assert judged(convert(lark, "lark", target), target, texts, byte_vocabulary) == verdicts


@pytest.mark.parametrize("name", grammars.names())
def test_shipped_grammars_keep_their_languages(name: str, byte_vocabulary: Vocabulary) -> None:
    """Random texts of each, and texts near these, whatever lexer it asks for."""
    text = grammars.load(name)
    try:
        grammar = build(text, "lark", lexer="complete")
        convert(text, "lark", "ebnf", lexer="complete")
    except (UnsupportedError, LimitError) as error:
        pytest.skip(f"for the contextual lexer, or no text of another notation: {error}")
    random = Random(name)
    sampler = Sampler(compile_grammar(grammar, byte_vocabulary), grammar, random, length=40)
    texts = [sampler.draw().decode() for _ in range(8)]
    for sample in texts[:]:
        at = random.randint(0, len(sample))
        texts.append(sample[:at] + random.choice([" ", '"', "(", "x", "\n", "0"]) + sample[at + random.randint(0, 1) :])
    verdicts = judged(text, "lark", texts, byte_vocabulary, lexer="complete")
    assert any(verdicts.values())
    for target in NOTATIONS:
        if target == "gbnf":  # llama.cpp's bounds may be too narrow for some
            with suppress(UnsupportedError):
                converted = convert(text, "lark", target, lexer="complete")
                assert judged(converted, target, texts, byte_vocabulary) == verdicts
            continue
        converted = convert(text, "lark", target, lexer="complete")
        assert judged(converted, target, texts, byte_vocabulary) == verdicts, target


@pytest.mark.parametrize(
    ("grammar", "target", "says", "place"),
    [
        ('start: a\na: b "x" | "y"\nb: a "z"\n', "gbnf", "through other rules (a -> b -> a)", "line 2, column 1"),
        ('start: ("a"?)*\n', "gbnf", "a repetition of what may be empty (in start)", "line 1, column 9"),
        ('start: "a"~1..5000\n', "gbnf", "a count of 5000 (in start)", "line 1, column 8"),
        ('start: A\nA: /a{100}.*?b{100}c/\n', "ebnf", "written out", "line 2, column 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused(grammar: str, target: str, says: str, place: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        convert(grammar, "lark", target)  # type: ignore[arg-type]
    assert says in caught.value.message
    assert str(caught.value.span) == place
    assert caught.value.expected


@pytest.mark.parametrize(
    ("grammar", "converted"),
    [
        ('root ::= "x" | r\nr ::= r "a"\n', 'root ::= "x"\n'),
        ('root ::= "x" | r\nr ::= r\ns ::= "s"\n', 'root ::= "x"\n'),
        ('root ::= root | root "a" | r "b" | "x"\nr ::= q "a"\nq ::= r\n', 'root ::= "x" "a"*\n'),
        ('root ::= ("a" | r) r? ("b" r)* [\\ud800]?\nr ::= "a" r\n', 'root ::= "a"\n'),
        ('root ::= r{0,3} | "a" [\\ud800-\\ud801]\nr ::= "a" r\n', 'root ::= ""\n'),
    ],
)
def test_what_has_no_text_is_left_out(grammar: str, converted: str) -> None:
    assert convert(grammar, "gbnf", "gbnf") == converted


@pytest.mark.parametrize("target", ["lark", "gbnf", "ebnf"])
@pytest.mark.parametrize(
    ("grammar", "place"),
    [
        ("start: start\n", "line 1, column 1"),
        ('a: "a" start | start\nstart: a "b"\n%ignore " "\n', "line 2, column 1"),
        ('// A cannot be matched\nstart: A "x"\nA: /a(?!a)(?=a)b/\n', "line 2, column 1"),
    ],
)
def test_grammars_without_a_text_are_refused(grammar: str, target: Notation, place: str) -> None:
    with pytest.raises(UnsatisfiableError, match="no output satisfies the constraint") as caught:
        convert(grammar, "lark", target)
    assert str(caught.value.span) == place


def test_the_choice_of_a_lexer_is_no_language_of_another_notation() -> None:
    chosen = f"// constrain: lexer=contextual\n{SUMS}"
    with pytest.raises(UnsupportedError, match="contextual lexer") as caught:
        convert(chosen, "lark", "gbnf")
    assert caught.value.span is not None
    assert caught.value.span.line == 1
    assert convert(chosen, "lark", "gbnf", lexer="complete") == convert(SUMS, "lark", "gbnf")


CHOSEN = 'start: (NAME ".")+\nNAME: %choices "names.txt"\n%ignore " "\n'
LINES = 'Ada\r\nBlaise "P" \\\n\nAda\né𝄞[^]\n'


@pytest.mark.parametrize("target", ["lark", "gbnf", "ebnf"])
def test_choices_from_a_file_are_written_out(target: Notation, byte_vocabulary: Vocabulary) -> None:
    compiled = compile_grammar(
        build(convert(CHOSEN, "lark", target, data={"names.txt": LINES}), target), byte_vocabulary
    )
    for text, right in (
        ("Ada.", True),
        (' Blaise "P" \\ .Ada . é𝄞[^].', True),
        ("Ada", False),
        ("Adé.", False),
        ("Ada\r.", False),
        ("Blaise.", False),
    ):
        matcher = compiled.matcher()
        assert (matcher.accept_bytes(text.encode()) and matcher.is_accepting()) == right, text


@pytest.mark.parametrize(
    "body",
    [
        "/[0-9a-z]+(?<!f)/ | /(?!if)[a-z]+/",
        "/[a-z]+(?:-[a-z]+)*/ | /a(?=b)/",
        '"x" /(?:(?!if)[a-z])+-/',
        "/(?:(?!if)[a-fi])+-/ | /[a-z]+(?<!f)/",
        "/a.*?b/ | /(?>a*)[fi]/",
    ],
)
def test_terminals_of_several_expressions_with_lookaround(body: str, byte_vocabulary: Vocabulary) -> None:
    """Together they may be read as automata."""
    lark = f'start: T ["," T] ";"\nT: {body}\n'
    random = Random(body)
    texts = ["".join(random.choices("abfix-0,", k=random.randint(1, 6))) + ";" for _ in range(300)]
    verdicts = judged(lark, "lark", texts, byte_vocabulary)
    assert any(verdicts.values())
    for target in NOTATIONS:
        assert judged(convert(lark, "lark", target), target, texts, byte_vocabulary) == verdicts, target


def test_what_is_in_a_file_and_cannot_be_written_out() -> None:
    with pytest.raises(UnsupportedError, match="terminal NAME, which is any span of a file") as caught:
        convert('start: NAME\nNAME: %substring_of "names.txt" char\n', "lark", "gbnf", data={"names.txt": "Ada"})
    assert str(caught.value.span) == "line 2, column 1"
    with pytest.raises(DataError, match=r"'names\.txt' is not given") as missing:
        convert(CHOSEN, "lark", "ebnf")
    assert str(missing.value.span) == "line 2, column 16"
    with pytest.raises(LimitError, match="max_grammar_tokens"):
        convert(CHOSEN, "lark", "ebnf", data={"names.txt": "\n".join(map(str, range(20_000)))})
    with pytest.raises(LimitError, match="more than 200000 characters"):
        convert(CHOSEN, "lark", "ebnf", data={"names.txt": "a" * 200_001})


def test_what_follows_a_terminal_is_not_written() -> None:
    with pytest.raises(UnsupportedError, match=r"terminal A, which asks what follows it") as caught:
        convert('start: A "c"\nA: /a(?!b)/\n', "lark", "gbnf")
    assert str(caught.value.span) == "line 2, column 1"


def test_mistakes_are_those_of_the_notation() -> None:
    with pytest.raises(InputError, match=r"line 1, column 10"):
        convert("root ::= x", "gbnf", "lark")
    with pytest.raises(LimitError, match="max_grammar_tokens"):
        convert("root ::= " + '"a" ' * 30_000, "gbnf", "lark")


def test_what_is_written_can_be_read() -> None:
    with pytest.raises(LimitError, match=r"would be written is too large: .*max_grammar_tokens = 20") as caught:
        convert('start: A "x"\nA: /(?:(?!if)[a-z])+-/\n', "lark", "ebnf", limits=Limits(max_grammar_tokens=20))
    assert caught.value.span is None  # which would be one in the result


@pytest.mark.parametrize(
    "pattern",
    [
        r'"[^"]*?"',
        r"/\*(.|\n)*?\*/",
        r"a.*?bc",
        r"(?!ab)[ab]{2,4}",
        r"x(?!ab)[abx]{2,3}c",
        r"(a|b)??c*?x",
        r"x?(?:(?!ab)[abx])+c",
        r"x|(?>a*)(?:a|b)",
    ],
)
def test_expressions_without_sets_match_what_they_did(pattern: str, byte_vocabulary: Vocabulary) -> None:
    """Held against the engine, whose expressions have intersection and complement."""
    plain = without_sets(python_re.parse(pattern, whole=False))
    assert "Intersection" not in repr(plain)
    assert "Complement" not in repr(plain)
    assert "Automaton" not in repr(plain)
    escaped = pattern.replace("/", r"\/")
    lark = f"start: A\nA: /{escaped}/\n"
    random = Random(pattern)
    texts = {"".join(random.choices('ab"c/*\nx', k=random.randint(0, 7))) for _ in range(300)}
    texts |= {
        "xbac",
        "xxabc",
        '"a"',
        '""',
        "/**/",
        "/* a */",
        "/* */ */",
        "abc",
        "aabbc",
        "abab",
        "bbaa",
        "xabc",
        "xac",
        "b",
        "aab",
    }
    verdicts = judged(lark, "lark", sorted(texts), byte_vocabulary)
    assert any(verdicts.values())
    assert judged(convert(lark, "lark", "ebnf"), "ebnf", sorted(texts), byte_vocabulary) == verdicts
