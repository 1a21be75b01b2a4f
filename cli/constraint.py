"""A constraint as the user gave it, and how it becomes an automaton."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, get_args

from constrain.cli import environment
from constrain.cli.notations import check_notation
from constrain.cli.problems import UsageProblem
from constrain.cli.tagged import check_style, check_thinking, tags_grammar, tools_grammar, with_thinking
from constrain.compiler.sizes import UNBOUNDED, Sizes
from constrain.errors import ConstrainError, InputError, LimitError, UnsatisfiableError, UnsupportedError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar, Grammar, Limits, Vocabulary
    from constrain.compiler.lark import Files
    from constrain.compiler.lark.header import Indenter, Lexer

__all__ = ["CompileOptions", "Constraint"]

_SPELLINGS = {"whitespace": "spaced", "order": "schema", "numbers": "plain", "escapes": "minimal"}
"""Options of generated text that have their own name as an option, with their defaults."""

Kind: TypeAlias = Literal["schema", "regex", "choice", "choice-file", "substring", "grammar", "tags", "tools"]


class Reading(TypedDict):
    """How a grammar is to be read."""

    start: str | None
    lexer: Lexer | None
    files: Files
    terminals: dict[str, str]
    data: dict[str, str]
    limits: Limits


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """How a constraint is read. From ``notation`` to ``data`` it concerns grammars, ``all_of`` and ``none_of``
    (patterns that a text must match, or must not match, as well) regular expressions, the ``tool_...`` ones tools,
    ``think...`` every constraint, and everything else schemas.

    ``notation`` is None where the file's name decides; ``start``, ``lexer`` and ``indenter`` where the grammar's own
    header does.

    ``formats_bound`` is no choice of the user's: those who look at a text once more ask for the ``outer`` one.
    ``references`` are other documents by URI, as texts: what they say is part of what the language depends on. So are
    ``imports``: number of the folder (0: the grammar's own), path in it, text. And so is ``data``: files that a schema
    or grammar takes choices or spans from, by name.
    """

    draft: str | None = None
    formats: str = "assert"
    ignore_formats: tuple[str, ...] = ()
    whitespace: str = "spaced"
    order: str = "schema"
    numbers: str = "plain"
    escapes: str = "minimal"
    formats_bound: str = "inner"
    references: tuple[tuple[str, str], ...] = ()
    notation: str | None = None
    start: str | None = None
    lexer: str | None = None
    indenter: str | None = None
    imports: tuple[tuple[int, str, str], ...] = ()
    terminals: tuple[tuple[str, str], ...] = ()
    data: tuple[tuple[str, str], ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    tool_style: str = ""
    tool_choice: str = "auto"
    parallel_tool_calls: bool = True
    think: str | None = None
    think_max: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that no front end knows, as mistakes in the arguments."""
        if self.formats not in ("assert", "annotate"):
            raise UsageProblem(f"--formats cannot be {self.formats!r}", expected="'assert' or 'annotate'")
        if self.draft is not None:
            _check("--draft", self.draft, draft=self.draft)
        if self.lexer not in (None, "complete", "contextual"):
            raise UsageProblem(f"--lexer cannot be {self.lexer!r}", expected="'complete' or 'contextual'")
        if self.indenter not in (None, "python"):
            raise UsageProblem(f"--indenter cannot be {self.indenter!r}", expected="'python'")
        for name, usual in _SPELLINGS.items():
            value = getattr(self, name)
            if value != usual:
                _check(f"--{name}", value, **{name: value})
        if self.tool_style:
            check_style(self.tool_style)
        if self.think is not None or self.think_max is not None:
            check_thinking(self.think, self.think_max)

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
            start=None if values["start"] is None else str(values["start"]),
            notation=None if values["notation"] is None else str(values["notation"]),
            lexer=None if values["lexer"] is None else str(values["lexer"]),
            indenter=None if values["indenter"] is None else str(values["indenter"]),
            order=str(values["order"]),
            numbers=str(values["numbers"]),
            escapes=str(values["escapes"]),
            formats_bound=str(values["formats_bound"]),
            references=tuple((str(uri), str(text)) for uri, text in values["references"]),
            imports=tuple((int(folder), str(path), str(text)) for folder, path, text in values["imports"]),
            terminals=tuple((str(name), str(expression)) for name, expression in values["terminals"]),
            data=tuple((str(name), str(text)) for name, text in values["data"]),
            all_of=tuple(str(pattern) for pattern in values["all_of"]),
            none_of=tuple(str(pattern) for pattern in values["none_of"]),
            tool_style=str(values["tool_style"]),
            tool_choice=str(values["tool_choice"]),
            parallel_tool_calls=bool(values["parallel_tool_calls"]),
            think=None if values["think"] is None else str(values["think"]),
            think_max=None if values["think_max"] is None else int(values["think_max"]),
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
        text: schema text, regular expression, grammar text, tag file, tools, the choices as a JSON array, the lines
            of files of them, or documents and the unit of their spans as JSON.
        source: how messages call it.
        options: how to read it.
        limits: budgets to compile it under; None for the defaults.
        folders: what messages call the folders that a grammar imports from: its own, and the search paths.
        sizes: bounds of what a model writes, no part of the language.
    """

    kind: Kind
    text: str
    source: str
    options: CompileOptions = field(default_factory=CompileOptions)
    limits: Limits | None = None
    folders: tuple[str | None, ...] = ()
    sizes: Sizes = UNBOUNDED

    @property
    def sha256(self) -> str:
        """Hash of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def grammar(self, vocabulary: Vocabulary | None = None, sizes: Sizes = UNBOUNDED) -> Grammar:
        """Read the constraint; every error about its text comes from here.

        Args:
            vocabulary: whose special tokens are meant where the constraint names them; None: texts alone.
            sizes: bounds of what has none; by default the whole language.

        Raises:
            InputError: with a note that names the source.
        """
        try:
            return with_thinking(self._build(vocabulary, sizes), self.options, vocabulary)
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
            return compile_grammar(grammar, vocabulary, self.budget(), description=self._description())
        except ConstrainError as error:
            if isinstance(error, UnsatisfiableError) and self.kind == "regex":
                from constrain.compiler import regex

                error = regex.nothing_left(self.text, **self._patterns())
            if not self.options.all_of and not self.options.none_of:  # their messages name the option
                error.add_note(self.source)
            raise error from None

    def compiled_for(self, vocabulary: Vocabulary, asked_by: str = "") -> CompiledGrammar:
        """The automaton for ``vocabulary``, kept in the cache from one run to the next.

        Raises:
            InputError: with a note that names the source.
        """
        return self._compiled_once(self._description(), vocabulary, lambda: self.grammar(vocabulary))

    def narrowed_for(self, vocabulary: Vocabulary) -> CompiledGrammar | None:
        """The automaton of those texts that keep to :attr:`sizes`, for ``vocabulary``; None where that is all of them.

        Its texts are spelled as those of :meth:`compiled_for`, which takes every one of them.

        Raises:
            InputError: with a note that names the source.
        """
        if self.sizes == UNBOUNDED:
            return None
        from constrain.compiler.sameness import is_same

        try:
            grammar = self.grammar(vocabulary, self.sizes)
            whole = self.grammar(vocabulary)
            if grammar == whole or (whole.lexing is None and is_same(grammar, whole)):
                return None
            made_from = {**self._description(), "sizes": json.dumps(asdict(self.sizes))}
            return self._compiled_once(made_from, vocabulary, lambda: grammar)
        except (LimitError, UnsupportedError, UnsatisfiableError):
            return None  # what can't be bounded so is written without bounds

    def language(self) -> CompiledGrammar:
        """The automaton over bytes, in which tokens are their texts; errors as those of :meth:`compiled_for`."""
        from constrain.compiler.vocabulary import Vocabulary

        if not self.depends_on_tokens:
            return self.compiled_for(Vocabulary.bytes())
        return self._compiled_once({**self._description(), "over": "texts"}, Vocabulary.bytes(), self.grammar)

    def _compiled_once(
        self, made_from: dict[str, str], vocabulary: Vocabulary, grammar: Callable[[], Grammar]
    ) -> CompiledGrammar:
        from constrain.runtime.cache import Cache
        from constrain.runtime.compiled import compiled_once

        return compiled_once(
            Cache(environment.cache_directory()),
            made_from,
            vocabulary,
            lambda: self.compile(grammar(), vocabulary),
            limits=self.budget(),
        )

    def language_with(self, vocabulary: Vocabulary) -> CompiledGrammar:
        """As :meth:`language`, of a constraint that names tokens by their ids in a vocabulary."""
        from constrain.compiler.vocabulary import Vocabulary as Tokens

        try:
            grammar = with_thinking(tags_grammar(self, vocabulary, as_text=True), self.options, None)
        except ConstrainError as error:
            error.add_note(self.source)
            raise
        return self.compile(grammar, Tokens.bytes())

    def without_thoughts(self) -> Constraint:
        """The constraint on what comes after the thoughts."""
        return replace(self, options=replace(self.options, think=None, think_max=None))

    @property
    def depends_on_tokens(self) -> bool:
        """Does its language over tokens differ from that over bytes, since it names special tokens?"""
        return self.kind in ("tags", "tools") or bool(self.options.think)

    @property
    def constraint(self) -> Constraint:
        """Itself (a compiled file may not know what it was made from)."""
        return self

    @property
    def is_json(self) -> bool:
        """Are its texts JSON values under a schema?"""
        return self.kind == "schema"

    def budget(self) -> Limits:
        """The limits to compile it under."""
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

    def _patterns(self) -> dict[str, Any]:
        """What goes with a regular expression."""
        return {
            "all_of": self.options.all_of,
            "none_of": self.options.none_of,
            "names": ("--and", "--not"),
            "limits": self.budget(),
        }

    def _build(self, vocabulary: Vocabulary | None, sizes: Sizes) -> Grammar:
        options = self.options
        if self.kind == "tags":
            return tags_grammar(self, vocabulary, sizes=sizes)
        if self.kind == "tools":
            return tools_grammar(self, vocabulary, sizes=sizes)
        if self.kind == "schema":
            from constrain.compiler import json_schema

            return json_schema.build(
                self.text,
                draft=options.draft,
                formats="annotate" if options.formats == "annotate" else "assert",
                ignore_formats=options.ignore_formats,
                references=dict(options.references) or None,
                data=dict(options.data),
                whitespace=options.whitespace,
                order="any" if options.order == "any" else "schema",
                numbers="any" if options.numbers == "any" else "plain",
                escapes="any" if options.escapes == "any" else "minimal",
                formats_bound="outer" if options.formats_bound == "outer" else "inner",
                sizes=sizes,
            )
        if self.kind == "regex":
            from constrain.compiler import regex

            return regex.build(self.text, **self._patterns())
        if self.kind == "grammar":
            return self._build_grammar(sizes)
        if self.kind == "substring":
            from constrain.compiler import spans

            given = json.loads(self.text)
            return spans.build(given["documents"], unit=given["unit"])
        from constrain.compiler import choices

        if self.kind == "choice-file":
            return choices.build_list(self.text)
        return choices.build(json.loads(self.text))

    def imported_files(self) -> Files:
        """What a Lark grammar may import: the texts that were read with it."""
        from constrain.compiler.lark import Files, Location

        texts = {Location(folder, path): text for folder, path, text in self.options.imports}
        return Files.given(texts, self.folders, has_folder=self.folders[:1] != (None,))

    @property
    def lexer(self) -> Lexer | None:
        """How a Lark grammar's terminals split the text; None: as its header says."""
        lexers: dict[str, Lexer] = {"complete": "complete", "contextual": "contextual"}
        return None if self.options.lexer is None else lexers[self.options.lexer]

    @property
    def indenter(self) -> Indenter | None:
        """Which indenter a Lark grammar has; None: as its header says."""
        return "python" if self.options.indenter else None

    def reading(self) -> Reading:
        """How a grammar is to be read, as all that reads grammars takes it."""
        options = self.options
        return {
            "start": options.start,
            "lexer": self.lexer,
            "files": self.imported_files(),
            "terminals": dict(options.terminals),
            "data": dict(options.data),
            "limits": self.budget(),
        }

    def _build_grammar(self, sizes: Sizes) -> Grammar:
        from constrain.compiler import notation

        written_in = check_notation("--grammar-format", self.options.notation or "lark")
        return notation.build(self.text, written_in, indenter=self.indenter, sizes=sizes, **self.reading())
