"""One version everywhere; dependencies are used, and pinned by what tests run with."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.metadata import packages_distributions
from itertools import chain
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import constrain
from constrain import _core

SOURCE = Path(__file__).resolve().parents[2]
NOT_YET_USED = {"interegular"}  # declared for `constrain grammar lint`, which finds terminals that collide
SHIPPED = ("src/constrain", "cli", "compiler", "grammars", "runtime")


def project() -> dict[str, Any]:
    return tomllib.loads((SOURCE / "pyproject.toml").read_text())["project"]


def pins() -> dict[str, str]:
    lines = (SOURCE / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def imported_modules() -> set[str]:
    found: set[str] = set()
    for folder in SHIPPED:
        for path in (SOURCE / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    found.add(node.module.split(".")[0])
    return found


def test_one_version() -> None:
    version = project()["version"]
    cargo = tomllib.loads((SOURCE / "core" / "Cargo.toml").read_text())["package"]["version"]
    latest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (SOURCE / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert latest is not None
    assert {constrain.__version__, _core.__version__, cargo, latest[1]} == {version}


def test_constraints_pin_every_dependency_within_its_range() -> None:
    pinned = pins()
    declared = project()
    extras = declared["optional-dependencies"].values()
    wrong = []
    for text in chain(declared["dependencies"], *extras):
        requirement = Requirement(text)
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None or version not in requirement.specifier:
            wrong.append(f"{text}, pinned to {version}")
    assert wrong == []


def test_every_dependency_is_used_by_shipped_code() -> None:
    providers = packages_distributions()
    used = {canonicalize_name(name) for module in imported_modules() for name in providers.get(module, [])}
    declared = {canonicalize_name(Requirement(text).name) for text in project()["dependencies"]}
    assert declared - used == NOT_YET_USED


def test_shipped_code_imports_only_what_is_declared() -> None:
    providers = packages_distributions()
    declared = project()
    extras = [text for name, texts in declared["optional-dependencies"].items() if name != "dev" for text in texts]
    requirements = [*declared["dependencies"], *extras]
    names = {canonicalize_name(Requirement(text).name) for text in requirements} | {"constrain-lm"}
    undeclared = {
        module
        for module in imported_modules() - {"constrain"}
        if module in providers and not {canonicalize_name(name) for name in providers[module]} & names
    }
    assert undeclared == set()
