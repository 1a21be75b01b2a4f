"""Tables of what was measured, in Markdown, with verdicts."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from faithful import genlm
from faithful.draws import METHODS
from faithful.intervals import of_batches, of_few, ratio
from faithful.store import Store
from faithful.tasks import Language, Problem
from masks.tables import number, table
from quality.bootstrap import Estimate

__all__ = ["FIT", "report"]

Result = Mapping[str, Any]

FIT = "fit"
"""In the place of a prompt: how the weights came about."""

TARGET = 0.1
"""Of the divergence of plain draws, at most that with weights."""

SHARE = 2 / 3
"""Of the problems: on so many ASAp is to have the higher mean."""

SKIPPED = 0.2
"""Of the draws of ASAp: those in which it learns most are left out, the first 100 of 500."""


def report(store: Store, languages: Sequence[Language], problems: Sequence[Problem]) -> str:
    """All tables of which there are results."""
    texts = ["# Sampling that keeps the model's distribution", ", ".join(f"{k} {v}" for k, v in store.setting.items())]
    listed = [language for language in languages if store.get("weights", language.name, FIT)]
    if listed:
        texts += of_weights(store, listed)
    drawn = [problem for problem in problems if store.get("problems", problem.name, "asap")]
    if drawn:
        texts += of_problems(store, drawn)
    return "\n\n".join(texts) + "\n"


def of_weights(store: Store, languages: Sequence[Language]) -> list[str]:
    """The part ``weights``."""
    laws, costs, fits, verdicts = [], [], [], []
    for language in languages:
        fit = store.get("weights", language.name, FIT) or {}
        prompts = {prompt: store.get("weights", language.name, prompt) for prompt in language.held_out}
        found = {prompt: result for prompt, result in prompts.items() if result}
        fits.append(_fit_row(language, fit, list(found.values())))
        for prompt, result in found.items():
            laws.append(_law_row(language, prompt, result))
            costs.append(_cost_row(language, prompt, result))
        if found:
            verdicts.append((language.name, *_ratios(list(found.values()))))
    rows = [[name, interval(equal, 3), interval(draws, 3)] for name, equal, draws in verdicts]
    met = sum(equal.value <= TARGET for _, equal, _ in verdicts)
    surely = sum(equal.high <= TARGET for _, equal, _ in verdicts)
    return [
        "## Weights on prompts that they were not fitted to",
        f"{_settings(store, 'weights')}. KL of the model's law over the language from the law of the next draw, in "
        "closed form, in nats; means over restarts. *Noise*: (K - 1) / 2N, what the empirical law of N = 100 exact "
        "draws would have of K outputs by chance; closed forms have no such noise. The law of `exact` is the model's: "
        "its KL is 0.",
        table(
            "### KL",
            ["language", "prompt", "outputs", "noise", "log Z", "masking", "weights", *_law_heads(languages, store)],
            laws,
            texts=2,
        ),
        table(
            "### What it takes\n\nCalls of the model: beginnings that a method had it read. *Equal*: plain draws up to "
            "where they have cost as many calls as all those with weights. Ratios: KL with weights after all draws to "
            "that of plain draws, geometric means over restarts with 95 % intervals.",
            [
                "language",
                "prompt",
                "calls, weighted",
                "plain",
                "equal: draws",
                "calls",
                "KL",
                "ratio, equal calls",
                "ratio, equal draws",
                "exact: attempts a draw",
                "calls",
            ],
            costs,
            texts=2,
        ),
        table(
            "### Fits\n\nMade once for a language, and good for every prompt; their calls are not among those above. "
            "*All*: calls that it takes to list the language for one prompt.",
            ["language", "prompts", "texts", "calls", "seconds", "states", "power", "all"],
            fits,
        ),
        table(
            "### Ratios\n\nOver prompts and restarts.",
            ["language", "at equal calls", "at equal draws"],
            rows,
        ),
        f"**At equal calls the KL with weights is at most {TARGET:g} of plain ASAp's in {met} of {len(verdicts)} "
        f"languages; with the whole interval in {surely}.**",
    ]


def _law_heads(languages: Sequence[Language], store: Store) -> list[str]:
    for language in languages:
        for prompt in language.held_out:
            if result := store.get("weights", language.name, prompt):
                counts = [point["draws"] for point in result["restarts"][0]["weighted"]]
                return [f"{name} {count}" for name in ("weighted", "plain") for count in counts]
    return []


def _law_row(language: Language, prompt: str, result: Result) -> list[str]:
    runs = result["restarts"]
    points = [
        statistics.fmean(run[name][at]["kl"] for run in runs)
        for name in ("weighted", "plain")
        for at in range(len(runs[0][name]))
    ]
    noise = (result["outputs"] - 1) / 200
    laws = [result["masking"], result["weights"], *points]
    return [
        language.name,
        prompt,
        f"{result['outputs']:,}",
        f"{noise:.1f}",
        f"{result['log_z']:.2f}",
        *(f"{value:.4f}" for value in laws),
    ]


def _cost_row(language: Language, prompt: str, result: Result) -> list[str]:
    runs = result["restarts"]
    equal, draws = _ratios([result])
    attempts = statistics.fmean(run["exact"]["attempts"] / run["exact"]["draws"] for run in runs)
    return [
        language.name,
        prompt,
        *(f"{statistics.fmean(run[name][-1]['calls'] for run in runs):.0f}" for name in ("weighted", "plain")),
        *(f"{statistics.fmean(run['equal'][what] for run in runs):.0f}" for what in ("draws", "calls")),
        f"{statistics.fmean(run['equal']['kl'] for run in runs):.4f}",
        interval(equal, 3),
        interval(draws, 3),
        f"{attempts:.2f}",
        f"{statistics.fmean(run['exact']['calls'] for run in runs):.0f}",
    ]


def _fit_row(language: Language, fit: Result, found: Sequence[Result]) -> list[str]:
    beginnings = f"{max(result['beginnings'] for result in found):,}" if found else "-"
    values = [f"{fit[name]:,}" for name in ("prompts", "texts", "calls")]
    return [language.name, *values, number(fit["seconds"]), f"{fit['states']:,}", f"{fit['power']:g}", beginnings]


def _ratios(results: Sequence[Result]) -> tuple[Estimate, Estimate]:
    """Of divergences with weights to those without: at equal calls of the model, and at equal draws."""
    runs = [run for result in results for run in result["restarts"]]
    weighted = [run["weighted"][-1]["kl"] for run in runs]
    return (
        ratio(weighted, [run["equal"]["kl"] for run in runs]),
        ratio(weighted, [run["plain"][-1]["kl"] for run in runs]),
    )


def of_problems(store: Store, problems: Sequence[Problem]) -> list[str]:
    """The part ``problems``."""
    means, costs, shown = [], [], []
    higher = apart = compared = 0
    for problem in problems:
        found = {method: store.get("problems", problem.name, method) for method in (*METHODS, genlm.TITLE)}
        estimates = {method: _estimate(method, result) for method, result in found.items() if result}
        masking, asap = estimates.get("masking"), estimates.get("asap")
        if masking and asap:
            compared += 1
            higher += asap.value > masking.value
            apart += asap.low > masking.high
        cells = [_mean(estimates.get(method), found[method]) for method in found]
        means.append([problem.name, problem.kind, *cells, _bound(found["asap"])])
        costs.append([problem.name, *(_cost(result) for result in found.values())])
        shown += [_text_row(problem, method, result) for method, result in found.items() if result and result["texts"]]
    needed = math.ceil(SHARE * compared)
    titles = [*METHODS.values(), genlm.TITLE]
    asap_draws = len((store.get("problems", problems[0].name, "asap") or {})["logprobs"])
    return [
        "## Problems",
        f"{_settings(store, 'problems')}. Mean log P of outputs, with 95 % intervals. Draws of masking and of "
        f"`exact` are independent; of ASAp's {asap_draws}, the first {round(SKIPPED * asap_draws)} are left out, and "
        "the others count in 8 batches, as they depend on each other. *Apart*: the most that the law of ASAp's next "
        "draw was away from the model's, in total variation, at the end. What genlm-control gives are means of runs of "
        "particles, weighted. `exact` draws as many as masking, if its calls suffice.",
        table(
            "### Mean log P",
            ["problem", "kind", *titles, "apart"],
            means,
            texts=2,
        ),
        f"**The mean of ASAp is higher than that of plain masking on {higher} of {compared} problems (wanted: "
        f"{needed}), on {apart} of them with intervals that do not touch.**",
        table("### Calls of the model, and seconds", ["problem", *titles], costs),
        table("### The most frequent output", ["problem", "method", "output", "times"], shown, texts=3),
    ]


def _settings(store: Store, part: str) -> str:
    """How results were made; all the ways, where they differ."""
    said = []
    for settings in store.settings(part):
        shown = {name: value for name, value in settings.items() if name not in ("model", "task") and value is not None}
        text = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.items())
        if text not in said:
            said.append(text)
    return "Settings: " + "; ".join(said)


def _estimate(method: str, result: Result) -> Estimate | None:
    if method == genlm.TITLE:
        return of_few(result["means"]) if result["means"] else None
    logprobs = result["logprobs"]
    if not logprobs:
        return None
    if method in ("asap", "online"):
        return of_batches(logprobs[round(SKIPPED * len(logprobs)) :])
    return of_few(logprobs)


def _mean(estimate: Estimate | None, result: Result | None) -> str:
    if result is None:
        return "not run"
    if "failed" in result:
        return f"failed: {result['failed']}".replace("|", "\\|")
    if estimate is None:
        return "none"
    number_of = len(result["means"]) if "means" in result else len(result["logprobs"])
    return f"{interval(estimate, 2)} ({number_of})"


def _bound(result: Result | None) -> str:
    if not result or not result["log_z"]:
        return "-"
    lower, upper = result["log_z"]
    return f"{-math.expm1(lower - upper):.2f}" if lower > -math.inf else "1.00"


def _cost(result: Result | None) -> str:
    return "-" if result is None else f"{result['calls']:,}, {result['seconds']:,.0f} s"


def _text_row(problem: Problem, method: str, result: Result) -> list[str]:
    text, times = result["texts"][0]
    escaped = text.strip().replace("|", "\\|")
    return [problem.name, METHODS.get(method, method), f"`{escaped}`", str(times)]


def interval(estimate: Estimate, digits: int) -> str:
    """A mean, and from where to where it may be."""
    return f"{estimate.value:.{digits}f} [{estimate.low:.{digits}f}, {estimate.high:.{digits}f}]"
