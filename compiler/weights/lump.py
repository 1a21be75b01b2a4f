"""A model's laws, counted by the state of the language in which it was asked (LUMP).

Where a hundred thousand tokens are allowed, nearly all of the law is on few of them: only those are looked up, and what
is left is taken to lead where they lead. States are added as tokens lead to them, those first that matter; each has
tokens that lead there, so that others find it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from constrain.compiler import CompiledGrammar, Matcher
from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids
from constrain.compiler.weights.future_weights import FutureWeights
from constrain.compiler.weights.unigram import Unigram
from constrain.compiler.weights.witnesses import Witness, Witnesses, replay

__all__ = ["START", "Lump", "Place"]

START = 0
"""Number of the state where texts start."""

LOOKED_UP = 2048
"""So many tokens of one law are looked up, the likeliest."""

MOST_NEW = 32
"""So many states at most are new in one law; what leads to others is spread."""

NEGLIGIBLE = 1e-4
"""A new state to which less than this part of a law leads is left out."""

MOST_STATES = 20_000
"""Where there are so many, only those in which the model is asked are added."""

LONGEST_WITNESS = 1024
"""A state that no shorter text is known to lead to cannot be told to others."""


@dataclass(slots=True, eq=False)
class Place:
    """What is known of a state.

    Attributes:
        key: its lump.
        found: how it was met: from a text at a state, by a token; None for the start, and where a text came from
            elsewhere.
        row: what was observed, summed: chances to go on, by state,
        end: and to end.
        count: observations; of weights that were there before, as many as they rest on.
        guess: what is assumed without observations, and of how many it was made.
        witness: tokens that lead there, once they were asked for, if any are known.
        stops: is there nothing left but to stop? None before that was asked.
    """

    key: int
    found: tuple[Place, Matcher, int] | None = None
    witness: Witness | None = None
    stops: bool | None = None
    row: dict[int, float] = field(default_factory=dict)
    end: float = 0.0
    count: float = 0.0
    guess: tuple[dict[int, float], float, int] | None = None


class Lump:
    """Observations of a model in a language.

    Attributes:
        compiled: the language.
        places: its states, as far as they were met, by number; the first is the start.
        witnesses: the tree of tokens that lead to them.
    """

    def __init__(self, compiled: CompiledGrammar, weights: FutureWeights | None = None) -> None:
        """Begin with nothing, or with what weights say.

        Args:
            compiled: the language.
            weights: for it.

        Raises:
            ArtifactError: the weights are not for this language.
        """
        self.compiled = compiled
        self.places: list[Place] = []
        self.witnesses = Witnesses(compiled.matcher())
        self._numbers: dict[int, int] = {}
        self._unigram = Unigram(compiled.vocabulary.vocab_size)
        self._add(Place(self.witnesses.start.lump(), witness=self.witnesses.root))
        if weights is not None:
            self._take(weights)

    @property
    def observations(self) -> int:
        """How often the model was asked."""
        return self._unigram.observations

    def number(self, key: int) -> int | None:
        """The state of a lump, if it was met."""
        return self._numbers.get(key)

    def observe(
        self,
        matcher: Matcher,
        token_ids: NDArray[np.int64],
        logprobs: NDArray[np.float64],
        end_logprob: float = -math.inf,
    ) -> None:
        """One law of the model.

        Args:
            matcher: the text so far.
            token_ids: the text tokens that are allowed, each once; stop tokens are not among them.
            logprobs: of them, normalised over the whole vocabulary.
            end_logprob: of all stop tokens together; minus infinity where the text may not end.
        """
        key = matcher.lump()
        number = self._numbers.get(key)
        if number is None:
            number = self._add(Place(key, witness=self._witness_of(matcher)))
        if self.stops(place := self.places[number]):
            return
        chances, end = np.exp(logprobs), math.exp(end_logprob)
        allowed = float(chances.sum())
        if len(token_ids) > LOOKED_UP:
            likeliest = np.argpartition(chances, -LOOKED_UP)[-LOOKED_UP:]
            token_ids, chances = token_ids[likeliest], chances[likeliest]
        self._unigram.add(token_ids, chances, end, allowed + end)
        for to, chance in self._led_to(place, matcher, token_ids, chances, allowed).items():
            place.row[to] = place.row.get(to, 0.0) + chance
        place.end += end
        place.count += 1.0

    def guess(self, place: Place) -> tuple[dict[int, float], float] | None:
        """What is assumed of a state without observations; None where it cannot be reached anew."""
        if place.guess is not None and self.observations <= 2 * place.guess[2]:
            return place.guess[:2]
        witness = self.witness(place)
        if witness is None:
            return None
        matcher = witness.matcher
        vocabulary = self.compiled.vocabulary
        bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
        matcher.fill_next_token_bitmask(bitmask)
        allowed = bitmask_to_ids(bitmask[0])
        token_ids = allowed[~np.isin(allowed, vocabulary.eos_token_ids)]
        if not len(token_ids):
            return {}, float(matcher.is_accepting())
        law, end = self._unigram.law(token_ids, may_end=matcher.is_accepting())
        likeliest = self._unigram.likeliest(token_ids, LOOKED_UP)
        chances = law if likeliest is token_ids else self._unigram.law(likeliest, may_end=False)[0]
        row = self._led_to(place, matcher, likeliest, chances, float(law.sum()))
        place.guess = (row, end, self.observations)
        return row, end

    def _led_to(
        self,
        place: Place,
        matcher: Matcher,
        token_ids: NDArray[np.int64],
        chances: NDArray[np.float64],
        allowed: float,
    ) -> dict[int, float]:
        """Where tokens lead from a text at a state, and how likely; all that is allowed is taken to lead there."""
        order = np.argsort(-chances, kind="stable")
        token_ids, chances = token_ids[order], chances[order]
        # the first token that leads to a lump is the likeliest
        lumps, first, inverse = np.unique(matcher.lumps_after(token_ids), return_index=True, return_inverse=True)
        sums = np.bincount(inverse.ravel(), chances, len(lumps))
        total = float(sums.sum())
        led_to: dict[int, float] = {}
        new = 0
        here: Matcher | None = None
        for index in np.argsort(-sums, kind="stable").tolist():
            key, chance = int(lumps[index]), float(sums[index])
            if chance <= 0.0:
                break
            number = self._numbers.get(key)
            worth = key and new < MOST_NEW and chance >= NEGLIGIBLE * total
            if number is None and worth and len(self.places) < MOST_STATES:
                here = here or matcher.fork()  # which its owner does not advance
                number = self._add(Place(key, (place, here, int(token_ids[first[index]]))))
                new += 1
            if number is not None:
                led_to[number] = chance
        looked_up = sum(led_to.values())
        scale = allowed / looked_up if looked_up else 0.0
        return {number: chance * scale for number, chance in led_to.items()}

    def _add(self, place: Place) -> int:
        """A new state."""
        self._numbers[place.key] = len(self.places)
        self.places.append(place)
        return len(self.places) - 1

    def stops(self, place: Place) -> bool:
        """Is there nothing left at a state but to stop? Then the model is not asked."""
        if place.stops is None:
            witness = self.witness(place)
            place.stops = witness is not None and _is_over(witness.matcher)
        return place.stops

    def witness(self, place: Place) -> Witness | None:
        """Tokens that lead to a state, if any are known.

        Another text at the state that it was met from may lead elsewhere, as a state tells only part of what is open;
        then the text itself is taken.
        """
        if place.found is not None:
            before, matcher, token_id = place.found
            place.found = None  # once is enough, and the sequence may go
            for start in (before.witness, None):
                start = start or self._witness_of(matcher)
                after = None if start is None else self.witnesses.after(start, token_id)
                if after is not None and after.matcher.lump() == place.key:
                    place.witness = after
                    break
        return place.witness

    def _witness_of(self, matcher: Matcher) -> Witness | None:
        token_ids = matcher.accepted_tokens()
        if token_ids is None or len(token_ids) > LONGEST_WITNESS:
            return None
        return self.witnesses.at(token_ids)

    def _take(self, weights: FutureWeights) -> None:
        """Begins where others ended."""
        lumps = replay(self.compiled, weights.parents, weights.tokens)
        nodes = [self.witnesses.root]
        numbers: list[int | None] = [None] * weights.states
        for node, (parent, token_id) in enumerate(zip(weights.parents.tolist(), weights.tokens.tolist(), strict=True)):
            if node:
                witness = self.witnesses.after(nodes[parent], token_id)
                if witness is None:
                    raise AssertionError("replay accepted it")
                nodes.append(witness)
            state = int(weights.places[node])
            if state >= 0 and numbers[state] is None:
                known = self._numbers.get(int(lumps[node]))
                numbers[state] = self._add(Place(int(lumps[node]), witness=nodes[node])) if known is None else known
        chain = weights.chain()
        for state, number in enumerate(numbers):
            if number is None or self.stops(self.places[number]):
                continue
            place = self.places[number]
            weight = max(float(weights.counts[state]), 0.0)
            row = slice(int(chain.indptr[state]), int(chain.indptr[state + 1]))
            for to, chance in zip(chain.indices[row].tolist(), chain.values[row].tolist(), strict=True):
                known = numbers[to]
                if known is not None:
                    place.row[known] = place.row.get(known, 0.0) + weight * chance
            place.end += weight * float(chain.ends[state])
            place.count += weight


def _is_over(matcher: Matcher) -> bool:
    return matcher.is_accepting() and not matcher.next_bytes()
