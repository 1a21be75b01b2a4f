"""A pause of Python's cyclic garbage collector, for work that makes many objects and soon frees them without it.

A front end makes tens of thousands of tuples, dicts and small objects, which reference counts free. The collector would
look at them again and again meanwhile, and from time to time at everything that the program holds: of compiling a large
schema in a program with a large heap, that is more than half.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collection_paused"]


@contextmanager
def collection_paused() -> Iterator[None]:
    """Collect no cycles inside, in any thread; where collection is off already, it stays off."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
