"""Messages in each style's wire format: which are in the language under which choice, and what is read from them."""

from __future__ import annotations

import ast
import json
import random
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from constrain import CompiledGrammar, Sizes, Vocabulary, compile_grammar
from constrain.compiler.reference import matches
from constrain.compiler.sample import Sampler
from constrain.compiler.special_tokens import marked, shown_text
from constrain.compiler.structural_tag import SchemaReading
from constrain.compiler.tools import STYLES, build, read_message, read_tools
from constrain.errors import GrammarError

DATA = tomllib.loads((Path(__file__).resolve().parents[2] / "data" / "tools.toml").read_text(encoding="utf-8"))
TOOLS = read_tools(DATA["tools"])
COMPACT = SchemaReading(whitespace="compact")

CHOICES = ["auto", "required", "none", *(tool.name for tool in TOOLS)]


def cases() -> list[Any]:
    return [pytest.param(case, id=f"{case['style']}: {case['text'][:40]}") for case in DATA["case"]]


@cache
def compiled(style: str, choice: str, parallel: bool = True) -> CompiledGrammar:
    return compile_grammar(
        build(TOOLS, style=style, choice=choice, parallel=parallel, reading=COMPACT), Vocabulary.bytes()
    )


def accepts(grammar: CompiledGrammar, text: str) -> bool:
    matcher = grammar.matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


@pytest.mark.parametrize("case", cases())
def test_messages_are_judged_as_listed(case: dict[str, Any]) -> None:
    assert [choice for choice in CHOICES if accepts(compiled(case["style"], choice), case["text"])] == case["choices"]


@pytest.mark.parametrize("case", cases())
def test_the_reference_agrees(case: dict[str, Any]) -> None:
    grammar = build(TOOLS, style=case["style"], reading=COMPACT)
    assert matches(grammar, case["text"].encode()) == ("auto" in case["choices"])


@pytest.mark.parametrize("case", [case for case in cases() if "calls" in case.values[0]])
def test_messages_are_read(case: dict[str, Any]) -> None:
    message = read_message(case["text"], TOOLS, style=case["style"])
    expected = [(name, json.loads(arguments, strict=False)) for name, arguments in case["calls"]]
    assert [(call.name, json.loads(call.arguments)) for call in message.calls] == expected
    assert message.content == case.get("content", case["text"] if not expected else "")


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_cases(style: str) -> None:
    found = [case for case in DATA["case"] if case["style"] == style]
    assert {bool(case.get("calls")) for case in found} == {True, False} or style == "deepseek-v3"


@pytest.mark.parametrize("case", [case for case in cases() if len(case.values[0].get("calls", [])) > 1])
def test_one_call_where_they_are_not_parallel(case: dict[str, Any]) -> None:
    assert not accepts(compiled(case["style"], "auto", False), case["text"])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("choice", ["required", "get_weather"])
def test_random_messages_are_read_again(style: str, choice: str) -> None:
    """Texts that walk through the automaton: each call that is read is valid, and so is its tool."""
    source = random.Random(f"{style} {choice}")
    walked = 0
    for _ in range(12):
        matcher, data = compiled(style, choice).matcher(), b""
        while not (matcher.is_accepting() and source.random() < 0.7):
            options = matcher.next_bytes()
            if len(data) > 600 or not options:
                rest = matcher.shortest_completion()
                data += rest
                assert matcher.accept_bytes(rest)
                break
            byte = source.choice([option for option in options if option < 0x80] or list(options))
            data += bytes([byte])
            assert matcher.accept_bytes(bytes([byte]))
        message = read_message(data.decode(), TOOLS, style=style)
        walked += len(message.calls)
        for call in message.calls:
            assert call.name in CHOICES
            arguments = json.loads(call.arguments)
            assert call.name != "get_weather" or isinstance(arguments["city"], str)
        if style == "python":
            tree = ast.parse(data.decode(), mode="eval").body
            assert isinstance(tree, ast.List)
            for node, call in zip(tree.elts, message.calls, strict=True):
                assert isinstance(node, ast.Call)
                values = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
                assert values == json.loads(call.arguments)
    assert walked >= 12


@pytest.mark.parametrize("style", STYLES)
def test_damaged_messages_are_refused_by_the_reader(style: str) -> None:
    """Whatever the automaton refuses of a text cut short is refused, or read without the call."""
    for case in DATA["case"]:
        if case["style"] == style and case.get("calls"):
            for size in range(len(case["text"])):
                text = case["text"][:size]
                if accepts(compiled(style, "auto"), text):
                    read_message(text, TOOLS, style=style)
                else:
                    try:
                        message = read_message(text, TOOLS, style=style)
                    except GrammarError:
                        continue
                    assert len(message.calls) < len(case["calls"])


HARMONY = ["<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|constrain|>"]
MISTRAL = ["[TOOL_CALLS]", "[ARGS]"]
DEEPSEEK = [
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁sep｜>",
]


@pytest.mark.parametrize(
    ("style", "names", "stops", "texts"),
    [
        (
            "gpt-oss",
            HARMONY,
            ["<|call|>", "<|return|>"],
            ["<|channel|>commentary to=functions.stop <|constrain|>json<|message|>{}"],
        ),
        (
            "mistral",
            MISTRAL,
            ["</s>"],
            ["[TOOL_CALLS]stop[ARGS]{}", 'a[TOOL_CALLS]get_weather[ARGS]{"city":"x"}[TOOL_CALLS]stop[ARGS]{}'],
        ),
        ("mistral", MISTRAL[:1], ["</s>"], ['[TOOL_CALLS][{"name": "stop", "arguments": {}}]']),
        ("llama3", ["<|python_tag|>"], ["<|eot_id|>"], ['<|python_tag|>{"name": "stop", "parameters": {}}']),
        (
            "deepseek",
            DEEPSEEK,
            ["<｜end▁of▁sentence｜>"],
            ["<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>stop<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>"],
        ),
    ],
)
def test_special_tokens_of_a_vocabulary(style: str, names: list[str], stops: list[str], texts: list[str]) -> None:
    count = len(names) + len(stops)
    ids = {name: 256 + index for index, name in enumerate([*names, *stops])}
    token_bytes: list[bytes | None] = [*(bytes([byte]) for byte in range(256)), *[None] * count]
    vocabulary = Vocabulary(token_bytes, [ids[stop] for stop in stops], special_tokens=ids)
    grammar = build(TOOLS, style=style, special=vocabulary.special_tokens, reading=COMPACT)
    matcher_of = compile_grammar(grammar, vocabulary)
    for text in texts:
        matcher = matcher_of.matcher()
        assert not matcher.accept_bytes(text.encode())
        coded = text.encode()
        for name in names:
            coded = coded.replace(name.encode(), marked(name))
        assert shown_text(coded) == text.encode()
        assert matcher.accept_bytes(coded)
        assert matcher.is_accepting()
        assert accepts(compiled(style, "auto"), text)  # the judge of texts agrees
        assert read_message(text, TOOLS, style=style).calls


ANY = read_tools('[{"name": "f", "parameters": {"type": "object", "properties": {"a": {}, "b": {"type": "array"}}}}]')


@pytest.mark.parametrize(
    ("written", "value"),
    [(text, text) for text in ("NaN", "Infinity", "-Infinity", "-", "nulls", "1.")]
    + [("5", 5), ("null", None), ('["NaN"]', ["NaN"])],
)
def test_what_is_no_json_is_a_string_of_qwen(written: str, value: object) -> None:
    text = f"<tool_call>\n<function=f>\n<parameter=a>\n{written}\n</parameter>\n</function>\n</tool_call>"
    assert accepts(compile_grammar(build(ANY, style="qwen-xml"), Vocabulary.bytes()), text)
    (call,) = read_message(text, ANY, style="qwen-xml").calls
    assert json.loads(call.arguments) == {"a": value}


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("hermes", '<tool_call>\n{"name": "f", "arguments": {"b":["x", "y"]}}\n</tool_call>'),
        ("qwen-xml", '<tool_call>\n<function=f>\n<parameter=b>\n["x", "y"]\n</parameter>\n</function>\n</tool_call>'),
        ("python", '[f(b=["x", "y"])]'),
        ("llama3", '{"name": "f", "parameters": {"b":["x", "y"]}}'),
        ("mistral", '[TOOL_CALLS]f[ARGS]{"b":["x", "y"]}'),
    ],
)
def test_blanks_between_json_tokens(style: str, text: str) -> None:
    flexible = compile_grammar(
        build(ANY, style=style, reading=SchemaReading(whitespace="flexible")), Vocabulary.bytes()
    )
    compact = compile_grammar(build(ANY, style=style, reading=COMPACT), Vocabulary.bytes())
    assert accepts(flexible, text)
    assert not accepts(compact, text)
    assert accepts(compact, text.replace('["x", "y"]', '["x","y"]'))
    assert accepts(compile_grammar(build(ANY, style=style), Vocabulary.bytes()), text.replace('"b":[', '"b": ['))
    (call,) = read_message(text, ANY, style=style).calls
    assert json.loads(call.arguments) == {"b": ["x", "y"]}


ANYTHING = {
    "text": {"type": "string"},
    "number": {"type": "integer"},
    "list": {"type": "array", "items": {"type": "boolean"}},
    "tree": {"type": ["array", "string"], "items": {"type": "array"}},
}


@pytest.mark.parametrize("style", STYLES)
def test_arguments_have_sizes(style: str) -> None:
    """Random messages of what is left are in the whole language, and no string, number or array is larger."""
    parameters = {"type": "object", "properties": ANYTHING, "required": ["text"], "additionalProperties": False}
    (tool,) = tools = read_tools(json.dumps([{"name": "say", "parameters": parameters}]))
    sizes = Sizes(max_string=2, max_digits=1, max_items=2, max_depth=2)
    narrow_grammar = build(tools, style=style, choice="required", parallel=False, reading=SchemaReading(sizes=sizes))
    whole = compile_grammar(build(tools, style=style, choice="required", parallel=False), Vocabulary.bytes())
    sampler = Sampler(compile_grammar(narrow_grammar, Vocabulary.bytes()), narrow_grammar, random.Random(5))
    seen = set()
    for _ in range(60):
        text = sampler.draw().decode()
        assert accepts(whole, text)
        (call,) = read_message(text, tools, style=style).calls
        for name, value in json.loads(call.arguments, strict=False).items():
            seen.add(name)
            assert size_of(value) <= 2, text
    assert seen == set(ANYTHING)
    assert tool.name == "say"


def size_of(value: Any) -> int:
    """The largest number of characters, items or levels in a value; of an integer, its digits and one more."""
    if isinstance(value, list):
        return max([len(value), *map(size_of, value), *(1 + depth_of(item) for item in value)])
    return len(value) if isinstance(value, str) else len(str(abs(value))) + 1 if type(value) is int else 0


def depth_of(value: Any) -> int:
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0
