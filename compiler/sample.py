"""Random texts of any compiled grammar: a walk over its bytes that never leaves the language.

At each byte the automaton says what may come next, so nothing that is drawn here is ever thrown away, whatever notation
the grammar is written in. What is drawn is a matter of taste, and this is the taste:

* Bytes are drawn by kind (letters, digits, each sign for itself): a draw over bytes would write names without end.
* The automaton's shortest completion shows the way out of a string or bracket; its first byte has a chance of its own.
* Keywords are tried whole, those tried least first, where a name of the same shape would mean something else.
* A text ends after a length drawn for it, the bytes that must still close it included.

So texts are short, of every rule, and no deeper than they are long.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from constrain._core import CompiledGrammar, Matcher
from constrain.compiler.grammar import Grammar
from constrain.compiler.words import words_of

__all__ = ["DEFAULT_LENGTH", "Sampler"]

DEFAULT_LENGTH = 200
"""Bytes after which a text is brought to its end, at most."""

_LOWER = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LETTERS = _LOWER | _UPPER
_DIGITS = frozenset(b"0123456789")
_BLANKS = frozenset(b" \t")
_LINE_ENDS = frozenset(b"\r\n")
_SIGNS = frozenset(range(0x21, 0x7F)) - _LETTERS - _DIGITS
_OPENING = {ord("("): b")", ord("["): b"]", ord("{"): b"}"}
_CLOSING = frozenset(b")]}")
_SIGN_TEXTS = frozenset(bytes([sign]) for sign in _SIGNS)
_CONTROLS = (frozenset(range(0x20)) | {0x7F}) - _BLANKS - _LINE_ENDS
_CONTINUATIONS = frozenset(range(0x80, 0xC0))
_LEADS = frozenset(range(0xC0, 0x100))
_SPACE = _BLANKS | _LINE_ENDS
_IGNORABLE = _SPACE | _CONTROLS | _LEADS

_FREQUENT = {letter: weight for letters, weight in (("etaoinshr", 6), ("dlucmfwygpb", 3), ("vkxqjz", 1))
             for letter in (letters + letters.upper()).encode()}  # fmt: skip
"""How often letters stand in names and words, roughly."""
_USUAL_LEADS = {0xC3: 12, 0xCE: 6, 0xD0: 6, 0xE2: 4, 0xE4: 3, 0xE5: 3, 0xE6: 3, 0xF0: 3}
"""The same for the first bytes of characters beyond ASCII; any other: 0.2."""

_WIDE = 48
"""So many bytes or more to choose from: inside a name or a string."""
_WAY_OUT_OF_STRINGS = 0.12
_WAY_OUT = 0.3
"""How likely the first byte of the shortest completion is taken as such; outside of strings, as room gets scarce."""
_FEW = 8
"""More letters than these are a name's; of fewer, each begins a word of its own."""
_STOP = 0.03
"""How likely a text that is complete ends before its length."""
_STOP_BEFORE_SPACE = 0.8
"""The same where only white space may follow."""
_WORD = 0.35
"""How likely a word is tried where one may begin."""
_TRIES = 3
"""So many bytes are drawn for one place, until one fits the room that is left, and so many words, until one does."""


class Sampler:
    """Draws texts; keywords that were seldom tried before come first, so a sampler's texts are drawn in a row.

    Args:
        compiled: the automaton, over single bytes.
        grammar: what it was made from.
        source: of all chance; equal sources give equal texts.
        length: bytes after which a text is brought to its end; it may end before. Each text draws its own, up to this
            beyond the shortest text there is.
    """

    def __init__(
        self, compiled: CompiledGrammar, grammar: Grammar, source: random.Random, *, length: int = DEFAULT_LENGTH
    ) -> None:
        self._compiled = compiled
        self._source = source
        self._length = length
        self._words: dict[int, list[bytes]] = defaultdict(list)
        for word in words_of(grammar):
            if len(word) > 1 and _DIGITS.isdisjoint(word):
                self._words[word[0]].append(word)
        self._tried: Counter[bytes] = Counter()

    def draw(self) -> bytes:
        """One text more.

        Raises:
            LimitError: a budget of the automaton ran out.
        """
        matcher = self._compiled.matcher()
        text = bytearray()
        rest = matcher.shortest_completion()
        # many short texts, some long ones
        length = len(rest) + self._source.random() ** 2 * self._length
        while len(text) + len(rest) < length:
            allowed = matcher.next_bytes()
            if not allowed or (not rest and self._stops(allowed)):
                return bytes(text)
            piece = self._piece(matcher, allowed, text, rest, length)
            matcher.accept_bytes(piece)
            text += piece
            rest = matcher.shortest_completion()
        return bytes(text) + rest

    def _stops(self, allowed: bytes) -> bool:
        """Does a complete text end here? Rather than in white space without end, it does."""
        only_space = len(_IGNORABLE.union(allowed)) <= len(_IGNORABLE) + 1  # and perhaps what begins a comment
        on_this_line = not _LINE_ENDS.issuperset(allowed)
        return self._source.random() < (_STOP_BEFORE_SPACE if only_space and on_this_line else _STOP)

    def _piece(self, matcher: Matcher, allowed: bytes, text: bytearray, rest: bytes, length: float) -> bytes:
        """What comes next, a byte or a word."""
        if len(allowed) == 1:
            return allowed
        word = self._word(matcher, text, allowed, rest)
        if word:
            return word
        room = length - len(text)
        eager = 1 - len(rest) / room
        if rest and self._source.random() < (_WAY_OUT_OF_STRINGS if len(allowed) >= _WIDE else _WAY_OUT * (1 - eager)):
            return rest[:1]
        openers = [byte for byte in allowed if byte in _OPENING and _opens(matcher, byte, rest)]
        shortest, least = b"", math.inf
        for _ in range(_TRIES):
            piece = bytes([self._byte(text, allowed, openers, eager)])
            fork = matcher.fork()
            fork.accept_bytes(piece)
            size = 1 + len(fork.shortest_completion())
            if size <= room:
                return piece
            if size < least:
                shortest, least = piece, size
        return shortest

    def _word(self, matcher: Matcher, text: bytearray, allowed: bytes, rest: bytes) -> bytes:
        """A word that may come next and means something there; empty for none."""
        if len(_LETTERS.intersection(allowed)) <= _FEW or self._source.random() > _WORD or _run(text):
            return b""
        candidates = [word for byte in allowed for word in self._words.get(byte, ())]
        for _ in range(min(_TRIES, len(candidates))):
            word = min(self._source.choices(candidates, k=4), key=lambda each: self._tried[each])
            self._tried[word] += 1
            if rest[:1] in _SIGN_TEXTS and rest[:1] in word[1:]:
                continue  # it would only end the string that is under way
            if matcher.viable_prefix(word) == len(word) and self._has_meaning(matcher, word, allowed):
                return word
        return b""

    def _has_meaning(self, matcher: Matcher, word: bytes, allowed: bytes) -> bool:
        """Is the word more than any other of its shape, as it would not be inside a string?"""
        signs = sorted(_SIGNS.intersection(allowed))
        return all(self._differs(matcher, word, bytes([self._other(byte, signs) for byte in word])) for _ in range(3))

    @staticmethod
    def _differs(matcher: Matcher, word: bytes, other: bytes) -> bool:
        """Can something else come after a word than after another?"""
        fork, other_fork = matcher.fork(), matcher.fork()
        if not other_fork.accept_bytes(other):
            return True
        fork.accept_bytes(word)
        if _view(fork) != _view(other_fork):
            return True
        # what may come after the word may be hidden behind what may go on with a name
        return fork.accept_bytes(b" ") and other_fork.accept_bytes(b" ") and _view(fork) != _view(other_fork)

    def _other(self, byte: int, signs: Sequence[int]) -> int:
        """Another letter for a letter, another sign for a sign."""
        if byte in _LETTERS:
            return self._source.choice(b"qxz")
        return self._source.choice(signs) if byte in _SIGNS and signs else byte

    def _byte(self, text: bytearray, allowed: bytes, openers: Sequence[int], eager: float) -> int:
        """A byte of those allowed, drawn by kind; ``eager`` to open something, from 0 to 1, with one of ``openers``."""
        possible = frozenset(allowed)
        last = text[-1] if text else 0
        kinds: list[tuple[frozenset[int], float]] = []
        letters = possible & _LETTERS
        run = _run(text)
        if len(letters) > _FEW:
            kinds.append((letters & _LOWER, 4 * _fading(run)))
            kinds.append((letters & _UPPER, (3 if last in _UPPER else 1) * _fading(run)))
        else:
            kinds += [(frozenset([letter]), 1) for letter in sorted(letters)]
        digits = possible & _DIGITS
        kinds.append((digits, min(len(digits), 2) * _fading(2 * run)))
        kinds.append((possible & _BLANKS, 0.05 if last in _SPACE else 1.0))
        kinds.append((possible & _LINE_ENDS, 0.05 if last in _SPACE else 0.5))
        signs = possible & _SIGNS
        # in a string, all of them together weigh as much as two of them between brackets
        weight = 1.0 if len(signs) <= 6 else max(2.0, 6 - 0.2 * len(signs)) / len(signs)
        for sign in sorted(signs):
            if sign in openers:
                kinds.append((frozenset([sign]), (0.5 + 2 * eager) * (2 if len(letters) > _FEW else 1)))
            else:
                kinds.append((frozenset([sign]), weight * (1 - 0.8 * eager if sign in _CLOSING else 1)))
        kinds.append((possible & _CONTROLS, 0.05))
        kinds.append((possible & _LEADS, 0.3))
        kinds.append((possible & _CONTINUATIONS, 1))
        present = [(kind, weight) for kind, weight in kinds if kind]
        (chosen,) = self._source.choices([kind for kind, _ in present], [weight for _, weight in present])
        members = sorted(chosen)
        if len(members) == 1:
            return members[0]
        return self._source.choices(members, [_weight(byte) for byte in members])[0]


def _opens(matcher: Matcher, bracket: int, rest: bytes) -> bool:
    """Does a bracket ask for one more to close it, as it does not inside a string?"""
    fork = matcher.fork()
    fork.accept_bytes(bytes([bracket]))
    return fork.shortest_completion().count(_OPENING[bracket]) > rest.count(_OPENING[bracket])


def _view(matcher: Matcher) -> tuple[bytes, bool]:
    return matcher.next_bytes(), matcher.is_accepting()


def _run(text: Sequence[int]) -> int:
    """Letters and digits at the end of a text, up to sixteen."""
    count = 0
    while count < min(16, len(text)) and (text[-1 - count] in _LETTERS or text[-1 - count] in _DIGITS):
        count += 1
    return count


def _fading(run: int) -> float:
    """A factor that makes a run of letters or digits end some time."""
    return 1 / (1 + run / 6)


def _weight(byte: int) -> float:
    if byte in _SPACE:
        return 8 if byte in b" \n" else 1
    return _FREQUENT.get(byte, _USUAL_LEADS.get(byte, 0.2) if byte in _LEADS else 1)
