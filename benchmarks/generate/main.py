"""Outputs under a constraint on a real model: against the same texts without one, beside other engines, in a batch.

python benchmarks/generate/run.py --data FILE [texts] [peers] [batch]
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import constrain
from constrain.cli import environment
from generate import parts
from generate.cases import read_cases
from generate.peers import PEERS
from generate.report import report
from generate.store import Store
from masks.machine import processor

__all__ = ["main"]

PARTS = ("texts", "peers", "batch")
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "maskbench" / "sample.jsonl.gz"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--data", type=Path, help="MaskBench rows (default: ../shared/data/maskbench; else order.json)")
    parser.add_argument("--only", default="", help="schemas whose names contain this text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--engines", default=",".join(PEERS), help="of the part 'peers'")
    parser.add_argument("--compile-limit", type=float, default=60, help="seconds for an index of outlines-core")
    parser.add_argument("--batch", type=int, default=16, help="rows of the part 'batch'")
    parser.add_argument("--out", type=Path, help="folder for summary.md and raw/; a run that was stopped goes on there")
    parser.add_argument("-m", "--model", help="as for `constrain gen` (default: the embedded model)")
    options = parser.parse_intermixed_args(arguments)
    options.parts = options.parts or list(PARTS)
    options.engines = options.engines.split(",")
    for kind, named, known in (("part", options.parts, PARTS), ("engine", options.engines, PEERS)):
        if unknown := set(named) - set(known):
            parser.error(f"no {kind} is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if options.data is None and DATA.is_file():
        options.data = DATA
    return options


def versions(engines: Sequence[str]) -> dict[str, str]:
    """Of what is installed; "not installed" of the rest."""
    found = {}
    for name in engines:
        try:
            found[name] = PEERS[name].version()
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print tables, and keep them."""
    options = parse(arguments)
    environment.prepare_libraries(offline=False, verbose=False)  # as `constrain gen` does, before torch is imported
    import torch
    import transformers

    from constrain.runtime import load_model

    model = load_model(options.model)
    settings: dict[str, Any] = {
        "model": f"{model.name}, {model.network.dtype}, {model.vocabulary.vocab_size:,} tokens",
        "max_tokens": options.max_tokens,
        "machine": f"{processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads",
        "versions": {
            "constrain": constrain.__version__,
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "Python": platform.python_version(),
        },
    }
    cases = read_cases(options.data, options.only)
    raw = None if options.out is None else options.out / "raw"
    stores = {part: Store(raw and raw / f"{part}.jsonl", settings) for part in PARTS}
    for part in options.parts:
        if part == "texts":
            parts.texts(model, cases, stores[part], options.rounds, options.max_tokens)
        elif part == "peers":
            parts.peers(
                model,
                cases,
                stores[part],
                options.engines,
                options.rounds,
                options.max_tokens,
                options.compile_limit,
            )
        else:
            parts.batches(model, cases[: options.batch], stores[part], options.rounds, options.max_tokens)
    settings["date"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    settings["command"] = shlex.join(["python", "benchmarks/generate/run.py", *(arguments or sys.argv[1:])])
    text = report(settings, versions(options.engines), [case.name for case in cases], stores)
    print(text)
    if options.out is not None:
        (options.out / "summary.md").write_text(text, encoding="utf-8")
