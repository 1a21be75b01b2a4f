"""``gen --drafts`` and ``--draft-model``: the same output, or a word on what is wrong with the draft model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PHONE = ("--regex", "(call|ring) (Ann|Bob|Cleo) at [0-9]{6}", "--temperature", "0.2")


@pytest.fixture
def gen(cli: Callable[..., Any], tiny_model: Path) -> Callable[..., Any]:
    def invoke(*arguments: str, **options: Any) -> Any:
        return cli("gen", "-m", str(tiny_model), "--seed", "1", *arguments, **options)

    return invoke


@pytest.fixture(scope="module")
def make_draft_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A folder with a model that is smaller still, perhaps with a token more."""

    def make(*more_tokens: str) -> Path:
        from transformers import AutoConfig, AutoTokenizer, LlamaForCausalLM

        folder = tmp_path_factory.mktemp("draft")
        tokenizer = AutoTokenizer.from_pretrained(tiny_model)
        tokenizer.add_tokens(list(more_tokens))
        tokenizer.save_pretrained(folder)
        configuration = AutoConfig.from_pretrained(tiny_model)
        configuration.intermediate_size, configuration.vocab_size = 4, len(tokenizer)
        LlamaForCausalLM(configuration).save_pretrained(folder)
        return folder

    return make


def test_drafts_change_nothing(
    gen: Callable[..., Any], tiny_model: Path, make_draft_model: Callable[..., Path]
) -> None:
    outputs = set()
    for drafts in (
        (),
        ("--drafts", "none"),
        ("--draft-model", str(make_draft_model())),
        ("--draft-model", str(tiny_model)),
        ("--draft-model", str(tiny_model), "--batch", "3"),
    ):
        ran = gen(*PHONE, "-n", "4", *drafts, "A note:")
        assert (ran.code, ran.err) == (0, "")
        assert len(ran.out.splitlines()) == 4
        outputs.add(ran.out)
    assert len(outputs) == 1


def test_many_prompts(gen: Callable[..., Any], make_draft_model: Callable[..., Path]) -> None:
    prompts = "A note:\nAnother note:\n"
    plain, drafted = (
        [json.loads(line)["data"] for line in gen(*PHONE, "--many", *more, stdin=prompts).out.splitlines()]
        for more in (("--drafts", "none"), ("--draft-model", str(make_draft_model())))
    )
    assert plain == drafted
    assert len(plain) == 2


def test_a_draft_model_with_other_tokens_is_refused(
    gen: Callable[..., Any], tiny_model: Path, make_draft_model: Callable[..., Path]
) -> None:
    other = make_draft_model("zebra")
    ran = gen(*PHONE, "--draft-model", str(other), "A note:")
    assert (ran.code, ran.out) == (6, "")
    assert f"the draft model {other} has other tokens than {tiny_model}: token 257 is 'zebra', not none" in ran.err


def test_a_draft_model_that_fails_is_named(
    gen: Callable[..., Any], make_draft_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from constrain.runtime import CausalModel, DraftModel

    folder = make_draft_model()
    begin = DraftModel.__init__

    def begin_broken(self: DraftModel, model: CausalModel, target: CausalModel) -> None:
        begin(self, model, target)
        monkeypatch.setattr(model.network, "forward", None)

    monkeypatch.setattr(DraftModel, "__init__", begin_broken)
    ran = gen(*PHONE, "--draft-model", str(folder), "A note:")
    assert (ran.code, ran.out) == (6, "")
    assert f"the draft model {folder}: running the model failed" in ran.err


@pytest.mark.parametrize(("name", "code"), [("./nowhere", 4), ("nobody/no-such-model", 6)])
def test_a_draft_model_that_is_not_there(gen: Callable[..., Any], name: str, code: int) -> None:
    ran = gen(*PHONE, "--offline", "--draft-model", name, "A note:")
    assert (ran.code, ran.out) == (code, "")
    assert name in ran.err
