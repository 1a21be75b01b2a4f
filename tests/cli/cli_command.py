"""A command ``constrain`` for shell scripts, which runs in the test process: no interpreter is started for each, and no
model library imported. What only a real process shows is tested in ``test_cli_processes.py``.

A script's ``constrain`` sends its arguments, folder and standard input to a thread here, which answers as the command
does.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from multiprocessing.connection import Client, Listener
from pathlib import Path
from threading import Thread
from typing import Any


@contextlib.contextmanager
def command_in(folder: Path, cli: Callable[..., Any]) -> Iterator[Path]:
    """A folder with a command ``constrain`` that runs here as long as the context lasts.

    Args:
        folder: an empty one.
        cli: called with arguments and ``stdin``; returns an object with ``code``, ``out`` and ``err``.
    """
    address = str(folder / "socket")
    with Listener(address, "AF_UNIX") as listener:
        command = folder / "constrain"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "{__file__}" "{address}" "$@"\n')
        command.chmod(0o755)
        thread = Thread(target=_serve, args=(listener, cli), daemon=True)
        thread.start()
        try:
            yield folder
        finally:
            with Client(address, "AF_UNIX") as connection:
                connection.send(None)
            thread.join()


def _serve(listener: Listener, cli: Callable[..., Any]) -> None:
    while True:
        with listener.accept() as connection:
            asked = connection.recv()
            if asked is None:
                return
            arguments, folder, stdin = asked
            with contextlib.chdir(folder):
                try:
                    ran = cli(*arguments, stdin=stdin)
                    connection.send((ran.code, ran.out.encode(), ran.err.encode()))
                except BaseException as error:  # whoever waits gets an answer
                    connection.send((99, b"", repr(error).encode()))


def _ask(address: str, arguments: list[str]) -> int:
    with Client(address, "AF_UNIX") as connection:
        connection.send((arguments, os.getcwd(), sys.stdin.buffer.read()))
        code, out, err = connection.recv()
    sys.stdout.buffer.write(out)
    sys.stderr.buffer.write(err)
    return int(code)


if __name__ == "__main__":
    sys.exit(_ask(sys.argv[1], sys.argv[2:]))
