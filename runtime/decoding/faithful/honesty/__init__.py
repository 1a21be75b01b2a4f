"""Are methods honest? Each is held against the model's own distribution, on a language that is small enough to list.

:mod:`.examine` does it, :mod:`.report` is what comes of it. :mod:`.listing` and :mod:`.target` find the distribution,
:mod:`.bench` examines a method: :mod:`.closed` without draws, :mod:`.statistics` and :mod:`.weights` with them.
"""

from constrain.runtime.decoding.faithful.honesty.bench import METHODS, WATCHED_METHODS
from constrain.runtime.decoding.faithful.honesty.examine import DRAWS, examine
from constrain.runtime.decoding.faithful.honesty.report import LEVEL, Examination, MethodReport

__all__ = ["DRAWS", "LEVEL", "METHODS", "WATCHED_METHODS", "Examination", "MethodReport", "examine"]
