"""States told by tokens that lead there, so that another process finds its own numbers for them.

The number of a lump is made from names that another version may give otherwise. What lasts is a text: a tree of tokens
from the start, each node of which is at some state. Replaying it gives every state's number anew, and shows whether the
weights fit the language at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar, Matcher
from constrain.errors import ArtifactError

__all__ = ["Witness", "Witnesses", "replay"]


@dataclass(frozen=True, slots=True)
class Witness:
    """A node of the tree.

    Attributes:
        number: of the node.
        matcher: a sequence there, not to be advanced.
    """

    number: int
    matcher: Matcher


@dataclass(slots=True)
class Witnesses:
    """The tree as it grows. Node 0 is the start; every other has a parent before it."""

    start: Matcher
    parents: list[int] = field(default_factory=lambda: [0])
    tokens: list[int] = field(default_factory=lambda: [0])
    _children: dict[tuple[int, int], Witness] = field(default_factory=dict)

    @property
    def root(self) -> Witness:
        """The start."""
        return Witness(0, self.start)

    def after(self, parent: Witness, token_id: int) -> Witness | None:
        """The node one token further; None where the token is not accepted."""
        known = self._children.get((parent.number, token_id))
        if known is not None:
            return known
        matcher = parent.matcher.fork()
        if not matcher.accept_token(token_id):
            return None
        self.parents.append(parent.number)
        self.tokens.append(token_id)
        made = Witness(len(self.parents) - 1, matcher)
        self._children[parent.number, token_id] = made
        return made

    def at(self, token_ids: Sequence[int]) -> Witness | None:
        """The node after some tokens; None where one is not accepted."""
        node: Witness | None = self.root
        for token_id in token_ids:
            node = None if node is None else self.after(node, token_id)
        return node


def replay(compiled: CompiledGrammar, parents: NDArray[np.int32], tokens: NDArray[np.int32]) -> NDArray[np.uint64]:
    """The lump at each node of a tree.

    Raises:
        ArtifactError: a token of the tree is not accepted: the language is another.
    """
    # a sequence is given up after its last child
    last: list[int] = [0] * len(parents)
    for node, parent in enumerate(parents.tolist()):
        last[parent] = node
    matchers: dict[int, Matcher] = {0: compiled.matcher()}
    lumps = np.empty(len(parents), dtype=np.uint64)
    lumps[0] = matchers[0].lump()
    for node, (parent, token_id) in enumerate(zip(parents[1:].tolist(), tokens[1:].tolist(), strict=True), 1):
        matcher = matchers.pop(parent) if last[parent] == node else matchers[parent].fork()
        if not matcher.accept_token(token_id):
            raise ArtifactError(
                f"not usable weights: the language does not allow the token {token_id} where they have it",
                expected="weights fitted for this grammar",
            )
        lumps[node] = matcher.lump()
        if last[node]:
            matchers[node] = matcher
    return lumps
