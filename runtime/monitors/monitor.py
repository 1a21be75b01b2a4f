"""What a monitor is: four questions about the text so far, each with a default answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

__all__ = ["Monitor"]


class Monitor:
    r"""Base class of monitors. Override what is needed; the other questions are not even asked.

    A class of one's own with some of these methods is a monitor, too. It may leave ``complete`` out of ``veto`` and
    ``score``.

    ``prefix`` is the output so far, in whole characters: where a token ends within a character, the questions wait for
    the rest of it. It holds neither the prompt (:meth:`begin` is told) nor special tokens' ids, and where an output
    goes on with a text that was given, it begins with that text.

    Equal questions must have equal answers: they are asked again where a token is drawn anew, and answers are kept.
    """

    word: str = r"\w"
    r"""Characters that go on with an identifier, as a class of Python's ``re``: after a suggestion that ends in one
    of them, none of them may follow. ``[\w$]`` for a language whose names may hold a dollar sign."""

    def begin(self, prompt: str) -> Self:
        """The monitor of one output: called before each. Return ``self``, or a copy that remembers the prompt.

        Args:
            prompt: what the user asked, without a model's chat template.
        """
        return self

    def triggered(self, prefix: str) -> bool:
        """Is it for :meth:`suggest` to say how the text goes on? Asked before the first character and after each one,
        also those within a token, but not while a suggestion is being spelled: so it should be quick.
        """
        return False

    def suggest(self, prefix: str) -> Iterable[str] | None:
        """The texts of which one has to come next: whole ones, not prefixes; an empty one ends the word that is there.
        None leaves it to the grammar.

        Those that the grammar does not take there are left out. Where none is left, or none was given, the token that
        led here is taken back. They stay in force until one of them is spelled, and what follows shows that it ended.
        """
        return None

    def veto(self, prefix: str, complete: bool) -> bool | str:
        """Must the text not begin so, or, if it is ``complete``, not be this one? A text is the reason, for messages.

        Asked after each token that is drawn and when a stop token is; a token that is refused is drawn again, without
        it. A veto of a beginning is one of all texts that begin so.
        """
        return False

    def score(self, prefix: str, complete: bool) -> float:
        """How good the text is: the logarithm of a weight, for methods that weigh several outputs against each other.

        Minus infinity is the worst; what it is compared with are the scores of other texts of the same monitor.
        """
        return 0.0
