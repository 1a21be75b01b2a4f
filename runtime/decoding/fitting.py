"""What has to fit together before anything is written: a model, grammars compiled for it, a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from constrain.compiler import CompiledGrammar
from constrain.errors import ArtifactError, ModelError
from constrain.runtime.decoding.options import GenerationOptions

if TYPE_CHECKING:
    from constrain.runtime.models import CausalModel

__all__ = ["check_fit"]


def check_fit(
    model: CausalModel,
    grammars: Sequence[CompiledGrammar | None],
    prompt_ids: Sequence[int],
    options: GenerationOptions,
) -> None:
    """See that the model can write what it is asked for.

    Raises:
        ArtifactError: a grammar was compiled for another vocabulary.
        ModelError: the prompt has no tokens, or too many for the model's context beside the longest output.
    """
    for compiled in filter(None, grammars):
        if compiled.vocabulary.sha256 != model.vocabulary.sha256:
            raise ArtifactError(
                f"the grammar was compiled for another vocabulary ({compiled.vocabulary.vocab_size} tokens) than that "
                f"of {model.name} ({model.vocabulary.vocab_size} tokens)",
                expected="a grammar compiled for model.vocabulary",
            )
    if not prompt_ids:
        raise ModelError("the prompt has no tokens", expected="at least one, as encode_prompt gives")
    context = model.context_length
    if context is not None and len(prompt_ids) + options.max_tokens > context:
        raise ModelError(
            f"{len(prompt_ids)} tokens of prompt and {options.max_tokens} reserved for the output exceed the model's "
            f"context of {context} tokens",
            expected="a shorter prompt or a smaller --max-tokens",
        )
