"""gpt-oss: OpenAI's harmony format. Thoughts and preambles, then a final answer or a call.

    <|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json
    <|message|>{"a": 1}<|call|>

(one line, in fact). The prompt ends with ``<|start|>assistant``. A turn has one call: ``<|call|>`` ends it, and
``<|return|>`` ends a final answer. Where these are stop tokens of the vocabulary they are no part of the text. Source:
the OpenAI cookbook, "OpenAI harmony response format".
"""

from __future__ import annotations

from collections.abc import Sequence as Several

from constrain.compiler.structural_tag.model import AnyText, ConstString, Format, Or, Repeat, Sequence, Tag
from constrain.compiler.tools.style import Call, Message, Request, Text
from constrain.compiler.tools.tool import Tool

__all__ = ["GptOss"]

CHANNEL, MESSAGE, END, NEXT = "<|channel|>", "<|message|>", "<|end|>", "<|start|>assistant"
CALL, RETURN = "<|call|>", "<|return|>"
ANALYSIS, PREAMBLE = f"{CHANNEL}analysis{MESSAGE}", f"{CHANNEL}commentary{MESSAGE}"
FINAL = f"{CHANNEL}final{MESSAGE}"
CALLED, ARGUMENTS = f"{CHANNEL}commentary to=functions.", f" <|constrain|>json{MESSAGE}"
MARKS = (CHANNEL, MESSAGE, END, "<|start|>", CALL, RETURN, "<|constrain|>")
"""No text in a message holds one."""


class GptOss:
    """Messages on channels."""

    name = "gpt-oss"

    def message(self, request: Request) -> Format:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        text = AnyText(MARKS)
        before = Or(
            (
                Sequence((Tag(ANALYSIS, text, (END,), ""), ConstString(NEXT))),
                Sequence((Tag(PREAMBLE, text, (END,), ""), ConstString(NEXT))),
            )
        )
        last: list[Format] = [
            Tag(f"{CALLED}{tool.name}{ARGUMENTS}", tool.arguments, _ends(CALL, request), tool.pointer)
            for tool in request.tools
        ]
        if not request.required:
            last.append(Tag(FINAL, text, _ends(RETURN, request), ""))
        return Sequence((Repeat(before, 0, None), Or(tuple(last))))

    def read(self, text: str, tools: Several[Tool]) -> Message:
        """See :class:`~constrain.compiler.tools.style.Style`; the content is preambles and the final answer."""
        here, content = Text(text), []
        while True:
            if here.take(ANALYSIS):
                here.until(f"{END}{NEXT}")
            elif here.take(PREAMBLE):
                content.append(here.until(f"{END}{NEXT}"))
            elif here.take(FINAL):
                content.append(here.free(RETURN))
                here.take(RETURN)
                calls: tuple[Call, ...] = ()
                break
            else:
                here.expect(CALLED)
                calls = (Call(here.until(ARGUMENTS), here.value()),)
                here.take(CALL)
                break
        if not here.is_done:
            raise here.error("the end")
        return Message("\n".join(content), calls)


def _ends(mark: str, request: Request) -> tuple[str, ...]:
    """The mark, nothing where it is a stop token, or either where texts alone are judged."""
    if mark in request.special:
        return (mark,)
    return ("",) if CHANNEL in request.special else (mark, "")
