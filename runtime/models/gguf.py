"""GGUF files, converted once.

transformers unpacks a GGUF file at every load, which takes about 40 s for the embedded model on two cores. Here that
happens once: the model is written as safetensors in bfloat16, with tokenizer and vocabulary, into the cache, where a
load takes about two seconds.

Why bfloat16: on the machine this was measured on (2 cores of Zen 5, AVX-512 BF16) the embedded model takes 24 ms per
token in bfloat16 and 83 ms in float32, at half the size; and quantised weights carry fewer bits than bfloat16 does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

from constrain.compiler.tokenizers import well_known_stop_tokens
from constrain.compiler.vocabulary import Vocabulary
from constrain.errors import ModelError
from constrain.runtime.cache import Cache
from constrain.runtime.models.embedded import EMBEDDED_NAME, embedded_gguf, embedded_sha256
from constrain.runtime.models.errors import model_errors
from constrain.runtime.models.quiet import quiet

__all__ = ["VOCABULARY_FILE", "converted_embedded", "converted_gguf", "gguf_sha256"]

KIND = "models"
CONVERSION = 2
"""Part of the cache key: a conversion that writes something else gets another number."""

MAGIC = b"GGUF"
VOCABULARY_FILE = "vocabulary.bin"

Notify = Callable[[str], None]


def converted_embedded(cache: Cache, notify: Notify) -> Path:
    """Folder of the embedded model in its converted form, made when it is not there.

    Raises:
        ModelError: the package is missing, or the conversion fails.
    """
    key = f"{embedded_sha256()}-{CONVERSION}"
    return cache.find(KIND, key) or _convert(
        lambda: embedded_gguf(cache.folder / KIND), EMBEDDED_NAME, cache, key, notify
    )


def converted_gguf(path: Path, cache: Cache, notify: Notify) -> Path:
    """Folder of a GGUF file in its converted form, made when it is not there.

    Raises:
        ModelError: not a GGUF file, or one that transformers cannot read.
    """
    key = f"{gguf_sha256(path, cache)}-{CONVERSION}"
    return cache.find(KIND, key) or _convert(lambda: nullcontext(path), path.name, cache, key, notify)


def gguf_sha256(path: Path, cache: Cache) -> str:
    """Hash of a GGUF file; remembered by path, size and modification time, as hashing gigabytes takes seconds.

    Raises:
        ModelError: the file cannot be read, or does not start like a GGUF file.
    """
    with model_errors(f"reading {path}"):
        status = path.stat()
        identity = f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
        name = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
        known = cache.find("digests", name)
        if known is not None and len(digest := known.read_text("ascii").strip()) == 64:
            return digest
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise ModelError(f"{path} is not a GGUF file", expected="a file that starts with the bytes GGUF")
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        cache.add_bytes("digests", name, digest.encode("ascii"))
        return digest


def _convert(source: Callable[[], Any], name: str, cache: Cache, key: str, notify: Notify) -> Path:
    notify(f"converting {name} once into {cache.folder} (about a minute)")
    progress_bars = redirect_stderr(StringIO())  # transformers draws them here whatever its settings say
    errors = model_errors(f"converting {name}")
    with errors, _needed_packages(), quiet(), progress_bars, source() as path, cache.add(KIND, key) as folder:
        _write_converted(path, name, folder)
    notify(f"converted {name}")
    return cache.path(KIND, key)


def _write_converted(path: Path, name: str, folder: Path) -> None:
    """Unpack the weights, rebuild the tokenizer, and write both with the vocabulary."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    place, file = str(path.parent), path.name
    tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(place, gguf_file=file, dtype=torch.bfloat16, **_unpacked())
    stops = _stop_tokens(model, tokenizer)
    if stops:
        model.generation_config.eos_token_id = stops
    width = model.get_output_embeddings().weight.shape[0]
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos_token_ids=stops or None, vocab_size=width)
    model.config._name_or_path = name
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    vocabulary.save(folder / VOCABULARY_FILE)


def _unpacked() -> dict[str, Any]:
    """Ask newer versions of transformers for plain weights; older ones give nothing else."""
    try:
        from transformers import GgufConfig
    except ImportError:
        return {}
    return {"quantization_config": GgufConfig(dequantize=True)}


def _stop_tokens(model: Any, tokenizer: Any) -> list[int]:
    """The file's stop token, and its special tokens whose names say that they end a turn.

    A GGUF file names one stop token; chat models have several (Gemma: ``<eos>`` and ``<end_of_turn>``), and llama.cpp
    finds the others by name as well.
    """
    added = json.loads(tokenizer.backend_tokenizer.to_str())["added_tokens"]
    special = {entry["content"]: entry["id"] for entry in added if entry["special"]}
    declared = getattr(model.generation_config, "eos_token_id", None)
    own = [*(declared if isinstance(declared, list) else [declared]), tokenizer.eos_token_id]
    return sorted({token_id for token_id in own if isinstance(token_id, int)} | set(well_known_stop_tokens(special)))


@contextmanager
def _needed_packages() -> Iterator[None]:
    """transformers reads GGUF files with packages that are an extra here."""
    try:
        yield
    except ImportError as error:
        raise ModelError(
            f"GGUF files need another package: {error.name or error}", expected="pip install 'constrain-lm[demo]'"
        ) from error
