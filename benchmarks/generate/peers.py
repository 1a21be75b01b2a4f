"""Other engines on the same model object: each as its own documentation says, greedy, from the same prompt.

All but guidance run in `transformers.generate`. What an engine needs once a tokenizer is its set-up; what it needs for
each schema is its compile.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

from generate.cases import Case
from generate.ours import Compiled, write
from generate.trial import index_trial

if TYPE_CHECKING:
    from constrain.runtime import CausalModel

__all__ = ["BASELINE", "PEERS", "Output", "Peer", "Refused"]

BASELINE = "transformers"


class Refused(Exception):
    """The engine does not take the schema, or not in time; the message says why."""


@dataclass(frozen=True)
class Output:
    """One output.

    Attributes:
        text: the text.
        tokens: how many tokens were written, a stop token among them.
        first_seconds: until the first token that the model chose was known, compile not included.
        seconds: until the end.
        finished: did the engine end it, not the limit?
        calls: forwards of the model.
    """

    text: str
    tokens: int
    first_seconds: float
    seconds: float
    finished: bool
    calls: int


class Peer(ABC):
    """An engine set up for one model."""

    package: ClassVar[str]
    """Distribution whose version is reported."""

    def __init__(self, model: CausalModel) -> None:
        """Set up."""
        self.model = model

    @classmethod
    def version(cls) -> str:
        """Of the package; raises where it is not installed."""
        return version(cls.package)

    def check(self, schema: str, limit_s: float) -> None:
        """Raise for what the engine would not take, or not in time, where only a trial tells; not timed."""
        return

    @abstractmethod
    def compiled(self, schema: str) -> Any:
        """What one output is written with."""

    @abstractmethod
    def write(self, compiled: Any, case: Case, max_tokens: int) -> Output:
        """One output."""

    def prompt(self, case: Case, max_tokens: int) -> list[int]:
        """As `constrain gen` puts it to the model."""
        return self.model.encode_prompt(case.request, schema_text=case.schema, reserve=max_tokens)

    def generate(self, prompt: list[int], max_tokens: int, **arguments: Any) -> Output:
        """`transformers.generate`, greedy."""
        import torch
        from transformers.generation.streamers import BaseStreamer

        times: list[float] = []

        class Clock(BaseStreamer):
            def put(self, value: Any) -> None:
                times.append(time.perf_counter())

            def end(self) -> None:
                pass

        ids = torch.tensor([prompt], device=self.model.device)
        started = time.perf_counter()
        with torch.inference_mode():
            written = self.model.network.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=max_tokens,
                do_sample=False,
                streamer=Clock(),
                **arguments,
            )[0, len(prompt) :].tolist()
        seconds = time.perf_counter() - started
        finished = written[-1] in self.model.eos_token_ids
        text = b"".join(self.model.vocabulary.token(token_id) or b"" for token_id in written)
        # the first call of a streamer is the prompt
        return Output(
            text.decode(errors="replace"), len(written), times[1] - started, seconds, finished, len(times) - 1
        )


class Unconstrained(Peer):
    """`transformers.generate` without a constraint, for as many tokens as allowed."""

    package = "transformers"

    def compiled(self, schema: str) -> Any:
        return None

    def write(self, compiled: Any, case: Case, max_tokens: int) -> Output:
        return self.generate(self.prompt(case, max_tokens), max_tokens, min_new_tokens=max_tokens)


class Constrain(Peer):
    """This project's own loop: one output as `constrain gen` writes it."""

    package = "constrain-lm"
    drafts = False

    @classmethod
    def version(cls) -> str:
        import constrain

        return constrain.__version__

    def compiled(self, schema: str) -> Any:
        return Compiled(schema, self.model)

    def write(self, compiled: Any, case: Case, max_tokens: int) -> Output:
        from constrain.runtime import GenerationOptions
        from constrain.runtime.decoding.drafts import DraftMemory
        from constrain.runtime.models.rows import Rows

        started = time.perf_counter()
        shared: dict[str, Any] = {"rows": Rows(self.model), "memory": DraftMemory()} if self.drafts else {}
        options = GenerationOptions(method="greedy", max_tokens=max_tokens)
        written = write(self.model, compiled, self.prompt(case, max_tokens), options, **shared)
        result = written.result
        return Output(
            result.text,
            len(result.token_ids),
            written.first_seconds,
            time.perf_counter() - started,
            result.finish_reason == "stop",
            result.model_calls,
        )


class ConstrainDrafts(Constrain):
    """The same with drafts from the prompt and the output itself."""

    drafts = True


class ConstrainProcessor(Constrain):
    """This project's masks in `transformers.generate`."""

    def compiled(self, schema: str) -> Any:
        from constrain import compile_json_schema

        return compile_json_schema(schema, self.model.vocabulary)

    def write(self, compiled: Any, case: Case, max_tokens: int) -> Output:
        from constrain.runtime.integrations.transformers import ConstraintLogitsProcessor

        processor = ConstraintLogitsProcessor(compiled)
        return self.generate(self.prompt(case, max_tokens), max_tokens, logits_processor=[processor])


class XGrammar(Peer):
    """Its `LogitsProcessor` for transformers."""

    package = "xgrammar"

    def __init__(self, model: CausalModel) -> None:
        super().__init__(model)
        import xgrammar

        info = xgrammar.TokenizerInfo.from_huggingface(model._tokenizer, vocab_size=model.vocabulary.vocab_size)
        # as masks/ has it: no cache of schemas, which would make every round but the first free
        self._compiler = xgrammar.GrammarCompiler(info, cache_enabled=False)

    def compiled(self, schema: str) -> Any:
        return self._compiler.compile_json_schema(schema, strict_mode=False)

    def write(self, compiled: Any, case: Case, max_tokens: int) -> Output:
        from xgrammar.contrib.hf import LogitsProcessor

        return self.generate(self.prompt(case, max_tokens), max_tokens, logits_processor=[LogitsProcessor(compiled)])


class Outlines(Peer):
    """Its default engine for JSON Schemas (outlines-core), from `outlines.from_transformers`."""

    package = "outlines"

    def __init__(self, model: CausalModel) -> None:
        super().__init__(model)
        import outlines

        self._backend = self.backend(outlines.from_transformers(model.network, model._tokenizer))

    def backend(self, model: Any) -> Any:
        from outlines.backends.outlines_core import OutlinesCoreBackend

        return OutlinesCoreBackend(model)

    def check(self, schema: str, limit_s: float) -> None:
        from outlines_core.json_schema import build_regex_from_schema

        problem = index_trial(self.model._tokenizer, build_regex_from_schema(schema), limit_s)
        if problem is not None:
            raise Refused(problem)

    def compiled(self, schema: str) -> Any:
        return self._backend.get_json_schema_logits_processor(schema)

    def write(self, compiled: Any, case: Case, max_tokens: int) -> Output:
        compiled.reset()
        return self.generate(self.prompt(case, max_tokens), max_tokens, logits_processor=[compiled])


class LLGuidance(Outlines):
    """llguidance has no processor for transformers of its own; this is outlines with it as its engine."""

    package = "llguidance"

    def backend(self, model: Any) -> Any:
        from outlines.backends.llguidance import LLGuidanceBackend

        return LLGuidanceBackend(model)

    def check(self, schema: str, limit_s: float) -> None:
        from llguidance import LLMatcher

        # its processor would go on without a constraint
        if problem := LLMatcher.validate_grammar(LLMatcher.grammar_from_json_schema(schema)):
            raise Refused(problem)


class Guidance(Peer):
    """Its own loop, in which certain text is not asked for either."""

    package = "guidance"

    def __init__(self, model: CausalModel) -> None:
        super().__init__(model)
        from guidance.models import Transformers

        self._lm = Transformers(model.network, model._tokenizer, echo=False)

    def compiled(self, schema: str) -> Any:
        import guidance

        return guidance, json.loads(schema)  # it compiles when it writes

    def write(self, compiled: Any, case: Case, max_tokens: int) -> Output:
        guidance, schema = compiled
        engine = self._lm._interpreter.engine
        engine._past_key_values, engine._cached_logits, engine._cached_token_ids = None, None, []
        times: list[float] = []
        forward = type(engine).get_logits

        def timed(*arguments: Any, **named: Any) -> Any:
            found = forward(engine, *arguments, **named)
            times.append(time.perf_counter())
            return found

        prompt = self.model._tokenizer.decode(self.prompt(case, max_tokens), skip_special_tokens=True)
        engine.get_logits = timed
        started = time.perf_counter()
        try:
            lm = self._lm + prompt + guidance.json(name="output", schema=schema, temperature=0.0, max_tokens=max_tokens)
            text = lm["output"]
        finally:
            seconds = time.perf_counter() - started
            del engine.get_logits
        tokens = len(self.model._tokenizer(text, add_special_tokens=False)["input_ids"])
        return Output(text, tokens, times[0] - started, seconds, _is_whole(text), len(times))


class LMFormatEnforcer(Peer):
    """Its `prefix_allowed_tokens_fn` for transformers."""

    package = "lm-format-enforcer"

    def __init__(self, model: CausalModel) -> None:
        super().__init__(model)
        import transformers

        # transformers 5 has this class in another place than where lm-format-enforcer 0.11.3 looks for it
        moved: Any = import_module("transformers.tokenization_utils")
        moved.PreTrainedTokenizerBase = transformers.PreTrainedTokenizerBase
        from lmformatenforcer.integrations.transformers import build_token_enforcer_tokenizer_data

        self._data = build_token_enforcer_tokenizer_data(model._tokenizer)

    def compiled(self, schema: str) -> Any:
        from lmformatenforcer import JsonSchemaParser
        from lmformatenforcer.integrations.transformers import build_transformers_prefix_allowed_tokens_fn

        return build_transformers_prefix_allowed_tokens_fn(self._data, JsonSchemaParser(json.loads(schema)))

    def write(self, compiled: Any, case: Case, max_tokens: int) -> Output:
        return self.generate(self.prompt(case, max_tokens), max_tokens, prefix_allowed_tokens_fn=compiled)


def _is_whole(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


PEERS: dict[str, type[Peer]] = {
    "constrain": Constrain,
    BASELINE: Unconstrained,
    "constrain-drafts": ConstrainDrafts,
    "constrain-processor": ConstrainProcessor,
    "xgrammar": XGrammar,
    "llguidance": LLGuidance,
    "guidance": Guidance,
    "lm-format-enforcer": LMFormatEnforcer,
    "outlines": Outlines,
}
