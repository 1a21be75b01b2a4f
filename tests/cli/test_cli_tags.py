"""``--tags``, ``--tools`` and ``--think`` on the command line, with a small random model."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

TAGS = json.dumps(
    {
        "type": "triggered_tags",
        "triggers": ["<n>"],
        "tags": [
            {"begin": "<n>", "content": {"type": "json_schema", "json_schema": {"type": "object"}}, "end": "</n>"}
        ],
        "at_least_one": True,
        "stop_after_first": True,
    }
)
TOOLS = json.dumps(
    [
        {
            "name": "pick",
            "parameters": {
                "properties": {
                    "colour": {"enum": ["red", "blue"]},
                    "n": {"type": "integer", "minimum": 0, "maximum": 99},
                },
                "required": ["colour", "n"],
                "additionalProperties": False,
            },
        }
    ]
)
STYLES = ["hermes", "llama3", "mistral", "qwen-xml", "deepseek", "deepseek-v3", "gpt-oss", "python"]


def test_texts_with_tags_are_checked(cli: Any) -> None:
    good = cli("check", "--tags", TAGS, "-", stdin='<n>{ "a" : 1.0 }</n>\n')
    assert (good.code, good.out) == (0, "")
    twice = cli("check", "--tags", TAGS, "-", stdin='<n>{"a":1,"a":2}</n>')
    assert twice.code == 1
    assert "byte 12" in twice.out


def test_what_may_follow(cli: Any) -> None:
    assert cli("next", "--tags", TAGS, "<n").out == "62\t>\n"
    assert cli("next", "--think", "think", "--think-max", "1", "--regex", "a", "<think>x").out == "60\t<\n"
    assert cli("next", "--think", "[T]...[/T]", "--regex", "a", "[T][/T]\n\n").out == "97\ta\n"


@pytest.mark.parametrize("style", STYLES)
def test_calls_are_made_and_parsed(style: str, cli: Any, tiny_model: Path) -> None:
    ran = cli(
        *("gen", "--tools", TOOLS, "--tool-style", style, "--tool-choice", "pick", "--no-parallel-tool-calls"),
        *("--envelope", "--seed", "5", "-m", str(tiny_model), "--max-tokens", "3000", "--tool-choice", "pick", "Go"),
    )
    assert ran.code == 0, ran.err
    record = json.loads(ran.out)
    assert record["status"] == "ok"
    (call,) = record["tool_calls"]
    assert call["name"] == "pick"
    assert call["arguments"]["colour"] in ("red", "blue")
    assert 0 <= call["arguments"]["n"] <= 99
    checked = cli("check", "--tools", TOOLS, "--tool-style", style, "-", stdin=record["data"])
    assert checked.code == 0, checked.out


def test_no_calls_under_none(cli: Any) -> None:
    common = ("check", "--tools", TOOLS, "--tool-style", "hermes", "--tool-choice", "none", "-")
    assert cli(*common, stdin="text").code == 0
    assert cli(*common, stdin="text <tool_call>").code == 1


def test_what_comes_after_thoughts_is_valid_by_itself(cli: Any, tiny_model: Path) -> None:
    common = ("gen", "--think", "think", "--think-max", "3", "-m", str(tiny_model), "--envelope")
    for pattern in ("\nyes", "\n\n\nyes", "yes"):
        for seed in range(4):
            ran = cli(*common, "--regex", pattern, "--seed", str(seed), "Go")
            assert json.loads(ran.out)["data"] == pattern


def test_thoughts_come_first_and_are_no_output(cli: Any, tiny_model: Path) -> None:
    schema = (
        '{"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"], "additionalProperties": false}'
    )
    common = ("gen", "--schema", schema, "--think", "think", "--think-max", "5", "--seed", "2", "-m", str(tiny_model))
    plain = cli(*common, "Go")
    assert (plain.code, plain.err) == (0, "")
    assert json.loads(plain.out)["a"] in (True, False)
    record = json.loads(cli(*common, "--envelope", "Go").out)
    assert record["data"] == json.loads(plain.out)
    assert len(record["thinking"]) <= 5
    streamed = cli(*common, "--stream", "text", "Go").out
    assert streamed.startswith(f"<think>{record['thinking']}</think>")


@pytest.mark.parametrize(
    ("asked", "in_prompt"),
    [("<think>\\n", True), ("<think>", True), ("<think>\\n\\n</think>\\n\\n", False), ("", False)],
)
def test_thoughts_begin_where_the_prompt_ends(
    asked: str, in_prompt: bool, cli: Any, tiny_model: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    template = f"{{{{ messages[-1].content }}}}\nA:{{% if enable_thinking %}}{{{{ '{asked}' }}}}{{% endif %}}"
    (model / "chat_template.jinja").write_text(template)
    common = ("gen", "--regex", "ab+", "--think-max", "5", "--seed", "3", "-m", str(model))
    record = json.loads(cli(*common, "--think", "think", "--envelope", "Go").out)
    assert record["status"] == "ok"
    assert re.fullmatch("ab+", record["data"])
    assert len(record["thinking"]) <= 5
    streamed = cli(*common, "--think", "think", "--stream", "text", "Go").out
    begin = "" if in_prompt else "<think>"
    assert streamed.startswith(f"{begin}{record['thinking']}</think>")
    # another tag's thoughts have not begun
    assert cli(*common, "--think", "other", "--stream", "text", "Go").out.startswith("<other>")


def test_saved_constraints_keep_what_they_were_made_from(cli: Any, tiny_model: Path, tmp_path: Path) -> None:
    saved = tmp_path / "pick.grammar"
    made = cli(
        *("compile", "--tools", TOOLS, "--tool-style", "python", "--tool-choice", "pick", "--think", "think"),
        *("--think-max", "3", "-m", str(tiny_model), "-o", str(saved)),
    )
    assert made.code == 0, made.err
    ran = cli("gen", "--compiled", str(saved), "--envelope", "--seed", "1", "-m", str(tiny_model), "Go")
    assert ran.code == 0, ran.err
    record = json.loads(ran.out)
    assert len(record["tool_calls"]) >= 1
    assert record["data"].startswith("[pick(")
    text = f"<think>{record['thinking']}</think>{record['data']}"
    assert cli("check", "--compiled", str(saved), "-", stdin=text).code == 0


def test_tokens_by_id(cli: Any, tiny_model: Path) -> None:
    tag = json.dumps(
        {"type": "sequence", "elements": [{"type": "token", "token": 65}, {"type": "regex", "pattern": "b?"}]}
    )
    assert cli("next", "--tags", tag, "").code == 0  # of the byte vocabulary
    ran = cli("gen", "--tags", tag, "--seed", "1", "-m", str(tiny_model), "Go")
    assert ran.code == 0, ran.err
    unknown = cli("gen", "--tags", '{"type": "token", "token": 256}', "-m", str(tiny_model), "Go")
    assert unknown.code == 3
    assert "at /token" in unknown.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--tags", '{"type": "any_texts"}'), 3, "at /type"),
        (("--tags", "missing.json"), 4, "missing.json"),
        (("--tags", '{"type"'), 3, "not JSON"),
        (("--tools", TOOLS), 2, "--tools needs --tool-style"),
        (("--tools", TOOLS, "--tool-style", "hermes2"), 2, "'qwen-xml'"),
        (("--tools", TOOLS, "--tool-style", "hermes", "--tool-choice", "other"), 3, "there is no tool 'other'"),
        (("--tools", "[]", "--tool-style", "hermes"), 3, "no list of tools"),
        (("--tools", '[{"name": "a b"}]', "--tool-style", "hermes"), 3, "at /0/name"),
        (("--tools", '[{"name": "a"}, {"name": "a"}]', "--tool-style", "hermes"), 3, "two tools 'a'"),
        (("--tools", '[{"name": "a", "params": {}}]', "--tool-style", "hermes"), 3, "at /0/params"),
        (("--tools", '[{"function": {"name": "a"}}]', "--tool-style", "hermes"), 3, "at /0"),
        (
            (
                "--tools",
                '[{"name": "a", "parameters": {"properties": {"b": {"format": "x"}}}}]',
                "--tool-style",
                "hermes",
            ),
            3,
            "at /0/parameters/properties/b/format",
        ),
        (
            ("--tools", '[{"name": "a", "parameters": {"minProperties": 1}}]', "--tool-style", "qwen-xml"),
            3,
            "at /0/parameters/minProperties",
        ),
        (("--tools", '[{"name": "a-b"}]', "--tool-style", "python"), 3, "at /0/name"),
        (
            ("--tools", '[{"name": "a", "parameters": {"type": "string"}}]', "--tool-style", "hermes"),
            3,
            "parameters/type",
        ),
        (("--regex", "a", "--tool-style", "hermes"), 2, "--tool-style goes with --tools only"),
        (("--regex", "a", "--tool-choice", "none"), 2, "--tool-choice goes with --tools only"),
        (("--regex", "a", "--no-parallel-tool-calls"), 2, "goes with --tools only"),
        (("--regex", "a", "--think", "a b"), 2, "names no tag"),
        (("--regex", "a", "--think", ""), 2, "'' names no tag"),
        (("--regex", "a", "--think-max", "3"), 2, "--think-max goes with --think only"),
        (("--regex", "a", "--think", "t", "--think-max", "-3"), 2, "--think-max cannot be -3"),
        (("--regex", "a", "--tags", TAGS), 2, "exclude each other"),
    ],
)
def test_bad_input(arguments: tuple[str, ...], code: int, says: str, cli: Any) -> None:
    ran = cli("next", *arguments, "")
    assert (ran.code, ran.out) == (code, "")
    assert says in ran.err
