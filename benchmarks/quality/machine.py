"""Where and with what a run was made."""

from __future__ import annotations

import datetime
import os
import platform
from typing import TYPE_CHECKING

import numpy as np

import constrain
from quality.peers import versions

if TYPE_CHECKING:
    from constrain.runtime import CausalModel

__all__ = ["setting"]


def setting(model: CausalModel) -> dict[str, str]:
    """Versions by name, and the rest."""
    import torch
    import transformers

    return {
        "date": str(datetime.datetime.now(datetime.UTC).date()),
        "model": f"{model.name}, {model.network.dtype}".replace("torch.", ""),
        "cores": str(os.cpu_count()),
        "Python": platform.python_version(),
        "constrain": constrain.__version__,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "numpy": np.__version__,
        **versions(),
    }
