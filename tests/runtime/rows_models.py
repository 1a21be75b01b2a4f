"""Tiny causal models of many families with random weights, the same at every call."""

from __future__ import annotations

from typing import Any

import torch
import transformers

from constrain.runtime.models import CausalModel

CONTEXT = 96
WINDOW = 8

SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "max_position_embeddings": CONTEXT}
LLAMA = {**SIZES, "intermediate_size": 48, "num_key_value_heads": 2, "initializer_range": 0.3}
GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": CONTEXT, "initializer_range": 0.3}
LAYERS = ["sliding_attention", "full_attention", "sliding_attention"]

BATCHED: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", LLAMA),
    "gemma3": ("Gemma3TextConfig", {**LLAMA, "head_dim": 8, "sliding_window": WINDOW, "layer_types": LAYERS}),
    "gpt2": ("GPT2Config", GPT),
    "gpt-neox": ("GPTNeoXConfig", {**SIZES, "intermediate_size": 48, "initializer_range": 0.3}),
    "mistral": ("MistralConfig", {**LLAMA, "sliding_window": WINDOW}),
    "opt": (
        "OPTConfig",
        {**SIZES, "ffn_dim": 48, "word_embed_proj_dim": 32, "init_std": 0.3},
    ),
    "phi": ("PhiConfig", {**SIZES, "intermediate_size": 48, "initializer_range": 0.3}),
    "qwen2": (
        "Qwen2Config",
        {**LLAMA, "use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1},
    ),
    "qwen3": ("Qwen3Config", {**LLAMA, "head_dim": 8}),
}
"""Whose attention takes a mask."""

SEPARATE: dict[str, tuple[str, dict[str, Any]]] = {
    "bloom": ("BloomConfig", {"hidden_size": 32, "n_layer": 2, "n_head": 4, "initializer_range": 0.3}),  # ALiBi
    "gpt-neo": (  # windows by columns
        "GPTNeoConfig",
        {
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 1]],
            "window_size": WINDOW,
            "max_position_embeddings": CONTEXT,
            "initializer_range": 0.3,
        },
    ),
    "llama4": (  # windows of another kind
        "Llama4TextConfig",
        {
            **LLAMA,
            "head_dim": 8,
            "intermediate_size_mlp": 48,
            "attention_chunk_size": WINDOW,
            "num_local_experts": 2,
        },
    ),
    "llama-longrope": (  # positions scaled by the longest sequence of a batch
        "LlamaConfig",
        {
            **LLAMA,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "factor": 4.0,
                "short_factor": [1.0] * 4,
                "long_factor": [3.0] * 4,
                "original_max_position_embeddings": CONTEXT // 4,
            },
        },
    ),
    "mamba": ("MambaConfig", {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8, "initializer_range": 0.3}),
    "lfm2": ("Lfm2Config", {**LLAMA, "layer_types": ["conv", "full_attention", "conv"]}),  # keys, values and a state
}
"""Whose attention does not, or in which rows would change each other."""


def make_row_model(family: str, tokenizer: Any, dtype: torch.dtype = torch.float64, **overrides: Any) -> CausalModel:
    """One of these models, with some settings changed."""
    name, settings = {**BATCHED, **SEPARATE}[family]
    vocab_size = len(tokenizer)
    config = getattr(transformers, name)(
        vocab_size=vocab_size, bos_token_id=0, eos_token_id=1, pad_token_id=0, **{**settings, **overrides}
    )
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = transformers.AutoModelForCausalLM.from_config(config).to(dtype)
    return CausalModel(family, network, tokenizer)
