"""Does outlines-core come to an end with a schema? It can't be interrupted, so a process of its own finds out."""

from __future__ import annotations

import multiprocessing
import resource
from typing import Any

__all__ = ["index_trial"]

MEMORY_GIB = 8


def _index(regex: str, stop: int, vocabulary: dict[str, list[int]], sender: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GIB << 30, MEMORY_GIB << 30))
    from outlines_core import Index, Vocabulary

    tokens = Vocabulary(stop, vocabulary)
    sender.send(None)
    try:
        Index(regex, tokens)
        sender.send(None)
    except Exception as error:
        sender.send(str(error)[:200])


def index_trial(tokenizer: Any, regex: str, limit_s: float) -> str | None:
    """What is wrong with an index of this regex; None where nothing is.

    Args:
        tokenizer: of transformers.
        regex: what outlines makes of a schema.
        limit_s: seconds for the index.
    """
    vocabulary: dict[str, list[int]] = {}
    for token, token_id in tokenizer.get_vocab().items():
        vocabulary.setdefault(token.replace("▁", " "), []).append(token_id)
    vocabulary.pop(tokenizer.eos_token, None)
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_index, args=(regex, tokenizer.eos_token_id, vocabulary, sender), daemon=True)
    process.start()
    sender.close()
    try:
        receiver.recv()  # it has begun
        if not receiver.poll(limit_s):
            return f"out of time after {limit_s:g} s"
        problem: str | None = receiver.recv()
        return problem
    except EOFError:
        return f"out of memory ({MEMORY_GIB} GiB), or crashed"
    finally:
        process.kill()
        process.join()
