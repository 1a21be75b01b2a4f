"""Run what is missing, then print the tables."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from constrain.cli import environment
from quality.answers import judge
from quality.methods import METHODS, methods_of
from quality.records import Record, Records
from quality.report import report
from quality.tasks import TASKS
from quality.tasks.task import items_of

__all__ = ["main"]

LATEST = Path(__file__).resolve().parents[1] / "results" / "latest" / "quality"

DESCRIPTION = """Does a constraint on the output's form cost accuracy, or gain it?

Three tasks of the kind of "Let me speak freely?" (arXiv 2408.02442) and JSONSchemaBench (arXiv 2501.10868), made from a
seed: last letters, shuffled objects, text to order. The model sees a few examples whose answers have the form that is
wanted: plain text or JSON. What it writes without a constraint is compared, question by question, with what it writes
under one. Outputs are added to OUT/TASK.jsonl one by one; a run that was cut goes on where it was.
"""


def main() -> None:
    """Decode, mark and report."""
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--out", type=Path, default=LATEST, help="folder for the outputs (default: benchmarks/results/latest/quality)"
    )
    parser.add_argument("--items", type=int, default=100, help="questions of each task")
    parser.add_argument("--seed", type=int, default=7, help="which questions")
    parser.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--methods", nargs="*", choices=[each.key for each in METHODS], help="default: all")
    parser.add_argument("--together", type=int, default=20, help="questions that the model reads side by side")
    parser.add_argument("--report", action="store_true", help="only print the tables of what is in --out")
    parser.add_argument(
        "--dtype", help="as for `constrain gen`; in float32 rounding decides no close choice, but it is slow"
    )
    parser.add_argument("-m", "--model", help="as for `constrain gen` (default: the embedded model)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if not options.report:
        run(options)
    print(report(options.out, options.items, options.seed))


def run(options: argparse.Namespace) -> None:
    """What is missing in --out: method by method, so that those that come first are done first."""
    environment.prepare_libraries(offline=False, verbose=False)
    from constrain.runtime import load_model
    from constrain.runtime.models.rows import Rows
    from quality.decoders import Decoder
    from quality.machine import setting
    from quality.peers import PeerFailed, Peers

    model = load_model(options.model, dtype=options.dtype)
    (options.out / "setting.json").write_text(json.dumps(setting(model), indent=1) + "\n", encoding="utf-8")
    rows = Rows(model)
    peers = Peers(model._tokenizer, model.network, model.vocabulary.vocab_size)
    decoders, asked = {}, {}
    for name in options.tasks:
        examples, asked[name] = items_of(TASKS[name], options.items, options.seed)
        decoders[name] = Decoder(model, rows, TASKS[name], examples, peers)
    for method in METHODS:
        if options.methods is not None and method.key not in options.methods:
            continue
        for name in options.tasks:
            task = TASKS[name]
            if method not in methods_of(task):
                continue
            records = Records(options.out / f"{name}.jsonl")
            missing = [number for number in range(options.items) if (method.key, number) not in records.found]
            for start in range(0, len(missing), options.together):
                numbers = missing[start : start + options.together]
                items = [asked[name][number] for number in numbers]
                started = time.perf_counter()
                try:
                    outputs = decoders[name].outputs(method, items, [options.seed + number for number in numbers])
                except PeerFailed as failure:
                    records.fail(method.key, str(failure))
                    print(f"{name}, {method.key}: {failure}", file=sys.stderr)
                    break
                seconds = (time.perf_counter() - started) / len(numbers)
                for number, item, output in zip(numbers, items, outputs, strict=True):
                    judged = judge(task, item, method.form, output.text)
                    records.add(
                        Record(
                            method=method.key,
                            number=number,
                            question=item.question,
                            gold=item.gold,
                            text=output.text,
                            tokens=output.tokens,
                            seconds=round(seconds, 3),
                            marks=dict(judged.marks),
                            is_json=judged.is_json,
                            is_valid=judged.is_valid,
                        )
                    )
                print(
                    f"{name}, {method.key}: {start + len(numbers)} of {len(missing)}, {seconds:.2f} s each",
                    file=sys.stderr,
                    flush=True,
                )
