"""Can a text with gaps be completed? Decided without a model, over bytes, so that gaps may have any length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constrain._core import CompiledGrammar, decide_gaps

__all__ = ["AnyGap", "Blocked", "Completable", "decide"]


@dataclass(frozen=True, slots=True)
class AnyGap:
    """A gap of a text.

    Attributes:
        least: the fewest tokens in it.
        most: the most; None for any number, which need not be tokens then.
    """

    least: int = 0
    most: int | None = None

    def __post_init__(self) -> None:
        if self.least < 0 or (self.most is not None and self.most < self.least):
            raise ValueError(f"a gap can't have at least {self.least} and at most {self.most} tokens")


@dataclass(frozen=True, slots=True)
class Completable:
    """The text can be completed; ``fillings`` has what stands in each gap of one completion, a short one."""

    fillings: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """The text can't be completed.

    Attributes:
        part: the part that nothing gets past, as an index; the number of parts where the text would have to go on.
        offset: the bytes of that part that something gets past; 0 for a gap.
        expected: the distinct bytes that could come there.
    """

    part: int
    offset: int
    expected: bytes


def decide(
    grammar: CompiledGrammar, parts: Sequence[bytes | AnyGap], *, max_states: int = 100_000
) -> Completable | Blocked:
    """Whether gaps in a text can be filled so that the whole is of a language.

    Fixed text is bytes, however they would be cut into tokens, also at its ends.

    Args:
        grammar: the language.
        parts: text, and gaps, in their order.
        max_states: the most states of the language to look at.

    Raises:
        LimitError: it is not decided within ``max_states``. This happens only where a language has endlessly many, and
            mostly where the answer is no.
    """
    given = [part if isinstance(part, bytes) else (part.least, part.most) for part in parts]
    fillings, blocked = decide_gaps(grammar, given, max_states)
    if fillings is not None:
        return Completable(tuple(fillings))
    if blocked is None:
        raise RuntimeError("the core decided nothing")
    return Blocked(*blocked)
