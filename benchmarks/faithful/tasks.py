"""What is asked, from the two files beside this one: languages with their prompts, and problems."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from faithful.bracketings import bracketings

__all__ = ["Language", "Problem", "languages", "mark_of", "problems"]

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Language:
    """A language that is small enough to list, and prompts of one kind.

    Attributes:
        name: what it is called.
        grammar: Lark's notation.
        max_tokens: of an output.
        template: with braces in the place of a prompt.
        fitted: prompts that weights are fitted to.
        held_out: prompts that they are tried on.
    """

    name: str
    grammar: str
    max_tokens: int
    template: str
    fitted: tuple[str, ...]
    held_out: tuple[str, ...]

    def prompt(self, text: str) -> str:
        """The whole prompt."""
        return self.template.replace("{}", text)


@dataclass(frozen=True)
class Problem:
    """A task with examples.

    Attributes:
        name: what it is called.
        kind: strings, bit-vectors or parses.
        text: Lark's notation; the rule ``text`` is an answer, which ends with its line.
        max_tokens: of an output.
        prompt: examples, and the task.
    """

    name: str
    kind: str
    text: str
    max_tokens: int
    prompt: str

    @property
    def grammar(self) -> str:
        """Answers with the end of their line."""
        return f'start: text "\\n"\n{self.text}'

    @property
    def open_grammar(self) -> str:
        """Answers without it, for engines that take it for a stop token."""
        return f"start: text\n{self.text}"


def mark_of(task: Language | Problem) -> str:
    """Tells a task from the same one before it was changed."""
    return hashlib.sha256(json.dumps(asdict(task), sort_keys=True).encode()).hexdigest()[:12]


def languages() -> list[Language]:
    """Those of the part ``weights``."""
    read = tomllib.loads((HERE / "languages.toml").read_text("utf-8"))
    return [
        Language(
            name=entry["name"],
            grammar=entry["grammar"],
            max_tokens=entry["max_tokens"],
            template=entry["template"],
            fitted=tuple(entry["fitted"]),
            held_out=tuple(entry["held_out"]),
        )
        for entry in read["language"]
    ]


def problems() -> list[Problem]:
    """Those of the part ``problems``."""
    read = tomllib.loads((HERE / "problems.toml").read_text("utf-8"))
    found = []
    for entry in read["problem"]:
        kind = read["kind"][entry["kind"]]
        if "sentence" in entry:
            text = bracketings(entry["sentence"].split(), kind["tags"], kind["phrases"])
            asked = entry["sentence"]
        else:
            text = (
                f"{kind['grammar']}VARIABLE: {_strings(entry['variables'])}\nLITERAL: {_strings(entry['literals'])}\n"
            )
            asked = entry["task"]
        prompt = kind["prompt"].replace("{}", asked)
        found.append(Problem(entry["name"], entry["kind"], text, kind["max_tokens"], prompt))
    return found


def _strings(texts: Sequence[str]) -> str:
    """In Lark's notation, one of these."""
    return " | ".join(json.dumps(text) for text in texts)
