"""How tokens are chosen, as one frozen value that is checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass

from constrain.runtime.decoding.adjust import LogitsFunction

__all__ = ["METHODS", "GenerationOptions"]

METHODS = ("mask", "greedy", "beam", "map")
ON_LIMIT = ("close", "cut")
ON_NAN = ("error", "uniform")
TOKENIZATIONS = ("canonical", "any")


@dataclass(frozen=True, slots=True)
class GenerationOptions:
    """Options of one generation, in the order in which they act.

    Attributes:
        method: ``mask`` draws from the allowed tokens; ``greedy`` takes the likeliest allowed one. ``beam`` and ``map``
            are those of :func:`~constrain.runtime.decoding.beam.beam_search` and
            :func:`~constrain.runtime.decoding.best_first.most_probable`.
        heal: may the first token stand for the prompt's last one as well, so that a word need not be split where prompt
            and output meet (token healing)? The output's tokens then begin with the one in its place. Prompts that end
            with a special token are left as they are.
        tokenization: which token sequences of a text count. ``canonical``: where the next bytes are certain, those of
            the tokenizer's own encoding, so far as it does not depend on what follows; the model is not asked for them.
            ``any``: all of them, so that the model decides how even certain bytes are spelled.
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
        temperature: divides the logits; 1 is the model's own distribution. The default of 0.7 suits extraction with
            small models, which ramble at 1. 0 is the same as ``greedy``.
        top_k: keep the k likeliest allowed tokens; None keeps all.
        top_p: then the fewest likeliest tokens that hold this share of what is left; 1 keeps all.
        min_p: then tokens at least this fraction as likely as the likeliest; 0 keeps all.
        seed: of the random generator; None takes entropy from the system.
        on_nan: what to do where the model gives no finite number to any allowed token: ``error``, or ``uniform`` to
            draw among them.
        logprobs: are log-probabilities wanted? Without them, the model need not read what comes after its last choice.
    """

    method: str = "mask"
    heal: bool = False
    tokenization: str = "canonical"
    max_tokens: int = 512
    max_bytes: int | None = None
    deadline: float | None = None
    on_limit: str = "close"
    logits: tuple[LogitsFunction, ...] = ()
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    temperature: float = 0.7
    top_k: int | None = None
    top_p: float = 1.0
    min_p: float = 0.0
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
            ("tokenization", self.tokenization, TOKENIZATIONS),
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
        _number("temperature", self.temperature, at_least=0.0)
        _number("top_p", self.top_p, above=0.0, at_most=1.0)
        _number("min_p", self.min_p, at_least=0.0, at_most=1.0)


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
