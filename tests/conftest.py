"""What every test may use: the ``--slow`` switch, shared data, the byte vocabulary, repeatable hypothesis."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from constrain import Vocabulary

# Before torch is imported, here and in the processes that tests start: pytest has as many workers as cores, and threads
# that wait for each other on a busy machine make small models tens of times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

ROOT = Path(__file__).resolve().parents[1]

# The same examples on every run, no time limits on any of them, nothing remembered between runs. To look further:
# pytest --hypothesis-profile=explore.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=2000, print_blob=True)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def pytest_configure() -> None:
    # whoever starts this in the background may have it ignored, and so would be all processes that are started here
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    skip = pytest.mark.skip(reason="slow: runs with --slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of data that may lie beside the repository but isn't part of it: real vocabularies, benchmark schemas,
    the JSON Schema test suite. Whatever needs it has a counterpart that doesn't.
    """
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no data in ../shared/data beside the repository")
    return folder


@pytest.fixture(scope="session")
def byte_vocabulary() -> Vocabulary:
    """One token for each byte, with the byte as its id, and the stop token 256."""
    return Vocabulary([bytes([byte]) for byte in range(256)], [256], vocab_size=257)
