"""Texts that nobody meant as a constraint: each front end gives a grammar or an error of the documented kinds, always.

What is a grammar then goes through the engine under small budgets, up to a whole text.
"""

from __future__ import annotations

import re
import signal
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz_mutate import mutated, mutated_json
from fuzz_rounds import rounds

from constrain import (
    CompiledGrammar,
    Grammar,
    GrammarError,
    InputError,
    Limits,
    RegexError,
    SchemaError,
    Vocabulary,
    allocate_token_bitmask,
    compile_grammar,
    grammars,
)
from constrain.compiler import json_schema, lark, regex
from constrain.compiler import notation as front_end
from constrain.compiler.notation.convert import convert
from constrain.compiler.notation.lint import lint
from constrain.errors import LimitError, UnsatisfiableError, UnsupportedError

LIMITS = Limits(
    max_lexer_states=5_000, max_expressions=100_000, max_items=5_000, max_parser_nodes=10_000, max_mask_steps=500_000
)

ORACLE_SECONDS = 1.0
"""Of processor time, for one question to an oracle that has no bounds of its own."""


def corpus(root: Path, key: str, *names: str) -> list[str]:
    """All constraints of some corpora, right and wrong ones."""
    cases: list[dict[str, Any]] = []
    for name in names:
        cases += tomllib.loads((root / f"tests/data/{name}.toml").read_text("utf-8"))["case"]
    return [case[key] for case in cases if isinstance(case.get(key), str)]


def built(build: Callable[..., Any], text: str, **options: Any) -> Any:
    """What a front end makes of a text, or how it refuses it; any other exception fails the test."""
    try:
        return build(text, **options)
    except InputError as error:
        return error


def completed(grammar: Grammar, vocabulary: Vocabulary) -> str | None:
    """A short text of a grammar, from the engine; None: there is none, a budget ran out, or its lexer is refused."""
    try:
        compiled: CompiledGrammar = compile_grammar(grammar, vocabulary, LIMITS)
        matcher = compiled.matcher()
        bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
        matcher.fill_next_token_bitmask(bitmask)
        assert bitmask.any(), "a dead end at the start"
        text = matcher.shortest_completion()
        if len(text) > 5_000:
            return None
        assert matcher.accept_bytes(text)
        assert matcher.is_accepting()
        matcher.fill_next_token_bitmask(bitmask)
    except (LimitError, UnsatisfiableError):
        return None
    except UnsupportedError:
        # whether a contextual lexer has a way on everywhere is found out with the automata
        assert grammar.lexing is not None
        return None
    return text.decode()


def reads(converted: str, notation: Any, vocabulary: Vocabulary, text: str) -> bool | None:
    """Is that a text of a converted grammar? None where that is too large, or a budget ran out."""
    try:
        matcher = compile_grammar(front_end.build(converted, notation), vocabulary, LIMITS).matcher()
        return matcher.accept_bytes(text.encode()) and matcher.is_accepting()
    except LimitError:
        return None


def matched(pattern: str, text: str) -> bool | None:
    """What ``re`` says of a text; None where it takes too long, which backtracking does for some patterns."""

    def give_up(_signal: int, _frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, ORACLE_SECONDS)
    try:
        return re.fullmatch(pattern, text) is not None
    except TimeoutError:
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning:")
@pytest.mark.parametrize("syntax", ["python", "ecma"])
def test_regular_expressions(syntax: Any, root: Path, byte_vocabulary: Vocabulary) -> None:
    patterns = corpus(root, "pattern", "regex_python", "regex_ecma", "regex_errors")
    for number, random in rounds(250):
        pattern = mutated(random, patterns)
        match built(regex.build, pattern, syntax=syntax):
            case Grammar() as grammar:
                text = completed(grammar, byte_vocabulary)
                # properties are what re does not know
                if text is not None and syntax == "python" and not re.search(r"\\[pP]", pattern):
                    assert matched(pattern, text) is not False, (number, pattern, text)
            case RegexError() as error:
                assert error.span is not None, (number, pattern)


def test_lark_grammars(root: Path, byte_vocabulary: Vocabulary) -> None:
    texts = [*corpus(root, "grammar", "lark", "lark_errors"), *map(grammars.load, grammars.names())]
    for number, random in rounds(150):
        text = mutated(random, texts)
        match built(lark.build, text):
            case Grammar() as grammar:
                completed(grammar, byte_vocabulary)
            case GrammarError() as error:
                assert error.span is not None or "has no rule" in error.message, (number, text, str(error))


@pytest.mark.parametrize("notation", ["gbnf", "ebnf"])
def test_other_notations(notation: Any, root: Path, byte_vocabulary: Vocabulary) -> None:
    """Their grammars are linted and converted, too; what is converted has the same shortest text."""
    texts = corpus(root, "grammar", "notation", "notation_errors")
    for number, random in rounds(150):
        text = mutated(random, texts)
        match built(front_end.build, text, notation=notation):
            case Grammar() as grammar:
                shortest = completed(grammar, byte_vocabulary)
                lint(text, notation)
                if shortest is None:
                    continue
                for target in ("lark", "gbnf", "ebnf"):
                    converted = built(convert, text, source=notation, target=target)
                    if not isinstance(converted, InputError):
                        taken = reads(converted, target, byte_vocabulary, shortest)
                        assert taken is not False, (number, text, converted)
            case GrammarError() as error:
                assert error.span is not None or "has no rule" in error.message, (number, text, str(error))


def test_json_schemas(root: Path, byte_vocabulary: Vocabulary) -> None:
    schemas = corpus(root, "schema", "json_schema", "json_schema_errors")
    for number, random in rounds(600):
        text = random.choice([mutated, mutated_json])(random, schemas)
        whitespace = random.choice(["compact", "spaced", "flexible", "pretty:2"])
        match built(json_schema.build, text, whitespace=whitespace):
            case Grammar() as grammar:
                completed(grammar, byte_vocabulary)
            case SchemaError() as error:
                assert error.span is not None or error.pointer is not None, (number, text)
