"""Choices and spans from files in tags and in the arguments of tools."""

from __future__ import annotations

import json
from typing import Any

import pytest

from constrain import CompiledGrammar, DataError, Vocabulary, compile_grammar, compile_structural_tag
from constrain.compiler import tools
from constrain.compiler.structural_tag import SchemaReading

DATA = {"names": 'Ada\nBlaise "P"\n', "text": b"See the cat."}
PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "x-constrain-choices": "names"},
        "quote": {"type": "string", "x-constrain-substring-of": {"file": "text", "unit": "word"}},
    },
    "required": ["name"],
    "additionalProperties": False,
}
LARK = 'start: NAME ": " QUOTE\nNAME: %choices "names"\nQUOTE: %substring_of "text" word\n'
TAGS: dict[str, Any] = {
    "type": "triggered_tags",
    "triggers": ["<p>", "<q>"],
    "tags": [
        {"begin": "<p>", "content": {"type": "json_schema", "json_schema": PERSON}, "end": "</p>"},
        {"begin": "<q>", "content": {"type": "grammar", "notation": "lark", "grammar": LARK}, "end": "</q>"},
    ],
}


def accepts(compiled: CompiledGrammar, text: str) -> bool:
    matcher = compiled.matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


def test_tags_take_from_files(byte_vocabulary: Vocabulary) -> None:
    compiled = compile_structural_tag(TAGS, byte_vocabulary, data=DATA, whitespace="compact")
    for text, right in (
        ('By <p>{"name":"Ada"}</p>: <q>Ada: the cat.</q>', True),
        ('<p>{"name":"Blaise \\"P\\"","quote":"See"}</p>', True),
        ('<p>{"name":"Blaise"}</p>', False),
        ('<p>{"name":"Ada","quote":"he"}</p>', False),
        ('<q>Blaise "P": See</q>', True),
        ("<q>Ada: at</q>", False),
    ):
        assert accepts(compiled, text) == right, text
    again = CompiledGrammar.from_bytes(compiled.to_bytes(), byte_vocabulary)
    assert accepts(again, '<p>{"name":"Ada"}</p>')


@pytest.mark.parametrize(
    ("style", "call"),
    [
        ("hermes", '<tool_call>\n{"name": "find", "arguments": {"name": @}}\n</tool_call>'),
        (
            "qwen-xml",
            "<tool_call>\n<function=find>\n<parameter=name>\n@\n</parameter>\n</function>\n</tool_call>",
        ),
        ("python", "[find(name=@)]"),
    ],
)
def test_arguments_of_tools_take_from_files(style: str, call: str, byte_vocabulary: Vocabulary) -> None:
    known = tools.read_tools(json.dumps([{"name": "find", "parameters": PERSON}]))
    grammar = tools.build(known, style=style, choice="find", reading=SchemaReading(data=DATA), parallel=False)
    compiled = compile_grammar(grammar, byte_vocabulary)
    quoted = style != "qwen-xml"
    for name, right in (("Ada", True), ("Adam", False)):
        text = call.replace("@", f'"{name}"' if quoted else name)
        assert accepts(compiled, text) == right
        (read,) = tools.read_message(text, known, style=style).calls
        assert json.loads(read.arguments) == {"name": name}


@pytest.mark.parametrize(
    ("data", "says", "pointer"),
    [
        ({"text": "a"}, "'names' is not given", "/tags/0/content/json_schema/properties/name/x-constrain-choices"),
        (
            {"names": "a"},
            "'text' is not given",
            "/tags/0/content/json_schema/properties/quote/x-constrain-substring-of",
        ),
        ({"names": b"\xff", "text": "a"}, "UTF-8", "/tags/0/content/json_schema/properties/name/x-constrain-choices"),
    ],
)
def test_files_that_cannot_be_used(data: dict[str, Any], says: str, pointer: str, byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(DataError, match=says) as caught:
        compile_structural_tag(TAGS, byte_vocabulary, data=data)
    assert caught.value.pointer == pointer


def test_a_grammar_says_the_line(byte_vocabulary: Vocabulary) -> None:
    tag = {"type": "grammar", "notation": "lark", "grammar": LARK}
    with pytest.raises(DataError, match="'text' is not given") as caught:
        compile_structural_tag(tag, byte_vocabulary, data={"names": "a"})
    assert (caught.value.pointer, str(caught.value.span)) == ("/grammar", "line 3, column 22")
