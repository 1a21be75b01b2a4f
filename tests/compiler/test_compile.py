"""What ``compile_*`` take: arguments of another type are refused by name, before a front end stumbles over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constrain import (
    InputError,
    UnsatisfiableError,
    Vocabulary,
    compile_choices,
    compile_json_schema,
    compile_lark,
    compile_regex,
)


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ("abc", "choices must be several texts, not one str"),
        (b"abc", "choices must be several texts, not one bytes"),
        ([1], r"choices\[0\] must be a str, not int"),
        (["a", b"a"], r"choices\[1\] must be a str, not bytes"),
        (["a", None], r"choices\[1\] must be a str, not NoneType"),
    ],
)
def test_choices_are_texts(choices: Any, says: str, byte_vocabulary: Vocabulary) -> None:
    with pytest.raises(TypeError, match=says):
        compile_choices(choices, byte_vocabulary)


def test_choices_of_any_kind_of_collection(byte_vocabulary: Vocabulary) -> None:
    for choices in (["ab", "c"], ("ab", "c"), {"ab", "c"}, (text for text in ("ab", "c"))):
        assert compile_choices(choices, byte_vocabulary).matcher().next_bytes() == b"ac"
    with pytest.raises(UnsatisfiableError, match="no choice to make"):
        compile_choices([], byte_vocabulary)
    with pytest.raises(InputError, match=r"choices\[1\] holds a lone surrogate"):
        compile_choices(["a", "\ud800"], byte_vocabulary)


@pytest.mark.parametrize(
    ("compile_it", "constraint"),
    [(compile_choices, ["a"]), (compile_regex, "a"), (compile_lark, 'start: "a"'), (compile_json_schema, True)],
)
@pytest.mark.parametrize("limits", [5, None, {"max_items": 5}])
def test_limits_are_limits(
    compile_it: Callable[..., Any], constraint: Any, limits: Any, byte_vocabulary: Vocabulary
) -> None:
    with pytest.raises(TypeError, match=f"limits must be Limits, not {type(limits).__name__}"):
        compile_it(constraint, byte_vocabulary, limits=limits)
