"""SQL that a database takes: names that it has, and statements that SQLite's own EXPLAIN accepts.

    constrain gen --grammar sql --monitor examples/monitors/sqlite_schema.py:SqliteSchema \\
        --monitor-arg database=shop.db "How many orders are there?"

Nothing here knows what SQL means; SQLite is asked. EXPLAIN compiles a statement and does not run it, and compiling
looks up every name. A statement that has only begun is closed in some hundred ways: if SQLite takes one of them, so it
may go on. If it takes none, but understands one and complains of its names, functions or aggregates, the beginning is
vetoed. Queries alone are written, which begin with SELECT, with keywords in capitals; names that the query itself gives
are used after they are given, and no table stands twice in a FROM.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from functools import lru_cache
from pathlib import Path

from constrain.runtime.monitors import Monitor

TOKEN = re.compile(
    r"""'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*|/\*(?:[^*]|\*(?!/))*(?:\*/)?|[^\W\d][\w$]*|\.?\d[\w.]*|\s+|."""
)
KEYWORDS = tuple(re.findall(r"\w+", """
    ALL AND AS ASC BETWEEN BY CASE CAST CROSS DESC DISTINCT ELSE END ESCAPE EXCEPT EXISTS FILTER FIRST FROM GLOB
    GROUP HAVING IN INNER INTERSECT IS ISNULL JOIN LAST LEFT LIKE LIMIT NATURAL NOT NOTNULL NULL NULLS OFFSET ON OR
    ORDER OUTER OVER PARTITION SELECT THEN UNION USING WHEN WHERE X
"""))  # fmt: skip
AFTER_FROM = {"WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "EXCEPT", "INTERSECT"}
JOINS = {"JOIN", "CROSS", "INNER", "LEFT", "NATURAL"}
OPERANDS = [
    "",
    " NULL",
    " = NULL",
    " AND NULL",
    " THEN NULL END",
    " NULL END",
    " END",
    " AS TEXT",
    " BY NULL",
    "NULL)",
    "(*)",
    "()",
    "(1)",
    "(1, 1)",
]
SYNTAX = re.compile(r"near |incomplete input|unrecognized token|unfinished|parser stack")

MOST_CLOSINGS = 200


class SqliteSchema(Monitor):
    """Suggests the rest of words that SQLite takes once their first letter is there; vetoes what it never will."""

    word = r"[\w$]"

    def __init__(self, database: str) -> None:
        """Open a database, for reading only.

        Args:
            database: its file.
        """
        place = Path(database).resolve().as_uri() + "?mode=ro"
        self._connection = sqlite3.connect(place, uri=True, check_same_thread=False)
        read = self._connection.execute
        self._tables = [name for (name,) in read("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")]
        columns = read("SELECT DISTINCT c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c").fetchall()
        functions = read("SELECT DISTINCT name FROM pragma_function_list WHERE name GLOB '[a-z]*'").fetchall()
        names = {*self._tables, *(name for (name,) in columns)}
        self._names = sorted(name for name in names if re.fullmatch(r"[^\W\d][\w$]*", name))
        self._functions = sorted(name for (name,) in functions)
        pairs = itertools.combinations(self._tables, 2) if len(self._tables) <= 8 else ()
        self._joined = [*zip(self._tables, strict=True), *pairs, tuple(self._tables)]
        self._verdict = lru_cache(maxsize=4096)(self._judge)

    def triggered(self, prefix: str) -> bool:
        """At the first letter of a word, but for names that are new there."""
        if not re.search(r"(?<![\w$])[^\W\d]$", prefix):
            return False
        *before, last = TOKEN.findall(prefix)
        said = [token.upper() for token in before if not token.isspace()]
        return len(last) == 1 and said[-1:] not in (["AS"], ["COLLATE"])

    def suggest(self, prefix: str) -> list[str] | None:
        """Rests of the words with which SQLite may take the statement."""
        head, letter = prefix[:-1], prefix[-1]
        names = [*self._names, *re.findall(r"(?i)\bAS\s+([^\W\d][\w$]*)", head)]
        calls = [f"{name}(" for name in self._functions]
        words = [word for word in KEYWORDS if word[0] == letter]
        words += [word for word in [*names, *calls] if word[0].casefold() == letter.casefold()]
        taken = [word for word in dict.fromkeys(words) if self._verdict(head + word) is None]
        if _levels(head)[0] == "from":
            spare = self._spare(head)
            taken = [word for word in taken if (spare if word in JOINS else word not in self._tables or word in spare)]
        qualifiers = [f"{table}." for table in self._tables if table[0].casefold() == letter.casefold()]
        taken += [name for name in qualifiers if self._has_columns(head + name[:-1])]
        return [word[1:] for word in taken]

    def veto(self, prefix: str, complete: bool) -> str | bool:
        """What SQLite says against it."""
        tokens = [token.upper() for token in TOKEN.findall(prefix)]
        if complete:
            return self._explain(prefix) or False
        if any(token.startswith(("--", "/*")) for token in tokens):
            return "a comment may say anything"
        words = [token for token in tokens if not token.isspace()]
        if words and not "SELECT".startswith(words[0]):
            return "it does not begin with SELECT"
        if {"?", "@", ":", "$"}.intersection(tokens):
            return "it has parameters"
        if re.search(r"(?<![\w$.])[^\W\d][\w$]*\.$", prefix):
            return False if self._has_columns(prefix[:-1]) else "it is no table with columns here"
        if re.search(r"(,|\bJOIN)\s*$", prefix) and _levels(prefix)[0] == "from" and not self._spare(prefix):
            return "every table is there already"
        if not tokens or re.search(r"[\w$.]$", prefix) or tokens[-1][0] in "'\"":
            return False  # within a word, a number or a string
        return self._verdict(prefix) or False

    def _spare(self, beginning: str) -> list[str]:
        """The tables that the last FROM has not named."""
        said = re.findall(r"[\w$]+", beginning[beginning.upper().rfind("FROM") :])
        return [table for table in self._tables if table not in said]

    def _has_columns(self, beginning: str) -> bool:
        return any(self._verdict(f"{beginning}.{name}") is None for name in self._names)

    def _judge(self, beginning: str) -> str | None:
        """Why no closing that is known here makes it a statement; None if one does, or all of them break its syntax."""
        levels = _levels(beginning)
        spare = self._spare(beginning) if levels[0] == "from" else []
        sources = [self._sources(level, spare if level == levels[0] else self._tables) for level in levels]
        tables = [" " + quoted(table) for table in spare]
        complaint = None
        for operand in [*OPERANDS, *tables]:
            for tried, ends in enumerate(itertools.islice(itertools.product(*sources), MOST_CLOSINGS)):
                reason = self._explain(beginning + operand + ")".join(ends))
                if reason is None:
                    return None
                if not SYNTAX.match(reason):
                    complaint = reason
                elif tried:
                    break  # with and without a table: it is the operand that does not fit
        return complaint

    def _sources(self, level: str, spare: list[str]) -> list[str]:
        """What may yet be said of tables."""
        start = {"select": " FROM ", "from": ", "}.get(level)
        lists = self._joined if level == "select" else [some for some in self._joined if set(some) <= set(spare)]
        return [""] if start is None else ["", *(start + ", ".join(map(quoted, some)) for some in lists if some)]

    def _explain(self, statement: str) -> str | None:
        try:
            self._connection.execute(f"EXPLAIN {statement}").close()
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            return str(error)
        return None


def _levels(beginning: str) -> list[str]:
    """For each bracket that is open, innermost first, and for the whole: in which clause of a SELECT it is."""
    levels = [""]
    for token in map(str.upper, TOKEN.findall(beginning)):
        if token == "(":
            levels.append("")
        elif token == ")" and len(levels) > 1:
            levels.pop()
        elif token in ("SELECT", "FROM"):
            levels[-1] = token.lower()
        elif token in AFTER_FROM:
            levels[-1] = "after"
    return levels[::-1]


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
