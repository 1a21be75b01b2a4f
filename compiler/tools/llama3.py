"""Llama 3.1 and later: a message is text, or calls.

    {"name": "f", "parameters": {"a": 1}}

Several calls are separated by ``; ``; ``<|python_tag|>`` may come first. Source: Meta's prompt format of Llama 3.1 and
3.2 (custom tools); vLLM's parser ``llama3_json``, which takes any JSON object with a ``name`` for a call, wherever it
stands in a message, so that no text holds one.
"""

from __future__ import annotations

from collections.abc import Sequence as Several

from constrain.compiler.structural_tag.model import ConstString, Format, Or, Regex, SeparatedTags, Sequence, Tag
from constrain.compiler.tools.style import Call, Message, Request, Text
from constrain.compiler.tools.tool import Tool

__all__ = ["Llama3"]

PYTHON_TAG = "<|python_tag|>"
BEGIN = '{"name": "'
SEPARATOR = "; "
NAME = r'"(?:n|\\u006[eE])(?:a|\\u0061)(?:m|\\u006[dD])(?:e|\\u0065)"'
TEXT = rf"(?![\s\S]*(?:<\|python_tag\|>|\{{[\s\S]*{NAME}\s*:))[\s\S]*"
"""Text without a key ``name``, however it is spelled, behind a brace."""


class Llama3:
    """Bare JSON objects of name and parameters."""

    name = "llama3"

    def message(self, request: Request) -> Format:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        text = Regex(TEXT, "")
        if not request.tools:
            return text
        tags = tuple(
            Tag(f'{BEGIN}{tool.name}", "parameters": ', tool.arguments, ("}",), tool.pointer) for tool in request.tools
        )
        calls = SeparatedTags(tags, SEPARATOR, at_least_one=True, stop_after_first=not request.parallel)
        ways: list[Format] = [calls, Sequence((ConstString(PYTHON_TAG), calls))]
        return Or(tuple(ways) if request.required else (*ways, text))

    def read(self, text: str, tools: Several[Tool]) -> Message:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        here = Text(text)
        if not here.take(PYTHON_TAG) and not text.startswith(BEGIN):
            return Message(text, ())
        calls: list[Call] = []
        while not calls or here.take(SEPARATOR):
            here.expect(BEGIN)
            name = here.until('", "parameters": ')
            calls.append(Call(name, here.value()))
            here.expect("}")
        if not here.is_done:
            raise here.error("the end")
        return Message("", tuple(calls))
