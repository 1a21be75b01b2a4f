"""JSONSchemaBench as a whole, in every engine: coverage, compliance, time to the first mask and per token.

Results are kept walk by walk, so that a run that was stopped goes on when it is called again with the same options.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from corpus.keywords import facts
from corpus.loading import Corpus, DataError, load
from corpus.measure import Column, finished, measure, server_column, worker_column
from corpus.report import Findings, report
from corpus.server import Server, ServerError
from corpus.store import Store, StoreError, digest
from masks.engines import ENGINES
from masks.machine import engine_core, processor
from masks.report import findings as wrong_verdicts
from masks.sample import Row, choose
from masks.session import Options, Session, parse_limits, tell
from masks.tokenizer import Tokenizer
from masks.worker import CLOCKS

__all__ = ["main"]

OUT = Path(__file__).resolve().parents[1] / "results" / "jsonschemabench"
SERVER = "server"
PACKAGES = {
    "llguidance": "llguidance",
    "xgrammar": "xgrammar",
    "xgrammar-default": "xgrammar",
    "outlines-core": "outlines_core",
    "llama.cpp": "llama_cpp",
}
"""What has to be importable for an engine; the others need nothing but this project."""

WITHOUT_MASKS = ("llama.cpp",)
DEFAULT = "constrain,constrain-lenient,llguidance,xgrammar,outlines-core,llama.cpp,server"
EXAMPLES = """\
examples, after  git clone https://github.com/guidance-ai/jsonschemabench  in benchmarks/:
  python jsonschemabench.py --data jsonschemabench --tokenizer FOLDER
  python jsonschemabench.py --data jsonschemabench --tokenizer FOLDER --sample 300 --engines constrain,llguidance
  python jsonschemabench.py --data jsonschemabench --tokenizer FOLDER --timeout 60 --engine-limit xgrammar=20
  python jsonschemabench.py --data jsonschemabench --tokenizer FOLDER --engines server --server http://localhost:8080
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = argparse.ArgumentParser(
        prog="jsonschemabench.py",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = found.add_argument
    add("--data", type=Path, required=True, help="copy of JSONSchemaBench: a clone, a download, or a file of rows")
    add("--tokenizer", type=Path, required=True, help="tokenizer.json, or the folder that holds it")
    add("--engines", default=DEFAULT, help=f"of {', '.join(ENGINES)}, {SERVER} (default: {DEFAULT})")
    add("--sample", type=int, default=0, help="so many schemas, in proportion to the datasets; 0: all (default)")
    add("--seed", type=int, default=7, help="which sample (default: 7)")
    add("--limit", type=int, default=0, help="only the first so many of these; 0: all (default)")
    add("--timeout", type=float, default=20, help="seconds for a schema in an engine, instances included (default: 20)")
    add("--engine-limit", type=parse_limits, default="outlines-core=4", help="stricter ones: name=seconds,name=seconds")
    add("--rounds", type=int, default=1, help="walks of each schema; the median counts (default: 1)")
    add("--compact", action="store_true", help="instances without spaces; default ', ' and ': '")
    add("--clock", choices=tuple(CLOCKS), default="cpu", help="what times and limits count (default: cpu)")
    add("--memory-gib", type=float, default=8, help="address space of each engine's process (default: 8)")
    add(
        "--out",
        type=Path,
        default=OUT,
        help="folder for tables and results (default: benchmarks/results/jsonschemabench)",
    )
    add("--server", default="", metavar="URL", help="server with OpenAI's protocol; its timeout is on the wall")
    add("--server-model", default="", metavar="NAME", help="default: the first that the server lists")
    add("--server-tokens", type=int, default=1024, metavar="N", help="that an answer may have (default: 1024)")
    add("--server-header", action="append", default=[], metavar="NAME:VALUE", help="may be given more than once")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is missing, print the tables, and keep them.

    Returns:
        0; 2 when something that is needed isn't there or is in the way, which standard error explains; 130 when the run
        was stopped: then the tables are about what was measured until then.
    """
    command = parser()
    options = command.parse_args(arguments)
    names = options.engines.split(",")
    unknown = set(names) - {*ENGINES, SERVER}
    if unknown:
        command.error(f"no engine is called {', '.join(sorted(unknown))}; there are {', '.join([*ENGINES, SERVER])}")
    if not options.tokenizer.exists():
        command.error(f"no tokenizer at {options.tokenizer}")
    if any(":" not in header for header in options.server_header):
        command.error("--server-header is NAME:VALUE")
    try:
        corpus = load(options.data)
        tokenizer = Tokenizer(options.tokenizer)
        return run(options, names, corpus, tokenizer)
    except (DataError, StoreError, ServerError) as error:
        tell(f"{command.prog}: error: {error}")
        return 2


def run(options: argparse.Namespace, names: list[str], corpus: Corpus, tokenizer: Tokenizer) -> int:
    """Measure a copy that was read."""
    chosen = choose(corpus.rows, options.sample, options.seed)
    chosen = chosen[: options.limit] if options.limit else chosen
    absent = {name: why for name in names if (why := missing(name, options.server))}
    present = [name for name in names if name not in absent]
    if not present:
        raise DataError("no engine can run: " + "; ".join(f"{name}, {why}" for name, why in absent.items()))
    for name, why in absent.items():
        tell(f"{name}: not run, {why}")
    tell(f"{len(chosen):,} schemas of {len(corpus.rows):,} in {corpus.source}")
    rows = [(row, digest(row)) for row in chosen]
    raw = options.out / "raw"
    workers = [name for name in present if name != SERVER]
    session_options = Options(workers, options.clock, options.memory_gib, engine_core(), options.engine_limit)
    stopped = False
    with Session(session_options, tokenizer, raw) as session:
        columns = [column_of(name, session, options, raw) for name in present]
        try:
            measure(columns, rows, options.rounds)
        except KeyboardInterrupt:
            stopped = True
        done = finished(columns, rows)
    settings = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "data": corpus.source,
        "available": len(corpus.rows),
        "chosen": len(chosen),
        "tokenizer": tokenizer.name,
        "vocab_size": tokenizer.vocab_size,
        "compact": options.compact,
        "clock": options.clock,
        "rounds": options.rounds,
        "machine": machine(),
    }
    conclude(options.out, columns, done, settings, absent)
    if stopped:
        tell(f"stopped: {len(done)} of {len(rows)} schemas are through; the same command goes on from there")
    return 130 if stopped else 0


def missing(name: str, server: str) -> str | None:
    """Why an engine can't run; None if it can."""
    if name == SERVER:
        return None if server else "no --server was given"
    package = PACKAGES.get(name)
    if package is None or importlib.util.find_spec(package) is not None:
        return None
    return f"this Python has no {package}"


def column_of(name: str, session: Session, options: argparse.Namespace, raw: Path) -> Column:
    """An engine with the results that it has."""
    path = raw / f"{name}.jsonl"
    if name == SERVER:
        headers = {key.strip(): value.strip() for key, _, value in (h.partition(":") for h in options.server_header)}
        server = Server(options.server, options.server_model, options.timeout, options.server_tokens, headers)
        model = server.first_model()
        asked = {"server": options.server, "model": model, "max_tokens": options.server_tokens}
        return server_column(server, model, Store(path, asked | {"limit_s": options.timeout}))
    masks = name not in WITHOUT_MASKS
    settings: dict[str, Any] = {"clock": options.clock, "memory_gib": options.memory_gib}
    settings["limit_s"] = session.limit_s(name, options.timeout)
    if masks:
        tokenizer = session.tokenizer
        settings |= {"tokenizer": tokenizer.name, "vocab_size": tokenizer.vocab_size, "compact": options.compact}
    return worker_column(session, name, options.timeout, options.compact, Store(path, settings), masks=masks)


def conclude(
    folder: Path,
    columns: Sequence[Column],
    done: Sequence[tuple[Row, str]],
    settings: dict[str, Any],
    absent: dict[str, str],
) -> None:
    """Print the tables, and keep them; beside the results, what each engine got wrong, instance by instance."""
    if not done:
        tell("no schema went through every engine, so there are no tables")
        return
    engines = {column.name: column.run(done) for column in columns}
    masks = [column.name for column in columns if column.masks]
    rows = [row for row, _ in done]
    text = report(Findings(settings, rows, [facts(row.schema) for row in rows], engines, masks, absent))
    (folder / "summary.md").write_text(text, encoding="utf-8")
    for name, engine in engines.items():
        (folder / "raw" / f"{name}.findings.txt").write_text(wrong_verdicts(engine) + "\n", encoding="utf-8")
    print(text, end="")


def machine() -> str:
    """Processor, cores and load, for the reader who compares times."""
    load_1, _, load_15 = os.getloadavg()
    return (
        f"engines on one core of {processor()} with {len(os.sched_getaffinity(0))} cores, "
        f"load {load_1:.1f} at the end and {load_15:.1f} over the last 15 minutes"
    )


if __name__ == "__main__":
    sys.exit(main())
