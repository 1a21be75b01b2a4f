"""What is measured: in every round each engine once, in turn, so that all meet the same state of the machine."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from generate import batch
from generate.cases import Case
from generate.ours import Compiled, Plain, plain, record, write
from generate.peers import BASELINE, PEERS, Peer
from generate.store import Store

if TYPE_CHECKING:
    from constrain.runtime import CausalModel

__all__ = ["BATCHES", "KINDS", "batches", "peers", "texts"]

KINDS = ("alone", "drafts", "shared")
"""One output as `generate` writes it; with drafts from the prompt and the output itself; as `constrain gen -n` does."""
BATCHES = {"batch": "canonical", "every token asked": "any"}
"""Kinds of batches, with the option ``tokenization``: with "any", the model is asked for certain text, too."""
WARM_UP = Case(
    "warm-up", '{"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"]}', "One is the number."
)


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def texts(model: CausalModel, cases: Sequence[Case], store: Store, rounds: int, max_tokens: int) -> None:
    """Outputs, and the same texts without a constraint. What outputs share is begun anew for each schema."""
    from constrain.runtime import GenerationOptions
    from constrain.runtime.decoding.drafts import DraftMemory
    from constrain.runtime.models.rows import Rows

    warm = model.encode_prompt(WARM_UP.request)
    plain(model, warm, GenerationOptions(seed=0), warm)
    Rows(model)  # tries how the model takes masks, once a process
    for case in cases:
        if all((case.name, kind, number) in store for kind in KINDS for number in range(rounds)):
            continue
        compiled = Compiled(case.schema, model)
        prompt = model.encode_prompt(case.request, schema_text=case.schema, reserve=max_tokens)
        together: dict[str, Any] = {"rows": Rows(model), "memory": DraftMemory()}
        for number in range(rounds):
            options = GenerationOptions(seed=number, max_tokens=max_tokens)
            beside: dict[tuple[int, ...], Plain] = {}
            for kind in KINDS:
                with_what: dict[str, Any] = {}
                if kind == "drafts":
                    with_what = {"rows": Rows(model), "memory": DraftMemory()}
                elif kind == "shared":
                    with_what = together
                written = write(model, compiled, prompt, options, **with_what)
                ids = written.result.token_ids
                if ids not in beside:  # the draws of one round are the same, so that texts mostly are
                    beside[ids] = plain(model, prompt, options, ids)
                result = {**record(written, beside[ids]), "prompt_tokens": len(prompt), "compile": compiled.seconds}
                store.add(case.name, kind, number, result)
                say(f"{case.name} {number} {kind}: {beside[ids].seconds / written.result.seconds:.2f} x plain")


def peers(
    model: CausalModel,
    cases: Sequence[Case],
    store: Store,
    engines: Sequence[str],
    rounds: int,
    max_tokens: int,
    limit_s: float,
) -> None:
    """Each engine's greedy output; that of the baseline has as many tokens as the first engine's.

    Args:
        model: the model.
        cases: what is written.
        store: where results are kept.
        engines: names of `PEERS`.
        rounds: how often each writes it.
        max_tokens: most tokens of an output.
        limit_s: seconds for a compile that can't be interrupted.
    """
    ready = _set_up(model, engines)
    for case in cases:
        checked: dict[str, str | None] = {}
        for number in range(rounds):
            tokens = 0
            for name in engines:
                if (case.name, name, number) not in store and name in ready:
                    if name not in checked:
                        checked[name] = _refusal(ready[name], case.schema, limit_s)
                    most = tokens or max_tokens if name == BASELINE else max_tokens
                    result = _written(ready[name], case, most, checked[name])
                    store.add(case.name, name, number, result)
                    say(f"{case.name} {number} {name}: {result}")
                found = store.get(case.name, name, number)
                tokens = tokens or found.get("tokens", 0)


def _set_up(model: CausalModel, engines: Sequence[str]) -> dict[str, Peer]:
    """Those that are installed, warmed up."""
    ready: dict[str, Peer] = {}
    for name in engines:
        try:
            started = time.perf_counter()
            peer = PEERS[name](model)
            peer.write(peer.compiled(WARM_UP.schema), WARM_UP, 24)
            ready[name] = peer
            say(f"{name} {peer.version()}, set up and warmed up in {time.perf_counter() - started:.1f} s")
        except Exception as error:  # whatever keeps one engine from running is that engine's result
            say(f"{name}: not run: {reason(error)}")
    return ready


def _refusal(peer: Peer, schema: str, limit_s: float) -> str | None:
    try:
        peer.check(schema, limit_s)
    except Exception as error:
        return reason(error)
    return None


def _written(peer: Peer, case: Case, max_tokens: int, refused: str | None) -> dict[str, Any]:
    if refused is not None:
        return {"refused": refused}
    started = time.perf_counter()
    try:
        compiled = peer.compiled(case.schema)
    except Exception as error:
        return {"refused": reason(error)}
    seconds = time.perf_counter() - started
    try:
        output = peer.write(compiled, case, max_tokens)
    except Exception as error:
        return {"failed": reason(error)}
    return {"compile": seconds, "valid": _is_valid(output.text, case.schema), **asdict(output)}


def _is_valid(text: str, schema: str) -> bool | None:
    """As jsonschema-rs judges it, which knows the formats; None where it is not installed."""
    try:
        import jsonschema_rs
    except ImportError:
        return None
    try:
        instance = json.loads(text)
    except ValueError:
        return False
    return bool(jsonschema_rs.validator_for(json.loads(schema), validate_formats=True).is_valid(instance))


def reason(error: Exception) -> str:
    """An error on one line."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:300]


def batches(model: CausalModel, cases: Sequence[Case], store: Store, rounds: int, max_tokens: int) -> None:
    """One batch of all cases, and the same texts without constraints."""
    from constrain.runtime import GenerationOptions

    compiled = [Compiled(case.schema, model) for case in cases]
    prompts = [model.encode_prompt(case.request, schema_text=case.schema, reserve=max_tokens) for case in cases]
    name = f"{len(cases)} schemas"
    for number in range(rounds):
        for kind, tokenization in BATCHES.items():
            if (name, kind, number) in store:
                continue
            options = GenerationOptions(seed=number, max_tokens=max_tokens, tokenization=tokenization)
            rows = [batch.Row(*each, options) for each in zip(compiled, prompts, strict=True)]
            timed, results = batch.constrained(model, rows)
            beside = batch.plain(model, rows, [result.token_ids for result in results])
            store.add(name, kind, number, batch.record(timed, results, beside))
            say(f"{name} {number} {kind}: {beside.seconds / timed.seconds:.3f} x plain")
