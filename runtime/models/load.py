"""From a name to a model: a local folder, a GGUF file, a model of the Hugging Face hub, or the embedded one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constrain.compiler.tokenizers import ContinuationEncoder
from constrain.compiler.vocabulary import Vocabulary
from constrain.errors import ModelError
from constrain.runtime.cache import Cache
from constrain.runtime.models.embedded import EMBEDDED_NAME
from constrain.runtime.models.errors import model_errors
from constrain.runtime.models.quiet import quiet

if TYPE_CHECKING:
    import torch

    from constrain.runtime.models.causal import CausalModel

__all__ = ["load_model"]

DTYPES = ("auto", "float32", "bfloat16", "float16")
FAST_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16", "arm_bf16")
"""Processor features, as torch names them, that make bfloat16 faster than float32."""

TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "tekken.json", "spiece.model")


def load_model(
    name: str | None = None,
    *,
    revision: str | None = None,
    offline: bool = False,
    dtype: str | None = None,
    device: str | None = None,
    cache_dir: str | Path | None = None,
    notify: Callable[[str], None] | None = None,
) -> CausalModel:
    """Load a causal language model and its tokenizer.

    Args:
        name: a local folder, a ``.gguf`` file, or the name of a model of the Hugging Face hub; None is the embedded
            model (Gemma 3 270M, from the extra ``demo``).
        revision: branch, tag or commit of a hub model.
        offline: use only files on this machine.
        dtype: ``float32``, ``bfloat16``, ``float16``; ``auto`` (the default) is the form the weights are stored in,
            but float32 on processors without fast half-precision arithmetic.
        device: ``cpu``, ``cuda``, ``cuda:1``, ``mps``; ``auto`` (the default) takes an accelerator where there is one.
        cache_dir: where converted GGUF files are kept, and what was found out about networks; by default the platform's
            cache folder.
        notify: told, in one line each, about work that takes long.

    Raises:
        ModelError: unknown model, broken or incomplete files, no network, a bad ``dtype`` or ``device``.
        VocabularyError: the tokenizer cannot be mapped to exact bytes.
    """
    dtype = dtype or "auto"
    if dtype not in DTYPES:
        raise ModelError(f"unknown dtype {dtype!r}", expected=", ".join(DTYPES))
    with model_errors("loading torch and transformers"):
        import torch  # noqa: F401  # the slow import, once, with an error that says what it was for
        import transformers  # noqa: F401  # likewise
    cache = Cache(cache_dir)
    model = _loaded(name, revision, offline, dtype, _device(device or "auto"), cache, notify or _say_nothing)
    model.cache = cache
    return model


def _loaded(
    name: str | None,
    revision: str | None,
    offline: bool,
    dtype: str,
    target: torch.device,
    cache: Cache,
    notify: Callable[[str], None],
) -> CausalModel:
    if name is None:
        from constrain.runtime.models.gguf import converted_embedded

        return _load_converted(converted_embedded(cache, notify), EMBEDDED_NAME, dtype, target)
    path = Path(name).expanduser()
    if path.is_file() or path.suffix == ".gguf":
        from constrain.runtime.models.gguf import converted_gguf

        return _load_converted(converted_gguf(_existing(path), cache, notify), name, dtype, target)
    if path.is_dir():
        _check_folder(path)
        return _load(str(path), name, None, True, dtype, target)
    if path.is_absolute() or name.startswith((".", "~")):
        raise ModelError(f"there is no model folder {name}", expected="a folder, a .gguf file or the name of a model")
    return _load(name, name, revision, _stay_offline(name, revision, offline), dtype, target)


def _stay_offline(name: str, revision: str | None, offline: bool) -> bool:
    from constrain.runtime.models.hub import is_on_this_machine, must_stay_offline

    if not offline:
        return must_stay_offline(name, revision)
    if not is_on_this_machine(name, revision):
        raise ModelError(
            f"the model {name!r} is not on this machine, and the network may not be used (--offline)",
            expected="a local folder, a .gguf file, or a hub model that was downloaded before",
        )
    return True


def _load(place: str, name: str, revision: str | None, local: bool, dtype: str, device: torch.device) -> CausalModel:
    """Load a folder or a hub model the general way."""
    from transformers import AutoTokenizer

    from constrain.runtime.models.causal import CausalModel

    where = {"revision": revision, "local_files_only": local, "trust_remote_code": False}
    with quiet():
        with model_errors(f"loading the tokenizer of {name}"):
            tokenizer = AutoTokenizer.from_pretrained(place, **where)
        with model_errors(f"loading the model {name}"):
            model = _weights(place, dtype, device, **where)
    return CausalModel(name, model, tokenizer)


def _load_converted(folder: Path, name: str, dtype: str, device: torch.device) -> CausalModel:
    """Load what a GGUF file was converted to.

    The tokenizer is taken as it was saved, where ``AutoTokenizer`` would build it anew (5 s instead of 2 s for the
    262,144 tokens of Gemma), and the vocabulary is read from its own file.
    """
    from transformers import PreTrainedTokenizerFast

    from constrain.runtime.models.causal import CausalModel
    from constrain.runtime.models.gguf import VOCABULARY_FILE

    with quiet(), model_errors(f"loading the converted model in {folder} (constrain cache clear removes it)"):
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
        encode = ContinuationEncoder(tokenizer.backend_tokenizer)
        vocabulary = Vocabulary.load(folder / VOCABULARY_FILE, encode=encode)
        model = _weights(str(folder), dtype, device, local_files_only=True)
    return CausalModel(name, model, tokenizer, vocabulary)


def _weights(place: str, dtype: str, device: torch.device, **where: Any) -> Any:
    from transformers import AutoModelForCausalLM

    loaded: Any = AutoModelForCausalLM.from_pretrained(
        place, dtype=_torch_dtype(dtype, device), output_loading_info=True, ignore_mismatched_sizes=True, **where
    )
    model, report = loaded
    # transformers would run with random numbers in the place of weights that are not there
    misshapen = (key if isinstance(key, str) else key[0] for key in report["mismatched_keys"])
    if unusable := sorted({*report["missing_keys"], *misshapen}):
        raise ModelError(
            f"the weights in {place} are not those its config.json asks for: {len(unusable)} are missing or of another "
            f"shape, among them {unusable[0]}"
        )
    return model.to(device)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ModelError(f"there is no model file {path}", expected="a GGUF file")
    return path


def _check_folder(folder: Path) -> None:
    """Say what is missing before transformers says it in its own way."""
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} is not a model folder: it has no config.json")
    with model_errors(f"reading {folder / 'config.json'}"):
        configuration = json.loads((folder / "config.json").read_bytes())
    if not isinstance(configuration, dict):
        raise ModelError(f"{folder / 'config.json'} is not a JSON object")
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        raise ModelError(f"the model folder {folder} has no tokenizer", expected="a tokenizer.json in it")


def _device(device: str) -> torch.device:
    import torch

    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    with model_errors(f"using the device {device!r}"):
        chosen = torch.device(device)
        torch.empty(1, device=chosen)
        return chosen


def _torch_dtype(dtype: str, device: torch.device) -> Any:
    """What to ask transformers for; "auto" there means the stored form."""
    import torch

    if dtype != "auto":
        return getattr(torch, dtype)
    return "auto" if device.type != "cpu" or _has_fast_bfloat16() else torch.float32


def _has_fast_bfloat16() -> bool:
    """Does this processor multiply bfloat16 matrices faster than float32 ones?"""
    import torch

    capabilities: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # torch before 2.11 cannot tell
    return any(bool(capabilities.get(name)) for name in FAST_BFLOAT16)


def _say_nothing(_: str) -> None:
    """The default for ``notify``."""
