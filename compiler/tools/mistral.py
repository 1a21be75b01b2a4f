"""Mistral: free text, then calls up to the end. A list, or, in newer models, a mark for each call.

    [TOOL_CALLS][{"name": "f", "arguments": {"a": 1}}]
    [TOOL_CALLS]f[ARGS]{"a": 1}[TOOL_CALLS]g[ARGS]{}
    [TOOL_CALLS]f[CALL_ID]a1B2c3D4e[ARGS]{"a": 1}

Models whose vocabulary has the special token ``[ARGS]`` are newer ones, and some of those name calls (version 11),
which their vocabulary does not tell. Of texts alone, all forms are read. Source: mistral-common, tokenizers of the
versions 3, 7, 11 and 13; vLLM's parser ``mistral``.
"""

from __future__ import annotations

from collections.abc import Sequence as Several

from constrain.compiler.structural_tag.model import (
    ConstString,
    Dispatch,
    Format,
    Or,
    Regex,
    Repeat,
    SeparatedTags,
    Sequence,
    Tag,
)
from constrain.compiler.tools.style import Call, Message, Request, Text, text_without
from constrain.compiler.tools.tool import Tool

__all__ = ["Mistral"]

BEGIN, IDENTIFIER, ARGUMENTS = "[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"
CALL_ID = "[A-Za-z0-9]{9}"


class Mistral:
    """A list of calls, or calls with marks."""

    name = "mistral"

    def message(self, request: Request) -> Format:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        if not request.tools:
            return text_without([BEGIN])
        forms = []
        if ARGUMENTS not in request.special:
            forms += [_listed(request, f"{space}[") for space in ("", " ")]
        if ARGUMENTS in request.special or not request.special:
            forms.append(_marked(request))
        calls = Or(tuple(forms))
        if request.required:
            return Sequence((ConstString(BEGIN), calls))
        return Dispatch(((BEGIN, calls),), loop=False, excludes=(), pointer="")

    def read(self, text: str, tools: Several[Tool]) -> Message:
        """See :class:`~constrain.compiler.tools.style.Style`."""
        here = Text(text)
        content, calls = here.free(BEGIN), []
        while here.take(BEGIN):
            if here.take("[") or here.take(" ["):
                calls += _read_list(here)
                break
            name, _, _ = here.until(ARGUMENTS).partition(IDENTIFIER)
            calls.append(Call(name, here.value()))
        if not here.is_done:
            raise here.error("the end")
        return Message(content, tuple(calls))


def _listed(request: Request, opening: str) -> Format:
    tags = tuple(
        Tag(f'{{"name": "{tool.name}", "arguments": ', tool.arguments, ("}",), tool.pointer) for tool in request.tools
    )
    calls = SeparatedTags(tags, ", ", at_least_one=True, stop_after_first=not request.parallel)
    return Tag(opening, calls, ("]",), "")


def _marked(request: Request) -> Format:
    def calls(mark: str) -> Format:
        found: list[Format] = []
        for tool in request.tools:
            begin = f"{mark}{tool.name}"
            found.append(Sequence((ConstString(begin + ARGUMENTS), tool.arguments)))
            if may_identify:
                identified = (ConstString(begin + IDENTIFIER), Regex(CALL_ID, ""), ConstString(ARGUMENTS))
                found.append(Sequence((*identified, tool.arguments)))
        return Or(tuple(found))

    may_identify = IDENTIFIER in request.special or not request.special
    if not request.parallel:
        return calls("")
    return Sequence((calls(""), Repeat(calls(BEGIN), 0, None)))


def _read_list(here: Text) -> list[Call]:
    calls: list[Call] = []
    while not calls or here.take(", "):
        here.expect('{"name": "')
        name = here.until('", "arguments": ')
        calls.append(Call(name, here.value()))
        here.expect("}")
    here.expect("]")
    return calls
