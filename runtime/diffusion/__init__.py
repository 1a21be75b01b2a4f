"""Filling canvases: rows of tokens that a model writes in any order, under a constraint on the finished row."""

from constrain.runtime.diffusion.canvas import Canvas, Path, Posterior
from constrain.runtime.diffusion.cells import DELETED, OPEN, OPTIONAL, Gap, GapLength, cells_of
from constrain.runtime.diffusion.decide import AnyGap, Blocked, Completable, decide

__all__ = [
    "DELETED",
    "OPEN",
    "OPTIONAL",
    "AnyGap",
    "Blocked",
    "Canvas",
    "Completable",
    "Gap",
    "GapLength",
    "Path",
    "Posterior",
    "cells_of",
    "decide",
]
