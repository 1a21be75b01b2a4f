"""Rounds of a fuzz test: so many, the same on every run; or for ``FUZZ_SECONDS``, beginning with ``FUZZ_ROUND``."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import count
from random import Random


def rounds(least: int) -> Iterator[tuple[int, Random]]:
    """Numbers of rounds, each with its own source of randomness."""
    seconds = float(os.environ.get("FUZZ_SECONDS", 0))
    first = int(os.environ.get("FUZZ_ROUND", 0))
    begin = time.monotonic()
    for number in count(first):
        if number >= first + least and time.monotonic() - begin >= seconds:
            return
        yield number, Random(number)
