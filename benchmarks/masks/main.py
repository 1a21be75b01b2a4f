"""Every constraint goes to every engine in turn, in one run, so that ratios hold even where absolute times do not."""

from __future__ import annotations

import argparse
import datetime
import platform
from dataclasses import replace
from pathlib import Path
from typing import Any

from masks.cases import batch_cases, hard_cases
from masks.engines import ENGINES
from masks.machine import engine_core, processor
from masks.parts.hard import run_batches, run_cases
from masks.parts.hard_report import hard_report
from masks.parts.maskbench import Data, maskbench
from masks.parts.memory import memory
from masks.parts.repeated import repeated
from masks.parts.scaling import scaling
from masks.session import Options, Session, parse_limits
from masks.targets import Section, Target, target_table
from masks.tokenizer import Tokenizer
from masks.worker import CLOCKS

__all__ = ["main"]

BENCHMARKS = Path(__file__).resolve().parents[1]
DATA = BENCHMARKS.parents[1] / "shared" / "data" / "maskbench" / "sample.jsonl.gz"
PARTS = ("maskbench", "hard", "repeated", "memory", "scaling")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; maskbench when none is named")
    parser.add_argument(
        "--tokenizer",
        type=Path,
        required=True,
        action="append",
        help="tokenizer.json, or the folder that holds it; may be given more than once",
    )
    parser.add_argument(
        "--engines", default="constrain,llguidance,xgrammar,outlines-core", help="of " + ", ".join(ENGINES)
    )
    parser.add_argument("--data", type=Path, default=DATA, help="MaskBench rows (default: ../shared/data/maskbench)")
    parser.add_argument("--sample", type=int, default=300, help="schemas, in proportion to the splits; 0: all of them")
    parser.add_argument("--seed", type=int, default=7, help="which sample")
    parser.add_argument("--only", default="", help="only cases, and schemas by id and split, that contain this text")
    parser.add_argument("--compact", action="store_true", help="instances without spaces; default ', ' and ': '")
    parser.add_argument("--limit", type=float, default=20, help="seconds for a schema in an engine, instances included")
    parser.add_argument(
        "--engine-limit",
        type=parse_limits,
        default="outlines-core=4",
        help="stricter limits: name=seconds,name=seconds",
    )
    parser.add_argument("--case-limit", type=float, default=60, help="seconds for a hard case in an engine")
    parser.add_argument("--rounds", type=int, default=3, help="walks of each schema and case; the median counts")
    parser.add_argument("--repeated-sample", type=int, default=60, help="schemas of the part 'repeated'")
    parser.add_argument("--compiles", type=int, default=1_000, help="compiled grammars of the part 'memory'")
    parser.add_argument("--memory-limit", type=float, default=120, help="seconds for an engine in the part 'memory'")
    parser.add_argument("--sizes", type=numbers, default="16000,32000,64000,128000,200000", help="vocabularies, in ids")
    parser.add_argument("--lengths", type=numbers, default="1000,10000,100000,1000000", help="documents, in bytes")
    parser.add_argument("--memory-gib", type=float, default=8, help="address space of each engine's process")
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="cpu", help="what times and limits count")
    parser.add_argument("--name", default="latest", help="results go to benchmarks/results/NAME")
    options = parser.parse_intermixed_args()
    options.parts = options.parts or ["maskbench"]
    options.engines = options.engines.split(",")
    for kind, named, known in (("part", options.parts, PARTS), ("engine", options.engines, ENGINES)):
        unknown = set(named) - set(known)
        if unknown:
            parser.error(f"no {kind} is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if not options.data.is_file() and {"maskbench", "memory"} & set(options.parts):
        parser.error(
            f"no data at {options.data}; --data takes a file of MaskBench rows (see benchmarks/masks/README.md)"
        )
    for path in options.tokenizer:
        if not path.exists():
            parser.error(f"no tokenizer at {path}")
    folders = [path.resolve().parent if path.is_file() else path.resolve() for path in options.tokenizer]
    if len({folder.name for folder in folders}) < len(folders):
        parser.error("tokenizers go by the names of their folders, and two have the same")
    return options


def numbers(text: str) -> list[int]:
    """Whole numbers between commas, ascending."""
    return sorted(map(int, text.split(",")))


def main() -> None:
    """Run the parts for each vocabulary, print their tables, and keep them."""
    options = parse()
    folder = BENCHMARKS / "results" / options.name
    raw = folder / "raw"
    session_options = Options(options.engines, options.clock, options.memory_gib, engine_core(), options.engine_limit)
    settings = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "python": platform.python_version(),
    }
    tokenizers = [Tokenizer(path) for path in options.tokenizer]
    largest = max(tokenizers, key=lambda tokenizer: tokenizer.vocab_size)
    heading = f"{settings['date']}: {', '.join(options.parts)}; {options.clock} clock, {settings['processor']}."
    texts: list[str] = []
    targets: dict[str, list[Target]] = {}
    for tokenizer in tokenizers:
        texts.append(f"# {tokenizer.name}: {tokenizer.vocab_size:,} ids")
        targets[tokenizer.name] = []
        with Session(session_options, tokenizer, raw / tokenizer.name) as session:
            for part in options.parts:
                if part == "scaling" and tokenizer is not largest:
                    continue
                section = run_part(part, session, options, settings, folder)
                texts += [f"## {part}", session.versions(), section.text]
                targets[tokenizer.name] += section.targets
                # after each part, so that what was measured outlives a part that fails
                text = "\n\n".join(filter(None, [heading, target_table(targets), *texts])) + "\n"
                (folder / "summary.md").write_text(text, encoding="utf-8")
    print(text)


def run_part(
    part: str, session: Session, options: argparse.Namespace, settings: dict[str, Any], folder: Path
) -> Section:
    """Measure one part for one vocabulary."""
    data = Data(options.data, options.sample, options.seed, options.only, options.compact)
    if part == "maskbench":
        return maskbench(session, data, options.limit, settings, options.rounds)
    if part == "hard":
        cases = [case for case in hard_cases() if options.only in case.name]
        batches = [case for case in batch_cases() if options.only in case.name]
        run = run_cases(session, cases, options.case_limit, rounds=options.rounds)
        return hard_report(run, run_batches(session, batches, options.case_limit))
    if part == "repeated":
        rows = replace(data, count=options.repeated_sample) if options.data.is_file() else None
        return repeated(session, rows, options.limit)
    if part == "memory":
        return memory(session, replace(data, count=0), options.compiles, options.memory_limit)
    return scaling(session, folder, options.sizes, options.lengths, options.case_limit)
