"""Constrained decoding inside ``model.generate`` of transformers.

    model.generate(**inputs, logits_processor=[ConstraintLogitsProcessor(compiled)])

Works with greedy decoding, sampling and several returned sequences. Not with beam search, which reorders sequences
between steps: that is noticed and refused.
"""

from __future__ import annotations

from typing import cast

import torch
from transformers import LogitsProcessor

from constrain.compiler import CompiledGrammar, Matcher
from constrain.compiler.bitmask import allocate_token_bitmask
from constrain.errors import ModelError, UnsupportedError, VocabularyError
from constrain.runtime.kernels import apply_token_bitmask_inplace

__all__ = ["ConstraintLogitsProcessor"]


class ConstraintLogitsProcessor(LogitsProcessor):
    """Allows only tokens that keep every sequence in the language; for one call of ``generate``."""

    def __init__(self, compiled: CompiledGrammar) -> None:
        """Args: compiled: a grammar compiled for the model's vocabulary (as wide as its head)."""
        self._compiled = compiled
        self._matchers: list[Matcher] = []
        self._read: torch.Tensor | None = None

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Mask the scores of one step.

        Args:
            input_ids: int64 ``[batch, length]``: prompt and output so far.
            scores: ``[batch, vocab_size]``.

        Raises:
            ModelError: a token came that was not allowed.
            UnsupportedError: the sequences are not those of the step before (beam search, a second ``generate``).
            VocabularyError: the vocabulary cannot spell what has to follow.
        """
        self._advance(input_ids)
        bitmask = allocate_token_bitmask(len(self._matchers), self._compiled.vocabulary.vocab_size)
        for row, matcher in enumerate(self._matchers):
            if matcher.is_terminated():  # finished rows of a batch are padded: any token will do
                bitmask[row] = -1
                continue
            matcher.fill_next_token_bitmask(bitmask, row)
            if not bitmask[row].any():
                raise VocabularyError("no token of the vocabulary can continue the output")
        masked = scores.clone()
        apply_token_bitmask_inplace(masked, bitmask)
        return cast(torch.FloatTensor, masked)

    def _advance(self, input_ids: torch.LongTensor) -> None:
        """Bring every matcher up to the last token."""
        if self._read is None:
            self._matchers = [self._compiled.matcher() for _ in range(input_ids.shape[0])]
        elif not torch.equal(input_ids[:, :-1], self._read):
            raise UnsupportedError(
                "the sequences changed since the step before",
                expected="no beam search, and a new ConstraintLogitsProcessor for each call of generate",
            )
        else:
            for matcher, token_id in zip(self._matchers, input_ids[:, -1].tolist(), strict=True):
                if not matcher.is_terminated() and not matcher.accept_token(token_id):
                    raise ModelError(f"the token {token_id} came although the constraint does not allow it")
        self._read = input_ids
