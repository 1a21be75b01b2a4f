"""``--trie FILE``: what was learned of a prompt, kept from one run to the next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constrain.runtime import CausalModel
    from constrain.runtime.decoding.batch import Request

__all__ = ["KeptTrie"]


class KeptTrie:
    """A trie in a file; a new one where the file is not there."""

    def __init__(self, path: str, model: CausalModel, request: Request) -> None:
        """Read it.

        Args:
            path: the file.
            model: that draws.
            request: what is drawn.

        Raises:
            ArtifactError: the file is damaged, of something else, or can't be written.
        """
        from constrain.compiler.files import replaceable
        from constrain.runtime.decoding.faithful.key import key_of
        from constrain.runtime.decoding.faithful.trie import Trie
        from constrain.runtime.decoding.faithful.trie_file import load_trie

        self._path = path
        self._key = key_of(
            model,
            request.compiled,
            request.prompt_ids,
            request.options,
            narrowed=request.narrowed,
            begun=request.begun,
        )
        replaceable(path)  # drawing may take long, and end in vain
        self.trie = load_trie(path, self._key) if Path(path).exists() else Trie()

    def save(self) -> None:
        """Write it, whole or not at all."""
        from constrain.runtime.decoding.faithful.trie_file import save_trie

        save_trie(self._path, self.trie, self._key)
