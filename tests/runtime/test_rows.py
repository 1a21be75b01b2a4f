"""Rows against the plain model, which reads each row's tokens from scratch: random programs, and what is refused."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from rows_models import BATCHED, CONTEXT, SEPARATE, make_row_model

from constrain.errors import ModelError
from constrain.runtime.cache import Cache
from constrain.runtime.models import CausalModel
from constrain.runtime.models.rows import Rows, Tree, known
from constrain.runtime.models.rows.attention import AttentionForm
from constrain.runtime.models.rows.probe import attention_form

STATEFUL = sorted(SEPARATE.keys() - {"llama-longrope"})
"""Longrope models give other numbers from scratch than step by step, whoever reads them."""

MakeModel = Callable[[str], Any]


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """On a busy machine, threads of so small models mostly wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def make_model(tiny: Any) -> MakeModel:
    made: dict[str, Any] = {}

    def make(family: str) -> Any:
        if family not in made:
            made[family] = make_row_model(family, tiny._tokenizer)
        return made[family]

    return make


class Reference:
    """Logits after each token of a sequence, read in one go without any cache."""

    def __init__(self, model: Any) -> None:
        self._network = model.network

    def __call__(self, token_ids: Sequence[int], count: int) -> Any:
        with torch.inference_mode():
            return self._network(input_ids=torch.tensor([list(token_ids)]), use_cache=False).logits[0, -count:]


class Program:
    """Random operations on rows, each result compared."""

    def __init__(self, model: Any, seed: int, tolerance: float, **limits: int) -> None:
        self.rows = Rows(model, dtype=torch.float64, **limits)
        self._expected = Reference(model)
        self._random = random.Random(seed)
        self._tolerance = tolerance
        self._living: dict[Any, list[int]] = {}
        self._past: list[list[int]] = [[]]
        self.compared = 0

    def step(self) -> None:
        """One operation; while there are few rows it is more often a new one."""
        operations = [self.forward] * 6 + [self.tree] * 2 + [self.fork, self.crop, self.leave, self.join]
        operation = self._random.choice(operations if len(self._living) > 1 else [self.join])
        operation()
        for row, token_ids in self._living.items():
            assert row.token_ids == tuple(token_ids)

    def join(self) -> None:
        known = self._random.choice([*self._living.values(), *self._past[-4:]])
        prompt = known[: self._random.randint(0, len(known))] + self._tokens(self._random.randint(1, 20))
        prompt = prompt[: CONTEXT // 2]
        row = self.rows.join(prompt)
        assert row.length < len(prompt)
        self._compare(self.rows.forward({row: prompt[row.length :]})[row][None], prompt, 1)
        self._living[row] = prompt

    def forward(self) -> None:
        chosen = [row for row in self._living if self._random.random() < 0.7] or list(self._living)[:1]
        fresh = {row: self._tokens(self._random.choice((1, 1, 1, 2, 5))) for row in chosen}
        if self._random.random() < 0.3:  # two rows read the same
            fresh[chosen[-1]] = fresh[chosen[0]]
        fresh = {row: tokens for row, tokens in fresh.items() if row.length + len(tokens) <= CONTEXT}
        positions = {row: self._random.choice(("last", "all")) for row in fresh}
        if not fresh:
            return self.leave()
        trees = {row: self._tree() for row in fresh if self._random.random() < 0.3}
        trees = {row: tree for row, tree in trees.items() if row.length + len(fresh[row]) + len(tree) <= CONTEXT}
        for row, logits in self.rows.forward(fresh, positions, trees).items():
            self._living[row] = self._living[row] + fresh[row]
            wanted = len(fresh[row]) if positions[row] == "all" else 1
            logits = logits[None] if logits.ndim == 1 else logits
            self._compare(logits[:wanted], self._living[row], wanted)
            if row in trees:
                self._compare_tree(row, trees[row], logits[wanted:])
        for row, tree in trees.items():
            self._keep(row, tree)
        return None

    def tree(self) -> None:
        row = self._random.choice(list(self._living))
        tree = self._tree()
        if row.length + len(tree) > CONTEXT:
            return
        self._compare_tree(row, tree, self.rows.forward_tree(row, tree.token_ids, tree.parents))
        self._keep(row, tree)

    def _tree(self) -> Tree:
        tokens = self._tokens(self._random.randint(1, 7))
        return Tree(tokens, [self._random.randint(max(-1, index - 3), index - 1) for index in range(len(tokens))])

    def _compare_tree(self, row: Any, tree: Tree, logits: Any) -> None:
        assert len(logits) == len(tree)
        branches: list[list[int]] = []
        for token_id, parent, each in zip(tree.token_ids, tree.parents, logits, strict=True):
            branches.append([*(branches[parent] if parent >= 0 else []), token_id])
            self._compare(each[None], self._living[row] + branches[-1], 1)

    def _keep(self, row: Any, tree: Tree) -> None:
        if self._random.random() < 0.7:
            path = [self._random.randrange(len(tree))]
            while tree.parents[path[0]] >= 0:
                path.insert(0, tree.parents[path[0]])
            path = path[: self._random.randint(0, len(path))]
            self.rows.keep(row, path)
            self._living[row] = self._living[row] + [tree.token_ids[index] for index in path]

    def fork(self) -> None:
        row = self._random.choice(list(self._living))
        self._living[self.rows.fork(row)] = list(self._living[row])

    def crop(self) -> None:
        row = self._random.choice(list(self._living))
        length = self._random.randint(max(0, row.length - 6), row.length)
        self.rows.crop(row, length)
        self._living[row] = self._living[row][:length]

    def leave(self) -> None:
        row = self._random.choice(list(self._living))
        self.rows.leave(row)
        self._past.append(self._living.pop(row))

    def _tokens(self, count: int) -> list[int]:
        return [self._random.randrange(2, 12) for _ in range(count)]  # few, so that rows meet

    def _compare(self, logits: Any, token_ids: Sequence[int], count: int) -> None:
        expected = self._expected(token_ids, count)
        assert logits.shape == expected.shape
        assert (logits.double() - expected).abs().max().item() < self._tolerance
        self.compared += count


LIMITS = [{}, {"kept_slots": 0}, {"kept_slots": 20, "chunk": 7}]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", BATCHED)
def test_random_programs(make_model: MakeModel, family: str, seed: int) -> None:
    program = Program(make_model(family), seed, 1e-9, **LIMITS[seed])
    assert program.rows.is_batched
    for _ in range(40):
        program.step()
    assert program.compared > 60


@pytest.mark.parametrize("family", STATEFUL)
def test_random_programs_on_models_that_take_no_mask(make_model: MakeModel, family: str) -> None:
    program = Program(make_model(family), 0, 1e-4)
    assert not program.rows.is_batched
    for _ in range(30):
        program.step()
    assert program.compared > 30


@pytest.mark.parametrize("family", ["llama", "gemma3", "gpt2"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_types(tiny: Any, family: str, dtype: torch.dtype) -> None:
    model = make_row_model(family, tiny._tokenizer, dtype)
    rows = Rows(model)
    assert rows.is_batched
    row = rows.join([5, 6, 7])
    logits = rows.forward({row: [5, 6, 7]})[row]
    assert logits.dtype == torch.float32
    assert logits.shape == (model.vocabulary.vocab_size,)


@pytest.mark.parametrize("family", SEPARATE)
def test_models_that_take_no_mask_are_found_out_in_any_type(tiny: Any, family: str) -> None:
    for dtype in (torch.float32, torch.bfloat16):
        assert not Rows(make_row_model(family, tiny._tokenizer, dtype)).is_batched


def test_windows_longer_than_what_is_tried_are_heeded(tiny: Any) -> None:
    long = {"sliding_window": 64, "attention_chunk_size": 64}
    chunked = make_row_model("llama4", tiny._tokenizer, **long)
    assert not Rows(chunked).is_batched
    unused = make_row_model("llama", tiny._tokenizer, **long)  # this model has no use for these settings
    windowed = make_row_model("mistral", tiny._tokenizer, **long)
    token_ids = [index % 250 for index in range(CONTEXT)]
    for model in (unused, windowed):
        rows = Rows(model, dtype=torch.float64)
        assert rows.is_batched
        short, row = rows.join([9]), rows.join(token_ids)
        logits = rows.forward({short: [9], row: token_ids}, positions={row: "all"})[row]
        assert (logits - Reference(model)(token_ids, CONTEXT)).abs().max().item() < 1e-9


def test_trying_a_model_leaves_its_configuration_alone(tiny: Any) -> None:
    model = make_row_model("gemma3", tiny._tokenizer)
    before = model.network.config.to_dict()
    assert Rows(model).is_batched
    assert model.network.config.to_dict() == before


class Watch:
    """How many tokens a model read, and how many its head saw, since last asked."""

    def __init__(self, network: Any) -> None:
        self._counts = [0, 0]
        self.fail_after = -1
        network.get_input_embeddings().register_forward_pre_hook(lambda _, inputs: self._add(0, inputs[0].numel()))
        network.get_output_embeddings().register_forward_pre_hook(
            lambda _, inputs: self._add(1, inputs[0].shape[:-1].numel())
        )

    def _add(self, index: int, count: int) -> None:
        self._counts[index] += count
        if index == 1 and self.fail_after >= 0:
            self.fail_after -= 1
            if self.fail_after < 0:
                raise RuntimeError("out of luck")

    def counts(self) -> tuple[int, int]:
        counts = tuple(self._counts)
        self._counts = [0, 0]
        return counts[0], counts[1]


@pytest.fixture
def watched(tiny: Any) -> tuple[Any, Watch]:
    model = make_row_model("llama", tiny._tokenizer)
    assert model.attention_form is not None
    return model, Watch(model.network)


def test_nothing_is_read_twice(watched: tuple[Any, Watch]) -> None:
    model, watch = watched
    rows = Rows(model)
    prompt = list(range(10, 40))
    first = rows.join(prompt)
    assert first.length == 0
    rows.forward({first: prompt})
    assert watch.counts() == (30, 1)

    twin = rows.fork(first)
    rows.forward({first: [5], twin: [6]})
    assert watch.counts() == (2, 2)
    rows.forward({first: [7, 8, 9]}, positions="all")
    assert watch.counts() == (3, 3)

    again = rows.join(prompt)  # the last token, for its logits
    assert again.length == 29
    rows.forward({again: prompt[29:]})
    assert watch.counts() == (1, 1)
    assert rows.used_slots == 35

    rows.crop(first, 30)  # a row may take back what it has just given up
    rows.forward({first: [5, 7, 8, 10]})
    assert watch.counts() == (1, 1)

    for row in (first, twin, again):
        rows.leave(row)
    late = rows.join([*prompt, 6, 99])
    assert late.token_ids == (*prompt, 6)


def test_rows_that_begin_alike_read_their_beginning_together(watched: tuple[Any, Watch]) -> None:
    model, watch = watched
    rows = Rows(model)
    common = list(range(10, 30))
    prompts = {rows.join([*common, 40]): [*common, 40], rows.join([*common, 41, 42]): [*common, 41, 42]}
    logits = rows.forward(prompts)
    assert watch.counts() == (23, 2)
    for row, prompt in prompts.items():
        assert torch.allclose(logits[row].double(), Reference(model)(prompt, 1)[0], atol=1e-4)


def test_a_tree_is_read_once_and_kept_without_reading(watched: tuple[Any, Watch]) -> None:
    model, watch = watched
    rows = Rows(model, kept_slots=0)
    row = rows.join([10, 11])
    rows.forward({row: [10, 11]})
    watch.counts()
    rows.forward_tree(row, [20, 21, 22, 23], [-1, 0, 0, 2])
    assert watch.counts() == (4, 4)
    assert row.length == 2
    rows.keep(row, [0, 2])
    assert row.token_ids == (10, 11, 20, 22)
    assert rows.used_slots == 4
    assert watch.counts() == (0, 0)


def test_a_tree_is_read_together_with_what_comes_before_it(watched: tuple[Any, Watch]) -> None:
    model, watch = watched
    rows = Rows(model, kept_slots=0)
    row, other = rows.join([10, 11]), rows.join([12, 11])
    watch.counts()
    logits = rows.forward({row: [10, 11], other: [12, 11]}, trees={row: Tree([20, 21, 22], [-1, -1, 1])})
    assert watch.counts() == (7, 5)
    assert (logits[row].shape[0], logits[other].ndim) == (4, 1)
    assert row.token_ids == (10, 11)
    rows.forward({other: [30]})
    rows.keep(row, [1, 2])
    assert row.token_ids == (10, 11, 21, 22)
    assert watch.counts() == (1, 1)


def test_what_rows_leave_behind_is_bounded(tiny: Any) -> None:
    rows = Rows(tiny, kept_slots=25)
    for number in range(20):
        prompt = [100 + number, *range(10, 30)]
        row = rows.join(prompt)
        rows.forward({row: prompt})
        rows.leave(row)
        assert rows.used_slots <= 25
    assert len(rows) == 0
    assert rows.join([119, *range(10, 30)]).length == 20  # the latest is the one that is kept


def test_a_full_cache_is_an_error_that_can_be_recovered_from(tiny: Any) -> None:
    rows = Rows(tiny, max_slots=20)
    first = rows.join([1])
    rows.forward({first: range(10, 22)})
    second = rows.join([2])
    with pytest.raises(ModelError, match=r"all that the key-value cache may hold.*larger max_slots"):
        rows.forward({first: [5], second: range(30, 40)})
    assert (first.length, second.length, rows.used_slots) == (12, 0, 12)
    rows.leave(first)
    fresh = list(range(30, 50))
    expected = tiny.forward(fresh, tiny.new_cache())
    assert torch.allclose(rows.forward({second: fresh})[second], expected, atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "bloom"])
def test_a_model_that_fails_leaves_rows_as_they_were(tiny: Any, family: str) -> None:
    model = make_row_model(family, tiny._tokenizer)
    rows = Rows(model, chunk=4)
    first, second = rows.join([1]), rows.join([1])
    rows.forward({first: [10, 11, 12], second: [10, 11, 13]})
    watch = Watch(model.network)
    watch.fail_after = 1
    with pytest.raises(ModelError, match="running the model failed: out of luck"):
        rows.forward({first: range(20, 30), second: [10, 12]})
    assert first.token_ids == (10, 11, 12)
    assert second.token_ids == (10, 11, 13)
    watch.fail_after = 0
    with pytest.raises(ModelError, match="out of luck"):
        rows.forward_tree(first, [20, 21], [-1, 0])
    for row, fresh in ((first, [20, 21]), (second, [10, 12])):
        logits = rows.forward({row: fresh})[row]
        assert torch.allclose(logits.double(), Reference(model)(row.token_ids, 1)[0], atol=1e-4)


@pytest.mark.parametrize(
    ("attempt", "message"),
    [
        (lambda rows, row: rows.forward({row: []}), "no tokens to read"),
        (lambda rows, row: rows.forward_tree(row, [], []), "no tokens to read"),
        (lambda rows, row: rows.forward({row: [1 << 20]}), "there is no token 1048576; expected tokens from 0 to 287"),
        (lambda rows, row: rows.forward({row: [-1]}), "there is no token -1"),
        (lambda rows, row: rows.forward({row: [5] * CONTEXT}), "exceeds the model's context of 96"),
        (
            lambda rows, row: rows.forward_tree(row, [5] * CONTEXT, range(-1, CONTEXT - 1)),
            "exceeds the model's context",
        ),
        (lambda rows, row: rows.join([5] * (CONTEXT + 1)), "a row of 97 tokens exceeds the model's context of 96"),
        (lambda rows, row: rows.crop(row, 3), "a row of 2 tokens can't be cropped to 3"),
        (lambda rows, row: rows.crop(row, -1), "a row of 2 tokens can't be cropped to -1"),
        (lambda rows, row: rows.forward_tree(row, [5, 6], [0, -1]), "token 0 of a tree has the parent 0"),
        (lambda rows, row: rows.forward_tree(row, [5, 6], [-1]), "a tree of 2 tokens has 1 parents"),
        (lambda rows, row: rows.forward({row: [5]}, trees={row: Tree([6], [0])}), "token 0 of a tree has the parent 0"),
        (lambda rows, row: rows.forward({row: [5]}, trees={row: Tree([-6], [-1])}), "there is no token -6"),
        (lambda rows, row: rows.forward({row: []}, trees={row: Tree([6], [-1])}), "no tokens to read"),
        (lambda rows, row: rows.keep(row, [0]), "the row has no tree"),
        (
            lambda rows, row: (rows.forward_tree(row, [5, 6], [-1, -1]), rows.keep(row, [0, 1])),
            "no path of the row's tree",
        ),
        (lambda rows, row: (rows.forward_tree(row, [5], [-1]), rows.keep(row, [1])), "no path of the row's tree"),
        (lambda rows, row: (rows.leave(row), rows.forward({row: [5]})), "none of these rows"),
        (lambda rows, row: (rows.leave(row), rows.leave(row)), "none of these rows"),
        (lambda rows, row: rows.fork(Rows(rows._model).join([1])), "none of these rows"),
    ],
)
@pytest.mark.parametrize("family", ["llama", "mamba"])
def test_refused(make_model: MakeModel, family: str, attempt: Callable[..., Any], message: str) -> None:
    model = make_model(family)
    model.context_length = CONTEXT
    rows = Rows(model)
    row = rows.join([1])
    rows.forward({row: [10, 11]})
    with pytest.raises(ModelError, match=re.escape(message)):
        attempt(rows, row)
    assert row.token_ids == (10, 11)


def test_what_a_model_takes_is_found_out_once(tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def counted(model: CausalModel) -> AttentionForm | None:
        tried.append(model.name)
        return attention_form(model)

    monkeypatch.setattr(known, "attention_form", counted)
    cache = Cache(tmp_path)

    def check(family: str) -> None:
        model = make_row_model(family, tiny._tokenizer)
        model.cache = cache
        assert (model.attention_form is not None) == (family in BATCHED)

    for family in ("gemma3", "gemma3", "bloom", "bloom", "llama"):
        check(family)
    assert tried == ["gemma3", "bloom", "llama"]
    for entry in cache.entries("attention"):
        entry.path.write_text("torn", encoding="utf-8")
    check("llama")
    assert tried[3:] == ["llama"]
