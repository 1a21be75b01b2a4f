"""Methods that draw from the model's own distribution over the language, or say how far they are off.

P is the model: after its temperature, and after truncation where that is declared to come before the constraint. Z is
the probability that what it writes is in the language, within the budget; the target is P(x) / Z. Every draw comes with
log P, with log q of the law that it was drawn from, and with log W = log P - log q. One file each:

``mask`` (:mod:`.proposal`), ``asap``, ``exact``, ``smc``, ``mcmc``, ``best_of``; and :mod:`.certificate`, bounds on Z.
:mod:`.explorer` asks model and grammar, :mod:`.trie` is what draws learn from each other.
"""

from constrain.runtime.decoding.faithful.draws import Draws, DrawSettings

__all__ = ["DrawSettings", "Draws"]
