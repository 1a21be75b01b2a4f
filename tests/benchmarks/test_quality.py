"""The benchmark of quality: its questions, what it reads in answers, its intervals, its records. No model is run."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import numpy as np
import pytest

from quality.answers import judge
from quality.bootstrap import difference, mean
from quality.methods import METHODS, methods_of
from quality.prompts import Form, answer_of, prompt_of, schema_of
from quality.records import Record, Records
from quality.report import report
from quality.tasks import TASKS, Item, Task
from quality.tasks.task import items_of

JSON, TEXT, THOUGHTS = Form(), Form(is_json=False), Form(thinks=True)
LETTERS = Item("Ada Hopper", "ar", "Ada ends in a, Hopper ends in r.")
ORDER = Item(
    "Two blue mugs and 1 red pen for Ada Bell, paid.",
    {
        "customer": "Ada Bell",
        "items": [{"name": "blue mugs", "quantity": 2}, {"name": "red pen", "quantity": 1}],
        "paid": True,
    },
)
OBJECT = Item("...?", "red ball", "", ("red ball", "Emma", "blue ball"))
ITEMS = {"last_letters": LETTERS, "shuffled_objects": OBJECT, "orders": ORDER}


@pytest.fixture(params=TASKS.values(), ids=TASKS)
def task(request: pytest.FixtureRequest) -> Task:
    found: Task = request.param
    return found


def test_questions_are_the_same_in_every_run_and_more_of_them_begin_with_fewer(task: Task) -> None:
    shown, asked = items_of(task, 30, 7)
    assert (shown, asked) == items_of(task, 30, 7)
    assert items_of(task, 40, 7)[1][:30] == asked
    assert items_of(task, 30, 8)[1] != asked
    assert len({item.question for item in [*shown, *asked]}) == task.shots + 30


@pytest.mark.parametrize("form", [JSON, TEXT, THOUGHTS, Form(blanks=True)], ids=str)
def test_right_answers_are_read_as_right(task: Task, form: Form) -> None:
    for item in items_of(task, 50, 7)[1]:
        judged = judge(task, item, form, answer_of(task, item, form))
        assert all(mark == 1.0 for mark in judged.marks.values()), item
        assert judged.is_valid


def test_the_schema_takes_right_answers_and_no_others(task: Task) -> None:
    for item in items_of(task, 50, 7)[1]:
        right = json.loads(answer_of(task, item, JSON))
        schema = schema_of(task, item, JSON)
        assert jsonschema_rs.is_valid(schema, right)
        assert not jsonschema_rs.is_valid(schema, {**right, "more": 1})
        assert not jsonschema_rs.is_valid(schema, {})


def test_last_letters_are_last_letters() -> None:
    for item in items_of(TASKS["last_letters"], 50, 7)[1]:
        assert item.gold == "".join(re.findall(r"(\w)\b", item.question))


def test_swaps_lead_to_the_answer() -> None:
    for item in items_of(TASKS["shuffled_objects"], 50, 7)[1]:
        story, _, asked = item.question.partition(" What does ")
        has = dict(re.findall(r"(\w+) has the ([\w -]+?)[,.]", story))
        assert len(has) == 3
        for one, other in re.findall(r"(\w+) and (\w+) swap", story):
            has[one], has[other] = has[other], has[one]
        assert has[asked.split()[0]] == item.gold
        assert sorted(has.values()) == sorted(item.options)


@pytest.mark.parametrize(
    ("name", "text", "answer"),
    [
        ("last_letters", "Ada ends in a, Hopper ends in r. The answer is ar.", "ar"),
        ("last_letters", "the Answer: AR", "ar"),
        ("last_letters", "a, r, ar.", "ar"),
        ("last_letters", "12!", None),
        ("shuffled_objects", "Red Ball.", "red ball"),
        ("shuffled_objects", "Not Emma. The answer is the blue ball.", "blue ball"),
        ("shuffled_objects", "green ball", None),
        ("orders", "Customer: Ada Bell; paid: unpaid; items: two blue mugs and 1 red pen.", {"paid": False}),
        ("orders", "customer: Ada Bell; items: 2 blue mugs, 1 red pen; paid: maybe", {"paid": None}),
        ("orders", "nothing of the kind", None),
    ],
)
def test_text_is_read_leniently(name: str, text: str, answer: Any) -> None:
    found = TASKS[name].from_text(text, ITEMS[name])
    assert found == ({**ORDER.gold, **answer} if isinstance(answer, dict) else answer)


@pytest.mark.parametrize(
    ("name", "form", "output", "exact", "is_json", "is_valid"),
    [
        ("last_letters", JSON, '{"reasoning":"","answer":"AR"}', 1.0, True, False),
        ("last_letters", JSON, '{"answer":"ar"}', 1.0, True, False),
        ("last_letters", JSON, '{"reasoning":"","answer":"a"}', 0.0, True, True),
        ("last_letters", JSON, '{"reasoning":"","answer":["ar"]}', 0.0, True, False),
        ("last_letters", JSON, '{"reasoning":"","answer":"ar"', 0.0, False, False),
        ("last_letters", JSON, '["ar"]', 0.0, False, False),
        ("last_letters", THOUGHTS, '<think>so</think>{"answer":"ar"}', 1.0, True, True),
        ("last_letters", THOUGHTS, '<think>so {"answer":"ar"}', 0.0, False, False),
        ("last_letters", TEXT, "ar", 1.0, True, True),
        ("shuffled_objects", JSON, '{"answer":"green ball"}', 0.0, True, False),
        ("orders", JSON, '{"customer":"Ada Bell","items":[],"paid":1}', 0.0, True, False),
    ],
)
def test_outputs_are_judged(name: str, form: Form, output: str, exact: float, is_json: bool, is_valid: bool) -> None:
    judged = judge(TASKS[name], ITEMS[name], form, output)
    assert (judged.marks["exact"], judged.is_json, judged.is_valid) == (exact, is_json, is_valid)


@pytest.mark.parametrize(
    ("change", "fields", "exact"),
    [
        ({}, 1.0, 1.0),
        ({"items": ORDER.gold["items"][::-1]}, 1.0, 1.0),
        ({"customer": "ada bell "}, 1.0, 1.0),
        ({"paid": 1}, 2 / 3, 0.0),
        ({"customer": "Ada"}, 2 / 3, 0.0),
        ({"customer": "Ada", "paid": False}, 1 / 3, 0.0),
        ({"items": [{"name": "blue mugs", "quantity": True}, ORDER.gold["items"][1]]}, 2 / 3, 0.0),
        ({"city": "Oslo"}, 1.0, 0.0),
    ],
)
def test_orders_are_marked_by_field(change: dict[str, Any], fields: float, exact: float) -> None:
    marks = TASKS["orders"].marks({**ORDER.gold, **change}, ORDER)
    assert (marks["fields"], marks["exact"]) == (pytest.approx(fields), exact)


@pytest.mark.parametrize(("answer", "letters"), [("ar", 1.0), ("a", 0.5), ("ra", 0.0), ("axr", 1 / 3), (3, 0.0)])
def test_letters_are_marked_by_place(answer: object, letters: float) -> None:
    assert TASKS["last_letters"].marks(answer, LETTERS)["letters"] == pytest.approx(letters)


def test_prompts_differ_in_the_form_of_answers_alone() -> None:
    task = TASKS["orders"]
    shown, (item, *_) = items_of(task, 1, 7)
    questions = [re.findall("Q: .*", prompt_of(task, shown, item, form)) for form in (JSON, TEXT, Form(blanks=True))]
    assert questions[0] == questions[1] == questions[2]
    assert prompt_of(task, shown, item, Form(cue="A:")).endswith(f"Q: {item.question}\nA:")
    assert '\nA: {"customer":"' in prompt_of(task, shown, item, Form(cue="A:"))
    assert '\nA:\n{"customer": "' in prompt_of(task, shown, item, Form(blanks=True))


def test_bootstrap_of_what_can_be_counted() -> None:
    # of two values, a resample has the mean 0, 1/2 or 1 with probability 1/4, 1/2, 1/4
    assert (mean([0, 1]).value, mean([0, 1]).low, mean([0, 1]).high) == (0.5, 0.0, 1.0)
    same = difference([1, 0, 1], [0.5, -0.5, 0.5])
    assert (same.value, same.low, same.high) == (0.5, 0.5, 0.5)
    # ten values, one of them 1: the number of ones is binomial(10, 1/10), whose 2.5 % and 97.5 % points are 0 and 3
    one = mean([1] + [0] * 9)
    assert (one.low, one.high) == (0.0, pytest.approx(0.3))


def test_bootstrap_agrees_with_the_normal_interval() -> None:
    values = np.random.default_rng(1).normal(size=400)
    found = mean(values.tolist())
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert found.low == pytest.approx(values.mean() - half, abs=0.01)
    assert found.high == pytest.approx(values.mean() + half, abs=0.01)


def test_bootstrap_needs_pairs() -> None:
    with pytest.raises(ValueError, match="shorter"):
        difference([1, 0], [1])
    with pytest.raises(ValueError, match="no marks"):
        mean([])


def record(method: str, number: int, exact: float) -> Record:
    return Record(method, number, "?", "a", "a", 3, 0.1, {"exact": exact}, True, True)


def test_a_run_that_was_cut_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "orders.jsonl"
    records = Records(path)
    records.add(record("json", 0, 1.0))
    records.add(record("json", 1, 0.0))
    records.fail("outlines", "no")
    with path.open("a") as file:
        file.write('{"method": "json", "num')
    again = Records(path)
    assert again.failed == {"outlines": "no"}
    assert [each.marks["exact"] for each in again.of("json", 2)] == [1.0, 0.0]
    assert again.of("json", 3) == []
    again.add(record("json", 2, 1.0))
    assert len(Records(path).of("json", 3)) == 3


def test_tables_hold_pairs_beside_each_other(tmp_path: Path) -> None:
    records = Records(tmp_path / "shuffled_objects.jsonl")
    for number in range(4):
        records.add(record("text", number, 1.0))
        records.add(record("json", number, float(number < 3)))
        records.add(record("greedy", number, float(number != 1)))
    records.fail("outlines", "no such engine|")
    _, _, text = report(tmp_path, 4, 7).partition("## Shuffled objects")
    text, _, _ = text.partition("\n## ")
    (greedy,) = re.findall(r"^\| constrain, greedy \| (.*) \|$", text, re.MULTILINE)
    assert greedy.split(" | ")[:4] == ["75.0% [25.0, 100.0]", "+0.0 [-75.0, +75.0]", "-25.0 [-75.0, +0.0]", "1, 1"]
    assert r"not run: no such engine\| |" in text
    assert "not run: not all questions were asked" in text


def test_methods_are_held_against_ones_with_the_same_prompts() -> None:
    by_key = {method.key: method for method in METHODS}
    assert len(by_key) == len(METHODS)
    for task in TASKS.values():
        for method in methods_of(task):
            if method.decoder != "free":
                other = by_key[method.beside]
                assert other in methods_of(task)
                assert (other.decoder, other.form.blanks, other.form.thinks) == (
                    "free",
                    method.form.blanks,
                    method.form.thinks,
                )
