"""Programs that nobody here wrote, which read the samples of the grammars of programming and query languages.

Each is a function that raises what its program raises, or ValueError, where the text isn't as the grammar's standard
has it. What isn't syntax (tables that don't exist, types that don't fit) is no reason to refuse a text.
"""

from __future__ import annotations

import ast
import logging
import re
import sqlite3
import sys
import threading
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import graphql
import rdflib
import sexpdata
from antlr4 import CommonTokenStream, InputStream
from antlr4.error.ErrorListener import ErrorListener
from antlr4.ListTokenSource import ListTokenSource
from antlr4_cypher import CypherLexer, CypherParser
from judge_cpp import judge_cpp
from latex2mathml.converter import convert
from matplotlib.mathtext import MathTextParser
from nltk.sem.logic import read_logic
from rdflib.plugins.sparql import parser as sparql

__all__ = ["JUDGES"]


class _Strict(ErrorListener):  # type: ignore[misc]
    def syntaxError(self, recognizer: Any, symbol: Any, line: int, column: int, message: str, error: Any) -> None:
        raise ValueError(f"{line}:{column}: {message}")


def judge_cypher(text: str) -> None:
    """The grammar of the antlr4-cypher package, which lacks one thing: more than one WITH, and UNION.

    So a query is cut before them, at tokens of the package's own lexer, and each part is read by itself.
    """
    for part in _cypher_parts(_cypher_tokens(text)):
        parser = CypherParser(CommonTokenStream(ListTokenSource(part)))
        parser.removeErrorListeners()
        parser.addErrorListener(_Strict())
        parser.script()


def _cypher_tokens(text: str) -> list[Any]:
    lexer = CypherLexer(InputStream(text))
    lexer.removeErrorListeners()
    lexer.addErrorListener(_Strict())
    tokens = [token for token in lexer.getAllTokens() if token.channel == 0]
    blank = (CypherLexer.SP, CypherLexer.WHITESPACE)
    # where the parser wants a blank, after OPTIONAL, and nowhere else
    return [
        token
        for before, token in zip([None, *tokens], tokens, strict=False)
        if token.type not in blank or (before is not None and before.type == CypherLexer.OPTIONAL)
    ]


def _cypher_parts(tokens: list[Any]) -> list[list[Any]]:
    parts: list[list[Any]] = [[]]
    depth = before = 0
    with_seen = False
    for token in tokens:
        kind = token.type
        depth += kind in (CypherLexer.LPAREN, CypherLexer.LBRACE, CypherLexer.LBRACK)
        depth -= kind in (CypherLexer.RPAREN, CypherLexer.RBRACE, CypherLexer.RBRACK)
        if depth == 0 and kind == CypherLexer.UNION:
            parts.append([])
            with_seen = False
        elif not (depth == 0 and kind == CypherLexer.ALL and before == CypherLexer.UNION):
            if depth == 0 and kind == CypherLexer.WITH and before not in (CypherLexer.STARTS, CypherLexer.ENDS):
                if with_seen:
                    parts[-1].extend(_cypher_tokens("RETURN 1"))
                    parts.append([])
                with_seen = True
            parts[-1].append(token)
        before = kind
    return parts


def judge_first_order_logic(text: str) -> None:
    if not read_logic(text):
        raise ValueError("no formula")


def judge_graphql(text: str) -> None:
    graphql.parse(text)


@cache
def _mathtext() -> MathTextParser[Any]:
    logging.getLogger("matplotlib.mathtext").setLevel(logging.ERROR)  # a missing italic glyph is no mistake
    return MathTextParser("path")


_LATEX_IN_OTHER_WORDS = {
    **{"le": r"\leq", "ge": r"\geq", "gets": r"\leftarrow", "land": r"\wedge", "lor": r"\vee", "lnot": r"\neg"},
    **{"iff": r"\Longleftrightarrow", "implies": r"\Longrightarrow", "bmod": r"\mathrm{mod}", "pmod": r"\mathrm{mod}"},
    **{"tfrac": r"\frac", "boldsymbol": r"\mathbf", "operatorname*": r"\operatorname"},
}
"""What matplotlib lacks, or takes too little after, with what LaTeX and amsmath define it by, or set as it."""

_LATEX_WORD = re.compile(r"\\(operatorname\*|[A-Za-z]+)|\\.", re.DOTALL)


def _for_matplotlib(text: str) -> str:
    words = _LATEX_WORD.sub(lambda found: _LATEX_IN_OTHER_WORDS.get(found[1] or "", found[0]), text)
    return f"${words.replace(chr(10), ' ')}$"


def judge_latex_math(text: str) -> None:
    convert(text)
    if re.search(r"\n *\n", text) or not text.strip():
        raise ValueError("a paragraph ends amid a formula")  # which no program but TeX cares about
    if "\\begin" not in text:  # of which matplotlib knows nothing
        _mathtext().parse(_for_matplotlib(text))


_PLAN_LINE = re.compile(r"(?:(\d+(?:\.\d+)?)[ \t]*:)?[ \t]*(\(.*\))[ \t]*(\[[ \t]*\d+(?:\.\d+)?[ \t]*\])?")
_PLAN_NAME = re.compile(r"[a-z][a-z0-9_-]*", re.IGNORECASE)


def judge_pddl_plan(text: str) -> None:
    """Steps are S-expressions of names, as PDDL's definition has them, between what the plan format of VAL allows."""
    kinds = set()
    for line in text.split("\n"):
        line = line.partition(";")[0].strip(" \t")
        if line:
            match = _PLAN_LINE.fullmatch(line)
            if match is None:
                raise ValueError(line)
            kinds.add((match[1] is None, match[3] is None))
            read = sexpdata.loads(match[2], nil=None, true=None)
            names = match[2][1:-1].split()  # "inf" and the like are numbers to the library
            if len(read) != len(names) or any(isinstance(each, list) for each in read):
                raise ValueError(f"{match[2]} is no list of names")
            for name in names:
                if not _PLAN_NAME.fullmatch(name):
                    raise ValueError(f"{name} is no name")
    if len({untimed for untimed, _ in kinds}) > 1 or (True, False) in kinds:
        raise ValueError("steps with and without times")


def judge_python(text: str) -> None:
    """Python's own parser; what it warns of, such as an escape that it doesn't know, is a mistake."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ast.parse(text)


# It negates decimal literals of terms as if they were values, and fails.
sparql.DECIMAL_NEGATIVE.set_parse_action(lambda found: rdflib.Literal(f"-{found[0]}", datatype=rdflib.XSD.decimal))

_SPARQL_IRI = re.compile(r'<[^\x00-\x20<>"{}|^`\\]*>')


def judge_sparql(text: str) -> None:
    # where an IRI has a #, it does not find a SERVICE behind it
    text = _SPARQL_IRI.sub(lambda found: found[0].replace("#", "_"), text)
    failures: list[Exception] = []

    def read() -> None:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(100_000)
        try:
            sparql.parseQuery(text)
        except Exception as error:
            failures.append(error)
        finally:
            sys.setrecursionlimit(limit)

    size = threading.stack_size(512 * 1024 * 1024)  # it takes dozens of frames for each bracket
    try:
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    if failures:
        raise failures[0]


_SQL_MEANING = re.compile(
    r"no such (table|column|function|index)"
    r"|no tables specified|duplicate WITH table name|ambiguous column name|circular reference"
    r"|all VALUES must have the same number of terms|SELECTs to the left and right"
    r"|wrong number of arguments|row value misused|IN\(\.\.\.\) element has|sub-select returns|table .* has \d+ columns"
    r"|misuse of|may not be used as a window function|FILTER may not be used|DISTINCT aggregates"
    r"|no such collation|no such window|too many terms|too many columns|RANGE with offset"
    r"|parser stack overflow|Expression tree is too large"  # limits of SQLite, not of SQL
)


def judge_sql(text: str) -> None:
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"EXPLAIN {text}")
    except sqlite3.ProgrammingError as error:
        if "bindings" not in str(error):
            raise
    except sqlite3.Error as error:
        if not _SQL_MEANING.match(str(error)):
            raise
    finally:
        database.close()


JUDGES: dict[str, Callable[[str], object]] = {
    "cpp": judge_cpp,
    "cypher": judge_cypher,
    "first_order_logic": judge_first_order_logic,
    "graphql": judge_graphql,
    "latex_math": judge_latex_math,
    "pddl_plan": judge_pddl_plan,
    "python": judge_python,
    "sparql": judge_sparql,
    "sql": judge_sql,
}
