"""``--compiled FILE``: what ``constrain compile -o FILE`` wrote, in place of a constraint.

The file holds the automaton, and what it was made from, for two uses that an automaton cannot serve: to show a schema
to a model, and to ask jsonschema-rs for a second opinion.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from constrain.cli.constraint import Constraint
from constrain.errors import ArtifactError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar, Vocabulary

__all__ = ["CompiledFile"]


class CompiledFile:
    """A saved automaton; nothing is read before it is asked for."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._language: CompiledGrammar | None = None

    @cached_property
    def constraint(self) -> Constraint | None:
        """What it was made from; None when the file does not say (one that a program saved)."""
        return Constraint.from_description(self.language().description, self.path)

    @property
    def is_json(self) -> bool:
        """Are its texts JSON values under a schema?"""
        return self.language().description.get("kind") == "schema"

    def language(self) -> CompiledGrammar:
        """The automaton over bytes, whatever vocabulary the file is for.

        Raises:
            ArtifactError: it cannot be used.
        """
        from constrain.compiler import CompiledGrammar
        from constrain.compiler.vocabulary import Vocabulary

        if self._language is None:
            self._language = CompiledGrammar.load(self.path, Vocabulary.bytes(), rebind=True)
        return self._language

    def compiled_for(self, vocabulary: Vocabulary) -> CompiledGrammar:
        """The automaton as it was saved.

        Raises:
            ArtifactError: it cannot be used, or is for another vocabulary.
        """
        from constrain.compiler import CompiledGrammar

        try:
            return CompiledGrammar.load(self.path, vocabulary)
        except ArtifactError as error:
            self.language()  # a file that cannot be used at all has its own error
            error.expected = "-m or --tokenizer as in 'constrain compile', or neither where it had neither"
            raise
