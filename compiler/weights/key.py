"""What weights are for: they foretell one model, at one temperature, in one language, spelled with one vocabulary."""

from __future__ import annotations

import math
from dataclasses import dataclass

from constrain.compiler import CompiledGrammar
from constrain.errors import ArtifactError

__all__ = ["WeightsKey"]


@dataclass(frozen=True, slots=True)
class WeightsKey:
    """The key of weights.

    Attributes:
        grammar: hash of the language's form, in hexadecimal.
        vocabulary: hash of the vocabulary, in hexadecimal.
        model: fingerprint of the model, in hexadecimal.
        model_name: what users call it; not compared, since the same model has many names.
        temperature: that of the model's declared law.
    """

    grammar: str
    vocabulary: str
    model: str
    model_name: str
    temperature: float

    def __post_init__(self) -> None:
        """Refuse what is no key.

        Raises:
            ValueError: a hash that is not 64 hexadecimal digits, a temperature that is none, or a name without letters.
        """
        for what in ("grammar", "vocabulary", "model"):
            digits = getattr(self, what)
            if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
                raise ValueError(f"the hash of the {what} must be 64 hexadecimal digits, not {digits!r}")
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"the temperature must be a number above 0, not {self.temperature}")
        if not self.model_name:
            raise ValueError("the model must have a name")

    @classmethod
    def of(cls, compiled: CompiledGrammar, model: str, model_name: str, temperature: float) -> WeightsKey:
        """The key for a compiled grammar and a model."""
        return cls(compiled.sha256, compiled.vocabulary.sha256, model, model_name, float(temperature))

    def check(self, wanted: WeightsKey) -> None:
        """Are weights with this key of use where another is wanted?

        Raises:
            ArtifactError: they are for something else; all that differs is named.
        """
        differences = []
        if self.model != wanted.model:
            names = [self.model_name, wanted.model_name]
            if names[0] == names[1]:  # the same name, but not the same numbers
                names = [f"{self.model_name} ({key.model[:12]})" for key in (self, wanted)]
            differences.append("the model {}, not for {}".format(*names))
        if self.temperature != wanted.temperature:
            differences.append(f"the temperature {self.temperature:g}, not for {wanted.temperature:g}")
        for what in ("grammar", "vocabulary"):
            own, other = getattr(self, what), getattr(wanted, what)
            if own != other:
                differences.append(f"the {what} {own[:12]}, not for {other[:12]}")
        if differences:
            raise ArtifactError(
                f"the weights are for {'; and for '.join(differences)}",
                expected="weights fitted for this grammar, model and temperature",
            )
