"""The benchmark of faithful sampling: grammars against brute force, arithmetic, and both parts on a tiny model."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from constrain import CompiledGrammar, Vocabulary, compile_lark
from faithful import tasks
from faithful.bracketings import bracketings
from faithful.intervals import of_batches, of_few, ratio
from faithful.spelling import needless_tokens
from faithful.store import Store

ANSWERS = {
    "join with a blank": '(str.++ x (str.++ " " y))',
    "initial with a dot": '(str.++ (str.at x 0) ".")',
    "first three letters": "(str.substr x 0 3)",
    "replace the ending": '(str.replace x ".csv" ".txt")',
    "clear lowest": "(bvand x (bvsub x #x01))",
    "high half": "(bvlshr x #x04)",
    "join halves": "(bvor (bvshl x #x04) y)",
    "differing bits": "(bvxor x y)",
    "the dog barks": "(S (NP (DT the) (NN dog)) (VP (VBZ barks)))",
    "she reads books": "(S (NP (PRP she)) (VP (VBZ reads) (NP (NNS books))))",
    "John sleeps here": "(S (NP (NNP John)) (VP (VBZ sleeps) (ADVP (RB here))))",
    "cows eat grass": "(S (NP (NNS cows)) (VP (VBP eat) (NP (NN grass))))",
}
"""A right answer to each problem."""


def accepts(compiled: CompiledGrammar, text: str) -> bool:
    matcher = compiled.matcher()
    return matcher.accept_bytes(text.encode()) and matcher.is_accepting()


def texts_of(compiled: CompiledGrammar) -> set[str]:
    """All of a finite language, byte by byte."""
    found, waiting = set(), [(compiled.matcher(), b"")]
    while waiting:
        matcher, text = waiting.pop()
        if matcher.is_accepting():
            found.add(text.decode())
        for byte in matcher.next_bytes():
            following = matcher.fork()
            following.accept_bytes(bytes([byte]))
            waiting.append((following, text + bytes([byte])))
    return found


def trees(words: Sequence[str], tags: Sequence[str], phrases: Sequence[str]) -> list[str]:
    """Every phrase of these words by its definition: around one word under a tag, or around two parts or more."""
    if len(words) == 1:
        inside = leaves(words, tags)
    else:
        cuts = itertools.chain.from_iterable(
            itertools.combinations(range(1, len(words)), number) for number in range(1, len(words))
        )
        inside = []
        for cut in cuts:
            pieces = [words[start:end] for start, end in itertools.pairwise((0, *cut, len(words)))]
            parts = [leaves(piece, tags) + trees(piece, tags, phrases) for piece in pieces]
            inside += [" ".join(chosen) for chosen in itertools.product(*parts)]
    return [f"({phrase} {each})" for phrase in phrases for each in inside]


def leaves(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """A single word under each tag."""
    return [f"({tag} {words[0]})" for tag in tags] if len(words) == 1 else []


@pytest.mark.parametrize(
    ("words", "tags", "phrases"),
    [(["a"], ["N", "V"], ["S"]), (["a", "b"], ["N", "V"], ["S", "P"]), (["a", "b", "c", "d"], ["N"], ["S"])],
)
def test_bracketings(byte_vocabulary: Vocabulary, words: list[str], tags: list[str], phrases: list[str]) -> None:
    grammar = "start: text\n" + bracketings(words, tags, phrases)
    texts = trees(words, tags, phrases)
    assert texts_of(compile_lark(grammar, byte_vocabulary)) == set(texts)
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("problem", tasks.problems(), ids=lambda problem: problem.name)
def test_problems_have_their_answers(byte_vocabulary: Vocabulary, problem: tasks.Problem) -> None:
    answer = ANSWERS[problem.name]
    assert accepts(compile_lark(problem.grammar, byte_vocabulary), f"{answer}\n")
    assert accepts(compile_lark(problem.open_grammar, byte_vocabulary), answer)
    assert not accepts(compile_lark(problem.open_grammar, byte_vocabulary), answer[:-1])
    assert answer not in problem.prompt


def test_there_are_four_problems_of_each_kind() -> None:
    kinds = [problem.kind for problem in tasks.problems()]
    assert {kind: kinds.count(kind) for kind in kinds} == {"strings": 4, "bit-vectors": 4, "parses": 4}
    assert len(ANSWERS) == len(kinds)


@pytest.mark.parametrize("language", tasks.languages(), ids=lambda language: language.name)
def test_prompts_are_held_out(language: tasks.Language) -> None:
    assert len(set(language.fitted)) >= 12
    assert len(set(language.held_out)) >= 3
    assert not set(language.fitted) & set(language.held_out)


def test_a_task_that_was_changed_has_another_mark() -> None:
    marks = {tasks.mark_of(task) for task in (*tasks.languages(), *tasks.problems())}
    assert len(marks) == len(tasks.languages()) + len(tasks.problems())


def test_tokens_that_spell_what_others_spell() -> None:
    spelled = [b"a", b"b", b"a", b"ab", b"\xff", b"\xff", None]
    vocabulary = Vocabulary(
        spelled, [6], vocab_size=7, encode=lambda text: [2 if letter == "a" else 1 for letter in text]
    )
    assert needless_tokens(vocabulary) == [0]


def test_intervals_of_few() -> None:
    found = of_few([1.0, 2.0, 3.0])
    assert found.value == 2.0
    assert found.high - 2.0 == pytest.approx(4.303 / math.sqrt(3))
    assert of_few([1.0]).high == math.inf


def test_intervals_of_draws_that_depend_on_each_other() -> None:
    values = [0.0] * 5 + [1.0] * 5
    assert of_batches(values, 2).value == 0.5
    assert of_batches(values, 2).high == pytest.approx(0.5 + 12.706 * math.sqrt(0.5) / math.sqrt(2))
    assert of_batches(values, 10).high == pytest.approx(of_few(values).high)


def test_ratios_are_geometric_means() -> None:
    found = ratio([1.0, 4.0], [10.0, 10.0])
    assert found.value == pytest.approx(0.2)
    assert found.low < 0.1 < 0.4 < found.high
    assert ratio([0.0], [0.0]).value == 1.0


def test_results_are_of_their_settings(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "results.json"
    store = Store(path)
    store.add("problems", "one", "asap", {"seed": 1}, {"calls": 2})
    store.add("problems", "one", "exact", {"seed": 1}, {"calls": 3})
    again = Store(path)
    assert again.has("problems", "one", "asap", {"seed": 1})
    assert not again.has("problems", "one", "asap", {"seed": 2})
    assert not again.has("weights", "one", "asap", {"seed": 1})
    again.add("problems", "one", "asap", {"seed": 2}, {"calls": 4})
    assert Store(path).get("problems", "one", "asap") == {"calls": 4}
    assert Store(path).get("problems", "one", "exact") == {"calls": 3}


@pytest.mark.slow
def test_both_parts(root: Path, tiny_model: Path, tmp_path: Path) -> None:
    chosen = ["--only", "prices", "--only", "join with a blank", "--prompts", "2", "--restarts", "2", "--draws", "20"]
    chosen += ["--masked", "10", "--exact-calls", "300", "--runs", "0", "--out", str(tmp_path)]
    command = [sys.executable, str(root / "benchmarks/faithfulness.py"), "-m", str(tiny_model), *chosen]
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    printed = done.stdout
    assert printed == (tmp_path / "summary.md").read_text()
    results = json.loads((tmp_path / "results.json").read_text())["results"]
    listed = [row["result"] for row in results if row["part"] == "weights" and row["method"] != "fit"]
    assert [result["outputs"] for result in listed] == [396, 396]
    for result in listed:
        for run in result["restarts"]:
            assert [point["draws"] for point in run["plain"]] == [1, 10]
            assert run["equal"]["calls"] >= run["weighted"][-1]["calls"]
            assert run["exact"]["attempts"] >= run["exact"]["draws"]
    drawn = {row["method"]: row["result"] for row in results if row["part"] == "problems"}
    assert {method: len(result["logprobs"]) for method, result in drawn.items()} == {
        "masking": 10,
        "asap": 20,
        "online": 20,
        "exact": 10,
    }
    for row in ("| prices ", "| join with a blank ", "**At equal calls", "**The mean of ASAp"):
        assert row in printed
    again = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "draws" not in again.stderr  # all of it was there
    assert json.loads((tmp_path / "results.json").read_text())["results"] == results
