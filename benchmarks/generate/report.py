"""Tables of a run, as Markdown: medians over rounds, then over schemas; ratios are of the same round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from generate.parts import BATCHES, KINDS
from generate.peers import BASELINE
from generate.store import Store
from masks.tables import number, table

__all__ = ["report"]

Result = Mapping[str, Any]

NAMES = {
    "alone": "one output alone",
    "drafts": "one output, with drafts",
    "shared": "several outputs (`gen -n`)",
}
TARGET, SHARE_TARGET, BATCH_TARGET = 1.5, 0.02, 0.95


def report(
    settings: Mapping[str, Any], versions: Mapping[str, str], schemas: Sequence[str], stores: Mapping[str, Store]
) -> str:
    """All tables of which there are results."""
    texts = heading(settings)
    measured = [schema for schema in schemas if stores["texts"].of(schema, KINDS[0])]
    if measured:
        texts += [of_texts(measured, stores["texts"]), by_schema(measured, stores["texts"])]
    compared = [schema for schema in schemas if any(stores["peers"].of(schema, name) for name in versions)]
    if compared:
        texts += [of_peers(compared, versions, stores["peers"]), reasons(compared, versions, stores["peers"])]
    texts += of_batches(stores["batch"])
    return "\n\n".join(filter(None, texts)) + "\n"


def heading(settings: Mapping[str, Any]) -> list[str]:
    """What was measured, where."""
    used = ", ".join(f"{name} {version}" for name, version in settings["versions"].items())
    return [
        "# Constrained generation on a real model",
        f"`{settings['command']}` on {settings['date']}: {settings['model']}; outputs of at most "
        f"{settings['max_tokens']} tokens; {settings['machine']}; {used}.",
    ]


def median_of(results: Sequence[Result], value: Callable[[Result], float]) -> float:
    """Over rounds."""
    return statistics.median(map(value, results)) if results else float("nan")


def ratio(result: Result) -> float:
    """How much faster than the same text without a constraint."""
    return float(result["plain"]["seconds"] / result["seconds"])


def later_ratio(result: Result) -> float:
    """The same after the first token, which waits for the prompt."""
    return float(
        (result["plain"]["seconds"] - result["plain"]["first_seconds"])
        / max(result["seconds"] - result["first_seconds"], 1e-9)
    )


def share(result: Result) -> float:
    """Of the time, what finding masks and drafts took."""
    return float((result["mask"] + result["draft"]) / result["seconds"])


def of_texts(schemas: Sequence[str], store: Store) -> str:
    """Ratios to the same texts without a constraint, over all schemas."""
    rows = []
    for kind in KINDS:
        each = [store.of(schema, kind) for schema in schemas]
        flat = [result for results in each for result in results]
        ratios = [median_of(results, ratio) for results in each]
        shares = [median_of(results, share) for results in each]
        tokens = sum(result["tokens"] for result in flat)
        rows.append(
            [
                NAMES[kind],
                f"{tokens / sum(result['seconds'] for result in flat):.1f}",
                f"{tokens / sum(result['plain']['seconds'] for result in flat):.1f}",
                f"{sum(r['plain']['seconds'] for r in flat) / sum(r['seconds'] for r in flat):.2f}",
                f"{statistics.median(ratios):.2f}",
                f"{min(ratios):.2f}",
                f"{max(ratios):.2f}",
                f"{sum(r >= TARGET for r in ratios)} of {len(ratios)}",
                f"{100 * sum(result['calls'] for result in flat) / tokens:.0f}",
                f"{100 * sum(result['drafted'] for result in flat) / tokens:.0f}",
                f"{sum(r['mask'] + r['draft'] for r in flat) / sum(r['seconds'] for r in flat):.1%}",
                f"{statistics.median(shares):.1%}",
                f"{sum(s <= SHARE_TARGET for s in shares)} of {len(shares)}",
            ]
        )
    header = ["", "tokens/s", "plain", "ratio of sums", "median ratio", "least", "most", f"≥ {TARGET}"]
    header += ["calls", "drafted", "mask + draft", "median", f"≤ {SHARE_TARGET:.0%}"]
    title = f"""## Against the same texts without a constraint

{len(schemas)} schemas. *Plain* is the same loop, model and sampler with every token allowed, which goes on with the
very tokens of the constrained output, one at a time; the prompt is in both. Ratios are of the same round; median, least
and most are of schemas. Calls of the model and drafted tokens are for 100 tokens of text. *Mask + draft* is the share
of the time that the constraint takes."""
    return table(title, header, rows)


def by_schema(schemas: Sequence[str], store: Store) -> str:
    """The same, schema by schema."""
    rows = []
    for schema in schemas:
        alone = store.of(schema, "alone")
        cells = [
            schema,
            f"{median_of(alone, lambda r: r['prompt_tokens']):.0f}",
            f"{median_of(alone, lambda r: r['tokens']):.0f}",
            f"{median_of(alone, lambda r: 1e3 * r['compile']):.0f}",
            f"{median_of(alone, lambda r: r['tokens'] / r['plain']['seconds']):.1f}",
        ]
        for kind in KINDS:
            results = store.of(schema, kind)
            cells += [
                f"{median_of(results, lambda r: r['tokens'] / r['seconds']):.1f}",
                f"{median_of(results, ratio):.2f}",
                f"{median_of(results, later_ratio):.2f}",
                f"{median_of(results, lambda r: 100 * r['calls'] / max(1, r['tokens'])):.0f}",
                f"{median_of(results, share):.1%}",
            ]
        rows.append(cells)
    header = ["schema", "prompt", "tokens", "compile ms", "plain"]
    for kind in KINDS:
        header += [f"{kind}: tokens/s", "ratio", "after prompt", "calls", "mask + draft"]
    return table("### By schema\n\nMedians over rounds.", header, rows)


def of_peers(schemas: Sequence[str], versions: Mapping[str, str], store: Store) -> str:
    """Every engine over what it got through, and over the schemas that all of them did."""
    written = {name: {s: [r for r in store.of(s, name) if "tokens" in r] for s in schemas} for name in versions}
    running = [name for name in versions if any(written[name].values())]
    common = [s for s in schemas if all(written[name][s] for name in running)]
    rows = []
    for name, version in versions.items():
        every = [result for s in schemas for result in store.of(s, name)]
        done = [written[name][s] for s in schemas if written[name][s]]
        if not every:
            rows.append([name, version, "not run", *[""] * 11])
            continue
        flat = [result for results in done for result in results]
        ground = [written[name][s] for s in (common if name in running else [])]
        base = [written[BASELINE][s] for s in common] if BASELINE in running else []
        rows.append(
            [
                name,
                version,
                str(len(done)),
                str(sum("refused" in r for r in (store.of(s, name)[0] for s in schemas if store.of(s, name)))),
                str(sum("failed" in r for r in (store.of(s, name)[0] for s in schemas if store.of(s, name)))),
                "-" if name == BASELINE else f"{sum(not r['finished'] for r in flat)} of {len(flat)}",
                "-" if name == BASELINE else f"{sum(bool(r['valid']) for r in flat)} of {len(flat)}",
                "-" if name == BASELINE else number(over(done, lambda r: 1e3 * r["compile"])),
                number(over(done, lambda r: 1e3 * (r["compile"] + r["first_seconds"]))),
                number(over(done, per_token)),
                number(over(ground, lambda r: 1e3 * (r["compile"] + r["first_seconds"]))),
                number(over(ground, per_token)),
                f"{beside(ground, base):.2f}" if base and ground else "-",
                number(over(ground, lambda r: r["compile"] + r["seconds"])),
            ]
        )
    header = ["engine", "version", "schemas", "refused", "failed", "cut", "valid", "compile ms", "first token ms"]
    header += ["ms/token", "common: first token ms", "ms/token", f"beside {BASELINE}", "whole output s"]
    title = f"""## Beside other engines

Greedy, the same model object and prompts. {len(schemas)} schemas, of which all engines that ran finished {len(common)}
(*common*); medians over rounds, then over schemas. *First token* is the first that the model chose: compile and reading
the prompt are in it, set-up once a tokenizer is not (guidance compiles when it begins to write). *ms/token* is from
there to the end, for each token of the text. *Beside {BASELINE}* says how many times as fast that is as
`transformers.generate` without a constraint, which writes as many tokens as constrain. *Cut* outputs were not complete
at the limit; *valid* is by jsonschema-rs, formats included. Engines differ in the white space that they allow, and so
in how many tokens they write."""
    return table(title, header, rows, texts=2)


def per_token(result: Result) -> float:
    """Milliseconds for each token after the first."""
    return float(1e3 * (result["seconds"] - result["first_seconds"]) / max(1, result["tokens"] - 1))


def over(each: Sequence[Sequence[Result]], value: Callable[[Result], float]) -> float:
    """The median over schemas of the medians over rounds."""
    return statistics.median([median_of(results, value) for results in each]) if each else float("nan")


def beside(each: Sequence[Sequence[Result]], base: Sequence[Sequence[Result]]) -> float:
    """Speed as a multiple of the baseline's in the same round."""
    ratios = [
        statistics.median([per_token(b) / per_token(a) for a, b in zip(ours, plain, strict=False)])
        for ours, plain in zip(each, base, strict=True)
    ]
    return statistics.median(ratios)


def reasons(schemas: Sequence[str], versions: Mapping[str, str], store: Store) -> str:
    """Why engines did not write."""
    lines = []
    for name in versions:
        for schema in schemas:
            for result in store.of(schema, name)[:1]:
                lines += [
                    f"- {name}, {schema}: {kind}: {result[kind]}" for kind in ("refused", "failed") if kind in result
                ]
    return "\n".join(lines)


def of_batches(store: Store) -> list[str]:
    """Batches against batches without constraints."""
    rows = []
    for name in store.schemas():
        for kind in BATCHES:
            results = store.of(name, kind)
            if results:
                rows.append(
                    [
                        f"{name}: {kind}",
                        f"{median_of(results, lambda r: r['tokens']):.0f}",
                        f"{median_of(results, lambda r: r['tokens'] / r['seconds']):.1f}",
                        f"{median_of(results, lambda r: r['tokens'] / r['plain']['seconds']):.1f}",
                        f"{median_of(results, ratio):.3f}",
                        f"{median_of(results, later_ratio):.3f}",
                        f"{median_of(results, lambda r: r['steps']):.0f}",
                        f"{median_of(results, lambda r: r['plain']['steps']):.0f}",
                    ]
                )
    if not rows:
        return []
    header = ["", "tokens", "tokens/s", "plain", "ratio", "after the prompts", "steps", "plain"]
    title = """## In a batch

A batch with a schema of its own for each row, against the same texts in the same batch with every token allowed. With
*every token asked*, certain text is left to the model as well, so that in both each step writes one token for each
row."""
    return [table(title, header, rows)]
