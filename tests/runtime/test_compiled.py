"""Compiled grammars in the cache: bounded, and shared by processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from constrain import CompiledGrammar, Vocabulary, compile_regex
from constrain.runtime import compiled
from constrain.runtime.cache import Cache


def test_only_so_many_are_kept(tmp_path: Path, byte_vocabulary: Vocabulary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MAX_ENTRIES", 3)
    cache = Cache(tmp_path)
    model = cache.add_bytes("models", "a" * 64, b"x" * 100)
    grammar = compile_regex("a", byte_vocabulary)
    for name in ("a", "b", "c", "d", "e"):
        compiled.compiled_once(cache, {"name": name}, byte_vocabulary, lambda: grammar)
    assert len(cache.entries("compiled")) == 3
    monkeypatch.setattr(compiled, "MAX_BYTES", 1)
    compiled.compiled_once(cache, {"name": "f"}, byte_vocabulary, lambda: grammar)
    assert len(cache.entries("compiled")) == 1  # the newest stays, whatever the bound
    assert model.exists()


def test_what_is_there_is_not_made_again(tmp_path: Path, byte_vocabulary: Vocabulary) -> None:
    cache = Cache(tmp_path)
    made: list[str] = []

    def get(pattern: str) -> None:
        def make() -> CompiledGrammar:
            made.append(pattern)
            return compile_regex(pattern, byte_vocabulary)

        compiled.compiled_once(cache, {"p": pattern}, byte_vocabulary, make)

    for pattern in ("a", "b", "a", "b", "c"):
        get(pattern)
    assert made == ["a", "b", "c"]


PROCESS = """
import sys
from constrain import Vocabulary, compile_regex
from constrain.runtime import compiled
from constrain.runtime.cache import Cache
compiled.MAX_ENTRIES = 3
cache, vocabulary = Cache(sys.argv[1]), Vocabulary.bytes()
for number in range(60):
    word = "abcdefg"[number % 7]
    grammar = compiled.compiled_once(cache, {"w": word}, vocabulary, lambda: compile_regex(word + "{2}", vocabulary))
    matcher = grammar.matcher()
    assert matcher.next_bytes() == word.encode() and matcher.accept_bytes(2 * word.encode()) and matcher.is_accepting()
    if number % 9 == 8:
        for entry in cache.entries("compiled")[:1]:
            cache.add_bytes("compiled", entry.key, b"CSTRNGRM broken")
    if number % 20 == 19:
        cache.clear()
"""


def test_processes_share_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROCESS, str(tmp_path)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for process in running:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
