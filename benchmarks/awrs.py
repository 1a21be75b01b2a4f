"""Adaptive weighted rejection with a checker that nobody can look into:  python benchmarks/awrs.py --out FOLDER.

The embedded model writes under five constraints. Its tokens are drawn from all of the vocabulary, and the checker,
which is asked about one token at a time, is constrain's own matcher: so the exact mask is at hand to compare with. Some
steps of the outputs, taken at random, are contexts, in each of which the draw is repeated. Asked are:

* how often the checker is asked for a token, and whether that goes with the local divergence, which is -log Z;
* whether the tokens follow the law of exact masking (chi-squared, over all contexts together);
* how much the estimate of log Z varies, beside the estimators of the authors of AWRS, which get the same draws;
* what a token costs, beside asking about every token of the vocabulary, and beside a mask of one's own.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import platform
import statistics
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import constrain
from constrain import grammars
from constrain.cli import environment
from constrain.runtime.decoding.awrs import STOPPING, draw_accepted
from constrain.runtime.decoding.local_mass import log_accepted_mass
from constrain.runtime.decoding.urn import Urn
from constrain.runtime.monitors.watch import MOST_REFUSALS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from constrain.compiler import CompiledGrammar, Matcher
    from constrain.runtime import CausalModel

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MOST_TOKENS = 120
COMPARED = 4.0
"""Estimators are compared where -log Z is below this: elsewhere, without a bound on calls, they take thousands."""
SQL = (
    "-- Names of customers in Paris\nSELECT name FROM customers WHERE city = 'Paris';\n"
    "-- How many orders are there?\nSELECT COUNT(*) FROM orders;\n-- {}\n"
)
SMILES = "ethanol: CCO\nbenzene: c1ccccc1\nacetic acid: CC(=O)O\naspirin: CC(=O)Oc1ccccc1C(=O)O\n{}: "
PEOPLE = "Ada Lovelace <ada@example.com>, +44 020 7946\nJohn Miller <john.miller@mail.org>, +1 555 0147\n"
PERSON = r"[A-Z][a-z]+ [A-Z][a-z]+ <[a-z.]+@[a-z]+\.(com|org|net)>, \+[0-9]{1,3} [0-9]{3} [0-9]{4}"
PDDL = (
    "; put b on a\n(pick-up b)\n(stack b a)\n\n; put c on b, b was on c\n"
    "(unstack b c)\n(put-down b)\n(pick-up c)\n(stack c b)\n\n; {}\n"
)


@dataclass(frozen=True)
class Problem:
    """A constraint and what is asked; the output ends where ``until`` is written, if anywhere."""

    name: str
    compiled: CompiledGrammar
    prompts: Sequence[Sequence[int]]
    until: bytes


def problems(model: CausalModel) -> Iterator[Problem]:
    """JSON, SQL, SMILES, a pattern and PDDL."""
    schema = (EXAMPLES / "order.json").read_text("utf-8")
    orders = ("Two blue mugs for Ada, paid.", "One lamp and three chairs for Bob, not paid yet.", "Send Carla a scarf.")
    asked = [model.encode_prompt(order, schema_text=schema) for order in orders]
    yield Problem("JSON", constrain.compile_json_schema(json.loads(schema), model.vocabulary), asked, b"\0")
    for name, grammar, prompt, wanted, until in (
        ("SQL", "sql", SQL, ("Total of each customer", "The three dearest products", "Who ordered nothing?"), b"\n"),
        ("SMILES", "smiles", SMILES, ("caffeine", "ibuprofen", "a drug-like molecule"), b"\n"),
        ("PDDL", "pddl_plan", PDDL, ("put a on b, b on c", "move r1 to the hall", "drive truck1 to paris"), b"\n\n"),
    ):
        compiled = constrain.compile_lark(grammars.load(grammar), model.vocabulary)
        yield Problem(name, compiled, [model.encode_prompt(prompt.format(each)) for each in wanted], until)
    yield Problem("pattern", constrain.compile_regex(PERSON, model.vocabulary), [model.encode_prompt(PEOPLE)], b"\n")


class Checker:
    """Is a token accepted next? It counts how often it is asked, and takes its time."""

    def __init__(self, matcher: Matcher, stops: frozenset[int]) -> None:
        self.calls = 0
        self.first: int | None = None
        """The call that was the first with the answer yes."""
        self._matcher, self._stops = matcher, stops

    def __call__(self, token_id: int) -> bool:
        """The verdict."""
        self.calls += 1
        if token_id in self._stops:
            accepted = self._matcher.is_accepting()
        else:
            accepted = self._matcher.validate_tokens([token_id]) == 1
        if accepted and self.first is None:
            self.first = self.calls
        return accepted


@dataclass
class Context:
    """What was known at one step."""

    logprobs: NDArray[np.float32]
    accepted: NDArray[np.bool_]
    matcher: Matcher
    log_mass: float

    @property
    def divergence(self) -> float:
        """Of exact masking from the model, at this step."""
        return max(-self.log_mass, 0.0)


@dataclass
class Outputs:
    """The steps of some outputs, and the log-weights of these: exact, and as estimated."""

    contexts: list[Context] = field(default_factory=list)
    exact: list[float] = field(default_factory=list)
    estimated: list[float] = field(default_factory=list)
    given_up: int = 0


def write(model: CausalModel, problem: Problem, number: int, contexts: int, random: np.random.Generator) -> Outputs:
    """So many outputs by adaptive weighted rejection at temperature 1, and so many contexts out of them."""
    from constrain.compiler.bitmask import allocate_token_bitmask

    found, stops = Outputs(), frozenset(model.vocabulary.eos_token_ids)
    bitmask, seen = allocate_token_bitmask(1, model.vocabulary.vocab_size), 0
    for output in range(number):
        cache, unread = model.new_cache(), list(problem.prompts[output % len(problem.prompts)])
        matcher, text, exact, estimated = problem.compiled.matcher(), b"", 0.0, 0.0
        for _ in range(MOST_TOKENS):
            logits = model.forward(unread, cache).numpy().astype(np.float64)
            logprobs = logits - logits.max()
            logprobs -= math.log(np.exp(logprobs).sum())
            matcher.fill_next_token_bitmask(bitmask, 0)
            accepted = np.unpackbits(bitmask[0].view(np.uint8), bitorder="little")[: len(logprobs)].astype(np.bool_)
            log_mass = math.log(float(np.exp(logprobs[accepted]).sum()))
            seen += 1
            place = len(found.contexts) if len(found.contexts) < contexts else int(random.integers(seen))
            if place < contexts:  # each step is among them with the same probability
                found.contexts[place : place + 1] = [
                    Context(logprobs.astype(np.float32), accepted, matcher.fork(), log_mass)
                ]
            drawn = draw_accepted(logprobs, Checker(matcher, stops), random, most_rejected=MOST_REFUSALS + 1)
            if drawn is None:
                found.given_up += 1
                break
            exact, estimated = exact + log_mass, estimated + drawn.log_mass
            text += model.vocabulary.token(drawn.index) or b""
            if drawn.index in stops or text.endswith(problem.until) or not matcher.accept_token(drawn.index):
                break
            unread = [drawn.index]
        if drawn is not None:
            found.exact.append(exact)
            found.estimated.append(estimated)
    return found


@dataclass
class Repeated:
    """What came of the draws of one context."""

    calls: list[int] = field(default_factory=list)
    to_first: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def repeat(context: Context, stops: frozenset[int], draws: int, random: np.random.Generator) -> Repeated:
    """Draw again and again in one context."""
    found = Repeated()
    logprobs = context.logprobs.astype(np.float64)
    logprobs -= math.log(np.exp(logprobs).sum())
    for _ in range(draws):
        checker, started = Checker(context.matcher, stops), time.perf_counter()
        drawn = draw_accepted(logprobs, checker, random, most_rejected=MOST_REFUSALS + 1)
        found.seconds.append(time.perf_counter() - started)
        found.calls.append(checker.calls)
        found.to_first.append(checker.first or checker.calls)
        if drawn is not None:
            found.tokens.append(drawn.index)
    return found


def chi_squared(contexts: Sequence[Context], repeated: Sequence[Repeated]) -> tuple[float, int]:
    """Against the law of exact masking, cells with an expectation of 5 at least; and the degrees of freedom."""
    statistic, degrees = 0.0, 0
    for context, found in zip(contexts, repeated, strict=True):
        number = len(found.tokens)
        expected = np.where(context.accepted, np.exp(context.logprobs - context.log_mass), 0.0) * number
        seen = np.bincount(found.tokens, minlength=len(expected)) if number else np.zeros(len(expected))
        large = np.flatnonzero(expected >= 5)
        cells = [(seen[index], expected[index]) for index in large]
        rest = number - sum(due for _, due in cells)
        if rest >= 5:
            cells.append((number - sum(count for count, _ in cells), rest))
        if len(cells) > 1:
            statistic += sum((count - due) ** 2 / due for count, due in cells)
            degrees += len(cells) - 1
    return statistic, degrees


def p_value(statistic: float, degrees: int) -> float:
    """Of chi-squared (Wilson and Hilferty)."""
    if not degrees:
        return math.nan
    spread = 2 / (9 * degrees)
    return 0.5 * math.erfc(((statistic / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(2 * spread))


class Deck:
    """Draws without replacement, made as far as somebody asks: all estimators see the same."""

    def __init__(self, logprobs: NDArray[np.float64], accepted: NDArray[np.bool_], random: np.random.Generator) -> None:
        self._urn, self._random, self._accepted = Urn(logprobs), random, accepted
        self._logprobs = logprobs
        self._cards: list[tuple[float, float, bool]] = []

    def __getitem__(self, at: int) -> tuple[float, float, bool] | None:
        """Logarithm of what is left before a draw, log-probability, is it accepted; None where nothing is left."""
        while at >= len(self._cards):
            left = self._urn.log_left()
            if left == -math.inf:
                return None
            index = self._urn.draw(self._random)
            self._cards.append((left, float(self._logprobs[index]), bool(self._accepted[index])))
        return self._cards[at]


Estimator = Callable[[Deck, np.random.Generator], tuple[float, int]]


def ours(stopping: float) -> Estimator:
    """As :func:`draw_accepted` has it."""

    def estimate(deck: Deck, random: np.random.Generator) -> tuple[float, int]:
        rejected: list[float] = []
        found, at, left = None, 0, 0.0
        while (card := deck[at]) is not None:
            left, logprob, accepted = card
            if found is not None and random.random() * (1 + math.exp(min(left - found, 700.0)) / stopping) < 1:
                return log_accepted_mass(rejected, found, left, stopping), at
            at += 1
            if not accepted:
                rejected.append(logprob)
            elif found is None:
                found = logprob
            else:
                return log_accepted_mass(rejected, found, left, stopping), at
        return (-math.inf if found is None else log_accepted_mass(rejected, found, -math.inf, stopping)), at

    return estimate


def one_more(deck: Deck, random: np.random.Generator) -> tuple[float, int]:
    """The recursive estimator of AWRS: all that is not rejected, if the next one is accepted, too; else x alone."""
    at = 0
    while (card := deck[at]) is not None and not card[2]:
        at += 1
    if card is None:
        return -math.inf, at
    following = deck[at + 1]
    return (card[1] if following is None or not following[2] else card[0]), at + 1 + (following is not None)


def with_replacement(deck: Deck, random: np.random.Generator) -> tuple[float, int]:
    """The geometric estimator of AWRS: draws with replacement until the second success, repetitions being free."""
    found, draws, at = 0.0, 0, 0
    while True:
        card = deck[at]
        others = found + (0.0 if card is None else math.exp(card[0]))  # what is not known to be rejected
        draws += int(random.geometric(others)) if others < 1.0 else 1
        if card is None or random.random() * others < found:
            return -math.log(draws - 1), at
        at += 1
        if card[2]:
            if found:
                return -math.log(draws - 1), at
            found = math.exp(card[1])


ESTIMATORS: dict[str, Estimator] = {
    "one further draw (AWRS, recursive)": one_more,
    "with replacement (AWRS, geometric)": with_replacement,
    **{f"stopping {each:g}": ours(each) for each in (1.0, 0.5, 0.2, 0.1, 0.05)},
}


def compare(contexts: Sequence[Context], draws: int, random: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """By estimator: mean calls, mean square of the error of the logarithm, that of the estimate by Z; by context."""
    rows: dict[str, list[list[float]]] = {name: [] for name in ESTIMATORS}
    for context in contexts:
        logprobs = context.logprobs.astype(np.float64)
        logprobs -= math.log(np.exp(logprobs).sum())
        exact = math.log(float(np.exp(logprobs[context.accepted]).sum()))
        errors: dict[str, list[tuple[int, float]]] = {name: [] for name in ESTIMATORS}
        for _ in range(draws):
            deck = Deck(logprobs, context.accepted, random)
            for name, estimate in ESTIMATORS.items():
                log_mass, calls = estimate(deck, random)
                errors[name].append((calls, log_mass - exact))
        for name, found in errors.items():
            calls_, off = np.array(found).T
            rows[name].append([calls_.mean(), (off**2).mean(), (np.expm1(off) ** 2).mean()])
    return {name: np.array(found) for name, found in rows.items()}


def ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Of equal ones, the mean."""
    array = np.array(values)
    ranked = np.empty(len(array))
    ranked[np.argsort(array, kind="stable")] = np.arange(len(array))
    for value in np.unique(array):
        ranked[array == value] = ranked[array == value].mean()
    return ranked


def spearman(one: Sequence[float], other: Sequence[float]) -> float:
    """Correlation of ranks."""
    return float(np.corrcoef(ranks(one), ranks(other))[0, 1])


def masking_seconds(context: Context, stops: frozenset[int], size: int) -> tuple[float, float]:
    """Of asking the checker about every token; and of a mask of the matcher's own."""
    from constrain.compiler.bitmask import allocate_token_bitmask

    checker, bitmask = Checker(context.matcher, stops), allocate_token_bitmask(1, size)
    started = time.perf_counter()
    found = [checker(token_id) for token_id in range(size)]
    asked = time.perf_counter() - started
    if not np.array_equal(found, context.accepted):
        raise SystemExit("the checker and the mask disagree")
    started = time.perf_counter()
    context.matcher.fill_next_token_bitmask(bitmask, 0)
    return asked, time.perf_counter() - started


@dataclass
class Measured:
    """A problem's figures."""

    name: str
    outputs: Outputs
    repeated: list[Repeated]
    estimators: dict[str, NDArray[np.float64]]
    masking: list[tuple[float, float]]

    @property
    def mean_calls(self) -> list[float]:
        """By context."""
        return [statistics.fmean(each.calls) for each in self.repeated]

    @property
    def mean_to_first(self) -> list[float]:
        """By context: calls up to the one that found the token."""
        return [statistics.fmean(each.to_first) for each in self.repeated]

    @property
    def divergences(self) -> list[float]:
        """By context: -log Z."""
        return [context.divergence for context in self.outputs.contexts]


def measure(model: CausalModel, problem: Problem, options: argparse.Namespace) -> Measured:
    """One problem, from its outputs on."""
    random, stops = np.random.default_rng(options.seed), frozenset(model.vocabulary.eos_token_ids)
    outputs = write(model, problem, options.outputs, options.contexts, random)
    repeated = [repeat(context, stops, options.draws, random) for context in outputs.contexts]
    likely = [context for context in outputs.contexts if context.divergence < COMPARED]
    estimators = compare(likely, max(1, options.draws // 2), random)
    places = outputs.contexts[:: max(1, len(outputs.contexts) // 4)][:4]
    masking = [masking_seconds(context, stops, model.vocabulary.vocab_size) for context in places]
    print(
        f"{problem.name}: {len(outputs.contexts)} contexts, {len(outputs.exact)} outputs", file=sys.stderr, flush=True
    )
    return Measured(problem.name, outputs, repeated, estimators, masking)


def report(found: Sequence[Measured], size: int) -> str:
    """The tables, in Markdown."""
    lines = [
        "| | contexts | -log Z, mean | calls: median | mean | 90% | median / V | chi-squared (df) | p |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in found:
        calls = sorted(call for one in each.repeated for call in one.calls)
        statistic, degrees = chi_squared(each.outputs.contexts, each.repeated)
        lines.append(
            f"| {each.name} | {len(each.repeated)} | {statistics.fmean(each.divergences):.2f} | "
            f"{statistics.median(calls):g} | {statistics.fmean(calls):.1f} | {calls[int(0.9 * len(calls))]} | "
            f"{statistics.median(calls) / size:.5%} | {statistic:.0f} ({degrees}) | {p_value(statistic, degrees):.2f} |"
        )
    lines += [
        "",
        "| rank correlation with -log Z | of calls | where -log Z > 0.01 | of calls to the first accepted | contexts |",
        "|---|--:|--:|--:|--:|",
    ]
    rows = [(each.name, each.divergences, each.mean_calls, each.mean_to_first) for each in found]
    rows.append(("all", *(list(chain.from_iterable(row[at] for row in rows)) for at in (1, 2, 3))))  # type: ignore[arg-type]
    for name, divergences, calls_, first in rows:
        some = [at for at, value in enumerate(divergences) if value > 0.01]
        above = spearman([divergences[at] for at in some], [calls_[at] for at in some])
        lines.append(
            f"| {name} | {spearman(divergences, calls_):.2f} | {above:.2f} ({len(some)}) | "
            f"{spearman(divergences, first):.2f} | {len(divergences)} |"
        )
    lines += [
        "",
        "| log-weights of outputs | outputs | variance with exact masks | with estimates | root mean square error |",
        "|---|--:|--:|--:|--:|",
    ]
    for each in found:
        exact, estimated = np.array(each.outputs.exact), np.array(each.outputs.estimated)
        lines.append(
            f"| {each.name} | {len(exact)} | {exact.var():.2f} | {estimated.var():.2f} | "
            f"{math.sqrt(float(((estimated - exact) ** 2).mean())):.2f} |"
        )
    lines += [
        "",
        f"| estimator, where -log Z < {COMPARED:g} | calls | variance of its logarithm | of the estimate / Z |",
        "|---|--:|--:|--:|",
    ]
    for name in ESTIMATORS:
        of_all = np.concatenate([each.estimators[name] for each in found]).mean(axis=0)
        by_problem = ", ".join(f"{each.name} {each.estimators[name][:, 1].mean():.3f}" for each in found)
        lines.append(f"| {name} | {of_all[0]:.2f} | {of_all[1]:.3f} ({by_problem}) | {of_all[2]:.3f} |")
    lines += [
        "",
        "| ms for a token | median | mean | every token asked about | a mask of one's own, of a state seen before |",
        "|---|--:|--:|--:|--:|",
    ]
    for each in found:
        seconds = [1e3 * one for repeated in each.repeated for one in repeated.seconds]
        asked, mask = (1e3 * statistics.fmean(column) for column in zip(*each.masking, strict=True))
        lines.append(
            f"| {each.name} | {statistics.median(seconds):.1f} | {statistics.fmean(seconds):.1f} | {asked:.0f} | "
            f"{mask:.2f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the tables, and write them to a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outputs", type=int, default=20, help="of each problem")
    parser.add_argument("--contexts", type=int, default=80, help="steps of these in which draws are repeated")
    parser.add_argument("--draws", type=int, default=60, help="in each context")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="write the tables to this folder, as summary.md")
    parser.add_argument("-m", "--model", help="as for `constrain gen` (default: the embedded model)")
    options = parser.parse_args()

    environment.prepare_libraries(offline=False, verbose=False)
    from constrain.runtime import load_model

    model = load_model(options.model, cache_dir=environment.cache_directory())
    found = [measure(model, problem, options) for problem in problems(model)]
    given_up = sum(each.outputs.given_up for each in found)
    command = f"--outputs {options.outputs} --contexts {options.contexts} --draws {options.draws} --seed {options.seed}"
    said = (
        f"`python benchmarks/awrs.py {command}` on {datetime.datetime.now(datetime.UTC).date()}: {model.name}, "
        f"V = {model.vocabulary.vocab_size:,} tokens, temperature 1, {options.draws} draws in each context, stopping "
        f"{STOPPING:g}; constrain {constrain.__version__}, numpy {np.__version__}, Python "
        f"{platform.python_version()}. Of {options.outputs * len(found)} outputs, {given_up} were given up, after "
        f"{MOST_REFUSALS + 1:,} rejected tokens at one place."
    )
    tables = report(found, model.vocabulary.vocab_size)
    text = f"# Adaptive weighted rejection with an opaque checker\n\n{textwrap.fill(said, 120)}\n\n{tables}"
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "summary.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
