"""Our own decoding loop: penalties, temperature, constraint, truncation over the allowed tokens, a draw."""

from constrain.runtime.decoding.loop import Generation, generate
from constrain.runtime.decoding.options import GenerationOptions
from constrain.runtime.decoding.result import GenerationResult, Timings

__all__ = ["Generation", "GenerationOptions", "GenerationResult", "Timings", "generate"]
