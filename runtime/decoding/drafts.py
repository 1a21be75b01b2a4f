"""Drafts: tokens that are likely to follow, found without the model.

Three know something: texts at hand (the prompt, which many outputs copy from, the output itself, and earlier outputs);
the automaton's states, at which earlier outputs went on in some way, or in several: then a draft is a tree; and a
smaller model, if there is one. Whoever drafts better at the moment is asked; and nobody, for a while, if drafts came to
nothing.

Sources: prompt lookup decoding (Saxena 2023) and LLMA (arXiv 2304.04487) for copying, aggressive decoding (arXiv
2205.10350) for inputs that outputs repeat, Token Recycling (arXiv 2408.08696) for adjacency, here over states of the
automaton instead of over tokens; speculative decoding (arXiv 2211.17192) for a smaller model, and SpecInfer (arXiv
2305.09781) for trees. Unlike there, each token is drawn from the model's own distribution with the random number of the
plain loop, and a draft is taken as far as it is what was drawn: outputs are the same, not only their law.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constrain.compiler.vocabulary import Vocabulary
from constrain.runtime.decoding.drafters import Copies, Drafter, DraftMemory, Place, States
from constrain.runtime.tree import NOTHING, Tree

if TYPE_CHECKING:
    from constrain.runtime.decoding.draft_model import DraftModel

__all__ = ["MOST", "DraftMemory", "Drafts"]

MOST = 8
"""Tokens of a draft; a forward with so many takes about half as long again as one with a single token."""
SMOOTHING = 0.3
WORTHWHILE = 0.4
"""Forwards that a draft has to save on average; below, its drafter rests."""
REST = 8
"""Forwards without it, then."""


class Drafts:
    """Drafts for one output."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        prompt: bytes,
        memory: DraftMemory,
        *,
        model: DraftModel | None = None,
    ) -> None:
        """Begin an output.

        Args:
            vocabulary: the model's.
            prompt: its text.
            memory: of earlier outputs of the same grammar; this one is added to it.
            model: a smaller model.
        """
        self._drafters: list[Drafter] = [States(memory)]
        if vocabulary.encode is not None:
            self._drafters.append(Copies(vocabulary.encode, prompt, memory))
        if model is not None:
            self._drafters.append(model.drafter())
        self._worth = [float(MOST)] * len(self._drafters)
        """Of each, how many forwards a draft saved, on average, beyond what it cost."""
        self._rests = [0] * len(self._drafters)
        """Of each, how many forwards go by before it is asked again."""
        self._last: int | None = None
        self._saved = 0

    def draft(self, place: Place) -> Tree:
        """Tokens that are likely to follow, those that the automaton takes; none where drafts rest."""
        self._last = None
        self._rests = [max(0, rest - 1) for rest in self._rests]
        for index in sorted(range(len(self._drafters)), key=lambda index: -self._worth[index]):
            if self._rests[index]:
                continue
            tree = self._drafters[index].draft(place)
            if len(tree):
                self._last = index
                return tree
        return NOTHING

    def saved(self, total: int) -> None:
        """Tell how many forwards all drafts have saved, the last one among them."""
        count, self._saved = total - self._saved, total
        last, self._last = self._last, None
        if last is None:
            return
        self._worth[last] += SMOOTHING * (count - self._drafters[last].cost - self._worth[last])
        if self._worth[last] < WORTHWHILE:
            self._rests[last] = REST
            self._worth[last] = 2 * WORTHWHILE

    def close(self) -> None:
        """End with the output."""
        for drafter in self._drafters:
            drafter.close()
