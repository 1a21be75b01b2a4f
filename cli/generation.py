"""One output: prompt in, text generated, judged twice, and what became of it.

Reading the constraint comes before loading the model, so that a mistake in a schema costs milliseconds. It is
compiled for bytes first, which finds every empty language, and again for the model's vocabulary.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from constrain.cli import environment, render
from constrain.cli.budget import in_options
from constrain.cli.json_lines import one_line
from constrain.cli.models import EMBEDDED, named_model
from constrain.cli.problems import UsageProblem
from constrain.cli.progress import Progress
from constrain.cli.tagged import message_of, thoughts_and_rest, thoughts_begun
from constrain.errors import BudgetError, ConstrainError, GrammarError, ModelError, UnsupportedError

if TYPE_CHECKING:
    from constrain.cli.documents import AutomatonJudge, Judge
    from constrain.cli.source import Source
    from constrain.compiler import CompiledGrammar
    from constrain.compiler.tools import Call
    from constrain.runtime import CausalModel, GenerationOptions, GenerationResult
    from constrain.runtime.monitors.calls import MonitorCalls

__all__ = ["ModelChoice", "Outcome", "Sampling", "Session"]

Status: TypeAlias = Literal["ok", "truncated", "error"]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model, as ``-m`` names it, and how it is loaded."""

    name: str | None
    revision: str | None
    offline: bool
    dtype: str | None
    device: str | None
    verbose: bool


class Sampling:
    """How tokens are drawn."""

    def __init__(self, seed: int, max_tokens: int, **chosen: Any) -> None:
        """Keep what the command line says.

        Args:
            seed: of the first output.
            max_tokens: of each.
            chosen: other fields of ``GenerationOptions``; None leaves one to its default.
        """
        self.seed = seed
        self.max_tokens = max_tokens
        self._chosen = {name: value for name, value in chosen.items() if value is not None}

    def options(self, sample: int) -> GenerationOptions:
        """The runtime's options for the n-th output.

        Raises:
            UsageProblem: a value outside its range.
        """
        from constrain.runtime.decoding.options import GenerationOptions

        try:
            return GenerationOptions(max_tokens=self.max_tokens, seed=self.seed + sample, **self._chosen)
        except ValueError as error:
            raise UsageProblem(str(error)) from None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one output.

    Attributes:
        status: ``ok``: complete and valid; ``truncated``: cut by the token budget; ``error``: anything else.
        text: the text, also when it is not printed.
        reason: why the status is not ``ok``.
        exit_code: what a run with only this output ends with.
        thinking: the free text before a complete output, which is no part of it.
        tool_calls: the calls in it, where there were tools.
    """

    status: Status
    text: str = ""
    reason: str = ""
    exit_code: int = 0
    is_json: bool = False
    finish_reason: str | None = None
    tokens: int = 0
    seconds: float = 0.0
    logprob: float | None = None
    masked: Mapping[str, float] = field(default_factory=dict)
    uniform_steps: int = 0
    seed: int | None = None
    model: str | None = None
    schema_sha256: str | None = None
    thinking: str | None = None
    tool_calls: tuple[Call, ...] | None = None

    @classmethod
    def of_error(cls, error: ConstrainError) -> Outcome:
        """An output that never came to be."""
        return cls("error", reason=in_options(str(error)), exit_code=error.exit_code)

    def one_line(self) -> str:
        """The text; JSON without white space between its tokens, digits untouched."""
        return one_line(self.text) if self.is_json else self.text

    def record(self, number: int, *, keep_cut: bool) -> str:
        """One JSON line.

        Args:
            number: the ``id``.
            keep_cut: is the text of a truncated output data?
        """
        if self.status == "ok":
            # spliced in as it is: reading and writing numbers could change their digits
            data = self.one_line() if self.is_json else json.dumps(self.text, ensure_ascii=False)
        else:
            data = json.dumps(self.text, ensure_ascii=False) if self.status == "truncated" and keep_cut else "null"
        rest: dict[str, Any] = {
            "finish_reason": self.finish_reason,
            "tokens": self.tokens,
            "seconds": round(self.seconds, 3),
            "schema_sha256": self.schema_sha256,
            "model": self.model,
            "seed": self.seed,
            "logprob": self.logprob,
        }
        if self.masked:
            rest["masked"] = dict(self.masked)
        if self.uniform_steps:
            rest["uniform_steps"] = self.uniform_steps
        if self.thinking is not None:
            rest["thinking"] = self.thinking
        if self.status != "ok":
            rest["error"] = self.reason
        calls = "" if self.tool_calls is None else f'"tool_calls": [{", ".join(map(_call, self.tool_calls))}], '
        head = json.dumps({"id": str(number), "status": self.status})
        return f'{head[:-1]}, "data": {data}, {calls}{json.dumps(rest, ensure_ascii=False)[1:]}'

    def problem(self) -> ConstrainError:
        """The outcome as an error, for standard error."""
        if self.status == "truncated":
            return BudgetError(self.reason, expected=render.CUT_EXPECTED)
        return ModelError(self.reason)


def _call(call: Call) -> str:
    """A call as JSON, its arguments digit for digit."""
    return f'{{"name": {json.dumps(call.name)}, "arguments": {one_line(call.arguments)}}}'


class Session:
    """A model and a constraint, loaded once for any number of prompts."""

    def __init__(
        self,
        source: Source,
        choice: ModelChoice,
        sampling: Sampling,
        *,
        system: str | None,
        show_schema: bool,
        monitor: MonitorCalls | None = None,
    ) -> None:
        self._source = source
        self._choice = choice
        self._sampling = sampling
        self._system = system
        self._show_schema = show_schema
        self._monitor = monitor
        self._schema_text: str | None = None
        self._tools: list[dict[str, Any]] | None = None
        self._thinks = False
        self._model: CausalModel | None = None
        self._compiled: CompiledGrammar | None = None
        self._narrowed: CompiledGrammar | None = None
        self._validator: Judge | None = None
        self._automaton: AutomatonJudge | None = None
        self._rest: AutomatonJudge | None = None

    def prepare(self) -> None:
        """Read the constraint, then load the model, then compile for its vocabulary.

        Raises:
            UsageProblem: an option is out of its range.
            InputError: the constraint is at fault.
            InputFileError: there is no such model folder or file.
            ArtifactError: the compiled file is, or it is for another vocabulary than the model's.
            ModelError, VocabularyError: the model is.
        """
        from constrain.cli.documents import AutomatonJudge, SchemaJudge

        self._sampling.options(0)
        try:
            self._automaton = AutomatonJudge(self._source.language())
        except UnsupportedError:
            if not self._names_tokens_by_id():
                raise
        constraint = self._source.constraint
        if constraint is not None and constraint.kind == "schema":
            self._validator = SchemaJudge(constraint)
            self._schema_text = constraint.text if self._show_schema else None
        if constraint is not None:
            self._thinks = bool(constraint.options.think)
            if constraint.kind == "tools" and self._show_schema:
                self._tools = json.loads(constraint.text)
        choice = self._choice
        name = named_model(choice.name)
        offline = environment.prepare_libraries(offline=choice.offline, verbose=choice.verbose)
        with Progress() as progress:
            progress.show(render.loading(name))
            from constrain.runtime import load_model

            self._model = load_model(
                name,
                revision=choice.revision,
                offline=offline,
                dtype=choice.dtype,
                device=choice.device,
                cache_dir=environment.cache_directory(),
                notify=progress.announce,
            )
            self._compiled = self._source.compiled_for(self._model.vocabulary, f"-m {choice.name or EMBEDDED}")
            self._narrowed = self._source.narrowed_for(self._model.vocabulary)
            if self._automaton is None:
                self._automaton = AutomatonJudge(self._source.language_with(self._model.vocabulary))

    def _names_tokens_by_id(self) -> bool:
        """Might the constraint be readable with the model's vocabulary alone?"""
        constraint = self._source.constraint
        return constraint is not None and constraint.kind == "tags" and "token" in constraint.text

    def output(self, prompt: str, sample: int, *, on_text: Callable[[str], None] | None = None) -> Outcome:
        """Generate and judge one output.

        Args:
            prompt: what the user wrote.
            sample: its number; added to the seed.
            on_text: receives the text as it comes.

        Raises:
            ConstrainError: it could not be generated at all.
        """
        if self._model is None or self._compiled is None:
            raise ModelError("the session was not prepared")
        from constrain.runtime import generate

        options = self._sampling.options(sample)
        prompt_ids = self._model.encode_prompt(
            prompt,
            system=self._system,
            schema_text=self._schema_text,
            tools=self._tools,
            think=self._thinks,
            reserve=options.max_tokens,
        )
        mark, begun = self._begun(self._model, prompt_ids)
        watch = None
        if self._monitor is not None:
            from constrain.runtime.monitors import Watch

            watch = Watch(self._monitor, self._compiled, prompt, begun=begun)
        result = generate(
            self._model,
            self._compiled,
            prompt_ids,
            options,
            narrowed=self._narrowed,
            begun=begun,
            watch=watch,
            on_text=on_text,
        )
        return self._judged(result, sample, mark)

    def _begun(self, model: CausalModel, prompt_ids: list[int]) -> tuple[str, bytes]:
        """What of the output's text the prompt ends with already, as text and in bytes."""
        constraint = self._source.constraint
        if constraint is None or not self._thinks:
            return "", b""
        return thoughts_begun(model.prompt_end(prompt_ids), constraint.options, model.vocabulary)

    def failure(self, error: ConstrainError, sample: int) -> Outcome:
        """The outcome of an attempt that raised."""
        return replace(Outcome.of_error(error), **self._identity(sample))

    def _identity(self, sample: int) -> dict[str, Any]:
        constraint = self._source.constraint
        return {
            "seed": self._sampling.seed + sample,
            "model": self._model.name if self._model else None,
            "schema_sha256": constraint.sha256 if constraint else None,
            "is_json": self._source.is_json,
        }

    def _judged(self, result: GenerationResult, sample: int, begun: str) -> Outcome:
        outcome = Outcome(
            "ok",
            result.text,
            finish_reason=result.finish_reason,
            tokens=len(result.token_ids),
            seconds=result.seconds,
            logprob=result.logprob if math.isfinite(result.logprob) else None,
            masked=result.masked,
            uniform_steps=result.uniform_steps,
            **self._identity(sample),
        )
        if result.finish_reason == "length":
            reason = render.cut(str(result.limit), len(result.token_ids), len(result.text))
            return replace(outcome, status="truncated", reason=reason, exit_code=BudgetError.exit_code)
        whole = (begun + result.text).encode()
        against = self._automaton.exact_finding(whole) if self._automaton else None
        outcome = self._parted(outcome)
        objections = self._validator.findings(outcome.text.encode()) if self._validator else []
        if against is None and not objections:
            return self._with_calls(outcome)
        automaton = render.reason(against) if against else None
        if self._validator is None and automaton:
            reason = render.mistaken(automaton)
        else:
            reason = render.disagreement(automaton, render.reason(objections[0]) if objections else None)
        return replace(outcome, status="error", reason=reason, exit_code=ModelError.exit_code)

    def _parted(self, outcome: Outcome) -> Outcome:
        """The thoughts apart from the output."""
        constraint = self._source.constraint
        if constraint is None:
            return outcome
        thoughts, rest = thoughts_and_rest(outcome.text, constraint.options, self._is_without_thoughts)
        return replace(outcome, text=rest, thinking=thoughts)

    def _is_without_thoughts(self, text: str) -> bool:
        """Is a text one of the constraint's but for the thoughts before it?"""
        from constrain.cli.documents import AutomatonJudge

        if self._rest is None and self._source.constraint is not None and self._model is not None:
            bare = self._source.constraint.without_thoughts()
            by_id = self._names_tokens_by_id()
            self._rest = AutomatonJudge(bare.language_with(self._model.vocabulary) if by_id else bare.language())
        return self._rest is not None and self._rest.exact_finding(text.encode()) is None

    def _with_calls(self, outcome: Outcome) -> Outcome:
        """The calls in a valid output; it is withheld where they cannot be read."""
        constraint = self._source.constraint
        if constraint is None or constraint.kind != "tools":
            return outcome
        try:
            message = message_of(outcome.text, constraint)
        except GrammarError as error:
            reason = render.mistaken(str(error))
            return replace(outcome, status="error", reason=reason, exit_code=ModelError.exit_code)
        return replace(outcome, tool_calls=message.calls if message else ())
