"""Tool calls: messages in the wire format of a family of models, with every call's arguments under the tool's schema.

A style is one file: the format of a message (a structural tag), and a reader of it. ``tool`` reads the tools.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from constrain.compiler.grammar import Grammar, Limits
from constrain.compiler.structural_tag import SchemaReading, grammar_of_format
from constrain.compiler.tools.deepseek import DeepSeek, DeepSeekV3
from constrain.compiler.tools.gpt_oss import GptOss
from constrain.compiler.tools.hermes import Hermes
from constrain.compiler.tools.llama3 import Llama3
from constrain.compiler.tools.mistral import Mistral
from constrain.compiler.tools.pythonic import Pythonic
from constrain.compiler.tools.qwen_xml import QwenXml
from constrain.compiler.tools.style import Call, Message, Request
from constrain.compiler.tools.tool import Tool, chosen, read_tools
from constrain.errors import GrammarError

if TYPE_CHECKING:
    from constrain.compiler.tools.style import Style

__all__ = ["STYLES", "Call", "Message", "Tool", "build", "read_message", "read_tools"]

STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        Hermes(),
        Llama3(),
        Mistral(),
        QwenXml(),
        DeepSeek(),
        DeepSeekV3(),
        GptOss(),
        Pythonic(),
    )
}
"""Styles by their names."""

_DEFAULT_READING = SchemaReading()
_DEFAULT_LIMITS = Limits()


def build(
    tools: Sequence[Tool],
    *,
    style: str,
    choice: str = "auto",
    parallel: bool = True,
    reading: SchemaReading = _DEFAULT_READING,
    special: Collection[str] = (),
    limits: Limits = _DEFAULT_LIMITS,
) -> Grammar:
    """The grammar of messages that may call tools.

    Args:
        tools: from :func:`read_tools`.
        style: one of :data:`STYLES`.
        choice: ``auto`` (text, calls, or both, as the style has it), ``required`` (calls alone), ``none`` (text in
            which no call begins), or the name of a tool (calls of it alone, as with ``required``).
        parallel: may there be several calls?
        reading: how argument schemas are read, and their values written.
        special: names of the vocabulary's special tokens.
        limits: budgets.

    Raises:
        GrammarError: no such style or tool.
        InputError: a schema's mistake, or what is not implemented of it; with JSON pointer into the tools' file.
    """
    left = chosen(list(tools), choice)
    required = choice not in ("auto", "none")
    format = _style(style).message(Request(left, required=required, parallel=parallel, special=special))
    return grammar_of_format(format, reading=reading, special=special, limits=limits)


def read_message(text: str, tools: Sequence[Tool], *, style: str) -> Message:
    """The calls of a message, and the text around them.

    Raises:
        GrammarError: not a message of that style; no such style.
    """
    return _style(style).read(text, tools)


def _style(name: str) -> Style:
    if name not in STYLES:
        raise GrammarError(f"there is no tool style {name!r}", expected=", ".join(map(repr, STYLES)))
    return STYLES[name]
