"""What every test may use: the ``--slow`` switch, shared data, the byte vocabulary, a tiny model, hypothesis."""

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


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random Llama of two thousand weights, whose tokens are the bytes and one stop token."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny") / "tiny-model"
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>")
    wrapped.save_pretrained(folder)
    torch.manual_seed(7)
    configuration = LlamaConfig(
        vocab_size=257,
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=1 << 20,
        initializer_range=1.0,  # large enough for the prompt to matter
        eos_token_id=256,
        bos_token_id=None,
    )
    LlamaForCausalLM(configuration).save_pretrained(folder)
    return folder
