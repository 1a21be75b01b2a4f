"""Options of ``gen`` for methods that draw from the model's own distribution: how much effort, what guides them, and
what is kept of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from constrain.cli.monitors import function_of
from constrain.cli.problems import UsageProblem
from constrain.errors import ArtifactError

if TYPE_CHECKING:
    from constrain.compiler import CompiledGrammar
    from constrain.runtime.decoding.faithful import DrawSettings
    from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights

__all__ = [
    "FAITHFUL",
    "DrawOptions",
    "DrawPlan",
    "FormatWeight",
    "Moves",
    "Particles",
    "TruncateBefore",
    "check_weights",
    "read_plan",
]

FAITHFUL = ("exact", "asap", "smc", "mcmc")
"""As :data:`constrain.runtime.decoding.options.FAITHFUL`, which is not imported for a look at the options."""

WEIGHTED = ("mask", "asap", "smc", "mcmc", "best-of")

Particles: TypeAlias = Annotated[
    int | None, typer.Option("--particles", min=1, metavar="N", help="With --method smc: outputs side by side [16].")
]
Moves: TypeAlias = Annotated[
    int | None, typer.Option("--moves", min=0, metavar="N", help="With --method mcmc: changes to an output [20].")
]
FormatWeight: TypeAlias = Annotated[
    float | None,
    typer.Option("--format-weight", min=0, max=4, metavar="X", help="Power of the weights [as they were fitted; 1]."),
]
TruncateBefore: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--truncate-before", help="Let --top-k, --top-p and --min-p choose among all tokens, not the allowed ones."
    ),
]


@dataclass(frozen=True, slots=True)
class DrawOptions:
    """Options of ``gen``, as given (see :mod:`.groups`)."""

    max_model_calls: Annotated[
        int | None,
        typer.Option(
            "--max-model-calls",
            min=1,
            metavar="N",
            help="With exact, asap, smc, mcmc, best-of: beginnings that the model may read for an output "
            "[exact: 10000].",
        ),
    ] = None
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="stored|online",
            help="With mask, asap, smc, mcmc, best-of: lead draws to where texts end well, as fitted or as it shows.",
        ),
    ] = None
    format_weight: FormatWeight = None
    certify: Annotated[
        float | None,
        typer.Option(
            "--certify", min=0, metavar="SECONDS", help="Look so long for bounds on the language's probability."
        ),
    ] = None
    trie: Annotated[
        str | None,
        typer.Option("--trie", metavar="FILE", help="With exact, asap: go on from what is in FILE, and save it there."),
    ] = None
    particles: Particles = None
    critic: Annotated[
        str | None,
        typer.Option(
            "--critic", metavar="MODULE:FUNCTION", help="With --method smc: says which beginnings promise much."
        ),
    ] = None
    moves: Moves = None
    draws: Annotated[
        int | None, typer.Option("--draws", min=1, metavar="N", help="With --method best-of: draws for an output [8].")
    ] = None
    reward: Annotated[
        str | None,
        typer.Option(
            "--reward", metavar="MODULE:FUNCTION", help="With --method best-of: how good a text is [how likely]."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class DrawPlan:
    """What the options say.

    Attributes:
        settings: fields of ``DrawSettings``.
        trie: where what is learned of the prompt is kept.
        weights: ``stored`` in the compiled file, learned ``online``, or None for none.
        format_weight: their power, or None for what they were fitted with.
    """

    settings: dict[str, Any]
    trie: str | None = None
    weights: str | None = None
    format_weight: float | None = None

    def weights_of(self, compiled: CompiledGrammar) -> OnlineWeights | StoredWeights | None:
        """The weights, if any are wanted.

        Raises:
            ArtifactError: the compiled file has none, or damaged ones.
        """
        if self.weights is None:
            return None
        from constrain.compiler.weights import FutureWeights
        from constrain.runtime.decoding.faithful.weights import OnlineWeights, StoredWeights

        if self.weights == "online":
            return OnlineWeights(self.format_weight)
        if compiled.weights is None:
            raise ArtifactError(
                "the compiled file holds no weights", expected="one for which 'constrain weights fit' was run"
            )
        return StoredWeights(FutureWeights.from_bytes(compiled.weights), self.format_weight)

    def made(self) -> DrawSettings:
        """The runtime's settings.

        Raises:
            UsageProblem: a value outside its range.
        """
        from constrain.runtime.decoding.faithful import DrawSettings

        try:
            return DrawSettings(**self.settings)
        except ValueError as error:
            raise UsageProblem(str(error)) from None


def read_plan(method: str, given: DrawOptions, *, many: bool, monitor: str | None, is_compiled: bool) -> DrawPlan:
    """The plan for a method.

    Raises:
        UsageProblem: an option that says nothing with the method, or a function that is not there.
    """
    for name, value, methods in (
        ("--max-model-calls", given.max_model_calls, (*FAITHFUL, "best-of")),
        ("--particles", given.particles, ("smc",)),
        ("--critic", given.critic, ("smc",)),
        ("--moves", given.moves, ("mcmc",)),
        ("--draws", given.draws, ("best-of",)),
        ("--reward", given.reward, ("best-of",)),
        ("--certify", given.certify, FAITHFUL),
        ("--trie", given.trie, ("exact", "asap")),
    ):
        if value is not None and method not in methods:
            raise UsageProblem(f"{name} says nothing with --method {method}", expected=f"--method {_either(methods)}")
    if given.weights is not None and method not in WEIGHTED:
        raise UsageProblem(f"--weights says nothing with --method {method}", expected=f"--method {_either(WEIGHTED)}")
    check_weights(given.weights, given.format_weight, is_compiled=is_compiled)
    if given.trie is not None and given.weights is not None:
        raise UsageProblem("--trie keeps bounds, and weights are estimates", expected="one of the two")
    if given.trie == "":
        raise UsageProblem("--trie names no file", expected="a file")
    if given.trie is not None and many:
        raise UsageProblem("--trie is about one prompt", expected="no --many with it")
    if given.trie is not None and monitor is not None:
        raise UsageProblem("--trie keeps what is certain, and a monitor may say otherwise the next time")
    if given.certify is not None and not math.isfinite(given.certify):
        raise UsageProblem("--certify is no number of seconds")
    critic, reward = given.critic, given.reward
    settings = {
        "max_model_calls": given.max_model_calls,
        "particles": given.particles,
        "critic": None if critic is None else function_of("--critic", critic, "takes a text and gives a number"),
        "steps": given.moves,
        "draws": given.draws,
        "reward": None if reward is None else function_of("--reward", reward, "takes a text and gives a number"),
        "certify": given.certify,
    }
    said = {name: value for name, value in settings.items() if value is not None}
    return DrawPlan(said, given.trie, given.weights, given.format_weight)


def check_weights(weights: str | None, format_weight: float | None, *, is_compiled: bool) -> None:
    """Refuse values of ``--weights`` and ``--format-weight`` that say nothing.

    Raises:
        UsageProblem: an unknown one, or one that does not go with the constraint.
    """
    if weights not in (None, "stored", "online"):
        raise UsageProblem(f"--weights cannot be {weights!r}", expected="'stored' or 'online'")
    if weights == "stored" and not is_compiled:
        raise UsageProblem("--weights stored is for weights in a compiled file", expected="--compiled with it")
    if format_weight is not None and weights is None:
        raise UsageProblem("--format-weight goes with --weights only")


def _either(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
