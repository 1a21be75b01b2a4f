"""Hermes, and Qwen 2.5 and 3.

    <tool_call>
    {"name": "f", "arguments": {"a": 1}}
    </tool_call>

Source: the chat templates of NousResearch/Hermes-2-Pro and Qwen/Qwen3; vLLM's parser ``hermes``. Where calls are all
there is, each has lines of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from constrain.compiler.structural_tag.model import Format, Tag
from constrain.compiler.tools.style import Call, Message, Request, Text, free_calls
from constrain.compiler.tools.tool import Tool

__all__ = ["Hermes"]

BEGIN, END = "<tool_call>", "</tool_call>"


class Hermes:
    """A JSON object of name and arguments between two marks."""

    name = "hermes"

    def message(self, request: Request) -> Format:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        tags = [
            Tag(f'{BEGIN}\n{{"name": "{tool.name}", "arguments": ', tool.arguments, (f"}}\n{END}",), tool.pointer)
            for tool in request.tools
        ]
        return free_calls(request, BEGIN, tags)

    def read(self, text: str, tools: Sequence[Tool]) -> Message:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        here, content, calls = Text(text), list[str](), list[Call]()
        while True:
            content.append(here.free(BEGIN))
            if here.is_done:
                return Message("".join(content), tuple(calls))
            here.expect(f'{BEGIN}\n{{"name": "')
            name = here.until('", "arguments": ')
            calls.append(Call(name, here.value()))
            here.expect(f"}}\n{END}")
