"""A causal language model, as decoding sees it: a vocabulary, prompts as token ids, and logits of the next token."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from constrain.compiler.vocabulary import Vocabulary
from constrain.errors import ModelError
from constrain.runtime.models.errors import model_errors
from constrain.runtime.models.prompts import chat_messages, chat_text, knows_tools, plain_text, with_tools

if TYPE_CHECKING:
    from constrain.runtime.cache import Cache
    from constrain.runtime.models.rows.attention import AttentionForm

__all__ = ["CausalModel", "KeyValueCache"]

UNBOUNDED = 10**9
"""Tokenizers write "no limit" as an absurdly large number."""

PROMPT_END = 1_000
"""Bytes at the end of a prompt that are looked at; marks of thoughts are shorter."""

FINGERPRINT_NUMBERS = 16
"""So many numbers of each parameter are enough to tell networks apart: training changes all of them."""


@dataclass(slots=True)
class KeyValueCache:
    """What a model remembers of the tokens it has read; one per sequence, changed by :meth:`CausalModel.forward`.

    Attributes:
        token_ids: every token read so far.
        state: the model's keys and values; None before the first call, and for models without such a cache.
    """

    token_ids: list[int] = field(default_factory=list)
    state: Any = None


class CausalModel:
    """A Hugging Face causal model with its tokenizer.

    Attributes:
        name: what users call it.
        device: where the network's input has to be.
        cache: where what is found out about the network is kept for other processes, if anywhere.
        takes_logits_to_keep: can the network be told of which tokens the logits are needed?
        vocabulary: its tokens.
        context_length: the longest sequence it was made for; None where nothing says so.
    """

    def __init__(self, name: str, model: Any, tokenizer: Any, vocabulary: Vocabulary | None = None) -> None:
        """Wrap a loaded model.

        Args:
            name: what users call it.
            model: a transformers model with a language-model head.
            tokenizer: its fast tokenizer.
            vocabulary: the tokenizer's vocabulary as wide as the model's head, where it is at hand already.

        Raises:
            ModelError: not a model that predicts next tokens.
            VocabularyError: the tokenizer cannot be mapped to bytes.
        """
        self.name = name
        self.cache: Cache | None = None
        self._model = model.eval()
        self._tokenizer = tokenizer
        self.device = next(model.parameters()).device
        self.takes_logits_to_keep = "logits_to_keep" in inspect.signature(model.forward).parameters
        if vocabulary is None:
            vocabulary = Vocabulary.from_tokenizer(
                tokenizer, eos_token_ids=_stop_tokens(model, tokenizer), vocab_size=_head_width(model)
            )
        self.vocabulary = vocabulary
        self.context_length = _context_length(model.config, tokenizer)

    @property
    def eos_token_ids(self) -> list[int]:
        """Tokens that end an output."""
        return self.vocabulary.eos_token_ids

    @property
    def has_chat_template(self) -> bool:
        """Is the model prompted as a conversation?"""
        return bool(getattr(self._tokenizer, "chat_template", None))

    @property
    def network(self) -> Any:
        """The transformers model, for what reads several sequences at once."""
        return self._model

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the network, in hexadecimal: names, shapes and first numbers of its parameters.

        The same for a network that was loaded as float32 or as bfloat16, from another folder or onto another device.
        What was learnt of a model is kept under it.
        """
        digest = hashlib.sha256()
        for name, parameter in self._model.named_parameters():
            first = parameter.detach().flatten()[:FINGERPRINT_NUMBERS].to("cpu", torch.bfloat16)
            digest.update(f"{name} {list(parameter.shape)}\n".encode())
            digest.update(first.view(torch.int16).numpy().astype("<i2").tobytes())
        return digest.hexdigest()

    @cached_property
    def attention_form(self) -> AttentionForm | None:
        """How the network is told what a token may see, if it can be; tried on the network when first asked for."""
        from constrain.runtime.models.rows.known import known_form

        return known_form(self, self.cache)

    def encode_prompt(
        self,
        prompt: str,
        *,
        system: str | None = None,
        schema_text: str | None = None,
        whitespace: str = "spaced",
        tools: Sequence[Mapping[str, Any]] | None = None,
        think: bool = False,
        reserve: int = 0,
    ) -> list[int]:
        """Token ids of a request, in the model's own form (chat template, or plain text for a base model).

        Args:
            prompt: the user's text.
            system: instructions that come before it.
            schema_text: a JSON Schema to show to the model.
            whitespace: layout of the answer, as of :func:`constrain.compile_json_schema`; an example is laid out so.
            tools: those that the model may call, in OpenAI's form, to show to it.
            think: may the model think before it answers?
            reserve: output tokens that must fit into the context as well.

        Raises:
            ModelError: the request and the reserve do not fit into the model's context; nothing is ever cut.
        """
        token_ids = self._encode(prompt, system, schema_text, whitespace, tools, think)
        if self.context_length is not None and len(token_ids) + reserve > self.context_length:
            shown = 0
            if schema_text or tools:
                shown = len(token_ids) - len(self._encode(prompt, system, None, whitespace, None, think))
            raise ModelError(
                f"the request does not fit into the model's context of {self.context_length} tokens: "
                f"{len(token_ids) - shown} of prompt, {shown} of schema and {reserve} reserved for the output",
                expected="a shorter prompt, a smaller --max-tokens or --prompt-schema none",
            )
        return token_ids

    def _encode(
        self,
        prompt: str,
        system: str | None,
        schema_text: str | None,
        whitespace: str,
        tools: Sequence[Mapping[str, Any]] | None,
        think: bool,
    ) -> list[int]:
        if tools and not (self.has_chat_template and knows_tools(self._tokenizer)):
            system, tools = with_tools(system, tools), None
        if self.has_chat_template:
            messages = chat_messages(prompt, system=system, schema_text=schema_text)
            text = chat_text(self._tokenizer, messages, tools=tools, think=think)
            add_special_tokens = False
        else:
            text = plain_text(prompt, system=system, schema_text=schema_text, whitespace=whitespace)
            add_special_tokens = True
        with model_errors("encoding the prompt"):
            token_ids = list(self._tokenizer(text, add_special_tokens=add_special_tokens)["input_ids"])
        if not token_ids:
            token_ids = [self._first_token()]
        if max(token_ids) >= self.vocabulary.vocab_size:
            raise ModelError(
                f"the prompt holds the token {max(token_ids)}, but the model knows only {self.vocabulary.vocab_size}"
            )
        return token_ids

    def _first_token(self) -> int:
        """What an empty prompt starts with: models need one token to predict the next."""
        token_id = getattr(self._tokenizer, "bos_token_id", None)
        return self.eos_token_ids[0] if token_id is None else int(token_id)

    def prompt_end(self, token_ids: Sequence[int]) -> str:
        """The last characters of a prompt, special tokens by their names; nothing from before a token without text."""
        end = b""
        for token_id in reversed(token_ids):
            text = self.vocabulary.text(token_id)
            if not text or len(end) > PROMPT_END:
                break
            end = text + end
        return end.decode(errors="replace")

    def new_cache(self) -> KeyValueCache:
        """The memory of a new sequence."""
        return KeyValueCache()

    def forward(self, token_ids: Sequence[int], cache: KeyValueCache) -> torch.Tensor:
        """Read further tokens and predict the next one.

        Args:
            token_ids: tokens that follow those in the cache; at least one.
            cache: the sequence so far, advanced by the call.

        Returns:
            Logits of the next token: float32 on the CPU, ``[vocab_size]``.

        Raises:
            ModelError: the model fails.
        """
        return self.forward_last(token_ids, cache, 1)[0]

    def forward_last(self, token_ids: Sequence[int], cache: KeyValueCache, count: int) -> torch.Tensor:
        """As :meth:`forward`, with predictions after each of the last tokens.

        Args:
            token_ids: tokens that follow those in the cache; at least one.
            cache: the sequence so far, advanced by the call.
            count: after how many of them, at most as many as there are.

        Returns:
            Logits: float32 on the CPU, ``[count, vocab_size]``; the last row predicts the next token.

        Raises:
            ModelError: the model fails.
        """
        fresh = list(token_ids)
        read = fresh if cache.state is not None else [*cache.token_ids, *fresh]
        arguments: dict[str, Any] = {"logits_to_keep": count} if self.takes_logits_to_keep else {}
        with model_errors("running the model"), torch.inference_mode():
            output = self._model(
                input_ids=torch.tensor([read], dtype=torch.long, device=self.device),
                past_key_values=cache.state,
                use_cache=True,
                **arguments,
            )
            logits: torch.Tensor = output.logits[0, -count:].to(device="cpu", dtype=torch.float32)
        cache.state = getattr(output, "past_key_values", None)
        cache.token_ids += fresh
        if logits.shape[1] != self.vocabulary.vocab_size:
            raise ModelError(
                f"the model predicts {logits.shape[1]} tokens where its head has {self.vocabulary.vocab_size}"
            )
        return logits


def _head_width(model: Any) -> int:
    """How many tokens the model predicts: often more than its tokenizer has, sometimes fewer."""
    head = model.get_output_embeddings()
    weight = getattr(head, "weight", None)
    if weight is None:
        raise ModelError("the model has no language-model head", expected="a causal language model")
    return int(weight.shape[0])


def _stop_tokens(model: Any, tokenizer: Any) -> list[int] | None:
    """Stop tokens of the generation configuration and the tokenizer; None when neither has any.

    A generation configuration that transformers made up from ``config.json`` often holds a default that nobody set, so
    it counts only where the tokenizer is silent.
    """
    generation = getattr(model, "generation_config", None)
    made_up = bool(getattr(generation, "_from_model_config", False))
    declared = _as_ids(getattr(generation, "eos_token_id", None))
    own = _as_ids(getattr(tokenizer, "eos_token_id", None))
    if made_up and own:
        declared = []
    return sorted({*declared, *own}) or None


def _as_ids(value: object) -> list[int]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return [item for item in values if isinstance(item, int) and not isinstance(item, bool) and item >= 0]


def _context_length(configuration: Any, tokenizer: Any) -> int | None:
    """The longest sequence the model was made for; None when nothing says so."""
    text = configuration.get_text_config() if hasattr(configuration, "get_text_config") else configuration
    for name in ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx", "seq_length"):
        length = getattr(text, name, None)
        if isinstance(length, int) and length > 0:
            return length
    length = getattr(tokenizer, "model_max_length", None)
    return length if isinstance(length, int) and 0 < length < UNBOUNDED else None
