"""Qwen3-Coder: a block for each argument, strings without quotes.

    <tool_call>
    <function=f>
    <parameter=city>
    Paris
    </parameter>
    </function>
    </tool_call>

Source: the chat template of Qwen/Qwen3-Coder; vLLM's parser ``qwen3_coder``. It takes what comes after ``<function=``
for a call even without the outer mark, so that no free text holds that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from constrain.compiler.structural_tag.declared import other_values, properties_of
from constrain.compiler.structural_tag.model import Format, JsonSchema, Tag
from constrain.compiler.structural_tag.schemas import SchemaReading
from constrain.compiler.tools.style import Call, Message, Request, Text, free_calls
from constrain.compiler.tools.tool import Tool
from constrain.errors import GrammarError

__all__ = ["QwenXml"]

BEGIN, FUNCTION, PARAMETER = "<tool_call>", "<function=", "<parameter="
VALUE_END, END = "\n</parameter>\n", "</function>\n</tool_call>"


class QwenXml:
    """Arguments in blocks."""

    name = "qwen-xml"

    def message(self, request: Request) -> Format:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        tags = [
            Tag(
                f"{BEGIN}\n{FUNCTION}{tool.name}>\n",
                JsonSchema(tool.parameters, tool.pointer, style="qwen_xml"),
                (END,),
                tool.pointer,
            )
            for tool in request.tools
        ]
        return free_calls(request, BEGIN, tags, excludes=[FUNCTION])

    def read(self, text: str, tools: Sequence[Tool]) -> Message:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        here, content, calls = Text(text), list[str](), list[Call]()
        while True:
            content.append(here.free(BEGIN))
            if here.is_done:
                return Message("".join(content), tuple(calls))
            here.expect(f"{BEGIN}\n{FUNCTION}")
            name = here.until(">\n")
            kinds = _kinds_of(next((tool for tool in tools if tool.name == name), None))
            members = []
            while here.take(PARAMETER):
                key = here.until(">\n")
                members.append(f"{json.dumps(key, ensure_ascii=False)}: {_value(here, kinds.get(key, True))}")
            here.expect(END)
            calls.append(Call(name, f"{{{', '.join(members)}}}"))


def _kinds_of(tool: Tool | None) -> dict[str, bool]:
    """For each declared property, whether its value may be something else than a string."""
    properties = properties_of(tool.parameters) if tool else []
    return {each.name: other_values(each, SchemaReading()) is not None for each in properties}


def _value(here: Text, maybe_json: bool) -> str:
    """A value that ends with its block, as JSON text: what is JSON of another type than string is that."""
    if maybe_json:
        start = here.place
        try:
            found = here.value()
        except GrammarError:
            found = '"'
        if not found.startswith('"') and here.take(VALUE_END):
            return found
        here.place = start
    return json.dumps(here.until(VALUE_END), ensure_ascii=False)
