"""The tools of a request, as OpenAI's API takes them, or bare: their names, and the schemas of their arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from constrain.compiler.json_schema.pointers import shown
from constrain.compiler.structural_tag.fields import Fields
from constrain.compiler.structural_tag.model import JsonSchema
from constrain.compiler.structural_tag.reader import read_tag_text
from constrain.errors import GrammarError

__all__ = ["Tool", "chosen", "read_tools"]

NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")

NO_ARGUMENTS = {"type": "object", "properties": {}, "additionalProperties": False}
"""Of a tool without parameters, as OpenAI's API reads it."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        name: by which it is called.
        parameters: the schema of its arguments, an object's.
        pointer: the place of that schema in the file.
    """

    name: str
    parameters: Mapping[str, Any]
    pointer: str

    @property
    def arguments(self) -> JsonSchema:
        """The format of its arguments as JSON."""
        return JsonSchema(self.parameters, self.pointer)


def read_tools(document: object) -> list[Tool]:
    """The tools of a file.

    Args:
        document: the file's text, or what it holds: a list of ``{"type": "function", "function": {"name",
            "description", "parameters", "strict"}}``, or of the inner objects alone.

    Raises:
        GrammarError: not such a list; a name that is none, or that comes twice; with JSON pointer.
        UnsupportedError: a field that isn't known; with JSON pointer.
    """
    values = read_tag_text(document) if isinstance(document, str | bytes) else document
    if not isinstance(values, list) or not values:
        raise GrammarError(f"{shown(values)} is no list of tools", pointer="", expected="a JSON array of tools")
    tools: dict[str, Tool] = {}
    for index, value in enumerate(values):
        tool = _tool(value, f"/{index}")
        if tool.name in tools:
            raise GrammarError(f"there are two tools {tool.name!r}", pointer=f"/{index}", expected="distinct names")
        tools[tool.name] = tool
    return list(tools.values())


def chosen(tools: list[Tool], choice: str) -> list[Tool]:
    """The tools that a choice leaves: those of that name, all for ``auto`` and ``required``, none for ``none``.

    Raises:
        GrammarError: no tool has that name.
    """
    if choice in ("auto", "required"):
        return tools
    found = [tool for tool in tools if tool.name == choice]
    if not found and choice != "none":
        names = ", ".join(repr(tool.name) for tool in tools)
        raise GrammarError(f"there is no tool {choice!r}", expected=f"'auto', 'required', 'none', {names}")
    return found


def _tool(value: object, pointer: str) -> Tool:
    fields = Fields(value, pointer, "tool")
    if fields.holds("function"):
        if not fields.holds("type") or fields.value("type") != "function":
            raise GrammarError("the type of a tool is missing or unknown", pointer=pointer, expected="'function'")
        fields.finish()
        fields = Fields(fields.value("function"), f"{pointer}/function", "function")
    name, place = fields.text("name"), fields.place("name")
    if not NAME.fullmatch(name):
        expected = "1 to 128 letters, digits, '_', '-' and '.'"
        raise GrammarError(f"{shown(name)} is no tool's name", pointer=place, expected=expected)
    if name in ("auto", "required", "none"):
        raise GrammarError(f"no tool can be called {name!r}", pointer=place, expected="a name that is no choice")
    for ignored in ("description", "strict", "return"):
        fields.holds(ignored)
    fields.flag("strict")
    parameters = fields.value("parameters") if fields.holds("parameters") else None
    place = fields.place("parameters")
    fields.finish()
    if parameters is None:
        return Tool(name, NO_ARGUMENTS, place)
    if not isinstance(parameters, dict):
        raise GrammarError(f"{shown(parameters)} is no schema of arguments", pointer=place, expected="a JSON object")
    kind = parameters.get("type", "object")
    if kind != "object":
        raise GrammarError(f"arguments of the type {shown(kind)}", pointer=f"{place}/type", expected="'object'")
    return Tool(name, {"type": "object", **parameters}, place)
