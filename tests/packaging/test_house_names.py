"""What is public is listed, and what is listed exists."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import constrain
from constrain import _core

SOURCE = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "compiler", "grammars", "runtime")


def module_files() -> list[Path]:
    files = [SOURCE / "src" / "constrain" / "__init__.py", SOURCE / "src" / "constrain" / "errors.py"]
    for package in PACKAGES:
        files += sorted((SOURCE / package).rglob("*.py"))
    return files


def module_name(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    parts = list(relative.parts[2:] if relative.parts[0] == "src" else relative.parts)
    parts[-1] = parts[-1].removesuffix(".py")
    return ".".join(["constrain", *(part for part in parts if part != "__init__")])


def listed_names(path: Path) -> list[str] | None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return list(ast.literal_eval(node.value))
    return None


def public_names(path: Path) -> set[str]:
    """What a package's ``__init__`` offers: what it defines or takes from the project, underscores left out."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("constrain"):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return {name for name in names if not name.startswith("_")}


def test_all_is_what_is_public() -> None:
    assert set(constrain.__all__) == public_names(SOURCE / "src" / "constrain" / "__init__.py")
    assert constrain.__all__ == sorted(constrain.__all__)


def test_public_names_are_documented() -> None:
    undocumented = [name for name in constrain.__all__ if not (getattr(constrain, name).__doc__ or "").strip()]
    assert undocumented == []


def described() -> dict[str, str]:
    """What the native engine's stub describes, with the first line of each text, in one spelling of code and roles."""
    found: dict[str, str] = {}
    pending: list[tuple[str, ast.AST]] = [("", ast.parse((SOURCE / "src" / "constrain" / "_core.pyi").read_text()))]
    while pending:
        prefix, parent = pending.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                found[prefix + node.name] = first_line(ast.get_docstring(node))
                pending.append((f"{node.name}.", node))
    return found


def first_line(text: str | None) -> str:
    return re.sub(r":\w+:|`", "", (text or "").strip().partition("\n")[0])


def test_native_names_are_documented_as_their_stub_says() -> None:
    stub = described()
    native = {name: getattr(_core, name) for name in vars(_core) if not name.startswith("_")}
    for owner in [value for value in native.values() if isinstance(value, type)]:
        members = {name: value for name, value in vars(owner).items() if not name.startswith("_")}
        native.update({f"{owner.__name__}.{name}": getattr(owner, name) for name in members})
    told = {name: first_line(value.__doc__) for name, value in native.items()}
    assert [name for name, line in told.items() if not line] == []
    assert told == stub


@pytest.mark.parametrize("path", module_files(), ids=module_name)
def test_listed_names_exist_once(path: Path) -> None:
    module = importlib.import_module(module_name(path))
    assert (module.__doc__ or "").strip(), "a module says why it is there"
    names = listed_names(path)
    if names is None:
        return
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(module, name)] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_links_to_the_folders_at_the_top(package: str) -> None:
    link = SOURCE / "src" / "constrain" / package
    assert link.is_symlink()
    assert link.resolve() == SOURCE / package


@pytest.mark.parametrize("module", ["constrain", "constrain.grammars", "constrain.compiler"])
def test_compiling_needs_no_model_library(module: str) -> None:
    code = f"import sys, {module}; print(sorted({{'torch', 'transformers'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
