"""Outputs: prompt in, text generated, judged twice, and what became of it.

Reading the constraint comes before loading the model, so that a mistake in a schema costs milliseconds. It is
compiled for bytes first, which finds every empty language, and again for the model's vocabulary.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from constrain.cli import environment, render
from constrain.cli.draws import DrawPlan
from constrain.cli.jobs import Job, Jobs
from constrain.cli.models import EMBEDDED, named_model
from constrain.cli.outcome import Outcome
from constrain.cli.problems import UsageProblem
from constrain.cli.progress import Progress
from constrain.cli.tagged import message_of, thoughts_and_rest, thoughts_begun
from constrain.cli.tries import KeptTrie
from constrain.errors import BudgetError, ConstrainError, GrammarError, ModelError, UnsupportedError

if TYPE_CHECKING:
    from constrain.cli.documents import AutomatonJudge, Judge
    from constrain.cli.source import Source
    from constrain.compiler import CompiledGrammar
    from constrain.runtime import CausalModel, GenerationOptions, GenerationResult
    from constrain.runtime.decoding.batch import Request
    from constrain.runtime.decoding.draft_model import DraftModel
    from constrain.runtime.decoding.drafts import DraftMemory
    from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights
    from constrain.runtime.models.rows import Rows
    from constrain.runtime.monitors.calls import MonitorCalls

__all__ = ["ModelChoice", "Sampling", "Session"]


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

    def options(self, seed: int) -> GenerationOptions:
        """The runtime's options for an output.

        Raises:
            UsageProblem: a value outside its range.
        """
        from constrain.runtime.decoding.options import GenerationOptions

        try:
            return GenerationOptions(max_tokens=self.max_tokens, seed=seed, **self._chosen)
        except ValueError as error:
            raise UsageProblem(str(error)) from None


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
        number: int = 1,
        search: str | None = None,
        beams: int | None = None,
        plan: DrawPlan | None = None,
        drafts: bool = True,
        draft_model: str | None = None,
    ) -> None:
        """Keep what all outputs share.

        Args:
            source: the constraint.
            choice: the model.
            sampling: how tokens are drawn.
            system: what comes before the prompt.
            show_schema: is the model shown the schema?
            monitor: what suggests and vetoes.
            number: outputs for each prompt.
            search: how these are found together: a method, or ``distinct``; None where each is drawn by itself.
            beams: beginnings that are kept by ``beam``, or the default.
            plan: of methods that draw from the model's own distribution.
            drafts: is what is likely to follow read together with what is there?
            draft_model: a smaller model that guesses it, as ``-m`` names one.
        """
        self._source = source
        self._choice = choice
        self._sampling = sampling
        self._system = system
        self._show_schema = show_schema
        self._monitor = monitor
        self._number = number
        self._search = search
        self._beams = beams
        self._plan = plan or DrawPlan({})
        self._trie: KeptTrie | None = None
        self._weights: OnlineWeights | StoredWeights | None = None
        self._progress = Progress()
        self._rows: Rows | None = None
        self._found: Iterator[GenerationResult] = iter(())
        self._memory: DraftMemory | None = None
        self._is_drafted = drafts
        self._draft_name = draft_model
        self._draft_model: DraftModel | None = None
        self._schema_text: str | None = None
        self._whitespace = "spaced"
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
            ModelError, VocabularyError: the model is, or the draft model.
        """
        from constrain.cli.documents import AutomatonJudge, SchemaJudge

        self._sampling.options(self._sampling.seed)
        self._plan.made()
        try:
            self._automaton = AutomatonJudge(self._source.language())
        except UnsupportedError:
            if not self._names_tokens_by_id():
                raise
        constraint = self._source.constraint
        if constraint is not None and constraint.kind == "schema":
            self._validator = SchemaJudge(constraint)
            self._schema_text = constraint.text if self._show_schema else None
            self._whitespace = constraint.options.whitespace
        if constraint is not None:
            self._thinks = bool(constraint.options.think)
            if constraint.kind == "tools" and self._show_schema:
                self._tools = json.loads(constraint.text)
        choice = self._choice
        offline = environment.prepare_libraries(offline=choice.offline, verbose=choice.verbose)
        with Progress() as progress:
            self._model = self._load(choice.name, choice.revision, offline, progress)
            if self._draft_name is not None:
                self._draft_model = self._load_draft_model(self._draft_name, self._model, offline, progress)
            self._compiled = self._source.compiled_for(self._model.vocabulary, f"-m {choice.name or EMBEDDED}")
            self._narrowed = self._source.narrowed_for(self._model.vocabulary)
            self._weights = self._plan.weights_of(self._compiled)
            from constrain.runtime.decoding.drafts import DraftMemory
            from constrain.runtime.models.rows import Rows

            # outputs share what the model knows of their prompts, and what can be drafted from earlier ones
            self._rows, self._memory = Rows(self._model), DraftMemory() if self._is_drafted else None
            if self._automaton is None:
                self._automaton = AutomatonJudge(self._source.language_with(self._model.vocabulary))

    def _load(self, name: str | None, revision: str | None, offline: bool, progress: Progress) -> CausalModel:
        name = named_model(name)
        progress.show(render.loading(name))
        from constrain.runtime import load_model

        return load_model(
            name,
            revision=revision,
            offline=offline,
            dtype=self._choice.dtype,
            device=self._choice.device,
            cache_dir=environment.cache_directory(),
            notify=progress.announce,
        )

    def _load_draft_model(self, name: str, target: CausalModel, offline: bool, progress: Progress) -> DraftModel:
        from constrain.runtime import DraftModel

        return DraftModel(self._load(name, None, offline, progress), target)

    def _names_tokens_by_id(self) -> bool:
        """Might the constraint be readable with the model's vocabulary alone?"""
        constraint = self._source.constraint
        return constraint is not None and constraint.kind == "tags" and "token" in constraint.text

    def output(self, job: Job, *, on_text: Callable[[str], None] | None = None) -> Outcome:
        """Generate and judge one output.

        Args:
            job: the output.
            on_text: receives the text as it comes.

        Raises:
            ConstrainError: it could not be generated at all.
        """
        request, begun = self._request(job)
        if self._search is not None:
            return self._judged(self._searched(request, job), job, begun)
        return self._judged(request.begin(self.model, self._rows, on_text).run(), job, begun)

    def outputs(self, jobs: Jobs, size: int) -> Iterator[tuple[Job, Outcome | ConstrainError]]:
        """Generate and judge outputs, so many at a time; in the order of the jobs, each as soon as it is its turn."""
        if size == 1 or self._search is not None:
            for job in jobs:
                yield job, self._attempt(job)
            return
        done: dict[Job, Outcome | ConstrainError] = {}
        waiting: deque[Job] = deque()
        for job, outcome in self._side_by_side(jobs, size, waiting):
            done[job] = outcome
            while waiting and waiting[0] in done:
                first = waiting.popleft()
                yield first, done.pop(first)

    def _attempt(self, job: Job) -> Outcome | ConstrainError:
        try:
            return self.output(job)
        except ConstrainError as error:
            return error

    def _side_by_side(self, jobs: Jobs, size: int, begun: deque[Job]) -> Iterator[tuple[Job, Outcome | ConstrainError]]:
        """What became of outputs, as they end; ``begun`` gets each in turn."""
        from constrain.runtime.decoding.batch import Batch

        made: dict[Request, tuple[Job, str]] = {}
        with Batch(self.model, rows=self._rows) as batch:
            while True:
                while len(batch) < size and (job := jobs.next(wait=not len(batch))) is not None:
                    begun.append(job)
                    try:
                        request, text = self._request(job)
                    except ConstrainError as error:
                        yield job, error
                    else:
                        made[request] = job, text
                        batch.join(request)
                if not len(batch):
                    return
                for ended in batch.step():
                    job, text = made.pop(ended.request)
                    if ended.result is not None:
                        yield job, self._judged(ended.result, job, text)
                    elif ended.error is not None:
                        yield job, ended.error

    def _request(self, job: Job) -> tuple[Request, str]:
        """What to generate, and the text that its prompt ends with already.

        Raises:
            ConstrainError: it can't be generated.
        """
        from constrain.runtime.decoding.batch import Request
        from constrain.runtime.monitors import Watch

        if job.problem is not None:
            raise job.problem
        options = self._sampling.options(job.seed)
        prompt_ids = self.encoded(job.prompt)
        text, begun = self._begun(self.model, prompt_ids)
        compiled = self.compiled
        watch = None if self._monitor is None else Watch(self._monitor, compiled, job.prompt, begun=begun)
        request = Request(
            compiled,
            prompt_ids,
            options,
            narrowed=self._narrowed,
            begun=begun,
            watch=watch,
            memory=self._memory,
            draft_model=self._draft_model,
        )
        return request, text

    def request_for(self, job: Job) -> Request:
        """What there is to generate, for drawing from it in another way.

        Raises:
            ConstrainError: it can't be generated.
        """
        request, _ = self._request(job)
        return request

    def encoded(self, prompt: str) -> list[int]:
        """The prompt as the model is given it.

        Raises:
            ModelError: it does not fit into the model's context.
        """
        return self.model.encode_prompt(
            prompt,
            system=self._system,
            schema_text=self._schema_text,
            whitespace=self._whitespace,
            tools=self._tools,
            think=self._thinks,
            reserve=self._sampling.max_tokens,
        )

    @property
    def rows(self) -> Rows:
        """What the model knows of prompts, once it is loaded."""
        if self._rows is None:
            raise ModelError("the session was not prepared")
        return self._rows

    @property
    def model(self) -> CausalModel:
        """The model, once it is loaded."""
        if self._model is None:
            raise ModelError("the session was not prepared")
        return self._model

    @property
    def compiled(self) -> CompiledGrammar:
        """The constraint, once it is compiled for the model's vocabulary."""
        if self._compiled is None:
            raise ModelError("the session was not prepared")
        return self._compiled

    def _searched(self, request: Request, job: Job) -> GenerationResult:
        """The next of the outputs that are found together.

        Raises:
            BudgetError: there are no more, or it was not found.
        """
        with Progress() as self._progress:
            if job.sample == 0:
                self._found = self._search_for(request)
            found = next(self._found, None)
        if found is None:
            raise BudgetError(f"there are no more outputs than {job.sample}", expected="a smaller -n")
        return found

    def _search_for(self, request: Request) -> Iterator[GenerationResult]:
        from constrain.runtime.decoding.several import several

        if self._plan.trie is not None:
            self._trie = KeptTrie(self._plan.trie, self.model, request)
        return several(
            self.model,
            request.compiled,
            request.prompt_ids,
            request.options,
            self.rows,
            number=self._number,
            beams=self._beams,
            narrowed=request.narrowed,
            watch=request.watch,
            settings=self._plan.made(),
            trie=self._trie.trie if self._trie else None,
            weights=self._weights,
            begun=request.begun,
            notify=lambda told: self._progress.show(told),
        )

    def keep_trie(self) -> None:
        """Save what was learned of the prompt, where that is wanted.

        Raises:
            ArtifactError: it can't be written.
        """
        if self._trie is not None:
            self._trie.save()

    def _begun(self, model: CausalModel, prompt_ids: list[int]) -> tuple[str, bytes]:
        """What of the output's text the prompt ends with already, as text and in bytes."""
        constraint = self._source.constraint
        if constraint is None or not self._thinks:
            return "", b""
        return thoughts_begun(model.prompt_end(prompt_ids), constraint.options, model.vocabulary)

    def failure(self, error: ConstrainError, job: Job) -> Outcome:
        """The outcome of an attempt that raised."""
        return replace(Outcome.of_error(error), **self._identity(job))

    def _identity(self, job: Job) -> dict[str, Any]:
        constraint = self._source.constraint
        return {
            "seed": job.seed,
            "model": self._model.name if self._model else None,
            "schema_sha256": constraint.sha256 if constraint else None,
            "is_json": self._source.is_json,
        }

    def _judged(self, result: GenerationResult, job: Job, begun: str) -> Outcome:
        outcome = Outcome(
            "ok",
            result.text,
            finish_reason=result.finish_reason,
            tokens=len(result.token_ids),
            seconds=result.seconds,
            logprob=_finite(result.logprob),
            sampling_logprob=_finite(result.sampling_logprob),
            attempts=result.attempts if self._search not in (None, "beam", "map", "distinct") else None,
            log_z=result.log_z,
            details=result.details,
            masked=result.masked,
            uniform_steps=result.uniform_steps,
            **self._identity(job),
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


def _finite(value: float) -> float | None:
    """A number that JSON has."""
    return value if math.isfinite(value) else None
