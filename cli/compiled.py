"""``--compiled FILE``: what ``constrain compile -o FILE`` wrote, in place of a constraint.

The file holds the automaton, and what it was made from, for two uses that an automaton cannot serve: to show a schema
to a model, and to ask jsonschema-rs for a second opinion.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from constrain.cli.constraint import Constraint
from constrain.errors import ArtifactError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar, Limits, Vocabulary

__all__ = ["CompiledFile"]


class CompiledFile:
    """A saved automaton; nothing is read before it is asked for."""

    def __init__(self, path: str, limits: Limits | None = None) -> None:
        self.path = path
        self._limits = limits
        self._language: CompiledGrammar | None = None

    @cached_property
    def constraint(self) -> Constraint | None:
        """What it was made from; None when the file does not say (one that a program saved)."""
        return Constraint.from_description(self._over_bytes().description, self.path)

    @property
    def is_json(self) -> bool:
        """Are its texts JSON values under a schema?"""
        return self._over_bytes().description.get("kind") == "schema"

    def language(self) -> CompiledGrammar:
        """The automaton over bytes, whatever vocabulary the file is for.

        Raises:
            ArtifactError: it cannot be used.
        """
        constraint = self.constraint
        if constraint is not None and constraint.depends_on_tokens:
            return replace(constraint, limits=self._limits).language()
        return self._over_bytes()

    def language_with(self, vocabulary: Vocabulary) -> CompiledGrammar:
        """As :meth:`language`, of a constraint that names tokens by their ids in a vocabulary."""
        constraint = self.constraint
        return self._over_bytes() if constraint is None else constraint.language_with(vocabulary)

    def _over_bytes(self) -> CompiledGrammar:
        from constrain.compiler import CompiledGrammar
        from constrain.compiler.vocabulary import Vocabulary

        if self._language is None:
            self._language = CompiledGrammar.load(self.path, Vocabulary.bytes(), limits=self._limits, rebind=True)
        return self._language

    def narrowed_for(self, vocabulary: Vocabulary) -> CompiledGrammar | None:
        """None: the automaton is taken as it was saved."""
        return None

    def compiled_for(self, vocabulary: Vocabulary, asked_by: str = "") -> CompiledGrammar:
        """The automaton as it was saved.

        Args:
            vocabulary: the tokens.
            asked_by: the options that name them, for messages; empty where there are none.

        Raises:
            ArtifactError: it cannot be used, or is for another vocabulary.
        """
        from constrain.compiler import CompiledGrammar

        try:
            return CompiledGrammar.load(self.path, vocabulary, limits=self._limits)
        except ArtifactError:
            self.language()  # a file that cannot be used at all has its own error
            raise self._foreign(asked_by) from None

    def _foreign(self, asked_by: str) -> ArtifactError:
        """The file is fine, but for other tokens than those asked for. It holds the hash of its tokens, not a name."""
        if not asked_by:
            return ArtifactError(
                f"{self.path} is for the tokens of a model, and none is named here",
                expected="the -m or --tokenizer that it was compiled with",
            )
        again = f"a file that 'constrain compile {asked_by} -o FILE' wrote"
        if self._is_for_bytes():
            return ArtifactError(
                f"{self.path} is for single bytes (it was compiled without -m), not for the tokens of {asked_by}",
                expected=again,
            )
        return ArtifactError(
            f"{self.path} is for other tokens than those of {asked_by}",
            expected=f"the -m or --tokenizer that it was compiled with, or {again}",
        )

    def _is_for_bytes(self) -> bool:
        from constrain.compiler import CompiledGrammar
        from constrain.compiler.vocabulary import Vocabulary

        try:
            CompiledGrammar.load(self.path, Vocabulary.bytes(), limits=self._limits)
        except ArtifactError:
            return False
        return True
