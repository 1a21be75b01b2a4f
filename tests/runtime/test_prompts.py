"""How requests are put to models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from constrain import ModelError
from constrain.runtime import load_model
from constrain.runtime.models import CausalModel
from constrain.runtime.models.prompts import chat_messages, plain_text

TEMPLATE = (
    "{% for m in messages %}{{ '<s>' if loop.first else '' }}[{{ m.role }}]{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}"
)
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}" + TEMPLATE


def test_plain_text_alone_is_the_prompt() -> None:
    assert plain_text("Once upon a time") == "Once upon a time"


def test_plain_text_shows_everything_and_ends_where_the_answer_starts() -> None:
    text = plain_text(" Anna is 34. ", system="Be exact.", schema_text='{"type": "object"}\n')
    assert text.index("Be exact.") < text.index('{"type": "object"}') < text.index("Anna is 34.")
    assert text.endswith("\nJSON:\n")
    assert plain_text("Hi", system="Be exact.") == "Be exact.\n\nHi"


def test_a_schema_is_shown_on_one_line_and_otherwise_as_it_is() -> None:
    schema = '{\n  "enum": [\n    "a  \\"b",\n    1.50,\n    "[ x ]"\n  ]\n}\n'
    assert '{"enum": ["a  \\"b", 1.50, "[ x ]"]}' in plain_text("Hi", schema_text=schema)


@pytest.mark.parametrize(
    ("whitespace", "answer"),
    [
        ("compact", '{"name":"Tom","age":41}'),
        ("spaced", '{"name": "Tom", "age": 41}'),
        ("pretty:2", '{\n  "name": "Tom",\n  "age": 41\n}'),
        ("flexible", '{"name": "Tom", "age": 41}'),
    ],
)
def test_a_solved_case_is_laid_out_as_the_answer_is_to_be(whitespace: str, answer: str) -> None:
    assert f"JSON:\n{answer}\n" in plain_text("Hi", schema_text="{}", whitespace=whitespace)


def test_chat_messages() -> None:
    assert chat_messages("Hi") == [{"role": "user", "content": "Hi"}]
    system, user = chat_messages("Hi", system="Be exact.", schema_text="{}")
    assert system["role"] == "system"
    assert "Be exact." in system["content"]
    assert "{}" in system["content"]
    assert user == {"role": "user", "content": "Hi"}


def decoded(model: CausalModel, token_ids: list[int]) -> str:
    return str(model._tokenizer.decode(token_ids))


def with_template(make_folder: Callable[..., Path], tiny: CausalModel, template: str) -> CausalModel:
    import copy

    tokenizer = copy.deepcopy(tiny._tokenizer)
    tokenizer.chat_template = template
    return load_model(str(make_folder(tokenizer=tokenizer)), device="cpu")


def test_the_models_own_template_is_used(make_folder: Callable[..., Path], tiny: CausalModel) -> None:
    model = with_template(make_folder, tiny, TEMPLATE)
    assert model.has_chat_template
    token_ids = model.encode_prompt("Hi", system="S")
    assert token_ids[0] == 0
    assert token_ids.count(0) == 1  # the template's, not one more
    assert decoded(model, token_ids) == "<s>[system]S\n[user]Hi\n[assistant]"


def test_templates_without_a_system_role(make_folder: Callable[..., Path], tiny: CausalModel) -> None:
    model = with_template(make_folder, tiny, NO_SYSTEM)
    assert decoded(model, model.encode_prompt("Hi", system="S")) == "<s>[user]S\n\nHi\n[assistant]"


def test_broken_templates_are_an_error(make_folder: Callable[..., Path], tiny: CausalModel) -> None:
    model = with_template(make_folder, tiny, "{{ messages[7].nothing.more }}")
    with pytest.raises(ModelError, match="chat template fails"):
        model.encode_prompt("Hi")


def test_an_empty_prompt_starts_with_the_first_token(tiny: CausalModel) -> None:
    assert tiny.encode_prompt("") == [0]


def test_nothing_is_cut(tiny: CausalModel) -> None:
    prompt = "x" * 100
    used = len(tiny.encode_prompt(prompt))
    assert len(tiny.encode_prompt(prompt, reserve=1024 - used)) == used
    with pytest.raises(
        ModelError, match=rf"context of 1024 tokens: {used} of prompt, 0 of schema and {1025 - used} res"
    ):
        tiny.encode_prompt(prompt, reserve=1025 - used)
    with pytest.raises(ModelError, match=r"of prompt, [1-9]\d* of schema and 10 reserved"):
        tiny.encode_prompt("x", schema_text='{"type": "object"}' * 150, reserve=10)


def test_the_end_of_a_prompt(make_folder: Callable[..., Path], tiny: CausalModel) -> None:
    model = with_template(make_folder, tiny, TEMPLATE.replace("[assistant]", "[assistant]<think>\n"))
    assert model.prompt_end(model.encode_prompt("Hé")).endswith("[user]Hé\n[assistant]<think>\n")
    stop = model.eos_token_ids[0]
    assert model.prompt_end([*tiny.encode_prompt("<think>"), stop]) == ""
    assert model.prompt_end([stop, *tiny.encode_prompt("a <think>")]) == "a <think>"
