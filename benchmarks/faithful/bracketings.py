"""The grammar of all bracketings of a sentence: each word in its place under a tag, phrases around neighbours.

As in the constituency parsing of Grammar-Aligned Decoding (arXiv 2405.21047): the grammar sees to it that brackets
close and that the words are those of the sentence in their order, and the model is to choose tags and phrases. A phrase
holds one word, or two parts or more, so that no bracket is there for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["bracketings"]


def bracketings(words: Sequence[str], tags: Sequence[str], phrases: Sequence[str]) -> str:
    """A Lark grammar whose rule ``text`` is the whole sentence."""
    number = len(words)
    rules = [f"text: phrase_0_{number}", f"TAG: {_choice(tags)}", f"PHRASE: {_choice(phrases)}"]
    for first in range(number):
        for last in range(first + 1, number + 1):
            span = f"{first}_{last}"
            if last == first + 1:
                rules.append(f'word_{first}: "(" TAG " {words[first]})"')
                rules.append(f"part_{span}: word_{first} | phrase_{span}")
                inside = f"word_{first}"
            else:
                rules.append(f"part_{span}: phrase_{span}")
                inside = f"parts_{span}"
                ways = [f'part_{first}_{middle} " " rest_{middle}_{last}' for middle in range(first + 1, last)]
                rules.append(f"parts_{span}: {' | '.join(ways)}")
            rest = [f"part_{span}"] if first else []
            rest += [f'part_{first}_{middle} " " rest_{middle}_{last}' for middle in range(first + 1, last) if first]
            if rest:
                rules.append(f"rest_{span}: {' | '.join(rest)}")
            rules.append(f'phrase_{span}: "(" PHRASE " " {inside} ")"')
    return "\n".join(rules) + "\n"


def _choice(names: Sequence[str]) -> str:
    return " | ".join(f'"{name}"' for name in names)
