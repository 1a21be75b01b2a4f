"""Options of a group: each stands in its command's signature, in the group's place, and arrives in the group."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer

from constrain.cli.groups import grouped
from constrain.cli.main import app

Shade = Annotated[str, typer.Option("--shade")]


@dataclass(frozen=True)
class Colour:
    shade: Shade = "dark"
    bright: bool = False


@dataclass(frozen=True)
class Paint:
    litres: float
    colour: Colour
    brand: str | None = None


@grouped
def coat(*, wall: str, paint: Paint, layers: int = 2) -> tuple[str, Paint, int]:
    """Paint a wall."""
    return wall, paint, layers


def test_fields_stand_in_the_place_of_their_group() -> None:
    found = inspect.signature(coat).parameters

    assert list(found) == ["wall", "litres", "shade", "bright", "brand", "layers"]
    assert {name: one.default for name, one in found.items() if one.default is not one.empty} == {
        "shade": "dark",
        "bright": False,
        "brand": None,
        "layers": 2,
    }
    assert found["shade"].annotation == Shade
    assert (coat.__name__, coat.__doc__) == ("coat", "Paint a wall.")


def test_values_arrive_in_their_group() -> None:
    given = {"wall": "north", "litres": 2.5, "shade": "light", "bright": True, "brand": "none", "layers": 1}

    assert coat(**given) == ("north", Paint(2.5, Colour("light", True), "none"), 1)


def test_typer_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    painter = typer.Typer()
    painter.command()(grouped(_told))

    painter(["--shade", "pale", "--no-bright", "3", "door"], standalone_mode=False)

    assert capsys.readouterr().out == "door Paint(litres=3.0, colour=Colour(shade='pale', bright=False), brand=None)\n"


def _told(*, paint: Paint, place: str) -> None:
    print(place, paint)


@pytest.mark.parametrize("name", ["gen", "verify", "check", "next", "compile"])
def test_every_command_with_a_constraint_has_the_same_words_for_it(name: str) -> None:
    """What names a constraint, as ``next`` has it; ``check`` knows no thoughts."""
    (known, known_help), (found, found_help) = _before_compiled("next"), _before_compiled(name)

    assert found == ([one for one in known if one not in ("think", "think_max")] if name == "check" else known)
    assert all(found_help[one] == known_help[one] for one in found)


def _before_compiled(name: str) -> tuple[list[str], dict[str, Any]]:
    commands: dict[str, Callable[..., Any]] = {
        str(one.name): one.callback for one in app.registered_commands if one.callback is not None
    }
    found = dict(inspect.signature(commands[name]).parameters)
    names = list(found)
    names = names[names.index("schema") : names.index("compiled") + 1]
    return names, {one: found[one].annotation.__metadata__[0].help for one in names}
