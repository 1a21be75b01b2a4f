"""A constraint as the user gave it, and how it becomes an automaton."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from constrain.cli import environment
from constrain.cli.problems import UsageProblem
from constrain.errors import ConstrainError, InputError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar, Grammar, Limits, Vocabulary

__all__ = ["CompileOptions", "Constraint"]

_SPELLINGS = {"whitespace": "compact", "order": "schema", "numbers": "plain", "escapes": "minimal"}
"""Options of generated text that have their own name as an option, with their defaults."""

Kind: TypeAlias = Literal["schema", "regex", "choice", "grammar"]


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How a constraint is read. ``start`` concerns grammars, everything else schemas.

    ``formats_bound`` is no choice of the user's: those who look at a text once more ask for the ``outer`` one.
    ``references`` are other documents by URI, as texts: what they say is part of what the language depends on.
    """

    draft: str | None = None
    formats: str = "assert"
    ignore_formats: tuple[str, ...] = ()
    whitespace: str = "compact"
    start: str = "start"
    order: str = "schema"
    numbers: str = "plain"
    escapes: str = "minimal"
    formats_bound: str = "inner"
    references: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse values that no front end knows, as mistakes in the arguments."""
        if self.formats not in ("assert", "annotate"):
            raise UsageProblem(f"--formats cannot be {self.formats!r}", expected="'assert' or 'annotate'")
        if self.draft is not None:
            _check("--draft", self.draft, draft=self.draft)
        for name, usual in _SPELLINGS.items():
            value = getattr(self, name)
            if value != usual:
                _check(f"--{name}", value, **{name: value})

    def as_json(self) -> str:
        """As text; equal options give equal texts."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> CompileOptions:
        """What :meth:`as_json` gave; ValueError, TypeError, LookupError or UsageProblem for anything else."""
        values = json.loads(text)
        return cls(
            draft=None if values["draft"] is None else str(values["draft"]),
            formats=str(values["formats"]),
            ignore_formats=tuple(str(name) for name in values["ignore_formats"]),
            whitespace=str(values["whitespace"]),
            start=str(values["start"]),
            order=str(values["order"]),
            numbers=str(values["numbers"]),
            escapes=str(values["escapes"]),
            formats_bound=str(values["formats_bound"]),
            references=tuple((str(uri), str(text)) for uri, text in values["references"]),
        )


def _check(option: str, value: str, **given: Any) -> None:
    """Ask the front end about one value; it is imported only where there is one to ask about."""
    from constrain.compiler.json_schema.options import read_options

    try:
        read_options(**given)
    except InputError as error:
        raise UsageProblem(f"{option} cannot be {value!r}", expected=error.expected) from None


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint as the user gave it.

    Attributes:
        kind: which option it came from.
        text: schema text, regular expression, grammar text, or the choices as a JSON array.
        source: how messages call it.
        options: how to read it.
        limits: budgets to compile it under; None for the defaults.
    """

    kind: Kind
    text: str
    source: str
    options: CompileOptions = field(default_factory=CompileOptions)
    limits: Limits | None = None

    @property
    def sha256(self) -> str:
        """Hash of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def grammar(self) -> Grammar:
        """Read the constraint; every error about its text comes from here.

        Raises:
            InputError: with a note that names the source.
        """
        try:
            return self._build()
        except ConstrainError as error:
            error.add_note(self.source)
            raise

    def compile(self, grammar: Grammar, vocabulary: Vocabulary) -> CompiledGrammar:
        """The automaton of ``grammar`` for ``vocabulary``.

        Raises:
            UnsatisfiableError, LimitError: with a note that names the source.
        """
        from constrain.compiler import compile_grammar

        try:
            return compile_grammar(grammar, vocabulary, self._limits(), description=self._description())
        except ConstrainError as error:
            error.add_note(self.source)
            raise

    def compiled_for(self, vocabulary: Vocabulary, asked_by: str = "") -> CompiledGrammar:
        """The automaton for ``vocabulary``, kept in the cache from one run to the next.

        Raises:
            InputError: with a note that names the source.
        """
        from constrain.runtime.cache import Cache
        from constrain.runtime.compiled import compiled_once

        return compiled_once(
            Cache(environment.cache_directory()),
            self._description(),
            vocabulary,
            lambda: self.compile(self.grammar(), vocabulary),
            limits=self._limits(),
        )

    def language(self) -> CompiledGrammar:
        """The automaton over bytes; errors as those of :meth:`compiled_for`."""
        from constrain.compiler.vocabulary import Vocabulary

        return self.compiled_for(Vocabulary.bytes())

    @property
    def constraint(self) -> Constraint:
        """Itself (a compiled file may not know what it was made from)."""
        return self

    @property
    def is_json(self) -> bool:
        """Are its texts JSON values under a schema?"""
        return self.kind == "schema"

    def _limits(self) -> Limits:
        from constrain.compiler import Limits

        return self.limits or Limits()

    def _description(self) -> dict[str, str]:
        """All that the language depends on, as saved files keep it."""
        return {"kind": self.kind, "text": self.text, "options": self.options.as_json()}

    @classmethod
    def from_description(cls, description: Mapping[str, str], source: str) -> Constraint | None:
        """What a saved file says it was made from; None where it does not say.

        Args:
            description: of a file, which may say anything.
            source: how messages call it.
        """
        kinds: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
        kind, text = kinds.get(description.get("kind", "")), description.get("text")
        if kind is None or text is None:
            return None
        try:
            options = CompileOptions.from_json(description.get("options", ""))
        except (ValueError, TypeError, LookupError, RecursionError, UsageProblem):
            return None
        return cls(kind, text, source, options)

    def _build(self) -> Grammar:
        options = self.options
        if self.kind == "schema":
            from constrain.compiler import json_schema

            return json_schema.build(
                self.text,
                draft=options.draft,
                formats="annotate" if options.formats == "annotate" else "assert",
                ignore_formats=options.ignore_formats,
                references=dict(options.references) or None,
                whitespace=options.whitespace,
                order="any" if options.order == "any" else "schema",
                numbers="any" if options.numbers == "any" else "plain",
                escapes="any" if options.escapes == "any" else "minimal",
                formats_bound="outer" if options.formats_bound == "outer" else "inner",
            )
        if self.kind == "regex":
            from constrain.compiler import regex

            return regex.build(self.text, limits=self._limits())
        if self.kind == "grammar":
            from constrain.compiler import lark

            return lark.build(self.text, start=options.start, limits=self._limits())
        from constrain.compiler import choices

        return choices.build(json.loads(self.text))
