"""Several outputs that are found together, by the method that options name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from constrain.compiler import CompiledGrammar
from constrain.runtime.decoding.beam import beam_search, distinct_samples
from constrain.runtime.decoding.best_first import most_probable
from constrain.runtime.decoding.faithful import Draws, DrawSettings
from constrain.runtime.decoding.faithful.trie import Trie
from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights
from constrain.runtime.decoding.options import FAITHFUL, GenerationOptions
from constrain.runtime.decoding.result import GenerationResult

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows
    from constrain.runtime.monitors.watch import Watch

__all__ = ["TOGETHER", "several"]

TOGETHER = ("beam", "map", *FAITHFUL, "best-of")
"""Methods whose outputs for one prompt are found together."""

BEAMS = 4
"""Beginnings that are kept, unless more outputs are wanted."""


def several(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions,
    rows: Rows,
    *,
    number: int = 1,
    beams: int | None = None,
    narrowed: CompiledGrammar | None = None,
    watch: Watch | None = None,
    settings: DrawSettings | None = None,
    trie: Trie | None = None,
    weights: OnlineWeights | StoredWeights | None = None,
    begun: bytes = b"",
    notify: Callable[[str], None] | None = None,
) -> Iterator[GenerationResult]:
    """Find several outputs together.

    Args:
        model: the model.
        compiled: a grammar compiled for ``model.vocabulary``.
        prompt_ids: from :meth:`CausalModel.encode_prompt`.
        options: by their method, ``beam`` gives the best that beam search finds, ``map`` the most probable of all, in
            order, and ``mask`` different ones, drawn without replacement; others draw as
            :class:`~constrain.runtime.decoding.faithful.Draws` do.
        rows: of ``model``.
        number: how many outputs are wanted; of ``map``, any number may be taken.
        beams: of ``beam``: beginnings that are kept [4].
        narrowed: as for :func:`generate`; not for ``map``.
        watch: a monitor, for methods that draw one by one.
        settings: of these methods.
        trie: likewise, what was learned of the prompt before.
        weights: likewise, expected futures; ``mask`` with weights draws one by one, too.
        begun: likewise, as for :func:`generate`.
        notify: likewise, is told how far they are.

    Yields:
        At most ``number`` outputs; of ``map`` as many as there are, and of methods that draw one by one without end.

    Raises:
        ValueError: another method.
        BudgetError: none was found within the limits.
        ConstrainError: as :func:`generate`.
    """
    if weights is not None or options.method in (*FAITHFUL, "best-of"):
        return Draws(
            model,
            compiled,
            prompt_ids,
            options,
            rows,
            settings=settings,
            narrowed=narrowed,
            watch=watch,
            trie=trie,
            weights=weights,
            begun=begun,
            notify=notify,
        )
    if options.method == "map":
        return most_probable(model, compiled, prompt_ids, options, rows)
    if options.method == "beam":
        width = max(beams or BEAMS, number)
        best = beam_search(model, compiled, prompt_ids, options, rows, width=width, narrowed=narrowed)
        return iter(best[:number])
    if options.method == "mask":
        return iter(distinct_samples(model, compiled, prompt_ids, options, rows, number=number, narrowed=narrowed))
    raise ValueError(f"method {options.method!r} finds one output at a time: see generate")
