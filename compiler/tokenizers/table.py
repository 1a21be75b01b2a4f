"""What a tokenizer file says, reduced to what masks need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from constrain.errors import VocabularyError

__all__ = ["MAX_TOKENS", "TokenTable", "checked_id"]

MAX_TOKENS = 1 << 24
"""Ids from here on are refused: no tokenizer is that large, and a table of them would exhaust memory."""


@dataclass(frozen=True, slots=True)
class TokenTable:
    """Bytes and names of one tokenizer's tokens.

    Attributes:
        token_bytes: exact bytes by id; None for special tokens and for ids that no token has.
        ids: every token as the file spells it -> id.
        special_ids: those of them that are special and never stand for text.
    """

    token_bytes: Sequence[bytes | None]
    ids: Mapping[str, int] = field(default_factory=dict)
    special_ids: Mapping[str, int] = field(default_factory=dict)


def checked_id(value: object, token: object) -> int:
    """``value`` as a token id.

    Raises:
        VocabularyError: it is not an integer from 0 up to :data:`MAX_TOKENS`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_TOKENS:
        raise VocabularyError(
            f"the token {token!r} has the id {value!r}", expected=f"an integer from 0 to {MAX_TOKENS - 1}"
        )
    return value
