"""How a request is put to the model.

A model tuned for chat gets its own chat template. A base model only continues text, so it gets a document whose natural
continuation is the answer: a solved case, then the schema, the request, and a line that announces the output.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from constrain.errors import ModelError
from constrain.runtime.models.errors import first_line

__all__ = ["chat_messages", "chat_text", "knows_tools", "plain_text", "with_tools"]


def plain_text(
    prompt: str, *, system: str | None = None, schema_text: str | None = None, whitespace: str = "spaced"
) -> str:
    """The document a base model continues. Without a system text and a schema it is the prompt itself."""
    if system is None and schema_text is None:
        return prompt
    parts = [] if system is None else [system.strip()]
    if schema_text is None:
        return "\n\n".join([*parts, prompt])
    return "\n\n".join([*parts, _solved_case(whitespace), _entry(_on_one_line(schema_text), prompt.strip(), "")])


def _entry(schema: str, text: str, answer: str) -> str:
    return f"JSON Schema:\n{schema}\nText:\n{text}\nJSON:\n{answer}"


def _solved_case(whitespace: str) -> str:
    """With it Gemma 3 270M names the goods of an order where it named the customer as goods before.

    It is laid out as the answer is to be: a base model goes on as it was shown. Where it may choose, blanks stand where
    most JSON has them.
    """
    answer = {"name": "Tom", "age": 41}
    if whitespace == "compact":
        laid_out = json.dumps(answer, separators=(",", ":"))
    else:
        _, _, indent = whitespace.partition("pretty:")
        laid_out = json.dumps(answer, indent=int(indent) if indent else None)
    schema = '{"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}'
    return _entry(schema, "Tom is 41 and plays football.", laid_out)


SPACE_OUTSIDE_STRINGS = re.compile(r'("(?:[^"\\]|\\.)*")|([{\[])\s+|\s+([}\]])|\s+')


def _on_one_line(schema_text: str) -> str:
    """The schema without its line breaks, which cost tokens; nothing else is touched."""
    return SPACE_OUTSIDE_STRINGS.sub(lambda match: match[1] or match[2] or match[3] or " ", schema_text.strip())


def chat_messages(prompt: str, *, system: str | None = None, schema_text: str | None = None) -> list[dict[str, str]]:
    """The conversation a chat model answers."""
    parts = [] if system is None else [system]
    if schema_text is not None:
        parts.append(f"Answer with JSON only, no other text. The JSON follows this JSON Schema:\n{schema_text.strip()}")
    messages = [{"role": "system", "content": "\n\n".join(parts)}] if parts else []
    return [*messages, {"role": "user", "content": prompt}]


def knows_tools(tokenizer: Any) -> bool:
    """Does the model's chat template show tools?"""
    template = getattr(tokenizer, "chat_template", None)
    texts = template.values() if isinstance(template, dict) else [template]
    return any("tools" in str(text) for text in texts)


def with_tools(system: str | None, tools: Sequence[Mapping[str, Any]]) -> str:
    """A system text that lists tools, for models whose template does not show them."""
    listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    return "\n\n".join([*([] if system is None else [system.strip()]), f"Tools that can be called:\n{listed}"])


def chat_text(
    tokenizer: Any,
    messages: list[dict[str, str]],
    *,
    tools: Sequence[Mapping[str, Any]] | None = None,
    think: bool = False,
) -> str:
    """The conversation in the model's own template, up to where its answer starts.

    Some templates (Gemma 2) know no system message: then it opens the user's message. Models that think before they
    answer are asked not to, as the constraint holds from the first token, unless it begins with their thoughts.

    Raises:
        ModelError: the template fails.
    """
    try:
        return _render(tokenizer, messages, tools, think)
    except Exception as error:
        if len(messages) < 2:
            raise ModelError(f"the model's chat template fails: {first_line(error)}") from error
    merged = "\n\n".join(message["content"] for message in messages)
    return chat_text(tokenizer, [{"role": "user", "content": merged}], tools=tools, think=think)


def _render(
    tokenizer: Any, messages: list[dict[str, str]], tools: Sequence[Mapping[str, Any]] | None, think: bool
) -> str:
    shown = {} if tools is None else {"tools": [_whole(tool) for tool in tools]}
    text: str = tokenizer.apply_chat_template(
        messages, tokenize=False, add_generation_prompt=True, enable_thinking=think, **shown
    )
    return text


def _whole(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A tool in OpenAI's form, which templates expect, also where only its function is given."""
    return dict(tool) if "function" in tool else {"type": "function", "function": dict(tool)}
