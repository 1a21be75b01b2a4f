"""Whose tokens? Those of a model (``-m``), of a tokenizer file (``--tokenizer``), or single bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from constrain.cli import environment, render
from constrain.cli.models import named_model
from constrain.cli.problems import InputFileError, UsageProblem

if TYPE_CHECKING:
    from constrain.compiler import Vocabulary

__all__ = ["asked_with", "exclusive", "named_vocabulary"]


def exclusive(model: str | None, tokenizer: str | None) -> None:
    """Refuse two vocabularies, and one without a name.

    Raises:
        UsageProblem: both are given, or an empty one.
    """
    if model is not None and tokenizer is not None:
        raise UsageProblem("-m and --tokenizer exclude each other", expected="one of them, or neither for bytes")
    if tokenizer == "":
        raise UsageProblem("--tokenizer names no file")
    if model == "":
        named_model(model)


def asked_with(model: str | None, tokenizer: str | None) -> str:
    """The options that name the vocabulary, for messages; empty for single bytes."""
    return f"-m {model}" if model is not None else f"--tokenizer {tokenizer}" if tokenizer is not None else ""


def named_vocabulary(
    model: str | None, tokenizer: str | None, *, revision: str | None, offline: bool
) -> tuple[str, Vocabulary]:
    """What to call the vocabulary, and the vocabulary.

    Raises:
        InputFileError: no such tokenizer file or model.
        VocabularyError: it cannot be used.
        ModelError: no such model.
    """
    from constrain.compiler.vocabulary import Vocabulary

    if tokenizer is not None:
        if not Path(tokenizer).exists():
            raise InputFileError(f"cannot read {tokenizer!r}: no such file")
        return tokenizer, Vocabulary.from_file(tokenizer)
    if model is not None:
        return model, _vocabulary_of_model(named_model(model), revision, offline)
    return "bytes", Vocabulary.bytes()


def _vocabulary_of_model(model: str | None, revision: str | None, offline: bool) -> Vocabulary:
    from constrain.compiler.vocabulary import Vocabulary

    if model is None:
        return _embedded_vocabulary()
    folder = Path(model)
    if any((folder / name).is_file() for name in ("tokenizer.json", "tekken.json")):
        # a folder says all there is to say about its tokens; reading its weights would take seconds
        return Vocabulary.from_file(folder)
    offline = environment.prepare_libraries(offline=offline, verbose=False)
    from constrain.runtime import load_model

    loaded = load_model(model, revision=revision, offline=offline, cache_dir=environment.cache_directory())
    return loaded.vocabulary


def _embedded_vocabulary() -> Vocabulary:
    """Of the converted model, whose folder holds it in a file of its own: the weights need not be read."""
    from constrain.compiler.vocabulary import Vocabulary
    from constrain.runtime.cache import Cache
    from constrain.runtime.models.gguf import VOCABULARY_FILE, converted_embedded

    environment.prepare_libraries(offline=True, verbose=False)
    folder = converted_embedded(Cache(environment.cache_directory()), render.note)
    return Vocabulary.load(folder / VOCABULARY_FILE)
