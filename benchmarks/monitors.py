"""Dereferences with and without a monitor:  python benchmarks/monitors.py.

Sites are dereferences in the sources of constrain itself: a Python project of some two hundred files, in which mypy
finds no mistake. At each, the model is given the file's text up to the dot (its end, as far as --characters reach) and
writes on, greedily, until the identifier ended: once under a grammar of identifiers alone, once with the monitor of
examples/monitors/attribute_names.py, which has jedi read the whole text before the dot, and the other files. Taken are
sites of functions, at most one in a file, that jedi knows: where it suggests what stands there. How many were looked at
is said.

Then the identifiers are put in the place of those that stood there. Does jedi know the attribute? Does mypy (no error
in the line that there is no such attribute; of a union, each member has to have it)? And does the file type-check, with
what follows in it as it was: has it no more errors than before?
"""

from __future__ import annotations

import argparse
import ast
import copy
import datetime
import json
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import constrain
from constrain.cli import environment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from constrain.runtime import CausalModel
    from constrain.runtime.monitors.calls import MonitorCalls

ROOT = Path(__file__).resolve().parents[1]
MONITOR = ROOT / "examples" / "monitors" / "attribute_names.py"
IDENTIFIER = r"[^\W\d]\w*"
GRAMMAR = rf"{IDENTIFIER}(?:\W(?s:.)*)?"
MOST_TOKENS = 24


@dataclass(frozen=True)
class Site:
    """An attribute in a file: its place in the text, and its name."""

    file: str
    start: int
    name: str
    known: frozenset[str] = frozenset()
    """What jedi suggests there."""


@dataclass
class Written:
    """What a model wrote at the sites, and what that took."""

    names: list[str] = field(default_factory=list)
    tokens: int = 0
    refusals: int = 0
    begin_seconds: list[float] = field(default_factory=list)
    """Of each output: jedi's answer at the dot is waited for here."""
    token_seconds: list[float] = field(default_factory=list)
    """Of each token: its part of the mask, and the verdicts."""


def project(folder: Path) -> Path:
    """A copy of constrain's sources, links followed."""
    leave = shutil.ignore_patterns("__pycache__", "*.so")
    return Path(shutil.copytree(ROOT / "src" / "constrain", folder / "constrain", ignore=leave))


def dereferences(folder: Path, file: Path) -> list[Site]:
    """Attributes that functions of a file read, written right behind their dot."""
    text = file.read_text("utf-8")
    lines = text.encode().splitlines(keepends=True)
    sites = []
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in [node for statement in function.body for node in ast.walk(statement)]:
            if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Load):
                continue
            before = (
                b"".join(lines[: (node.end_lineno or 1) - 1]) + lines[(node.end_lineno or 1) - 1][: node.end_col_offset]
            )
            start = len(before.decode()) - len(node.attr)
            if text[start - 1 : start + len(node.attr)] == f".{node.attr}":
                sites.append(Site(str(file.relative_to(folder)), start, node.attr))
    return sorted(set(sites), key=lambda site: site.start)


def known_sites(folder: Path, monitor: MonitorCalls, wanted: int, seed: int) -> tuple[list[Site], int]:
    """So many sites that jedi knows, one in a file; and how many were looked at."""
    generator = random.Random(seed)
    files = sorted((folder / "constrain").rglob("*.py"))
    generator.shuffle(files)
    found: list[Site] = []
    looked_at = 0
    for file in files:
        if len(found) == wanted:
            break
        sites = dereferences(folder, file)
        generator.shuffle(sites)
        for site in sites[:3]:
            looked_at += 1
            calls = monitor.begin(file.read_text("utf-8")[: site.start])
            known = frozenset(calls.suggestions("") or ()) if calls.triggered("") else frozenset()
            if site.name in known:
                found.append(replace(site, known=known))
                break
    return found, looked_at


@dataclass(frozen=True)
class Greedy:
    """The likeliest token."""

    token_id: int


def write(
    model: CausalModel,
    compiled: constrain.CompiledGrammar,
    watch: Any,
    prompt: tuple[Any, NDArray[np.float32]],
    written: Written,
) -> str:
    """The identifier that the model writes, greedily."""
    from constrain.compiler.bitmask import allocate_token_bitmask, bitmask_to_ids

    cache, logits = copy.deepcopy(prompt[0]), prompt[1]
    matcher = compiled.matcher()
    bitmask = allocate_token_bitmask(1, compiled.vocabulary.vocab_size)
    text = b""
    in_draw = 0.0

    def draw(ids: NDArray[np.int64]) -> Greedy:
        nonlocal in_draw
        started = time.perf_counter()
        chosen = Greedy(int(ids[np.argmax(logits[ids])]))
        in_draw += time.perf_counter() - started
        return chosen

    for _ in range(MOST_TOKENS):
        matcher.fill_next_token_bitmask(bitmask, 0)
        if watch is None:
            chosen = draw(bitmask_to_ids(bitmask[0])).token_id
        else:
            started, in_draw = time.perf_counter(), 0.0
            watch.restrict(bitmask, 0)
            allowed = bitmask_to_ids(bitmask[0])
            chosen = watch.first_accepted(draw, allowed).token_id
            watch.accept(chosen)
            written.token_seconds.append(time.perf_counter() - started - in_draw)
        written.tokens += 1
        if chosen in compiled.vocabulary.eos_token_ids:
            break
        matcher.accept_token(chosen)
        text += compiled.vocabulary.token(chosen) or b""
        if re.match(rf"{IDENTIFIER}\W", text.decode(errors="ignore")):
            break
        logits = model.forward([chosen], cache).numpy()
    if watch is not None:
        written.refusals += watch.refusals
    match = re.match(IDENTIFIER, text.decode(errors="ignore"))
    return match[0] if match else ""


def errors_of_mypy(folder: Path) -> dict[str, list[tuple[int, str]]]:
    """Errors by file: line and text."""
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--explicit-package-bases",
        "--ignore-missing-imports",
    ]
    command += [
        "--no-error-summary",
        "--cache-dir=.mypy_cache",
        "--untyped-calls-exclude=huggingface_hub,lark,transformers",
    ]
    done = subprocess.run([*command, "constrain"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"mypy failed:\n{done.stdout}{done.stderr}")
    found: dict[str, list[tuple[int, str]]] = {}
    for file, line, text in re.findall(r"^(.+?\.py):(\d+): error: (.*)$", done.stdout, re.MULTILINE):
        found.setdefault(file, []).append((int(line), text))
    return found


def judge(
    folder: Path, sites: Sequence[Site], names: Sequence[str], before: dict[str, Any]
) -> tuple[list[bool], list[bool]]:
    """Site by site, as mypy sees it: is there such an attribute, and has the file no more errors than before?"""
    texts = {site.file: (folder / site.file).read_text("utf-8") for site in sites}
    try:
        for site, name in zip(sites, names, strict=True):
            text = texts[site.file]
            changed = text[: site.start] + name + text[site.start + len(site.name) :]
            (folder / site.file).write_text(changed, encoding="utf-8")
        after = errors_of_mypy(folder)
    finally:
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
    exists, checks = [], []
    for site, name in zip(sites, names, strict=True):
        line = texts[site.file].count("\n", 0, site.start) + 1
        new = [error for error in after.get(site.file, []) if error not in before.get(site.file, [])]
        exists.append(not any(place == line and f'has no attribute "{name}"' in text for place, text in new))
        checks.append(not new)
    return exists, checks


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=120)
    parser.add_argument("--seed", type=int, default=7, help="which sites")
    parser.add_argument("--characters", type=int, default=1200, help="of the text before a site, for the model")
    parser.add_argument("--json", type=Path, help="write every site's outcome to this file")
    parser.add_argument("-m", "--model", help="as for `constrain gen` (default: the embedded model)")
    options = parser.parse_args()

    environment.prepare_libraries(offline=False, verbose=False)
    import jedi
    import torch

    from constrain.runtime import load_model
    from constrain.runtime.monitors import Watch, load_monitor

    model = load_model(options.model)
    compiled = constrain.compile_regex(GRAMMAR, model.vocabulary)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        project(folder)
        calls: dict[str, MonitorCalls] = {}

        def monitor_of(file: str) -> MonitorCalls:
            if file not in calls:
                arguments = {"project": str(folder), "file": file}
                calls[file] = load_monitor(f"{MONITOR}:AttributeNames", arguments, deadline=120)
            return calls[file]

        sites, looked_at = known_sites(folder, monitor_of("constrain/completion.py"), options.sites, options.seed)
        kinds = {"grammar alone": Written(), "with the monitor": Written()}
        for done, site in enumerate(sites):
            code = (folder / site.file).read_text("utf-8")[: site.start]
            shown = code[-options.characters :]
            shown = shown[shown.find("\n") + 1 :] if len(shown) < len(code) else shown
            cache = model.new_cache()
            prompt = (cache, model.forward(model.encode_prompt(shown), cache).numpy())
            for kind, written in kinds.items():
                started = time.perf_counter()
                watch = None if kind == "grammar alone" else Watch(monitor_of(site.file), compiled, code)
                written.begin_seconds.append(time.perf_counter() - started)
                written.names.append(write(model, compiled, watch, prompt, written))
            print(f"\r{done + 1} of {len(sites)} sites", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        before = errors_of_mypy(folder)
        verdicts = {kind: judge(folder, sites, written.names, before) for kind, written in kinds.items()}

    print(
        f"{datetime.datetime.now(datetime.UTC).date()}: {model.name}, {model.vocabulary.vocab_size:,} tokens, greedy; "
        f"{len(sites)} dereferences that jedi knows, of {looked_at} looked at; constrain {constrain.__version__}, jedi "
        f"{jedi.__version__}, torch {torch.__version__}, Python {platform.python_version()}.\n"
    )
    print("| | jedi knows it | mypy knows it | type-checks | stood there | tokens | refused |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for kind, written in kinds.items():
        exists, checks = verdicts[kind]
        known = [name in site.known for name, site in zip(written.names, sites, strict=True)]
        same = [name == site.name for name, site in zip(written.names, sites, strict=True)]
        shares = " | ".join(f"{statistics.fmean(each):.1%}" for each in (known, exists, checks, same))
        print(f"| {kind} | {shares} | {written.tokens} | {written.refusals} |")
    guided = kinds["with the monitor"]
    begin, tokens = ([1e3 * each for each in some] for some in (guided.begin_seconds, guided.token_seconds))
    print(
        f"\nTime of the monitor: {(sum(begin) + sum(tokens)) / guided.tokens:.1f} ms for each token of output. Of "
        "that, "
        f"the answer at the dot takes {statistics.fmean(begin):.1f} ms (median {statistics.median(begin):.1f}) for "
        f"each output, of files that jedi has read before, and masks and verdicts {statistics.median(tokens):.2f} ms "
        f"for each token (median; mean {statistics.fmean(tokens):.2f})."
    )
    if options.json:
        rows = [
            {"file": site.file, "start": site.start, "name": site.name}
            | {
                kind: {
                    "name": written.names[at],
                    "jedi": written.names[at] in site.known,
                    "mypy": verdicts[kind][0][at],
                    "checks": verdicts[kind][1][at],
                }
                for kind, written in kinds.items()
            }
            for at, site in enumerate(sites)
        ]
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
