"""``--schema package.module:Class``: models, dataclasses and TypedDicts, as pydantic sees them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from constrain.cli.classes import schema_of_class
from constrain.cli.problems import UsageProblem

pytest.importorskip("pydantic")

SHOP = '''
"""Prints while it is imported, which must not reach standard output."""
import dataclasses
import pydantic
from typing_extensions import TypedDict

print("hello from the shop")

class Order(pydantic.BaseModel):
    model_config = {"extra": "forbid"}
    name: str = pydantic.Field(max_length=5)
    paid: bool = False

@dataclasses.dataclass
class Point:
    x: int
    y: int = 0

class Row(TypedDict):
    id: int

class Bare:
    pass

Numbers = list[int]
'''


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "shop_of_tests").mkdir()
    (tmp_path / "shop_of_tests" / "__init__.py").touch()
    (tmp_path / "shop_of_tests" / "models.py").write_text(SHOP)
    (tmp_path / "shop_of_tests" / "broken.py").write_text("raise RuntimeError('out of stock')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("shop_of_tests")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("Order", '{"name": "Ada"}', '{"name": "Ada Lovelace"}'),
        ("Order", '{"name": "Ada", "paid": true}', '{"name": "Ada", "extra": 1}'),
        ("Point", '{"x": 1}', '{"y": 1}'),
        ("Row", '{"id": 1}', "{}"),
        ("Numbers", "[1, 2]", '["1"]'),
    ],
)
def test_classes(name: str, good: str, bad: str, shop: Path, cli: Callable[..., Any]) -> None:
    arguments = ("check", "--schema", f"shop_of_tests.models:{name}", "-")

    ran = cli(*arguments, stdin=good)

    assert (ran.code, ran.out) == (0, "")
    assert cli(*arguments, stdin=bad).code == 1


def test_what_a_module_prints_is_no_data(shop: Path, cli: Callable[..., Any]) -> None:
    ran = cli("schema", "show", "shop_of_tests.models:Order")

    assert json.loads(ran.out)["required"] == ["name"]
    assert "hello from the shop" in ran.err


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("shop_of_tests.models:Nothing", 4, ["has no 'Nothing'"]),
        ("shop_of_tests.broken:Order", 4, ["cannot import 'shop_of_tests.broken'", "RuntimeError: out of stock"]),
        ("shop_of_tests.models:Bare", 3, ["pydantic has no schema for shop_of_tests.models:Bare"]),
    ],
)
def test_mistakes(name: str, code: int, says: list[str], shop: Path, cli: Callable[..., Any]) -> None:
    ran = cli("compile", "--schema", name)

    assert (ran.code, ran.out) == (code, "")
    for words in says:
        assert words in ran.err


def test_without_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked directly: some versions of typer need pydantic themselves."""
    monkeypatch.setitem(sys.modules, "pydantic", None)

    with pytest.raises(UsageProblem, match="needs pydantic") as caught:
        schema_of_class("shop.models:Order")

    assert caught.value.expected == "pip install 'constrain-lm[pydantic]'"


def test_a_file_by_its_path_is_no_class(shop: Path, cli: Callable[..., Any]) -> None:
    """A slash or a dot at the start makes it a file, whatever follows."""
    ran = cli("compile", "--schema", "./shop_of_tests.models:Order")

    assert ran.code == 4
    assert "No such file" in ran.err
