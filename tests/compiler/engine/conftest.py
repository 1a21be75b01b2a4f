"""The vocabularies that the engine's tests run over."""

from __future__ import annotations

import pytest
from engine_driver import Tokens, byte_tokens, random_tokens, tekken_tokens


@pytest.fixture(scope="session")
def byte_vocabulary_tokens() -> Tokens:
    return byte_tokens()


@pytest.fixture(scope="session")
def random_vocabulary_tokens() -> Tokens:
    return random_tokens()


@pytest.fixture(scope="session")
def tekken_vocabulary_tokens() -> Tokens:
    """A real byte-pair vocabulary."""
    tokens = tekken_tokens()
    if tokens is None:
        pytest.skip("mistral-common, whose tekken vocabulary this test uses, is not installed")
    return tokens


@pytest.fixture(params=["byte", "random", "tekken"])
def tokens(request: pytest.FixtureRequest) -> Tokens:
    """Each of the vocabularies in turn."""
    found = request.getfixturevalue(f"{request.param}_vocabulary_tokens")
    assert isinstance(found, Tokens)
    return found
