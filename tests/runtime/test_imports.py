"""torch takes seconds to import; only what runs a model may."""

from __future__ import annotations

import subprocess
import sys

import pytest

import constrain.runtime


@pytest.mark.parametrize("module", ["constrain.runtime", "constrain.runtime.cache"])
def test_importing_does_not_import_torch(module: str) -> None:
    code = f"import sys, {module}; dir({module}); print(sorted({{'torch', 'transformers'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_had() -> None:
    for name in constrain.runtime.__all__:
        assert getattr(constrain.runtime, name).__name__ == name
    assert dir(constrain.runtime) == sorted(constrain.runtime.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = constrain.runtime.nothing
