"""Hold methods against the model's own distribution over a language that is small enough to be listed.

The language is listed and scored once; then each method is examined as if it were alone (:mod:`.bench`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from constrain.compiler import CompiledGrammar
from constrain.runtime.decoding.faithful.draws import DrawSettings
from constrain.runtime.decoding.faithful.explorer import Explorer
from constrain.runtime.decoding.faithful.honesty.bench import METHODS, WATCHED_METHODS, Bench
from constrain.runtime.decoding.faithful.honesty.listing import list_outputs
from constrain.runtime.decoding.faithful.honesty.recalling import Answers, RecallingExplorer
from constrain.runtime.decoding.faithful.honesty.report import Examination
from constrain.runtime.decoding.faithful.honesty.statistics import adjusted, pooled_cells
from constrain.runtime.decoding.faithful.honesty.target import find_target
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.text import text_of

if TYPE_CHECKING:
    from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights
    from constrain.runtime.models import CausalModel
    from constrain.runtime.models.rows import Rows
    from constrain.runtime.monitors.watch import Watch

__all__ = ["DRAWS", "RESTARTS", "examine"]

DRAWS = 2_000
RESTARTS = 4
"""Of methods whose draws learn from each other: what the law of draw n is has to be asked of several runs."""


def examine(
    model: CausalModel,
    compiled: CompiledGrammar,
    prompt_ids: Sequence[int],
    options: GenerationOptions,
    rows: Rows,
    *,
    methods: Sequence[str] | None = None,
    draws: int = DRAWS,
    restarts: int = RESTARTS,
    settings: DrawSettings | None = None,
    narrowed: CompiledGrammar | None = None,
    begun: bytes = b"",
    watch: Watch | None = None,
    weights: Callable[[], OnlineWeights | StoredWeights | None] | None = None,
    notify: Callable[[str], None] | None = None,
) -> Examination:
    """Examine methods on one prompt.

    Args:
        model: the model.
        compiled: a grammar compiled for it.
        prompt_ids: from :meth:`CausalModel.encode_prompt`.
        options: limits, what shapes the logits, the seed; the method named is none of those examined.
        rows: of ``model``.
        methods: some of :data:`METHODS`, or of :data:`WATCHED_METHODS` under a monitor; all of them if not given.
        draws: of each.
        restarts: of methods whose draws learn, each with so many draws.
        settings: of the methods.
        narrowed: a part of the language, as for :func:`generate`.
        begun: the beginning of the text, where the prompt ends with it.
        watch: a monitor; the language is what it leaves.
        weights: gives expected futures to use, anew for each method; ``exact`` and ``awrs`` use none.
        notify: is told how far it is.

    Raises:
        ValueError: another method, or no draws.
        LimitError: the language has too many outputs.
        UnsatisfiableError: the model finds all of them impossible.
        ConstrainError: as :func:`generate`.
    """
    known = METHODS if watch is None else WATCHED_METHODS
    methods = known if methods is None else methods
    unknown = [method for method in methods if method not in known]
    if unknown or draws < 1 or restarts < 1:
        raise ValueError(f"cannot examine {unknown} with {draws} draws and {restarts} restarts")
    answers: Answers = {}

    def explorer(method: str) -> Explorer:
        chosen = replace(options, method=method, tokenization=options.spelling, temperature=options.heat)
        return RecallingExplorer(
            model, compiled, prompt_ids, chosen, rows, narrowed=narrowed, begun=begun, watch=watch, answers=answers
        )

    def no_weights() -> None:
        return None

    first = explorer("mask")
    target = find_target(first, list_outputs(first, notify=notify), notify=notify)
    cells = pooled_cells(target.law, draws)
    bench = Bench(
        explorer,
        target,
        cells,
        draws,
        restarts,
        settings or DrawSettings(),
        weights or no_weights,
        options.seed or 0,
        notify,
    )
    reports = tuple(bench.report(method) for method in methods)
    tested = [report for report in reports if report.p_value is not None]
    for report, value in zip(tested, adjusted([report.p_value or 0.0 for report in tested]), strict=True):
        report.adjusted = value
    texts = {token_ids: text_of(model.vocabulary, token_ids) for token_ids in target.law}
    return Examination(target, texts, cells, draws, restarts, reports, weights is not None)
