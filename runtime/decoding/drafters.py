"""What may follow an output, found without a model: in texts at hand, and at the states of the automaton."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from threading import Lock
from typing import Protocol

from constrain.compiler import Matcher
from constrain.runtime.tree import Tree

__all__ = ["Copies", "DraftMemory", "Drafter", "Place", "States"]

MATCHES = (24, 12, 4)
"""Bytes at the end of the output that are looked for, the most telling first."""
COPIED = 48
"""Bytes that are copied from behind them."""
MEMORY = 1 << 16
"""Bytes of earlier outputs, and states, that are remembered."""
SEPARATOR = b"\x00"
SUCCESSORS = 3
"""Tokens that are remembered to have followed one place. A draft goes on with several where the first is uncertain: of
all tokens that may come, the likeliest are taken, wherever they stand, up to the length of any draft."""
FADING = 0.6
"""What is left of the weight of one of them when another one comes. Below 1/2 the latest would always outweigh it."""
DOUBT = 0.1
"""Weight of all tokens that were never seen at a place."""
LEAST = 0.05
"""How likely a token has to be to be drafted: it costs a twentieth of a forward."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an output is.

    Attributes:
        matcher: after it.
        token_ids: prompt and output.
        text: of the output.
        most: how many tokens may be drafted.
    """

    matcher: Matcher
    token_ids: Sequence[int]
    text: bytes
    most: int


class Drafter(Protocol):
    """Guesses how outputs go on."""

    cost: float
    """What the last draft cost, in forwards of the model it is for."""

    def draft(self, place: Place) -> Tree:
        """Tokens that may follow, each of which the automaton takes; none where nothing is known."""

    def close(self) -> None:
        """End with the output."""


class DraftMemory:
    """What outputs of one grammar leave behind for the drafts of later ones; threads may share it."""

    def __init__(self, *, successors: int = SUCCESSORS) -> None:
        """Begin with nothing.

        Args:
            successors: tokens that are remembered to have followed one place; with 1, no draft goes on in two ways.
        """
        self.text = b""
        self._successors = successors
        self._next: dict[int, tuple[tuple[int, float], ...]] = {}
        self._lock = Lock()

    def remember(self, text: bytes) -> None:
        """Keep an output's text, the latest ones longest."""
        with self._lock:
            self.text = (self.text + SEPARATOR + text)[-MEMORY:]

    def follow(self, state: int, last_id: int, token_id: int) -> None:
        """Keep what came next at a state, after a token."""
        key = hash((state, last_id))
        with self._lock:
            known = dict(self._next.pop(key, ()))
            weights = {other: weight * FADING for other, weight in known.items()}
            weights[token_id] = weights.get(token_id, 0.0) + 1.0
            ranked = sorted(weights.items(), key=lambda pair: -pair[1])
            self._next[key] = tuple(ranked[: self._successors])
            if len(self._next) > MEMORY:
                del self._next[next(iter(self._next))]

    def following(self, state: int, last_id: int) -> list[tuple[int, float]]:
        """Tokens that came next at a state, after a token, and how likely each is; the likeliest first."""
        known = self._next.get(hash((state, last_id)), ())
        total = sum(weight for _, weight in known) + DOUBT
        return [(token_id, weight / total) for token_id, weight in known]


class States:
    """How earlier outputs went on from the same states."""

    cost = 0.0

    def __init__(self, memory: DraftMemory) -> None:
        self._memory = memory

    def draft(self, place: Place) -> Tree:
        """The likeliest tokens to come, with those that lead to them."""
        found: list[int] = []
        parents: list[int] = []
        order = count()
        waiting: list[tuple[float, int, int, Matcher, int]] = []

        def go_on(parent: int, walk: Matcher, last_id: int, likely: float) -> None:
            # what is certain is read together with what comes next, whether or not it was drafted
            for token_id in walk.forced_tokens():
                if len(found) == place.most or not walk.accept_token(token_id):
                    return
                found.append(token_id)
                parents.append(parent)
                parent, last_id = len(found) - 1, token_id
            for token_id, share in self._memory.following(walk.state_hash(), last_id):
                if likely * share >= LEAST:
                    heappush(waiting, (-likely * share, next(order), parent, walk, token_id))

        go_on(-1, place.matcher.fork(), place.token_ids[-1], 1.0)
        while waiting and len(found) < place.most:
            likely, _, parent, before, token_id = heappop(waiting)
            walk = before.fork()
            if walk.accept_token(token_id):
                found.append(token_id)
                parents.append(parent)
                go_on(len(found) - 1, walk, token_id, -likely)
        return Tree(found, parents)

    def close(self) -> None:
        """Nothing is held."""


class Copies:
    """What follows, in texts at hand, the end of the output."""

    cost = 0.0

    def __init__(self, encode: Callable[[str], Sequence[int]], prompt: bytes, memory: DraftMemory) -> None:
        """Begin an output.

        Args:
            encode: the tokenizer's.
            prompt: a text to copy from.
            memory: likewise.
        """
        self._encode = encode
        self._prompt = prompt
        self._memory = memory

    def draft(self, place: Place) -> Tree:
        """The text that follows the longest match, the latest one."""
        text = place.text
        for length in (length for length in MATCHES if length <= len(text)):
            for source in (text, self._prompt, self._memory.text):
                # the end of the text itself is followed by nothing
                found = source.rfind(text[-length:], 0, len(source) - 1)
                copied = source[found + length : found + length + COPIED].split(SEPARATOR)[0]
                if found >= 0 and copied:
                    tokens = list(self._encode(copied.decode(errors="ignore")))[: place.most]
                    return Tree.chain(tokens[: place.matcher.validate_tokens(tokens)])
        return Tree.chain(())

    def close(self) -> None:
        """Nothing is held."""
