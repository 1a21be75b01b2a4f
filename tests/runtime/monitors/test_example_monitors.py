"""The monitors of ``examples/`` under models that know nothing or prefer what is wrong.

Python, SQLite and rdflib judge what they write.
"""

from __future__ import annotations

import importlib.util
import random
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from monitor_driver import write

from constrain import CompiledGrammar, MonitorError, Vocabulary, compile_lark, compile_regex, grammars
from constrain.runtime.monitors import load_monitor

ASCII = [chr(code) for code in range(32, 127)]


@pytest.fixture(scope="module")
def folder(root: Path) -> Path:
    return root / "examples" / "monitors"


def write_or_give_up(*arguments: Any, **options: Any) -> str | None:
    """A text; None where it gets too long, or nothing is left that the monitor accepts: then nothing is written."""
    try:
        return write(*arguments, **options)
    except MonitorError:
        return None


def vocabulary(pieces: list[str]) -> Vocabulary:
    tokens = list(dict.fromkeys([*pieces, *ASCII]))
    return Vocabulary([token.encode() for token in tokens], [len(tokens)], vocab_size=len(tokens) + 1)


def weights(known: Vocabulary, pieces: list[str], single: float, stop: float) -> dict[int, float]:
    """Longer tokens before single characters, and a stop before most others."""
    tokens = [known.token(token) for token in range(known.vocab_size - 1)]
    shares = {token: 1.0 if data and data.decode() in pieces else single for token, data in enumerate(tokens)}
    return {**shares, known.vocab_size - 1: stop}


# attribute names, by jedi


CODE = """\
from shop.customers import Address, Customer
from shop.orders import Line, Order
import shop.orders as orders

home = Address("Main Street 1", "Lisbon")
order = Order(Customer("Ada", home), [Line("mug", 900, 2)])
"""
STARTS = [
    "order",
    "order.first_line()",
    "order.lines[0]",
    "order.customer.moved_to(home)",
    "Line",
    "orders",
    "home.label()",
]
WRONG = [
    ".n",
    ".customer",
    ".cust",
    "omer",
    "omer.",
    ".nosuch",
    ".append",
    "address",
    ".lines.",
    "s",
    "_",
    ".total",
    ".city.x",
]


@pytest.fixture
def shop(folder: Path) -> Iterator[dict[str, Any]]:
    """The names of CODE, in a Python that runs it."""
    sys.path.insert(0, str(folder))
    names: dict[str, Any] = {}
    try:
        exec(CODE, names)
        yield names
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
            del sys.modules[name]


def found(value: Any, chain: str) -> int:
    """How many of the attributes in a chain there are; minus one where one is missing.

    A field that a class declares and only its instances have is there for static analysis, and ends what Python knows.
    """
    count = 0
    for name in chain.split("."):
        count += 1
        if not hasattr(value, name):
            declared = isinstance(value, type) and any(
                name in vars(base).get("__annotations__", {}) for base in value.mro()
            )
            return count if declared else -1
        value = getattr(value, name)
    return count


@pytest.mark.parametrize("seeds", [range(4), pytest.param(range(4, 12), marks=pytest.mark.slow)], ids=str)
def test_attributes_exist(seeds: range, folder: Path, shop: dict[str, Any]) -> None:
    # public names: of the others, static analysis believes some that CPython's own types do not have
    compiled = compile_regex(r"(\.[A-Za-z][A-Za-z_0-9]{0,30}){1,3}", vocabulary(WRONG))
    preferred = weights(compiled.vocabulary, WRONG, 0.3, 0.5)
    monitor = load_monitor(
        f"{folder / 'attribute_names.py'}:AttributeNames", {"project": str(folder), "file": "main.py"}
    )
    sites, wrong_without = 0, 0
    for seed in seeds:
        for start in STARTS:
            generator = random.Random(seed)
            text = write(compiled, monitor, generator, prompt=CODE + "print(" + start, weights=preferred)
            assert text is not None
            there = found(eval(start, shop), text[1:])
            if there < 0:  # of an object that jedi does not know, any attribute may be written
                names = text[1:].split(".")
                codes = [CODE + "print(" + ".".join([start, *names[:count]]) + "." for count in range(len(names))]
                there = [monitor.begin(code).suggestions("") is None for code in codes].index(True)
                assert found(eval(start, shop), ".".join(names[:there])) == there > 0
            sites += there
            free = write(compiled, None, random.Random(seed), weights=preferred)
            wrong_without += free is not None and found(eval(start, shop), free[1:]) < 0
    assert sites >= 10 * len(seeds)
    assert wrong_without >= 5 * len(seeds)


@pytest.mark.parametrize(
    ("code", "triggered"),
    [
        ("order.", True),
        ("f(order, order.", True),
        ('print(f"{order.', True),
        ("1..", True),
        ("1.", False),
        ("...", False),
        ("x = 'a.", False),
        ('x = """a\nb.', False),
        ("x = 1  # a.", False),
        ("from shop.", False),
        ("from .", False),
        ("import shop.", False),
        ("order", False),
        ("", False),
    ],
)
def test_where_attributes_are_asked_for(folder: Path, code: str, triggered: bool) -> None:
    monitor = load_monitor(f"{folder / 'attribute_names.py'}:AttributeNames", {"project": str(folder)})
    for split in {0, len(code) // 2, len(code)}:
        assert monitor.begin(code[:split]).triggered(code[split:]) is triggered


def test_what_jedi_does_not_know_is_left_to_the_grammar(folder: Path) -> None:
    monitor = load_monitor(f"{folder / 'attribute_names.py'}:AttributeNames", {"project": str(folder)})
    code = "def f(x):\n    return x."
    assert monitor.begin(code).triggered("")
    assert monitor.begin(code).suggestions("") is None


# SQL that SQLite takes


SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, placed TEXT, total_cents INTEGER);
CREATE TABLE lines (order_id INTEGER, product TEXT, pieces INTEGER);
CREATE VIEW big_orders AS SELECT * FROM orders WHERE total_cents > 10000;
"""
SQL = [
    *(
        "SELECT ",
        " FROM ",
        ", ",
        " JOIN ",
        " ON ",
        " = ",
        " WHERE ",
        " AND ",
        " ORDER BY ",
        " LIMIT ",
        " IN (SELECT ",
        ")",
    ),
    *("(", "count(*)", "max", "customers", "orders", "lines", "na", "me", "name", "city", "customer_id", "id", "total"),
    *("_cents", "total_cents", "product", "pieces", "placed", ".", "'a'", "1", "23", " DESC", "lower(", "abs", "x"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("database") / "shop.db"
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA)
    connection.close()
    return path


def explains(database: Path, statement: str) -> bool:
    connection = sqlite3.connect(database)
    try:
        connection.execute(f"EXPLAIN {statement}")
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return True


def select_grammar(folder: Path, known: Vocabulary) -> CompiledGrammar:
    return compile_lark((folder / "select.lark").read_text("utf-8"), known)


def test_every_query_is_one_that_sqlite_explains(folder: Path, database: Path) -> None:
    compiled = select_grammar(folder, vocabulary(SQL))
    preferred = weights(compiled.vocabulary, SQL, 0.02, 3.0)
    monitor = load_monitor(f"{folder / 'sqlite_schema.py'}:SqliteSchema", {"database": str(database)})
    refused_without = 0
    for seed in range(16):
        text = write(compiled, monitor, random.Random(seed), weights=preferred)
        assert text is not None
        assert explains(database, text), text
        free = write(compiled, None, random.Random(seed), weights=preferred)
        refused_without += free is not None and not explains(database, free)
    assert refused_without >= 14


def test_queries_in_the_whole_of_sql(folder: Path, database: Path) -> None:
    """A blind model seldom comes to an end under the whole grammar; where it does, SQLite takes what it wrote."""
    words = [
        "SELECT ",
        "FROM ",
        ",",
        " JOIN ",
        "=",
        " WHERE ",
        " AND ",
        "(",
        ")",
        "*",
        "name",
        "customers ",
        "1",
        " ",
        "city",
    ]
    compiled = compile_lark(grammars.load("sql"), vocabulary(words))
    preferred = weights(compiled.vocabulary, words, 0.01, 6.0)
    monitor = load_monitor(f"{folder / 'sqlite_schema.py'}:SqliteSchema", {"database": str(database)}, deadline=60)
    options: dict[str, Any] = {"weights": preferred, "most_tokens": 40}
    texts = [write_or_give_up(compiled, monitor, random.Random(seed), **options) for seed in range(20)]
    ended = [text for text in texts if text is not None]
    assert len(ended) >= 3
    assert [text for text in ended if not explains(database, text)] == []


@pytest.mark.parametrize(
    ("prefix", "suggested", "not_suggested"),
    [
        ("SELECT n", ["ame"], ["ot_a_column"]),
        ("SELECT N", ["ame"], ["ot_a_column"]),
        ("SELECT orders.p", ["laced"], ["roduct"]),
        ("SELECT name, t", ["otal_cents"], []),
        ("SELECT pieces FROM o", [], ["rders WHERE"]),
        ("SELECT name FROM c", ["ustomers"], ["ity"]),
        ("SELECT name FROM customers WHERE c", ["ity"], ["ustomer_id"]),
        ("SELECT name FROM customers JOIN orders ON c", ["ustomer_id", "ity", "ustomers."], []),
        ("SELECT name FROM customers W", ["HERE"], []),
        ("SELECT max(p", ["ieces", "laced"], []),
        ("SELECT id FROM customers, l", ["ines"], []),
        ("SELECT id FROM customers, o", [], ["rders"]),  # then id would be that of two tables
        ("SELECT name AS n FROM customers ORDER BY n", ["", "ame"], []),
    ],
)
def test_names_that_sqlite_takes(
    folder: Path, database: Path, prefix: str, suggested: list[str], not_suggested: list[str]
) -> None:
    monitor = load_monitor(f"{folder / 'sqlite_schema.py'}:SqliteSchema", {"database": str(database)})
    assert monitor.triggered(prefix)
    found = monitor.suggestions(prefix)
    assert found is not None
    assert set(suggested) <= set(found)
    assert not set(not_suggested) & set(found)


@pytest.mark.parametrize(
    ("prefix", "vetoed"),
    [
        ("SELECT name ", False),
        ("SELECT nosuch ", True),
        ("SELECT nosu", False),
        ("SELECT abs(1, 2) ", True),
        ("SELECT name FROM customers WHERE sum(id) ", True),
        ("SELECT name FROM customers WHERE (", False),
        ("SELECT id FROM customers, orders ", True),
        ("SELECT 'nosuch ", False),
        ("SELECT ?", True),
        ("DELETE ", True),
        ("SELECT name --", True),
        ("SELECT name.", True),
        ("SELECT customers.", False),
    ],
)
def test_beginnings_that_sqlite_never_takes(folder: Path, database: Path, prefix: str, vetoed: bool) -> None:
    monitor = load_monitor(f"{folder / 'sqlite_schema.py'}:SqliteSchema", {"database": str(database)})
    assert (monitor.veto(prefix, False) is not None) is vetoed


def test_a_database_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(MonitorError, match="cannot be made: OperationalError: unable to open database file"):
        load_monitor(f"{folder / 'sqlite_schema.py'}:SqliteSchema", {"database": str(tmp_path / "none.db")})


# SPARQL with answers


TRIPLES = [" . ", "?a ", "?b ", "ex:", "<http://example.org/", "ex:Ada ", " ex:knows ", '"Ada"', " }"]


def test_every_query_has_an_answer(folder: Path) -> None:
    rdflib = pytest.importorskip("rdflib")
    graph = rdflib.Graph().parse(folder / "people.ttl")
    compiled = compile_lark((folder / "triples.lark").read_text("utf-8"), vocabulary(TRIPLES))
    preferred = weights(compiled.vocabulary, TRIPLES, 0.2, 1.0)
    monitor = load_monitor(f"{folder / 'sparql_graph.py'}:SparqlGraph", {"graph": str(folder / "people.ttl")})
    empty, empty_without = 0, 0
    patterns = 0
    for seed in range(100):
        text = write(compiled, monitor, random.Random(seed), weights=preferred)
        assert text is not None
        empty += not graph.query(text.replace("SELECT * WHERE", "ASK")).askAnswer
        patterns += text.count(" . ") + 1
        free = write(compiled, None, random.Random(seed), weights=preferred)
        assert free is not None
        empty_without += not graph.query(free.replace("SELECT * WHERE", "ASK")).askAnswer
    assert patterns > 150
    assert empty == 0
    assert empty_without > 50


def test_every_query_of_the_whole_of_sparql_runs(folder: Path) -> None:
    rdflib = pytest.importorskip("rdflib")
    graph = rdflib.Graph().parse(folder / "people.ttl")
    words = [
        "PREFIX ex: <http://example.org/> ",
        "SELECT * WHERE { ",
        " . ",
        "?a ",
        "?b ",
        "ex:",
        "ex:knows ",
        " }",
        "a ",
    ]
    words += ["OPTIONAL { ", "FILTER (", "?a = ?b", ")", "<http://example.org/"]
    compiled = compile_lark(grammars.load("sparql"), vocabulary(words))
    preferred = weights(compiled.vocabulary, words, 0.003, 8.0)
    counts = {}
    for name in ("with", "without"):
        monitor = load_monitor(f"{folder / 'sparql_graph.py'}:SparqlGraph", {"graph": str(folder / "people.ttl")})
        one = monitor if name == "with" else None
        options: dict[str, Any] = {"weights": preferred, "most_tokens": 40}
        texts = [write_or_give_up(compiled, one, random.Random(seed), **options) for seed in range(100)]
        ended = [text for text in texts if text is not None]
        if one is None:  # what rdflib would fetch from elsewhere; with the monitor, nobody may ask for it
            ended = [text for text in ended if not re.search("(?i)from|service", text)]
        counts[name] = [answer(graph, text) for text in ended]
    assert len(counts["with"]) >= 20
    assert "fails" not in counts["with"]
    assert counts["with"].count("none") / len(counts["with"]) < counts["without"].count("none") / len(counts["without"])


def answer(graph: Any, query: str) -> str:
    try:
        return "some" if graph.query(re.sub(r"SELECT \* WHERE", "ASK", query, count=1)).askAnswer else "none"
    except Exception:  # rdflib has no root of its errors
        return "fails"


@pytest.mark.parametrize(
    ("prefix", "suggested", "not_suggested"),
    [
        ("SELECT * { <", ["http://example.org/Ada>", "http://example.org/Notes>"], ["http://example.org/knows>"]),
        ("SELECT * { ?a <", ["http://example.org/knows>"], ["http://example.org/Ada>"]),
        ("SELECT * { <http://example.org/Engine> <", ["http://example.org/title>"], ["http://example.org/knows>"]),
        (
            "SELECT * { ?a <http://example.org/about> ?b . ?b <",
            ["http://example.org/title>"],
            ["http://example.org/wrote>"],
        ),
        ('SELECT * { ?a <http://example.org/title> "', ['Notes"'], ['Ada"']),
        ("PREFIX ex: <http://example.org/> SELECT * { ex:Ada e", ["x:knows"], ["x:taught"]),
        ("PREFIX ex: <http://example.org/> SELECT * { ?x a ex:Text ; e", ["x:title"], ["x:knows"]),
        ("SELECT * { ?a a", [], ["http://example.org/Person>"]),
    ],
)
def test_terms_with_which_there_are_answers(
    folder: Path, prefix: str, suggested: list[str], not_suggested: list[str]
) -> None:
    monitor = load_monitor(f"{folder / 'sparql_graph.py'}:SparqlGraph", {"graph": str(folder / "people.ttl")})
    found = (monitor.suggestions(prefix) if monitor.triggered(prefix) else None) or []
    assert set(suggested) <= set(found)
    assert not set(not_suggested) & set(found)


def loaded(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_solutions_are_those_of_rdflib(folder: Path) -> None:
    """The join that the monitor makes for itself, against rdflib's, which takes milliseconds to read a query."""
    rdflib = pytest.importorskip("rdflib")
    graph = rdflib.Graph().parse(folder / "people.ttl")
    monitor = loaded(folder / "sparql_graph.py").SparqlGraph(graph)
    generator = random.Random(11)
    terms = [f"?{name}" for name in "abc"] + ["<http://example.org/Ada>", "<http://example.org/Notes>"]
    verbs = [*terms[:3], *(f"<http://example.org/{name}>" for name in ("knows", "wrote", "title"))]
    seen = set()
    for _ in range(150):
        count = generator.randint(1, 3)
        group = " . ".join(" ".join(map(generator.choice, (terms, verbs, terms))) for _ in range(count))
        expected = graph.query(f"ASK {{ {group} }}").askAnswer
        assert (monitor.veto(f"SELECT * {{ {group} ", False) is False) is expected, group
        seen.add(expected)
    assert seen == {True, False}
