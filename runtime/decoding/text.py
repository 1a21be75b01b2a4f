"""Text as it grows: tokens end anywhere within a character, readers get whole characters only."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable

from constrain.compiler.vocabulary import Vocabulary
from constrain.errors import ModelError

__all__ = ["TextWriter", "text_of"]


class TextWriter:
    """Collects token bytes as text and passes each piece on once its characters are whole."""

    def __init__(self, on_text: Callable[[str], None] | None = None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="strict")
        self._pieces: list[str] = []
        self._data = bytearray()
        self._on_text = on_text

    def write(self, data: bytes) -> None:
        """Add the bytes of one token.

        Raises:
            ModelError: they are not UTF-8 after what came before; the constraint would not have allowed that.
        """
        self._data += data
        try:
            piece = self._decoder.decode(data)
        except UnicodeDecodeError as error:
            raise ModelError(f"the output is not UTF-8: {error.reason} in {error.object[:16]!r}") from error
        if piece:
            self._pieces.append(piece)
            if self._on_text is not None:
                self._on_text(piece)

    @property
    def data(self) -> bytes:
        """Everything so far."""
        return bytes(self._data)

    @property
    def text(self) -> str:
        """Everything so far, in whole characters."""
        return "".join(self._pieces)


def text_of(vocabulary: Vocabulary, token_ids: Iterable[int]) -> str:
    """The text of tokens, in whole characters."""
    writer = TextWriter()
    for token_id in token_ids:
        writer.write(vocabulary.text(token_id))
    return writer.text
