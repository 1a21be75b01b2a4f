"""How tokens are chosen, as one frozen value that is checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from constrain.runtime.decoding.adjust import LogitsFunction

__all__ = ["FAITHFUL", "METHODS", "GenerationOptions"]

FAITHFUL = ("asap", "exact", "smc", "mcmc")
"""Methods that keep to the model's distribution over the language: see :mod:`constrain.runtime.decoding.faithful`."""
METHODS = ("mask", "greedy", "beam", "map", *FAITHFUL, "best-of", "awrs")
ON_LIMIT = ("close", "cut")
ON_NAN = ("error", "uniform")
TOKENIZATIONS = ("canonical", "any")


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """Options of one generation, in the order in which they act.

    Attributes:
        method: ``mask`` draws from the allowed tokens; ``greedy`` takes the likeliest allowed one. ``beam`` and ``map``
            are those of :func:`~constrain.runtime.decoding.beam.beam_search` and
            :func:`~constrain.runtime.decoding.best_first.most_probable`. ``exact``, ``asap``, ``smc`` and ``mcmc`` draw
            from the model's own distribution over the language, or come close to it, and ``best-of`` takes the best of
            several draws: see :mod:`constrain.runtime.decoding.faithful`. ``awrs`` is ``mask`` under a monitor, with
            weights that count what it refuses: see :mod:`constrain.runtime.decoding.awrs`.
        heal: may the first token stand for the prompt's last one as well, so that a word need not be split where prompt
            and output meet (token healing)? The output's tokens then begin with the one in its place. Prompts that end
            with a special token are left as they are.
        tokenization: which token sequences of a text count. ``canonical``: where the next bytes are certain, those of
            the tokenizer's own encoding, so far as it does not depend on what follows; the model is not asked for them.
            ``any``: all of them, so that the model decides how even certain bytes are spelled. None is ``any`` for the
            methods that keep to the model's distribution, and ``canonical`` for others.
        max_tokens: most tokens of text; the stop token is not counted.
        max_bytes: most bytes of text, names of special tokens aside; None for any number.
        deadline: seconds from the start of the generation; None for any time. It is kept by the pace of the steps so
            far; where even the shortest output takes longer, the output is as short as can be.
        on_limit: ``close``: tokens after which the output could not be completed within these limits are not allowed,
            so that it always is complete; ``cut``: it ends where the limit is.
        logits: functions that change the model's logits, in order, before anything else: see
            :data:`~constrain.runtime.decoding.adjust.LogitsFunction`. What they give counts as the model.
        repetition_penalty: divides positive logits, multiplies negative ones, of tokens in prompt or output (CTRL,
            arXiv 1909.05858); 1 does nothing.
        presence_penalty: taken off the logits of tokens that the output holds.
        frequency_penalty: taken off the logits once for each time the output holds the token.
        temperature: divides the logits; 1 is the model's own distribution. 0 is the same as ``greedy``. None is 1 for
            the methods that keep to the model's distribution, and 0.7 for others: it suits extraction with small
            models, which ramble at 1.
        top_k: keep the k likeliest allowed tokens; None keeps all.
        top_p: then the fewest likeliest tokens that hold this share of what is left; 1 keeps all.
        min_p: then tokens at least this fraction as likely as the likeliest; 0 keeps all.
        truncate_before: are these three about all tokens, before the constraint takes its part? What they leave then is
            the model whose distribution counts. Where none of it is allowed, the output can't go on.
        seed: of the random generator; None takes entropy from the system.
        on_nan: what to do where the model gives no finite number to any allowed token: ``error``, or ``uniform`` to
            draw among them.
        logprobs: are log-probabilities wanted? Without them, the model need not read what comes after its last choice.
    """

    method: str = "mask"
    heal: bool = False
    tokenization: str | None = None
    max_tokens: int = 512
    max_bytes: int | None = None
    deadline: float | None = None
    on_limit: str = "close"
    logits: tuple[LogitsFunction, ...] = ()
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    temperature: float | None = None
    top_k: int | None = None
    top_p: float = 1.0
    min_p: float = 0.0
    truncate_before: bool = False
    seed: int | None = None
    on_nan: str = "error"
    logprobs: bool = True

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            ValueError: a value outside its range; the message names the option.
        """
        for name, value, known in (
            ("method", self.method, METHODS),
            ("on_limit", self.on_limit, ON_LIMIT),
            ("on_nan", self.on_nan, ON_NAN),
            ("tokenization", self.spelling, TOKENIZATIONS),
        ):
            if value not in known:
                raise ValueError(f"unknown {name} {value!r}; expected one of {', '.join(known)}")
        _whole("max_tokens", self.max_tokens, 1)
        if self.max_bytes is not None:
            _whole("max_bytes", self.max_bytes, 1)
        if self.deadline is not None:
            _number("deadline", self.deadline, above=0.0)
        if self.top_k is not None:
            _whole("top_k", self.top_k, 1)
        if self.seed is not None:
            _whole("seed", self.seed, 0)
        _number("repetition_penalty", self.repetition_penalty, above=0.0)
        _number("presence_penalty", self.presence_penalty)
        _number("frequency_penalty", self.frequency_penalty)
        _number("temperature", self.heat, at_least=0.0)
        _number("top_p", self.top_p, above=0.0, at_most=1.0)
        _number("min_p", self.min_p, at_least=0.0, at_most=1.0)
        if self.method in (*FAITHFUL, "best-of"):
            self._check_draws()

    @property
    def heat(self) -> float:
        """The temperature that counts."""
        if self.temperature is not None:
            return self.temperature
        return 1.0 if self.method in FAITHFUL else 0.7

    @property
    def spelling(self) -> str:
        """The tokenization that counts."""
        return self.tokenization or ("any" if self.method in FAITHFUL else "canonical")

    @property
    def is_truncated(self) -> bool:
        """Are any tokens left out for being unlikely?"""
        return self.top_k is not None or self.top_p < 1.0 or self.min_p > 0.0

    def _check_draws(self) -> None:
        """What makes no sense where outputs are drawn from a distribution that is kept to."""
        if self.heat == 0.0:
            raise ValueError(f"temperature must be above 0 for method {self.method!r}, which draws")
        if self.on_limit != "close":
            raise ValueError(f"on_limit must be 'close' for method {self.method!r}: what is cut is no output")
        if self.heal:
            raise ValueError(f"heal must be False for method {self.method!r}")
        if self.is_truncated and not self.truncate_before and self.method in FAITHFUL:
            raise ValueError(
                f"truncation over the allowed tokens would distort what method {self.method!r} keeps; with "
                "truncate_before, the truncated model is what counts"
            )


def _whole(name: str, value: object, at_least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise ValueError(f"{name} must be a whole number of at least {at_least}, not {value!r}")


def _number(
    name: str, value: float, *, above: float = -math.inf, at_least: float = -math.inf, at_most: float = math.inf
) -> None:
    if not math.isfinite(value) or value <= above or value < at_least or value > at_most:
        bounds = [
            text
            for text, is_set in (
                (f"above {above:g}", above > -math.inf),
                (f"at least {at_least:g}", at_least > -math.inf),
                (f"at most {at_most:g}", at_most < math.inf),
            )
            if is_set
        ]
        raise ValueError(f"{name} must be {' and '.join(bounds) or 'a finite number'}, not {value!r}")
