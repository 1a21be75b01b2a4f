"""SPARQL over a graph that one has: each next term comes from the graph, given what is bound so far.

    constrain gen --grammar sparql --monitor examples/monitors/sparql_graph.py:SparqlGraph \\
        --monitor-arg graph=people.ttl "Whom does Ada know?"

Where an IRI, a prefixed name or a string begins in a triple pattern, those are suggested with which the patterns so far
still have a solution in the graph; a pattern that leaves none is vetoed as soon as it shows. That goes for the triple
patterns at the beginning of a group; what comes after a filter, a path or a nested group is left to the grammar. A
complete query is tried in rdflib. What would fetch something from elsewhere (FROM, SERVICE) is vetoed. Needs rdflib.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import rdflib
from rdflib.namespace import RDF
from rdflib.term import Literal, Node, URIRef, Variable

from constrain.runtime.monitors import Monitor

NAME = r"[A-Za-z_][\w-]*"
TOKEN = re.compile(
    rf"""(?P<iri><[^<>"{{}}|^`\\\s]*>)|(?P<variable>[?$]\w+)|(?P<name>(?:{NAME})?:(?:[\w-]+)?)"""
    rf"""|(?P<string>"(?:[^"\\\n]|\\.)*"(?:@[A-Za-z-]+|\^\^<[^<>]*>)?)|(?P<word>{NAME})|(?P<number>[+-]?\d+(?!\.?\w))"""
    r"""|(?P<space>\s+|\#.*)|(?P<sign>.)"""
)
PREFIX = re.compile(rf"(?i)\bPREFIX\s+((?:{NAME})?:)\s*<([^<>]*)>")
KEYWORDS = ("BIND", "FILTER", "GRAPH", "MINUS", "OPTIONAL", "SELECT", "UNION", "VALUES")
PLAIN = re.compile(r"[^\"\\\n\r]*")

Triple = tuple[Node, Node, Node]
Binding = dict[Variable, Node]


class SparqlGraph(Monitor):
    """Suggests terms of triple patterns."""

    word = r"[\w:-]"

    def __init__(self, graph: str | rdflib.Graph) -> None:
        """Read a graph.

        Args:
            graph: a file that rdflib reads by its name, or the graph itself.
        """
        self._graph = graph if isinstance(graph, rdflib.Graph) else rdflib.Graph().parse(Path(graph))
        self._nodes = sorted({node for s, _, o in self._graph for node in (s, o)}, key=str)
        self._has_solution = lru_cache(maxsize=4096)(self._solvable)
        self._next_terms = lru_cache(maxsize=4096)(self._terms)

    def triggered(self, prefix: str) -> bool:
        """At the first character of a term, but for variables and numbers."""
        begun = self._begun(prefix)
        return begun is not None and _read(begun[0], {}) is not None

    def suggest(self, prefix: str) -> list[str] | None:
        """The rests of terms that fit."""
        begun = self._begun(prefix)
        prefixes = dict(PREFIX.findall(prefix))
        read = None if begun is None else _read(begun[0], prefixes)
        if begun is None or read is None:
            return None
        patterns, terms = read
        start = begun[1]
        found = self._next_terms(tuple(patterns), tuple(terms))
        if start == "<":
            return [f"{term}>" for term in found if isinstance(term, URIRef)]
        if start == '"':
            return [text[1:] for term in found if (text := _string(term)) is not None]
        names = [word if start.isupper() else word.lower() for word in KEYWORDS]
        names += ["a"] if len(terms) == 1 and RDF.type in found else []
        for short, namespace in prefixes.items():
            rests = [
                term[len(namespace) :] for term in found if isinstance(term, URIRef) and term.startswith(namespace)
            ]
            names += [short + rest for rest in rests if re.fullmatch(r"(?:\w[\w-]*)?", rest)]
        return [name[1:] for name in names if name.startswith(start)]

    def veto(self, prefix: str, complete: bool) -> str | bool:
        """Why nothing in the graph can come of it."""
        tokens = [match for match in TOKEN.finditer(prefix) if match.lastgroup != "space"]
        if any(match.lastgroup == "word" and match[0].upper() in ("FROM", "SERVICE") for match in tokens):
            return "it would be answered from elsewhere"
        if complete:
            return self._fails(prefix)
        if not prefix or re.search(r"[\w:.-]$", prefix):
            return False  # a term may go on
        open_group = prefix.removesuffix("}")  # what has just been closed
        read = _read(_group(open_group), dict(PREFIX.findall(prefix)))
        if read is None:
            return False
        patterns, terms = read
        if terms:
            fresh = [Variable(f"{place} of what is coming") for place in range(3)]
            s, p, o = [*terms, *fresh[len(terms) :]]
            patterns = [*patterns, (s, p, o)]
        return False if self._has_solution(tuple(patterns)) else "nothing in the graph matches"

    def _begun(self, prefix: str) -> tuple[str, str] | None:
        """The group before a term that begins at the end of the text, and how it begins."""
        match = re.search(r"(?:(?<=[\s{;,.])|^)([<\":A-Za-z_])$", prefix)
        group = None if match is None else _group(prefix[: match.start()])
        return None if match is None or group is None else (group, match[1])

    def _terms(self, patterns: tuple[Triple, ...], terms: tuple[Node, ...]) -> list[Node]:
        """What can stand next in a triple that begins with these terms."""
        fresh = [Variable(f"{place} of what is coming") for place in range(3)]
        s, p, o = [*terms, *fresh[len(terms) :]]
        wanted = fresh[len(terms)]
        found = {binding[wanted] for binding in self._solutions(_connected([*patterns, (s, p, o)]), {})}
        return sorted(found, key=str)

    def _solvable(self, patterns: tuple[Triple, ...]) -> bool:
        return next(self._solutions(list(patterns), {}), None) is not None

    def _solutions(self, patterns: list[Triple], binding: Binding) -> Iterator[Binding]:
        """Every way to match the patterns in the graph, those with most known terms first."""
        if not patterns:
            yield binding
            return
        known = [sum(term in binding or not isinstance(term, Variable) for term in triple) for triple in patterns]
        chosen = patterns[known.index(max(known))]
        rest = [triple for triple in patterns if triple is not chosen]
        asked = [binding.get(term) if isinstance(term, Variable) else term for term in chosen]
        for triple in self._graph.triples((asked[0], asked[1], asked[2])):
            further = dict(binding)
            pairs = zip(chosen, triple, strict=True)
            if all(further.setdefault(term, value) == value for term, value in pairs if isinstance(term, Variable)):
                yield from self._solutions(rest, further)

    def _fails(self, query: str) -> str | bool:
        try:
            for _ in self._graph.query(query):
                break
        except Exception as error:  # rdflib and the functions that queries call have many
            return f"rdflib refuses it: {error}"
        return False


def _group(prefix: str) -> str | None:
    """The text since the last brace that is open; None where there is none."""
    opened: list[int] = []
    for match in TOKEN.finditer(prefix):
        if match[0] == "{":
            opened.append(match.end())
        elif match[0] == "}" and opened:
            opened.pop()
    return prefix[opened[-1] :] if opened else None


def _read(group: str | None, prefixes: dict[str, str]) -> tuple[list[Triple], list[Node]] | None:
    """The whole triples of a group and the terms of one that has begun; None for what is more than triples."""
    if group is None:
        return None
    patterns: list[Triple] = []
    terms: list[Node] = []
    for match in TOKEN.finditer(group):
        kind, text = match.lastgroup, match[0]
        if kind == "space":
            continue
        if text in (".", ";", ",") and len(terms) == 3:
            patterns.append((terms[0], terms[1], terms[2]))
            terms = terms[: {".": 0, ";": 1, ",": 2}[text]]
            continue
        term = _term(kind or "", text, prefixes, place=len(terms))
        if term is None or len(terms) == 3:
            return None
        terms.append(term)
    if len(terms) == 3:
        patterns.append((terms[0], terms[1], terms[2]))
        terms = []
    return patterns, terms


def _term(kind: str, text: str, prefixes: dict[str, str], place: int) -> Node | None:
    if kind == "variable":
        return Variable(text[1:])
    if kind == "iri":
        return URIRef(text[1:-1])
    if kind == "name":
        start, _, rest = text.partition(":")
        namespace = prefixes.get(f"{start}:")
        return Variable(f"the unknown {text}") if namespace is None else URIRef(namespace + rest)
    if kind == "word" and text == "a" and place == 1:
        return RDF.type
    if place == 2 and kind in ("string", "number"):
        return rdflib.util.from_n3(text)
    return None


def _string(term: Node) -> str | None:
    """A string as SPARQL has it, where no character of it needs an escape."""
    if not isinstance(term, Literal) or not PLAIN.fullmatch(str(term)):
        return None
    if term.language:
        return f'"{term}"@{term.language}'
    return f'"{term}"^^<{term.datatype}>' if term.datatype else f'"{term}"'


def _connected(patterns: list[Triple]) -> list[Triple]:
    """The last pattern, and those that share variables with it, directly or by way of others."""
    kept = [patterns[-1]]
    left = patterns[:-1]
    while True:
        variables = {term for triple in kept for term in triple if isinstance(term, Variable)}
        joined = [triple for triple in left if variables.intersection(triple)]
        if not joined:
            return kept
        kept += joined
        left = [triple for triple in left if triple not in joined]
