"""A tokenizer with fewer tokens: the first ids of a byte-level BPE tokenizer, which merge first, and a stop token.

Ids in the order of merges are what makes this a tokenizer of the smaller size, near to one trained at that size.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from masks.tokenizer import Tokenizer

__all__ = ["truncate"]


def truncate(tokenizer: Tokenizer, size: int, folder: Path) -> Tokenizer:
    """Write a tokenizer of ``size`` ids, the last of them the stop token, into ``folder`` and read it.

    Raises:
        ValueError: the tokenizer has fewer ids, or ``size`` leaves no room for the 256 bytes.
    """
    if not 257 <= size <= tokenizer.vocab_size:
        raise ValueError(f"{tokenizer.name} has {tokenizer.vocab_size} ids; {size} of them can't be taken")
    document: dict[str, Any] = json.loads(tokenizer.path.read_text(encoding="utf-8"))
    model = document["model"]
    model["vocab"] = {text: token for text, token in model["vocab"].items() if token < size - 1}
    model["merges"] = [merge for merge in model["merges"] if known(merge, model["vocab"])]
    stop = {"id": size - 1, "content": tokenizer.eos, "single_word": False, "lstrip": False, "rstrip": False}
    document["added_tokens"] = [stop | {"normalized": False, "special": True}]
    document["post_processor"] = None
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": tokenizer.eos}), encoding="utf-8")
    return Tokenizer(folder)


def known(merge: str | list[str], vocabulary: dict[str, int]) -> bool:
    """Are both parts of a merge and the result tokens?"""
    parts = merge.split(" ") if isinstance(merge, str) else merge
    return all(text in vocabulary for text in (*parts, "".join(parts)))
