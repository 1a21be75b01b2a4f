"""Several outputs that are found together, by the method that options name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from constrain.compiler import CompiledGrammar
from constrain.runtime.decoding.beam import beam_search, distinct_samples
from constrain.runtime.decoding.best_first import most_probable
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.result import GenerationResult

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows

__all__ = ["several"]

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
) -> Iterator[GenerationResult]:
    """Find several outputs together.

    Args:
        model: the model.
        compiled: a grammar compiled for ``model.vocabulary``.
        prompt_ids: from :meth:`CausalModel.encode_prompt`.
        options: by their method, ``beam`` gives the best that beam search finds, ``map`` the most probable of all, in
            order, and ``mask`` different ones, drawn without replacement.
        rows: of ``model``.
        number: how many outputs are wanted; of ``map``, any number may be taken.
        beams: of ``beam``: beginnings that are kept [4].
        narrowed: as for :func:`generate`; not for ``map``.

    Yields:
        At most ``number`` outputs, of ``map`` as many as there are.

    Raises:
        ValueError: another method.
        BudgetError: none was found within the limits.
        ConstrainError: as :func:`generate`.
    """
    if options.method == "map":
        return most_probable(model, compiled, prompt_ids, options, rows)
    if options.method == "beam":
        width = max(beams or BEAMS, number)
        best = beam_search(model, compiled, prompt_ids, options, rows, width=width, narrowed=narrowed)
        return iter(best[:number])
    if options.method == "mask":
        return iter(distinct_samples(model, compiled, prompt_ids, options, rows, number=number, narrowed=narrowed))
    raise ValueError(f"method {options.method!r} finds one output at a time: see generate")
