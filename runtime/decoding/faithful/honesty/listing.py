"""Every output of a language, found by the grammar alone: is it small enough to be held against a model?

The model is asked only after that, so that a language that is too large is refused in a moment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from constrain.errors import LimitError
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.law import MOST

__all__ = ["MOST_BEGINNINGS", "Listing", "list_outputs"]

MOST_BEGINNINGS = 50_000
"""That the model is asked about: a small one takes a millisecond or less for each, a larger one a hundred."""

SMALLER = "a smaller language, fewer --max-tokens, or --tokenization canonical"


@dataclass(frozen=True, slots=True)
class Listing:
    """What there is.

    Attributes:
        outputs: how many; each way to cut a text into tokens counts for itself.
        beginnings: of outputs, those after which the model has to be asked.
        dead_ends: tokens that the mask allows and that lead nowhere.
    """

    outputs: int
    beginnings: tuple[tuple[int, ...], ...]
    dead_ends: int


def list_outputs(
    explorer: Explorer,
    *,
    most: int = MOST,
    most_beginnings: int = MOST_BEGINNINGS,
    notify: Callable[[str], None] | None = None,
) -> Listing:
    """Walk through the language.

    Args:
        explorer: of the prompt; its model is not asked.
        most: outputs that there may be.
        most_beginnings: likewise.
        notify: is told how far it is.

    Raises:
        LimitError: there are more.
    """
    outputs, dead_ends = 0, 0
    beginnings: list[tuple[int, ...]] = []
    waiting = [explorer.root]
    while waiting:
        place = waiting.pop()
        outputs += place.is_whole or place.stop is not None
        if outputs > most:
            raise LimitError(f"the language has more than {most:,} outputs, too many to list", expected=SMALLER)
        if place.is_whole:
            continue
        beginnings.append(place.token_ids)
        if len(beginnings) > most_beginnings:
            message = f"the language has more than {most_beginnings:,} beginnings, too many to ask the model about"
            raise LimitError(message, expected=SMALLER)
        if notify is not None and len(beginnings) % 500 == 0:
            notify(f"listing the language: {outputs:,} outputs")
        for index, token_id in enumerate(place.ids.tolist()):
            if index == place.stop:
                continue
            following = explorer.after(place, token_id)
            if following is None:
                dead_ends += 1
            else:
                waiting.append(following)
    return Listing(outputs, tuple(beginnings), dead_ends)
