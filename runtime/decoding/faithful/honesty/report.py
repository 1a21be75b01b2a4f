"""What came of an examination, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from constrain.runtime.decoding.faithful.honesty.statistics import Cells
from constrain.runtime.decoding.faithful.honesty.target import Target
from constrain.runtime.decoding.faithful.honesty.weights import WeightTest
from constrain.runtime.decoding.faithful.law import Law

__all__ = ["LEVEL", "MOST_Z", "Examination", "MethodReport"]

LEVEL = 0.001
"""P-values below this one are no luck: so seldom is a method that is right found wrong."""

MOST_Z = 4.0
"""Standard errors; the same."""

PROMISES = ("exact",)
"""Methods whose draws are to be the target's."""


@dataclass(slots=True)
class MethodReport:
    """What was found out about one method.

    Attributes:
        method: its name.
        learns: does it use weights that are learned meanwhile?
        law: log-probabilities of its next output, where these are known; where draws learn, after them.
        divergence: Kullback-Leibler divergence of the target from that law, in nats.
        total_variation: between the two.
        effective: the effective sample size of weighted draws, as a share of their number.
        counts: how often each output was drawn; None where draws have different laws.
        draws: how many were wanted.
        made: how many were made, over all restarts.
        drawn_divergence: of the frequencies from the target, over the cells.
        drawn_total_variation: between the two.
        p_value: of a chi-squared test over the cells; None where there is nothing to test.
        adjusted: the same after Holm's correction for the number of methods.
        weights: is the mean of W equal to Z?
        attempts: for all of them.
        model_calls: likewise; beginnings that were asked about.
        seconds: likewise, those of the model included.
        curve: of ``asap``, and of ``mask`` that learns: number of the draw, and the divergence of its law, on average
            over restarts.
        checks: how many checks without statistics were made.
        failures: what they found.
    """

    method: str
    learns: bool = False
    law: Law | None = None
    divergence: float | None = None
    total_variation: float | None = None
    effective: float | None = None
    counts: Mapping[tuple[int, ...], int] | None = None
    draws: int = 0
    made: int = 0
    drawn_divergence: float | None = None
    drawn_total_variation: float | None = None
    p_value: float | None = None
    adjusted: float | None = None
    weights: WeightTest | None = None
    attempts: int = 0
    model_calls: int = 0
    seconds: float = 0.0
    curve: tuple[tuple[int, float], ...] = ()
    checks: int = 0
    failures: list[str] = field(default_factory=list)

    def shares(self) -> Law:
        """Log-probabilities of its outputs: its law, or frequencies where that is not known."""
        if self.law is not None:
            return self.law
        return {key: math.log(count / self.draws) for key, count in (self.counts or {}).items()}

    @property
    def is_biased(self) -> bool | None:
        """Does the law differ from the target by more than rounding? None where it is not known."""
        return None if self.divergence is None else self.divergence > 1e-9

    @property
    def is_rejected(self) -> bool:
        """Do the draws' frequencies differ from the target by more than luck?"""
        return self.adjusted is not None and self.adjusted < LEVEL

    @property
    def broken_promises(self) -> list[str]:
        """What the method promises and does not keep."""
        broken = list(self.failures)
        if self.method in PROMISES and self.is_rejected:
            broken.append(f"its draws differ from the model's distribution (p = {self.adjusted:.2g})")
        tested = self.weights
        if tested is not None and tested.is_telling and abs(tested.z) > MOST_Z:
            broken.append(f"the mean of W is {tested.mean:.4g} Z, {abs(tested.z):.1f} standard errors from it")
        return broken


@dataclass(frozen=True, slots=True)
class Examination:
    """The whole.

    Attributes:
        target: what the methods were held against.
        text_of: the text of each output; several may spell the same one.
        cells: the groups of outputs that frequencies were compared over.
        draws: of each method.
        restarts: of methods whose draws learn.
        methods: what was found, in the order asked for.
        is_weighted: are weights used, so that ``mask`` is not plain masking?
    """

    target: Target
    text_of: Mapping[tuple[int, ...], str]
    cells: Cells
    draws: int
    restarts: int
    methods: tuple[MethodReport, ...]
    is_weighted: bool = False

    @property
    def texts(self) -> int:
        """How many different ones there are."""
        return len(set(self.text_of.values()))

    def by_text(self) -> dict[str, list[float]]:
        """The probability of each text, the most probable first: in the target, and with each method: by its law where
        that is known, else the share of its draws.
        """
        columns = [self._shares(self.target.law), *(self._shares(report.shares()) for report in self.methods)]
        texts = sorted(set(self.text_of.values()), key=lambda text: (-columns[0].get(text, 0.0), text))
        return {text: [column.get(text, 0.0) for column in columns] for text in texts}

    def _shares(self, law: Law) -> dict[str, float]:
        shares: dict[str, float] = {}
        for key, value in law.items():
            text = self.text_of.get(key, "")
            shares[text] = shares.get(text, 0.0) + math.exp(value)
        return shares

    @property
    def floor(self) -> float:
        """The divergence of exact draws' frequencies, on average."""
        return self.cells.floor(self.draws)

    @property
    def total_variation_floor(self) -> float:
        """Likewise, their total variation."""
        return self.cells.total_variation_floor(self.draws)

    @property
    def is_honest(self) -> bool:
        """Did every method keep its promises?"""
        return not any(report.broken_promises for report in self.methods)

    @property
    def has_power(self) -> bool | None:
        """Were there enough draws to tell plain masking from the target? None where it was not examined, or is none."""
        for report in () if self.is_weighted else self.methods:
            if report.method == "mask" and report.is_biased:
                return report.is_rejected
        return None

    @property
    def z(self) -> float:
        """The probability of the language; 0 where no float64 holds it."""
        return math.exp(self.target.log_z)
