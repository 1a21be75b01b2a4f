"""Attributes that exist: at a dereference in Python, the names that static analysis of a project finds there.

    constrain gen --monitor examples/monitors/attribute_names.py:AttributeNames --monitor-arg project=src ...

The prompt is the code before the output, as for a model that completes code: what it imports from other files of the
project, jedi reads there. What a name stands for is sometimes past finding out; then nothing is suggested, and the
grammar alone decides. After Agrawal et al., "Monitor-Guided Decoding of Code LMs with Static Analysis of Repository
Context" (arXiv 2306.10763). Needs jedi.
"""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from pathlib import Path
from typing import Self

import jedi
import parso
from parso.tree import NodeOrLeaf

from constrain.runtime.monitors import Monitor

IMPORT = re.compile(r"\s*(from|import)\b")


class AttributeNames(Monitor):
    """Suggests attributes after a dot."""

    def __init__(self, project: str = ".", file: str = "completion.py") -> None:
        """Look into a project.

        Args:
            project: its folder, from which its modules are imported.
            file: the file in it that is being written, there already or not; relative imports start from it.
        """
        folder = Path(project).resolve()
        self._project = jedi.Project(path=folder, added_sys_path=[str(folder)], smart_sys_path=False)
        self._environment = jedi.InterpreterEnvironment()  # what is installed beside this, without another process
        self._path = folder / file
        self._names = lru_cache(maxsize=256)(self._complete)  # several outputs may begin alike
        self._before = ""

    def begin(self, prompt: str) -> Self:
        """The prompt is the code so far."""
        other = copy.copy(self)
        other._before = prompt
        return other

    def triggered(self, prefix: str) -> bool:
        """Behind the dot of a dereference: not that of a number, an import, a string or a comment."""
        if not (prefix or self._before).endswith("."):
            return False
        code = self._before + prefix
        if IMPORT.match(code[code.rfind("\n") + 1 :]):
            return False
        end = parso.parse(code).get_last_leaf()
        dot = end.get_previous_leaf() if not end.prefix else None  # a comment is the prefix of what follows it
        return dot is not None and dot.value == "." and not _in_string(dot)

    def suggest(self, prefix: str) -> list[str] | None:
        """The names that jedi finds, those of the object's class and its bases among them."""
        return self._names(self._before + prefix)

    def _complete(self, code: str) -> list[str] | None:
        script = jedi.Script(code, path=self._path, project=self._project, environment=self._environment)
        return [completion.name for completion in script.complete()] or None


def _in_string(leaf: NodeOrLeaf) -> bool:
    """Is there a quotation mark before it in its line that nothing closes?"""
    before = leaf.get_previous_leaf()
    while before is not None and before.end_pos[0] == leaf.start_pos[0]:
        if before.type == "error_leaf" and before.value.endswith(("'", '"')):
            return True
        before = before.get_previous_leaf()
    return False
