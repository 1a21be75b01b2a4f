"""Calls as Python writes them (Llama 4, Llama 3.2, ToolACE): a message is text, or a list of calls.

    [f(a=1, city="Paris"), g()]

Arguments are named, and values are literals: those of JSON, with Python's words for true, false and null. Source:
Meta's prompt format of Llama 4 (function definitions in the system prompt); vLLM's parser ``pythonic``, which looks at
the beginning of a message, and SGLang's ``pythonic``, which finds lists of calls anywhere in it.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Sequence

from constrain.compiler.structural_tag.declared import properties_of
from constrain.compiler.structural_tag.model import Format, JsonSchema, Or, Regex, SeparatedTags, Tag
from constrain.compiler.tools.style import Call, Message, Request, Text
from constrain.compiler.tools.tool import Tool
from constrain.errors import UnsupportedError

__all__ = ["Pythonic"]

WORDS = {"True": "true", "False": "false", "None": "null"}
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\b(?:True|False|None)\b', re.DOTALL)
CALL = r"\[\s*[A-Za-z_][\w.]*\s*\("
TEXT = rf"(?!\s*(?:<\|python_start\|>)?\s*{CALL})(?![\s\S]*{CALL}\s*(?:\)|[A-Za-z_]\w*\s*=))[\s\S]*"
"""Text that does not begin like calls, and holds no list whose first item is a call with named arguments or none."""


class Pythonic:
    """A list of calls with named arguments."""

    name = "python"

    def message(self, request: Request) -> Format:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        text = Regex(TEXT, "")
        if not request.tools:
            return text
        for tool in request.tools:
            if not all(part.isidentifier() and not keyword.iskeyword(part) for part in tool.name.split(".")):
                raise UnsupportedError(
                    f"Python cannot call {tool.name!r}",
                    pointer=tool.pointer.removesuffix("/parameters") + "/name",
                    expected="identifiers, with dots between them",
                )
        tags = tuple(
            Tag(f"{tool.name}(", JsonSchema(tool.parameters, tool.pointer, style="python"), (")",), tool.pointer)
            for tool in request.tools
        )
        calls = SeparatedTags(tags, ", ", at_least_one=True, stop_after_first=not request.parallel)
        listed = Tag("[", calls, ("]",), "")
        return listed if request.required else Or((listed, text))

    def read(self, text: str, tools: Sequence[Tool]) -> Message:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        if re.fullmatch(TEXT, text):
            return Message(text, ())
        here, calls = Text(TOKEN.sub(lambda match: WORDS.get(match[0], match[0]), text)), list[Call]()
        here.expect("[")
        while not calls or here.take(", "):
            name = here.until("(")
            names = [each.name for tool in tools if tool.name == name for each in properties_of(tool.parameters)]
            members: list[str] = []
            while not here.take(")"):
                if members:
                    here.expect(", ")
                key = here.until("=")
                if key not in names:
                    raise here.error(f"an argument of {name!r}")
                members.append(f"{json.dumps(key, ensure_ascii=False)}: {here.value()}")
            calls.append(Call(name, f"{{{', '.join(members)}}}"))
        here.expect("]")
        if not here.is_done:
            raise here.error("the end")
        return Message("", tuple(calls))
