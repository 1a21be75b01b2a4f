"""``gen`` with a random model: whatever it writes is in the language, or is not printed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from constrain.cli.documents import Finding, SchemaJudge

CODE = "[A-Z]{2}-[0-9]{3}"


@pytest.fixture
def gen(cli: Callable[..., Any], tiny_model: Path) -> Callable[..., Any]:
    def invoke(*arguments: str, **options: Any) -> Any:
        return cli("gen", "-m", str(tiny_model), "--seed", "1", *arguments, **options)

    return invoke


def test_schema(gen: Callable[..., Any], root: Path) -> None:
    schema = root / "examples" / "order.json"
    validator = jsonschema_rs.validator_for(json.loads(schema.read_text()))

    for seed in ("1", "2"):
        ran = gen("--schema", str(schema), "--seed", seed, "Two blue mugs.")
        assert ran.code == 0, ran.err  # the longest order fits the default budget, one token for each byte
        assert ran.err == ""
        assert ran.out.endswith("}\n")
        assert validator.is_valid(json.loads(ran.out))


def test_regex_choice_and_grammar(gen: Callable[..., Any], tmp_path: Path) -> None:
    sums = tmp_path / "sums.lark"
    sums.write_text('start: NUMBER (("+" | "-") NUMBER)~1..3\nNUMBER: /[1-9][0-9]?/\n')

    assert re.fullmatch(CODE, gen("--regex", CODE, "A code:").out.removesuffix("\n"))
    assert gen("--choice", "yes", "--choice", "no", "Well?").out in ("yes\n", "no\n")
    assert re.fullmatch(r"[1-9]\d?([+-][1-9]\d?){1,3}\n", gen("--grammar", str(sums), "Sums:").out)
    assert gen("--grammar", "json", "--max-tokens", "4", "Data:").code in (0, 5)


def test_the_prompt_may_come_from_standard_input(gen: Callable[..., Any]) -> None:
    by_argument = gen("--regex", CODE, "A code:")

    assert gen("--regex", CODE, "-", stdin="A code:\n") == by_argument
    assert gen("--regex", CODE, stdin="A code:") == by_argument
    assert gen("--regex", CODE, stdin=None).code == 2  # a terminal, and no prompt


def test_the_prompt_counts(gen: Callable[..., Any]) -> None:
    outputs = {gen("--regex", "[a-z]{20}", prompt).out for prompt in ("one", "two", "three")}

    assert len(outputs) > 1


def test_the_schema_may_come_from_standard_input(gen: Callable[..., Any]) -> None:
    ran = gen("--schema", "-", "Well?", stdin='{"type": "boolean"}')

    assert ran.out in ("true\n", "false\n")


def test_seeds_repeat(gen: Callable[..., Any]) -> None:
    first = gen("--regex", "[a-z]{40}", "-n", "3", "x").out.splitlines()

    assert gen("--regex", "[a-z]{40}", "--seed", "2", "x").out.splitlines() == first[1:2]
    assert len(set(first)) == 3


def test_greedy_needs_no_seed(gen: Callable[..., Any]) -> None:
    arguments = ("--method", "greedy", "--regex", "[a-z]{9}", "x")

    assert gen(*arguments).out == gen(*arguments, "--seed", "99").out


def test_pretty_output_is_one_line_where_lines_are_records(gen: Callable[..., Any]) -> None:
    schema = '{"properties": {"a b": {"enum": ["x  y", 1.50]}}, "required": ["a b"], "additionalProperties": false}'
    arguments = ("--schema", schema.replace("{", '{"type": "object", ', 1), "--whitespace", "pretty:2", "x")

    assert len(gen(*arguments).out.splitlines()) == 3
    for line in gen(*arguments, "-n", "4").out.splitlines():
        assert line in ('{"a b":"x  y"}', '{"a b":1.50}', '{"a b":1.5}')


def test_output_is_complete_within_the_limits(gen: Callable[..., Any]) -> None:
    arguments = ("--regex", "[a-z]{3,40}[.]", "x")
    for limits in (("--max-tokens", "4"), ("--max-bytes", "9"), ("--max-tokens", "9", "--deadline", "60")):
        for text in gen(*limits, "-n", "3", *arguments).out.splitlines():
            assert re.fullmatch("[a-z]{3,8}[.]", text)


def test_limits_that_nothing_fits_into_are_refused(gen: Callable[..., Any]) -> None:
    tokens = gen("--regex", "[a-z]{40}", "--max-tokens", "10", "x")
    size = gen("--regex", "[a-z]{40}", "--max-bytes", "10", "x")

    assert (tokens.code, tokens.out) == (size.code, size.out) == (5, "")
    assert re.search(r"no output fits into 10 tokens: (at most )?\d\d tokens are needed", tokens.err)
    assert re.search(r"expected --max-tokens \d\d or more", tokens.err)
    assert "no output fits into 10 bytes: at most 40 bytes are needed" in size.err


def test_cut_output_is_not_printed(gen: Callable[..., Any]) -> None:
    ran = gen("--regex", "[a-z]{40}", "--max-tokens", "10", "--on-limit", "fail", "x")

    assert (ran.code, ran.out) == (5, "")
    assert "cut by --max-tokens after 10 tokens, 10 characters long" in ran.err
    assert "--on-limit close, or a larger limit" in ran.err


def test_cut_output_is_printed_on_demand(gen: Callable[..., Any]) -> None:
    ran = gen("--regex", "[a-z]{40}", "--max-tokens", "10", "--on-limit", "raw", "x")

    assert ran.code == 5
    assert re.fullmatch("[a-z]{10}\n", ran.out)
    assert ran.err.startswith("warning: ")


def test_one_token(gen: Callable[..., Any]) -> None:
    assert gen("--regex", "[a-z]", "--max-tokens", "1", "x").code == 0
    assert gen("--schema", "true", "--max-tokens", "1", "--temperature", "0", "x").code == 0
    assert gen("--schema", '{"type": "object"}', "--max-tokens", "1", "x").code in (0, 5)  # is {} one token?


def test_streams_print_as_they_go_and_judge_at_the_end(gen: Callable[..., Any]) -> None:
    plain = gen("--regex", CODE, "x")
    good = gen("--stream", "text", "--regex", CODE, "x")
    cut = gen("--stream", "text", "--regex", "[a-z]{40}", "--max-tokens", "5", "--on-limit", "fail", "x")

    assert (good.code, good.out) == (0, plain.out)
    assert good.err.startswith("ok: complete and valid, 6 tokens")
    assert cut.code == 5
    assert re.fullmatch("[a-z]{5}\n", cut.out)
    assert cut.err.splitlines()[0].startswith("error: the output is incomplete")


def test_an_envelope(gen: Callable[..., Any], tiny_model: Path) -> None:
    schema = '{"type": "integer", "minimum": 100, "maximum": 999}'

    ran = gen("--envelope", "--schema", schema, "x")

    record = json.loads(ran.out)
    assert ran.code == 0
    assert list(record) == [
        *("id", "status", "data", "finish_reason", "tokens", "seconds"),
        *("schema_sha256", "model", "seed", "logprob", "sampling_logprob", "logweight"),
    ]
    assert (record["id"], record["status"], record["finish_reason"]) == ("1", "ok", "stop")
    assert 100 <= record["data"] <= 999
    assert (record["tokens"], record["seed"], record["model"]) == (3, 1, str(tiny_model))
    assert record["logprob"] < record["sampling_logprob"] < 0
    assert record["logweight"] == record["logprob"] - record["sampling_logprob"]
    assert len(record["schema_sha256"]) == 64


def test_an_envelope_of_a_cut_output(gen: Callable[..., Any]) -> None:
    arguments = ("--envelope", "--regex", "[a-z]{40}", "--max-tokens", "4", "x", "--on-limit")
    fail, raw = gen(*arguments, "fail"), gen(*arguments, "raw")

    assert (fail.code, raw.code) == (5, 5)
    assert (json.loads(fail.out)["status"], json.loads(fail.out)["data"]) == ("truncated", None)
    assert "cut by --max-tokens after 4 tokens" in json.loads(fail.out)["error"]
    assert re.fullmatch("[a-z]{4}", json.loads(raw.out)["data"])


def test_an_envelope_says_what_a_limit_ruled_out(gen: Callable[..., Any]) -> None:
    record = json.loads(gen("--envelope", "--regex", "[a-z]{3,40}[.]", "--max-tokens", "4", "x").out)

    assert (record["status"], list(record["masked"])) == ("ok", ["budget"])
    assert 0 < record["masked"]["budget"] <= 1


def test_many_prompts_one_record_each(gen: Callable[..., Any]) -> None:
    ran = gen("--many", "--regex", CODE, stdin="first\r\n\nthird\n")

    records = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0, ran.err
    assert [record["id"] for record in records] == ["1", "3"]
    assert all(re.fullmatch(CODE, record["data"]) for record in records)
    assert records[0]["data"] + "\n" == gen("--regex", CODE, "first").out


def test_a_failed_record_does_not_stop_the_others(gen: Callable[..., Any], tiny_model: Path) -> None:
    ran = gen("--many", "--regex", "[a-z]", stdin=b"fine\nn\xefve\n" + b"long " * 300_000 + b"\nfine\n")

    records = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 1
    assert [record["status"] for record in records] == ["ok", "error", "error", "ok"]
    assert "byte offset 1" in records[1]["error"]
    assert "context" in records[2]["error"]


def test_many_samples_of_many_prompts(gen: Callable[..., Any]) -> None:
    records = [json.loads(line) for line in gen("--many", "-n", "2", "--regex", CODE, stdin="a\nb\n").out.splitlines()]

    assert [(record["id"], record["seed"]) for record in records] == [("1", 1), ("1", 2), ("2", 3), ("2", 4)]
    assert [
        gen("--regex", CODE, "--seed", str(record["seed"]), prompt).out
        for record, prompt in zip(records, "aabb", strict=True)
    ] == [f"{record['data']}\n" for record in records]


def test_outputs_side_by_side_are_the_same(gen: Callable[..., Any]) -> None:
    prompts = "\n".join(["Two mugs.", "", "no" * 600_000, "Three.", "A very long order of many things.", "One."])
    schema = ("--schema", json.dumps({"enum": [1, "two", [3, 4], {"five": 6}, None]}), "--temperature", "0.5")
    apart = gen("--many", *schema, stdin=prompts)
    together = gen("--many", "--batch", "3", *schema, stdin=prompts)

    def facts(text: str) -> list[tuple[Any, ...]]:
        records = [json.loads(line) for line in text.splitlines()]
        return [(record["id"], record["status"], record["seed"], record["data"]) for record in records]

    assert facts(together.out) == facts(apart.out)
    assert [record[:2] for record in facts(together.out)] == [
        ("1", "ok"),
        ("3", "error"),
        ("4", "ok"),
        ("5", "ok"),
        ("6", "ok"),
    ]
    assert gen("-n", "5", "--regex", CODE, "x").out == gen("-n", "5", "--batch", "2", "--regex", CODE, "x").out
    failed = gen("-n", "3", "--batch", "2", "--regex", "[a-z]{9}", "--max-bytes", "3", "x")
    assert (failed.code, failed.out) == (5, ""), failed.err


def test_disagreement_is_withheld(gen: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The validator is asked for real everywhere else; here it is made to object."""
    monkeypatch.setattr(SchemaJudge, "findings", lambda self, text: [Finding("too yellow", pointer="/a")])

    ran = gen("--schema", '{"type": "boolean"}', "x")

    assert (ran.code, ran.out) == (6, "")
    assert "automaton: valid; jsonschema-rs: too yellow (at /a)" in ran.err
    record = json.loads(gen("--envelope", "--schema", '{"type": "boolean"}', "x").out)
    assert (record["status"], record["data"]) == ("error", None)


def test_the_model_is_shown_the_schema_unless_told_otherwise(gen: Callable[..., Any]) -> None:
    outputs = [
        gen("--prompt-schema", shown, "--schema", '{"type": "string", "pattern": "^[a-z]{30}$"}', "x").out
        for shown in ("auto", "none")
    ]

    assert outputs[0] != outputs[1]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--regex", "a", "--dtype", "float99"], 6, "float99"),
        (["--regex", "a", "--device", "abacus"], 6, "abacus"),
        (["--regex", "a", "--top-p", "0"], 2, "top_p"),
        (["--regex", "a", "--temperature", "nan"], 2, "temperature"),
        (["--regex", "a", "--repetition-penalty", "0"], 2, "repetition_penalty"),
        (["--regex", "[a-z]", "--max-tokens", "2000000"], 6, "context"),
    ],
)
def test_bad_options(arguments: list[str], code: int, says: str, gen: Callable[..., Any]) -> None:
    ran = gen(*arguments, "hello")

    assert (ran.code, ran.out) == (code, ""), ran.err
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_models_that_are_none(cli: Callable[..., Any], tiny_model: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "config.json").write_bytes((tiny_model / "config.json").read_bytes())
    empty = tmp_path / "empty"
    empty.mkdir()
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF, or so it says")

    for model, says, code in (
        (str(bare), "tokenizer", 6),
        (str(empty), "config.json", 6),
        (str(broken), "broken.gguf", 6),
        (str(tmp_path / "nowhere"), "nowhere", 4),
        ("nobody/no-such-model", "nobody/no-such-model", 6),
    ):
        ran = cli("gen", "--offline", "-m", model, "--regex", "a", "hello")
        assert ran.code == code, ran.err
        assert says in ran.err
        assert "Traceback" not in ran.err
        assert len(ran.err.splitlines()) <= 3


def test_mistakes_in_the_constraint_come_before_the_model(cli: Callable[..., Any]) -> None:
    ran = cli("gen", "-m", "/nowhere", "--regex", "a(", "hello")

    assert ran.code == 3


def test_next_takes_a_model_or_a_tokenizer(cli: Callable[..., Any], tiny_model: Path) -> None:
    arguments = ("next", "--regex", "ab?", "--json", "a")
    by_model = json.loads(cli(*arguments, "-m", str(tiny_model)).out)
    by_file = json.loads(cli(*arguments, "--tokenizer", str(tiny_model / "tokenizer.json")).out)

    assert by_model["could_stop"]
    assert {"id": 256, "stop": True} in by_model["tokens"]
    assert by_model["allowed"] == 2
    assert by_model["tokens"] == by_file["tokens"]
    assert json.loads(cli("compile", "--regex", "a", "-m", str(tiny_model), "--json").out)["vocabulary_size"] == 257


def test_the_most_probable_outputs(gen: Callable[..., Any]) -> None:
    choices = [word for name in ("red", "green", "blue") for word in ("--choice", name)]
    ran = gen("--method", "map", "-n", "2", "--envelope", *choices, "x")
    records = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert records[0]["logprob"] >= records[1]["logprob"]
    assert gen("--method", "map", *choices, "x").out == records[0]["data"] + "\n"
    again = gen("--method", "map", "--many", *choices, stdin="x\nx\n")
    assert [json.loads(line)["data"] for line in again.out.splitlines()] == [records[0]["data"]] * 2


def test_more_outputs_than_there_are(gen: Callable[..., Any]) -> None:
    ran = gen("--method", "map", "-n", "3", "--regex", "", "x")
    assert ran.code == 5
    assert "there are no more outputs than 1" in ran.err


def test_beams(gen: Callable[..., Any]) -> None:
    greedy = json.loads(gen("--method", "greedy", "--temperature", "1", "--regex", CODE, "--envelope", "x").out)
    ran = gen("--method", "beam", "--beams", "6", "--temperature", "1", "--regex", CODE, "--envelope", "-n", "2", "x")
    first, second = (json.loads(line) for line in ran.out.splitlines())
    assert first["logprob"] >= second["logprob"]
    assert first["logprob"] >= greedy["logprob"]
    assert re.fullmatch(CODE, first["data"])
    assert re.fullmatch(CODE, second["data"])


def test_different_outputs(gen: Callable[..., Any]) -> None:
    ran = gen("--distinct", "-n", "4", *(word for name in "abcd" for word in ("--choice", name)), "x")
    assert sorted(ran.out.split()) == ["a", "b", "c", "d"]
    more = gen("--distinct", "-n", "3", "--choice", "a", "--choice", "b", "x")
    assert (more.code, sorted(more.out.split())) == (5, ["a", "b"])
