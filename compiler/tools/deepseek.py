"""DeepSeek V3.1 (and V3.2-Exp), and before it V3 and R1: free text, then a section of calls.

    <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{"a": 1}<｜tool▁call▁end｜><｜tool▁calls▁end｜>

The older form has ``function`` before the separator, and the name and a block of JSON behind it. The bars are U+FF5C,
the underlines U+2581. Source: the chat templates of deepseek-ai/DeepSeek-V3.1 and DeepSeek-V3-0324; vLLM's parsers
``deepseek_v31`` and ``deepseek_v3``.
"""

from __future__ import annotations

from collections.abc import Sequence

from constrain.compiler.structural_tag.model import Dispatch, Format, SeparatedTags, Tag
from constrain.compiler.tools.style import Call, Message, Request, Text, text_without
from constrain.compiler.tools.tool import Tool

__all__ = ["DeepSeek", "DeepSeekV3"]

SECTION, SECTION_END = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"
BEGIN, SEPARATOR, END = "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"


class DeepSeek:
    """Name, separator, arguments."""

    name = "deepseek"
    before, behind, end, between = BEGIN, SEPARATOR, END, ""

    def message(self, request: Request) -> Format:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        if not request.tools:
            return text_without([SECTION, BEGIN])
        tags = tuple(
            Tag(f"{self.before}{tool.name}{self.behind}", tool.arguments, (self.end,), tool.pointer)
            for tool in request.tools
        )
        calls = SeparatedTags(tags, self.between, at_least_one=True, stop_after_first=not request.parallel)
        if request.required:
            return Tag(SECTION, calls, (SECTION_END,), "")
        rest = Tag("", calls, (SECTION_END,), "")
        return Dispatch(((SECTION, rest),), loop=False, excludes=(BEGIN,), pointer="")

    def read(self, text: str, tools: Sequence[Tool]) -> Message:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        here = Text(text)
        content, calls = here.free(SECTION), list[Call]()
        if here.take(SECTION):
            while not here.take(SECTION_END):
                here.expect(self.between if calls else "")
                here.expect(self.before)
                name = here.until(self.behind)
                calls.append(Call(name, here.value()))
                here.expect(self.end)
            if not here.is_done:
                raise here.error("the end")
        return Message(content, tuple(calls))


class DeepSeekV3(DeepSeek):
    """The word ``function``, separator, name, and a block of JSON; a line for each call."""

    name = "deepseek-v3"
    before, behind = f"{BEGIN}function{SEPARATOR}", "\n```json\n"
    end, between = f"\n```{END}", "\n"
