"""Saving and loading: what comes back, which files are refused, and that a file is there whole or not at all."""

from __future__ import annotations

import os
import stat
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

from constrain import (
    ArtifactError,
    CompiledGrammar,
    Grammar,
    LimitError,
    Limits,
    Matcher,
    Vocabulary,
    allocate_token_bitmask,
    compile_grammar,
    compile_json_schema,
    compile_regex,
)


def checksum(content: bytes | bytearray) -> bytes:
    """What a file ends with."""
    return zlib.crc32(content).to_bytes(4, "little")


def mask(matcher: Matcher, vocabulary: Vocabulary) -> np.ndarray:
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    matcher.fill_next_token_bitmask(bitmask)
    return bitmask[0]


def test_a_saved_grammar_means_the_same(compiled: CompiledGrammar, byte_vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "a.grammar"
    compiled.save(path)
    loaded = CompiledGrammar.load(str(path), byte_vocabulary)

    assert path.read_bytes() == compiled.to_bytes() == loaded.to_bytes()
    assert loaded.vocabulary is byte_vocabulary
    assert loaded.description == compiled.description == {"kind": "test", "constrain": "1"}
    one, other = compiled.matcher(), loaded.matcher()
    for byte in b"abc,a,,,zz":
        assert (mask(one, byte_vocabulary) == mask(other, byte_vocabulary)).all()
        assert one.accept_bytes(bytes([byte])) == other.accept_bytes(bytes([byte]))


def test_equal_grammars_have_equal_bytes(compiled: CompiledGrammar, grammar: Grammar) -> None:
    before = compiled.to_bytes()
    assert compiled.matcher().accept_bytes(b"abc,a")
    again = compile_grammar(grammar, compiled.vocabulary, description=compiled.description)
    assert before == compiled.to_bytes() == again.to_bytes() == compiled.to_bytes()


def test_descriptions(byte_vocabulary: Vocabulary) -> None:
    schema = compile_json_schema({"type": "integer"}, byte_vocabulary, whitespace="pretty:2")
    assert schema.description.items() >= {"kind": "schema", "whitespace": "pretty:2", "order": "schema"}.items()
    expression = compile_regex("a", byte_vocabulary)
    assert expression.description.items() >= {"kind": "regex", "syntax": "python"}.items()
    assert "constrain" in expression.description


def test_another_vocabulary_is_named(compiled: CompiledGrammar, byte_vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "a.grammar"
    compiled.save(path)
    other = Vocabulary([b"a", b"b", b","], [3], vocab_size=4)

    with pytest.raises(ArtifactError) as caught:
        CompiledGrammar.load(path, other)

    for part in (str(path), byte_vocabulary.sha256, other.sha256):
        assert part in str(caught.value)
    rebound = CompiledGrammar.load(path, other, rebind=True)
    assert rebound.vocabulary is other
    assert mask(rebound.matcher(), other)[0] == 0b1111


def test_limits_of_a_file_are_bounded_by_those_of_the_caller(grammar: Grammar, byte_vocabulary: Vocabulary) -> None:
    data = compile_grammar(grammar, byte_vocabulary, Limits(max_mask_steps=20_000_000)).to_bytes()

    with pytest.raises(ArtifactError, match=r"limits=Limits\(max_mask_steps=20000000\)"):
        CompiledGrammar.from_bytes(data, byte_vocabulary)
    loaded = CompiledGrammar.from_bytes(data, byte_vocabulary, limits=Limits(max_mask_steps=20_000_000))
    assert loaded.to_bytes() == data


def test_limits_of_a_file_hold(grammar: Grammar, byte_vocabulary: Vocabulary) -> None:
    data = compile_regex("(a|b)*a(a|b){12}", byte_vocabulary, limits=Limits(max_lexer_states=40)).to_bytes()
    matcher = CompiledGrammar.from_bytes(data, byte_vocabulary).matcher()

    with pytest.raises(LimitError, match="max_lexer_states = 40"):
        matcher.accept_bytes(b"abbabaabbbabaaab" * 8)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "magic"),
        (b"CSTRN", "magic"),
        (b"\x80\x04\x95" + b"a" * 100, "magic"),
        (b"CSTRNVOC" + b"\0" * 100, "magic"),
        (b"CSTRNGRM", "ends early"),
        (b"CSTRNGRM\x01\0\0\0" + b"\0" * 100, "version 1, not 4"),
        (b"CSTRNGRM\x04\0\0\0" + b"\0" * 3, "too short"),
        (b"CSTRNGRM\x04\0\0\0" + b"\0" * 100, "checksum"),
    ],
)
def test_foreign_files(content: bytes, reason: str, byte_vocabulary: Vocabulary, tmp_path: Path) -> None:
    path = tmp_path / "a.grammar"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=reason):
        CompiledGrammar.load(path, byte_vocabulary)
    with pytest.raises(ArtifactError, match=reason):
        CompiledGrammar.from_bytes(content, byte_vocabulary)


def test_no_length_is_believed(compiled: CompiledGrammar, byte_vocabulary: Vocabulary) -> None:
    """Counts and lengths of billions where a few bytes are left."""
    good = compiled.to_bytes()[:-4]
    huge = b"\xff" * 9 + b"\x01"
    for at in range(12, len(good)):
        for claim in (huge, b"\xff\xff\xff\xff\x0f", b"\xff" * 8):
            bad = good[:at] + claim + good[at + len(claim) :]
            with pytest.raises(ArtifactError):
                CompiledGrammar.from_bytes(bad, byte_vocabulary)
            try:
                CompiledGrammar.from_bytes(bad + checksum(bad), byte_vocabulary)
            except ArtifactError:
                continue


def test_files_on_disk_with_a_part_missing_or_changed(
    compiled: CompiledGrammar, byte_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    good = compiled.to_bytes()
    path = tmp_path / "a.grammar"
    for at in range(0, len(good), 7):
        for bad in (good[:at], good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :], good + good[:at] + b"\0"):
            path.write_bytes(bad)
            with pytest.raises(ArtifactError):
                CompiledGrammar.load(path, byte_vocabulary)


def test_what_cannot_be_read(byte_vocabulary: Vocabulary, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="No such file"):
        CompiledGrammar.load(tmp_path / "missing", byte_vocabulary)
    with pytest.raises(ArtifactError, match="not a regular file"):
        CompiledGrammar.load(tmp_path, byte_vocabulary)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ArtifactError, match="not a regular file"):
            CompiledGrammar.load(tmp_path / "pipe", byte_vocabulary)


def test_what_cannot_be_written(compiled: CompiledGrammar, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot be written"):
        compiled.save(tmp_path / "missing" / "a.grammar")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ArtifactError, match="cannot be written"):
        compiled.save(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]  # nothing half done is left


def test_only_files_are_replaced(compiled: CompiledGrammar, tmp_path: Path) -> None:
    pipe, target, link, nowhere = (tmp_path / name for name in ("pipe", "target", "link", "nowhere"))
    os.mkfifo(pipe)
    target.write_bytes(b"before")
    link.symlink_to(target)
    nowhere.symlink_to(tmp_path / "missing")
    compiled.save(link)
    assert link.is_symlink()
    assert target.read_bytes() == compiled.to_bytes()
    for refused in (pipe, nowhere):
        with pytest.raises(ArtifactError, match="cannot be written: it is"):
            compiled.save(refused)
    assert pipe.is_fifo()
    assert sorted(tmp_path.iterdir()) == sorted([pipe, target, link, nowhere])


def test_a_saved_file_is_like_any_other(compiled: CompiledGrammar, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    compiled.save(tmp_path / "a.grammar")
    assert stat.S_IMODE((tmp_path / "a.grammar").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_readers_see_all_of_a_file_while_others_write_it(
    compiled: CompiledGrammar, byte_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    path = tmp_path / "a.grammar"
    longer = compile_regex("(one|two|three){1,20}", byte_vocabulary)
    expected = {compiled.to_bytes(), longer.to_bytes()}
    compiled.save(path)
    done = threading.Event()

    def write(what: CompiledGrammar) -> None:
        for _ in range(30):
            what.save(path)
        done.set()

    writers = [threading.Thread(target=write, args=[what]) for what in (compiled, longer)]
    for writer in writers:
        writer.start()
    while not done.is_set():
        assert CompiledGrammar.load(path, byte_vocabulary).to_bytes() in expected
    for writer in writers:
        writer.join()
    assert [found.name for found in tmp_path.iterdir()] == ["a.grammar"]


def test_a_grammar_survives_the_removal_of_its_file(
    compiled: CompiledGrammar, byte_vocabulary: Vocabulary, tmp_path: Path
) -> None:
    path = tmp_path / "a.grammar"
    compiled.save(path)
    loaded = CompiledGrammar.load(path, byte_vocabulary)
    path.unlink()
    assert loaded.matcher().accept_bytes(b"abc,a")
    assert loaded.to_bytes() == compiled.to_bytes()


@pytest.mark.parametrize("seed", range(4))
def test_hostile_regexes_in_a_file(seed: int, byte_vocabulary: Vocabulary) -> None:
    """What a file holds was compiled once; a form that cannot be is corrupt, whatever its checksum says."""
    pattern = ["a{1,9}", "[b-y]{2}", "(ab|cd)+", "é?x"][seed]
    good = compile_regex(pattern, byte_vocabulary).to_bytes()[:-4]
    form = good.index(b"FORM")
    for at in range(form + 16, len(good)):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            bad = bytearray(good)
            bad[at] = value
            try:
                loaded = CompiledGrammar.from_bytes(bytes(bad) + checksum(bad), byte_vocabulary)
            except ArtifactError:
                continue
            assert CompiledGrammar.from_bytes(loaded.to_bytes(), byte_vocabulary).to_bytes() == loaded.to_bytes()
