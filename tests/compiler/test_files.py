"""Files are written whole or not at all, and never in the place of something that is no file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from constrain import ArtifactError, Vocabulary
from constrain.compiler.files import write_whole


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for content in (b"first", b"", b"second"):
        write_whole(path, content)
        assert path.read_bytes() == content
    write_whole(str(path), b"third")
    assert path.read_bytes() == b"third"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_are_those_of_any_new_file(
    mask: int, mode: int, tmp_path: Path, umask: Callable[[int], int]
) -> None:
    umask(mask)
    write_whole(tmp_path / "a", b"a")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    target, link, chain = tmp_path / "folder" / "target", tmp_path / "link", tmp_path / "chain"
    target.parent.mkdir()
    link.symlink_to("folder/target")
    chain.symlink_to(link)
    for content in (b"made", b"replaced"):
        write_whole(chain, content)
        assert target.read_bytes() == content
    assert chain.is_symlink()
    assert link.is_symlink()
    assert list(target.parent.iterdir()) == [target]


def _folder(path: Path) -> None:
    path.mkdir()


def _link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_folder, "it is a folder"),
        (os.mkfifo, "no regular file"),
        (_link_to_a_pipe, "no regular file"),
        (_link_to_itself, "cannot be written"),
    ],
)
def test_what_is_no_file_stays(make: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    make(path)
    before = {each: each.lstat() for each in tmp_path.iterdir()}

    with pytest.raises(ArtifactError, match=says) as caught:
        write_whole(path, b"content")

    assert str(path) in str(caught.value)
    assert {each: each.lstat() for each in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["", "nul\0byte", "missing/a", "file/a", "a" * 500])
def test_names_that_cannot_be_written(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match="cannot be written"):
        write_whole(name, b"content")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_vocabularies_are_written_so(tmp_path: Path, umask: Callable[[int], int]) -> None:
    with pytest.raises(ArtifactError, match="it is a folder"):
        Vocabulary.bytes().save(tmp_path)
    assert list(tmp_path.iterdir()) == []
    Vocabulary.bytes().save(tmp_path / "v.bin")
    assert stat.S_IMODE((tmp_path / "v.bin").stat().st_mode) == 0o644
