"""Other engines, each as a function from the tokens so far and the model's scores to the scores of allowed tokens.

Each masks as its authors' transformers integration does: a logits processor, or a function of allowed tokens. guidance
has none of these; its engine, llguidance, is asked for the mask.
"""

from __future__ import annotations

import copy
import importlib
import importlib.metadata
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import torch

__all__ = ["Allows", "PeerFailed", "Peers"]

Allows: TypeAlias = "Callable[[Sequence[int], torch.Tensor], torch.Tensor]"
"""For one sequence: prompt and output so far, and the scores of the next token."""


LONGEST_REASON = 250


class PeerFailed(Exception):
    """A peer is not installed, or fails."""


class Peers:
    """Engines by name, loaded when first asked for."""

    def __init__(self, tokenizer: Any, network: Any, vocab_size: int) -> None:
        self._tokenizer = tokenizer
        self._network = network
        self._vocab_size = vocab_size
        self._makers: dict[str, Callable[[str], Callable[[], Allows]]] = {}
        self._compiled: dict[tuple[str, str], Callable[[], Allows]] = {}
        self._reasons: dict[tuple[str, str], str] = {}

    def allows(self, name: str, schema: dict[str, Any]) -> Allows:
        """A new sequence under a schema.

        Raises:
            PeerFailed: why not.
        """
        text = json.dumps(schema)
        if (name, text) in self._reasons:
            raise PeerFailed(self._reasons[name, text])
        try:
            if name not in self._makers:
                self._makers[name] = getattr(self, f"_{name.replace('-', '_')}")()
            if (name, text) not in self._compiled:
                self._compiled[name, text] = self._makers[name](text)
            return self._compiled[name, text]()
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:LONGEST_REASON]
            self._reasons[name, text] = reason
            raise PeerFailed(reason) from error

    def _xgrammar(self) -> Callable[[str], Callable[[], Allows]]:
        import xgrammar
        from xgrammar.contrib.hf import LogitsProcessor

        info = xgrammar.TokenizerInfo.from_huggingface(self._tokenizer, vocab_size=self._vocab_size)
        compiler = xgrammar.GrammarCompiler(info, max_threads=1)

        def compiled(schema: str) -> Callable[[], Allows]:
            grammar = compiler.compile_json_schema(schema)
            return lambda: _of_processor(LogitsProcessor(grammar))

        return compiled

    def _outlines(self) -> Callable[[str], Callable[[], Allows]]:
        import outlines
        from outlines.backends import get_json_schema_logits_processor

        model = outlines.from_transformers(self._network, self._tokenizer)

        def compiled(schema: str) -> Callable[[], Allows]:
            processor: Any = get_json_schema_logits_processor("outlines_core", model, schema)

            def begin() -> Allows:
                one = copy.copy(processor)
                one.reset()
                return _of_processor(one)

            return begin

        return compiled

    def _llguidance(self) -> Callable[[str], Callable[[], Allows]]:
        import llguidance
        import llguidance.hf
        import llguidance.torch

        tokenizer = llguidance.hf.from_tokenizer(self._tokenizer, n_vocab=self._vocab_size)

        def compiled(schema: str) -> Callable[[], Allows]:
            grammar = llguidance.LLMatcher.grammar_from_json_schema(schema)

            def begin() -> Allows:
                matcher = llguidance.LLMatcher(tokenizer, grammar)
                if matcher.is_error():
                    raise PeerFailed(matcher.get_error())
                bitmask = llguidance.torch.allocate_token_bitmask(1, self._vocab_size)
                prompt = 0

                def allow(token_ids: Sequence[int], scores: torch.Tensor) -> torch.Tensor:
                    nonlocal prompt
                    if prompt and not matcher.consume_token(token_ids[-1]):
                        raise PeerFailed(matcher.get_error())
                    prompt = prompt or len(token_ids)
                    llguidance.torch.fill_next_token_bitmask(matcher, bitmask, 0)
                    masked = scores[None].clone()
                    llguidance.torch.apply_token_bitmask_inplace(masked, bitmask)
                    return masked[0]

                return allow

            return begin

        return compiled

    def _lm_format_enforcer(self) -> Callable[[str], Callable[[], Allows]]:
        # version 0.11.3 looks for a class where transformers 5 has it no more
        import transformers

        home = importlib.import_module("transformers.tokenization_utils")
        if not hasattr(home, "PreTrainedTokenizerBase"):
            setattr(home, "PreTrainedTokenizerBase", transformers.PreTrainedTokenizerBase)  # noqa: B010

        from lmformatenforcer import JsonSchemaParser
        from lmformatenforcer.integrations.transformers import (
            build_token_enforcer_tokenizer_data,
            build_transformers_prefix_allowed_tokens_fn,
        )

        data = build_token_enforcer_tokenizer_data(self._tokenizer)

        def compiled(schema: str) -> Callable[[], Allows]:
            def begin() -> Allows:
                import torch

                parser = JsonSchemaParser(json.loads(schema))
                allowed_of = build_transformers_prefix_allowed_tokens_fn(data, parser)

                def allow(token_ids: Sequence[int], scores: torch.Tensor) -> torch.Tensor:
                    ids = allowed_of(0, torch.tensor(token_ids))
                    masked = torch.full_like(scores, -torch.inf)
                    masked[ids] = scores[ids]
                    return masked

                return allow

            return begin

        return compiled


def _of_processor(processor: Any) -> Allows:
    """One of transformers' logits processors, for a batch of one."""
    import torch

    def allow(token_ids: Sequence[int], scores: torch.Tensor) -> torch.Tensor:
        masked: torch.Tensor = processor(torch.tensor([list(token_ids)]), scores[None].clone())[0]
        return masked

    return allow


PACKAGES = ("outlines", "outlines_core", "xgrammar", "llguidance", "guidance", "lm-format-enforcer")


def versions() -> dict[str, str]:
    """Of the peers that are installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
