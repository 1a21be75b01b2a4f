"""Causal language models of Hugging Face, behind the few things decoding needs of them."""

from constrain.runtime.models.causal import CausalModel, KeyValueCache
from constrain.runtime.models.load import load_model

__all__ = ["CausalModel", "KeyValueCache", "load_model"]
