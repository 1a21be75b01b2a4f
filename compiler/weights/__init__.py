"""Expected-future weights: how likely a text is to end well, from what a model does at each state of a language.

Masks keep a text in the language, but not the model's distribution: they let it walk into places from which it would
hardly end. The chance to end within the tokens that are left, where it is known, leads it away from them, as a proposal
or as what a leaf counts for; a draw's log-weight still says how far it is from the model's own law.
"""

from __future__ import annotations

from constrain.compiler.weights.fitted import fitted
from constrain.compiler.weights.future import Future
from constrain.compiler.weights.future_weights import BETAS, FutureWeights
from constrain.compiler.weights.key import WeightsKey
from constrain.compiler.weights.lump import Lump
from constrain.compiler.weights.online import OnlineFuture

__all__ = ["BETAS", "Future", "FutureWeights", "Lump", "OnlineFuture", "WeightsKey", "fitted"]
