"""The prompt of ``gen`` and ``verify``: an argument, or standard input."""

from __future__ import annotations

import sys

from constrain.cli.problems import UsageProblem
from constrain.cli.source import argument_text
from constrain.cli.streams import is_terminal

__all__ = ["reads_prompt"]


def reads_prompt(prompt: str | None, system: str | None, *, many: bool = False) -> bool:
    """Is the prompt to be read from standard input?

    Args:
        prompt: the argument.
        system: the system message, which is a text as well.
        many: are prompts read line by line?

    Raises:
        UsageProblem: there is no prompt, it is empty, or one of the two is no text.
    """
    from_input = many or prompt == "-" or (prompt is None and not is_terminal(sys.stdin))
    if prompt is None and not from_input:
        raise UsageProblem("there is no prompt", expected="PROMPT, or text on standard input")
    if prompt is not None and prompt != "-" and not prompt.strip():
        raise UsageProblem("the prompt is empty")
    argument_text(prompt or "", "the prompt")
    argument_text(system or "", "--system")
    return from_input
