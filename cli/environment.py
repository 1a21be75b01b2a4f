"""The only place that reads the environment; the library takes arguments instead.

Variables: ``CONSTRAIN_CACHE_DIR`` (where converted models are kept), ``CONSTRAIN_DEBUG`` (show tracebacks),
``HF_HUB_OFFLINE`` (as for every Hugging Face tool), ``NO_COLOR`` and ``FORCE_COLOR`` (read by rich).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_directory", "debug", "import_from_here", "prepare_libraries"]


def cache_directory() -> Path | None:
    """The folder of ``CONSTRAIN_CACHE_DIR``, or None for the platform's own."""
    value = os.environ.get("CONSTRAIN_CACHE_DIR")
    return Path(value).expanduser() if value else None


def debug() -> bool:
    """Does the user want tracebacks?"""
    return _is_set("CONSTRAIN_DEBUG")


def import_from_here() -> None:
    """Make the current folder importable, as it is for ``python -m``."""
    folder = os.getcwd()
    if folder not in sys.path:
        sys.path.insert(0, folder)


def prepare_libraries(*, offline: bool, verbose: bool) -> bool:
    """Tell the model libraries how to behave, before they are first imported: quiet, and offline where asked.

    Returns:
        Whether to stay offline: the option, or ``HF_HUB_OFFLINE``.
    """
    offline = offline or _is_set("HF_HUB_OFFLINE")
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    if not verbose:
        os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
        os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
        os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Waiting threads that sleep: 38 ms per token (embedded model, 2 cores) where spinning ones take 25, but 60 to 84
    # where other programs want the cores, too, and spinning ones were seen to take 760 to 3,857.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return offline


def _is_set(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() not in ("", "0", "false", "no", "off")
