"""The vocabulary of a tokenizer: what bytes each token id stands for, and which ids end an output.

The trie that masks walk lives in the native core; this class adds the ways to get one: from a tokenizer's files, from
a loaded tokenizer, from disk.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, Self, cast, runtime_checkable

from constrain import _core
from constrain.compiler.files import write_whole
from constrain.compiler.special_tokens import hidden, marked, name_of, ordinary, text_of
from constrain.compiler.tokenizers import (
    ContinuationEncoder,
    TokenTable,
    checked_id,
    declared_stop_tokens,
    find_tokenizer,
    parse_object,
    read_tekken,
    read_tokenizer_json,
    well_known_stop_tokens,
)
from constrain.errors import ArtifactError, VocabularyError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["Vocabulary"]


@runtime_checkable
class _Serialisable(Protocol):
    """A ``tokenizers.Tokenizer``."""

    def to_str(self) -> str: ...


class Vocabulary(_core.Vocabulary):
    """Token bytes and stop tokens of one tokenizer; immutable.

    Args:
        token_bytes: exact bytes by token id; None for special and unused ids, which are never allowed.
        eos_token_ids: stop tokens, allowed where the output is complete and nowhere else, whatever their bytes.
        vocab_size: width of masks, where it is not ``len(token_bytes)``; ids past the bytes are never allowed.
        encode: the tokenizer's own encoder.
        special_tokens: names of special tokens -> id. Constraints that ask for such a token by its name, as tags and
            tools do, allow it there; nothing else does.

    Raises:
        VocabularyError: a stop token past the width, or a token or vocabulary too large.
    """

    special_tokens: Mapping[str, int]
    """Names of special tokens -> id, stop tokens left out."""

    def __new__(
        cls,
        token_bytes: Sequence[builtins.bytes | None],
        eos_token_ids: Sequence[int],
        *,
        vocab_size: int | None = None,
        encode: Callable[[str], Sequence[int]] | None = None,
        special_tokens: Mapping[str, int] | None = None,
    ) -> Self:
        """Put special tokens among the others."""
        stops = set(eos_token_ids)
        width = len(token_bytes) if vocab_size is None else vocab_size
        special = {
            name: token_id
            for name, token_id in (special_tokens or {}).items()
            if name and token_id not in stops and token_id < width
        }
        if special:
            token_bytes = [None if data is None else hidden(data) for data in token_bytes]
            token_bytes += [None] * (max(special.values()) + 1 - len(token_bytes))
            for name, token_id in special.items():
                token_bytes[token_id] = marked(name)
        made = super().__new__(cls, token_bytes, eos_token_ids, vocab_size=vocab_size, encode=encode)
        made.special_tokens = MappingProxyType(special)
        return made

    def token(self, token_id: int) -> builtins.bytes | None:
        """Bytes of a token; None for special, unused or unknown ids."""
        data = super().token(token_id)
        return data if data is None or not self.special_tokens else ordinary(data)

    def text(self, token_id: int) -> builtins.bytes:
        """What a reader is shown of a token: its bytes, of a special one its name, of others nothing."""
        return text_of(self, token_id)

    @classmethod
    def from_file(
        cls, path: str | Path, *, eos_token_ids: Sequence[int] | None = None, vocab_size: int | None = None
    ) -> Vocabulary:
        """Read a Hugging Face ``tokenizer.json`` or Mistral's ``tekken.json``, without transformers.

        Args:
            path: the file, or the folder that holds it. ``generation_config.json``, ``tokenizer_config.json`` and
                ``special_tokens_map.json`` beside it (else ``config.json``) declare the stop tokens.
            eos_token_ids: stop tokens; by default those declared, else special tokens of well-known names.
            vocab_size: width of masks, where the model's head is wider or narrower than the tokenizer.

        Raises:
            VocabularyError: no such file, not a tokenizer, an unsupported decoder (named), or no stop token.
        """
        files = find_tokenizer(path)
        try:
            encode = None
            if "model" not in files.data and "vocab" in files.data:
                table = read_tekken(files.data)
            else:
                encode = ContinuationEncoder(partial(parse_object, files.path))
                table = read_tokenizer_json(files.data, added_tokens=files.added_tokens())
            if eos_token_ids is None:
                eos_token_ids = (
                    declared_stop_tokens(files.companions, table.ids)
                    or declared_stop_tokens([files.configuration], table.ids)
                    or well_known_stop_tokens(table.special_ids)
                )
            return cls._from_table(table, eos_token_ids, vocab_size, encode)
        except VocabularyError as error:
            raise VocabularyError(f"{files.path}: {error.message}", expected=error.expected) from None

    @classmethod
    def from_tokenizer(
        cls, tokenizer: Any, *, eos_token_ids: Sequence[int] | None = None, vocab_size: int | None = None
    ) -> Vocabulary:
        """Read a loaded tokenizer: a fast tokenizer of transformers, or a ``tokenizers.Tokenizer``.

        Args:
            tokenizer: the tokenizer.
            eos_token_ids: stop tokens; by default the tokenizer's ``eos_token_id``, else special tokens of well-known
                names.
            vocab_size: width of the model's head, where it is wider or narrower than the tokenizer.

        Raises:
            VocabularyError: a slow tokenizer, an unsupported decoder (named), or no stop token.
        """
        backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
        if not isinstance(backend, _Serialisable):
            raise VocabularyError(
                f"token bytes of a {type(tokenizer).__name__} are not known",
                expected="a fast tokenizer of transformers, or a tokenizers.Tokenizer",
            )
        table = read_tokenizer_json(_document(backend))
        if eos_token_ids is None:
            declared = [{"eos_token_id": getattr(tokenizer, "eos_token_id", None)}]
            eos_token_ids = declared_stop_tokens(declared, {}) or well_known_stop_tokens(table.special_ids)
        encode = ContinuationEncoder(cast("Tokenizer", backend))
        return cls._from_table(table, eos_token_ids, vocab_size, encode)

    @classmethod
    def bytes(cls) -> Vocabulary:
        """The byte vocabulary: ids 0 to 255 are the single bytes, 256 ends the output."""
        return cls([builtins.bytes([byte]) for byte in range(256)], [256], vocab_size=257, encode=_utf8)

    @classmethod
    def _from_table(
        cls,
        table: TokenTable,
        eos_token_ids: Sequence[int],
        vocab_size: int | None,
        encode: Callable[[str], Sequence[int]] | None,
    ) -> Vocabulary:
        """Fit a table to the width of a model's head; what does not fit is not allowed."""
        if vocab_size is not None and vocab_size < 1:
            raise VocabularyError(f"a vocabulary of {vocab_size} tokens", expected="at least one")
        width = len(table.token_bytes) if vocab_size is None else vocab_size
        stops = [checked_id(token_id, "end of output") for token_id in eos_token_ids]
        kept = [token_id for token_id in stops if token_id < width or vocab_size is None]
        if not kept:
            found = f"the stop tokens {stops} are not below {width}" if stops else "no stop token is declared"
            raise VocabularyError(f"{found}, so no output could ever end", expected="eos_token_ids")
        width = max(width, max(kept) + 1)
        if encode is not None and len(table.token_bytes) > width:
            encode = _Narrowed(encode, width)
        special = table.special_ids
        return cls(table.token_bytes[:width], kept, vocab_size=width, encode=encode, special_tokens=special)

    def save(self, path: str | Path) -> None:
        """Write the vocabulary to a file, whole or not at all. ``encode`` is not kept.

        Raises:
            ArtifactError: the file cannot be written.
        """
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | Path, *, encode: Callable[[str], Sequence[int]] | None = None) -> Vocabulary:
        """Read what :meth:`save` wrote; ``encode`` is the tokenizer's encoder, which a file cannot hold.

        Raises:
            ArtifactError: the file is missing, corrupt or of another version.
        """
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
        try:
            saved = _core.Vocabulary.from_bytes(data)
        except ArtifactError as error:
            raise ArtifactError(f"{path}: {error.message}", expected=error.expected) from None
        token_bytes = [saved.token(token_id) for token_id in range(saved.vocab_size)]
        names = [name_of(data or b"") for data in token_bytes]
        if any(name is not None for name in names):
            token_bytes = [None if data is None else ordinary(data) for data in token_bytes]
        return cls(
            token_bytes,
            saved.eos_token_ids,
            vocab_size=saved.vocab_size,
            encode=encode,
            special_tokens={name: token_id for token_id, name in enumerate(names) if name is not None},
        )


class _Narrowed:
    """An encoder for a model whose head is narrower than its tokenizer: no encoding where an id is out of reach."""

    def __init__(self, encode: Callable[[str], Sequence[int]], width: int) -> None:
        self._encode = encode
        self._width = width

    def __call__(self, text: str) -> Sequence[int]:
        ids = self._encode(text)
        return ids if all(token_id < self._width for token_id in ids) else []


def _document(backend: _Serialisable) -> dict[str, Any]:
    """A tokenizer of the tokenizers library as its JSON document."""
    data: dict[str, Any] = json.loads(backend.to_str())
    return data


def _utf8(text: str) -> list[int]:
    return list(text.encode("utf-8"))
