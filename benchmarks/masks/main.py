"""Every schema goes to every engine in turn, in one run, so that ratios hold even where absolute times do not."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import sys
import time
from pathlib import Path

from masks.engines import ENGINES
from masks.process import Worker, WorkerOptions
from masks.report import findings, report
from masks.results import EngineRun, Run, SchemaResult, write_run
from masks.sample import Row, choose, instance_text, read_rows
from masks.tokenizer import Tokenizer
from masks.worker import CLOCKS

__all__ = ["main"]

BENCHMARKS = Path(__file__).resolve().parents[1]
DATA = BENCHMARKS.parents[1] / "shared" / "data" / "maskbench" / "sample.jsonl.gz"


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="run.py", description=__doc__)
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json, or the folder that holds it")
    parser.add_argument("--data", type=Path, default=DATA, help="MaskBench rows (default: ../shared/data/maskbench)")
    parser.add_argument("--sample", type=int, default=300, help="schemas, in proportion to the splits; 0: all of them")
    parser.add_argument("--seed", type=int, default=7, help="which sample")
    parser.add_argument("--only", default="", help="only ids and splits that contain this text")
    parser.add_argument(
        "--engines", default="constrain,llguidance,xgrammar,outlines-core", help="of " + ", ".join(ENGINES)
    )
    parser.add_argument("--limit", type=float, default=20, help="seconds for a schema in an engine, instances included")
    parser.add_argument("--engine-limit", default="outlines-core=4", help="other limits: name=seconds,name=seconds")
    parser.add_argument("--memory-gib", type=float, default=8, help="address space of each engine's process")
    parser.add_argument("--clock", choices=tuple(CLOCKS), default="cpu", help="what times and limits count")
    parser.add_argument("--compact", action="store_true", help="instances without spaces; default ', ' and ': '")
    parser.add_argument("--name", default="latest", help="results go to benchmarks/results/NAME")
    options = parser.parse_args()
    if not options.data.is_file():
        parser.error(
            f"no data at {options.data}; --data takes a file of MaskBench rows (see benchmarks/masks/README.md)"
        )
    if not options.tokenizer.exists():
        parser.error(f"no tokenizer at {options.tokenizer}")
    options.engines = options.engines.split(",")
    unknown = set(options.engines) - set(ENGINES)
    if unknown:
        parser.error(f"no engine is called {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    limits = dict.fromkeys(options.engines, options.limit)
    for pair in filter(None, options.engine_limit.split(",")):
        name, _, seconds = pair.partition("=")
        if name in limits:
            limits[name] = float(seconds)
    options.limits = limits
    return options


def main() -> None:
    """Run the benchmark, print its tables, and keep them."""
    options = parse()
    folder = BENCHMARKS / "results" / options.name
    raw = folder / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(options.tokenizer)
    source, rows = read_rows(options.data)
    rows = choose(
        [row for row in rows if options.only in row.id or options.only in row.split], options.sample, options.seed
    )
    tokens = [[tokenizer.encode(instance_text(i.data, options.compact)) for i in row.instances] for row in rows]
    settings = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "processor": processor(),
        "python": platform.python_version(),
        "data": options.data.name,
        "data_source": source,
        "tokenizer_name": tokenizer.path.parent.name,
        "vocab_size": tokenizer.vocab_size,
        "sample": options.sample,
        "seed": options.seed,
        "compact": options.compact,
        "clock": options.clock,
        "schemas": len(rows),
        "instances": sum(map(len, tokens)),
        "tokens": sum(len(ids) for row in tokens for ids in row),
    }
    tell(f"{settings['schemas']} schemas, {settings['instances']} instances, {settings['tokens']:,} tokens")

    # The engines share the last core, one at a time; this process and the rest of the machine have the others.
    cores = sorted(os.sched_getaffinity(0))
    core = cores[-1] if len(cores) > 1 else -1
    workers = {}
    for name in options.engines:
        log = raw / f"{name}.stderr"
        log.unlink(missing_ok=True)
        limit = options.limits[name]
        workers[name] = Worker(
            WorkerOptions(name, tokenizer.path.resolve(), log, limit, options.clock, options.memory_gib, core)
        )
    try:
        results, spent = measure(rows, tokens, workers)
    finally:
        for worker in workers.values():
            worker.stop()

    engines = {}
    for name, worker in workers.items():
        for result, ids in zip(results[name], tokens, strict=True):
            locate(result, ids, tokenizer)
        engines[name] = EngineRun(
            name,
            worker.ready["version"],
            worker.ready["setup_s"],
            worker.options.limit_s,
            worker.starts,
            round(spent[name], 1),
            results[name],
        )
    run = Run(settings, engines)
    write_run(run, raw)
    text = report(run)
    (folder / "summary.md").write_text(text, encoding="utf-8")
    print(text)
    first = engines[options.engines[0]]
    print(f"{first.engine}: what went wrong, and what was refused\n{findings(first) or 'nothing'}")


def measure(
    rows: list[Row], tokens: list[list[list[int]]], workers: dict[str, Worker]
) -> tuple[dict[str, list[SchemaResult]], dict[str, float]]:
    """Give every schema to every engine; the engine that comes first changes from schema to schema."""
    names = list(workers)
    results: dict[str, list[SchemaResult]] = {name: [] for name in names}
    spent = dict.fromkeys(names, 0.0)
    for worker in workers.values():
        worker.start()
    started = time.monotonic()
    for index, (row, ids) in enumerate(zip(rows, tokens, strict=True)):
        turn = index % len(names)
        for name in names[turn:] + names[:turn]:
            before = time.monotonic()
            results[name].append(workers[name].run(row, ids))
            spent[name] += time.monotonic() - before
        if (index + 1) % 25 == 0:
            each = "  ".join(f"{name} {seconds:.0f} s" for name, seconds in spent.items())
            tell(f"{index + 1}/{len(rows)} after {time.monotonic() - started:.0f} s: {each}")
    return results, spent


def locate(result: SchemaResult, tokens: list[list[int]], tokenizer: Tokenizer) -> None:
    """Write down where wrong verdicts fell, for the reader of the results."""
    for instance, ids in zip(result.instances, tokens, strict=False):
        if instance.verdict == "right":
            continue
        end = len(instance.mask_ns) if instance.rejected_at is None else instance.rejected_at
        before = str(tokenizer.raw.decode(ids[:end], skip_special_tokens=False))[-60:]
        here = str(tokenizer.raw.decode(ids[end : end + 1], skip_special_tokens=False))
        instance.place = f"after {before!r}, at {here!r}"


def processor() -> str:
    """What the machine calls its processor."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def tell(line: str) -> None:
    """Progress, on standard error."""
    print(line, file=sys.stderr, flush=True)
