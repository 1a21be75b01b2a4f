"""Where a monitor's suggestions and what limits leave have nothing in common, the error says so."""

from __future__ import annotations

import pytest
from adversary import NeverClosing

from constrain import MonitorError, Vocabulary, compile_regex
from constrain.runtime import GenerationOptions, generate
from constrain.runtime.monitors import Watch


class Names:
    """After a colon stands one of these names."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def triggered(self, prefix: str) -> bool:
        return prefix.endswith(":")

    def suggest(self, prefix: str) -> list[str]:
        return self._names


@pytest.mark.parametrize("tokenization", ["canonical", "any"])
def test_suggestions_that_are_too_long(byte_vocabulary: Vocabulary, tokenization: str) -> None:
    compiled = compile_regex("[a-b]:[a-z]{1,9}[!?]", byte_vocabulary)
    monitor = Names(["abcdef", "abcxyz"])
    options = GenerationOptions(seed=1, max_tokens=5, tokenization=tokenization)
    message = (
        r"Names suggests what the limits leave no room for after 4 characters of output \('[ab]:ab'\): they leave '!', "
        r"'\?' of what the constraint allows, it suggests 'c'; expected larger limits"
    )
    with pytest.raises(MonitorError, match=message):
        generate(NeverClosing(byte_vocabulary, 1), compiled, [0], options, watch=Watch(monitor, compiled))  # type: ignore[arg-type]
    roomy = GenerationOptions(seed=1, max_tokens=9, tokenization=tokenization)
    model = NeverClosing(byte_vocabulary, 1)
    assert "abc" in generate(model, compiled, [0], roomy, watch=Watch(monitor, compiled)).text  # type: ignore[arg-type]


def test_suggestions_that_sizes_leave_out(byte_vocabulary: Vocabulary) -> None:
    compiled, narrowed = compile_regex("a:[a-z]+", byte_vocabulary), compile_regex("a:[a-z]{1,2}", byte_vocabulary)
    message = "suggests what the values' sizes leave no room for .*: they leave the end of what .*, it suggests 'c'"
    with pytest.raises(MonitorError, match=message):
        generate(
            NeverClosing(byte_vocabulary, 1),  # type: ignore[arg-type]
            compiled,
            [0],
            GenerationOptions(seed=1),
            narrowed=narrowed,
            watch=Watch(Names(["abc"]), compiled),
        )


def test_suggestions_that_no_token_spells() -> None:
    """No limit has a part in it, and none is named."""
    vocabulary = Vocabulary([b"a", b":", b"ac", None], [3])
    compiled = compile_regex("a:(ab?|b)c?", vocabulary)
    watch = Watch(Names(["ab"]), compiled)
    with pytest.raises(
        MonitorError, match=r"leaves no token after 3 .*\('a:a'\): the constraint and its suggestions have"
    ):
        generate(NeverClosing(vocabulary, 1), compiled, [0], watch=watch)  # type: ignore[arg-type]
