"""Documents point at things that exist: links, headings, files, make targets, commands and their options."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from constrain.cli.main import app

SOURCE = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = {"sh", "bash", "console", "shell"}


def documents() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=SOURCE,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout:
        return [SOURCE / line for line in listed.stdout.splitlines() if (SOURCE / line).is_file()]
    return [*SOURCE.glob("*.md"), *(SOURCE / "docs").rglob("*.md")]


def name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def anchors(path: Path) -> set[str]:
    """The anchors a reader of the rendered page can jump to: headings in lower case, spaces as hyphens."""
    text = FENCE.sub("", path.read_text())
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shell_lines(path: Path) -> list[str]:
    """Commands in the shell blocks of a document: lines after ``$ `` in console blocks, every line in the others."""
    lines: list[str] = []
    for language, body in FENCE.findall(path.read_text()):
        if language not in SHELL:
            continue
        joined = body.replace("\\\n", " ")
        if language == "console":
            lines += [line[2:] for line in joined.splitlines() if line.startswith("$ ")]
        else:
            lines += [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return lines


def simple_commands(line: str) -> list[list[str]]:
    """The words of each command in a pipeline or list, redirections and assignments left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    commands: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set("|&;()"):
            commands.append([])
        else:
            commands[-1].append(word)
    return [words for words in commands if words]


def options_of(command: Any) -> set[str]:
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


def problems_in(words: list[str]) -> list[str]:
    """What is wrong with one call of the command line, as a document shows it."""
    command = typer.main.get_command(app)
    arguments = words[1:]
    known = options_of(command) | {"--help"}
    found = []
    while arguments and not arguments[0].startswith("-") and hasattr(command, "commands"):
        if arguments[0] not in command.commands:
            return [f"no command {' '.join(words[: words.index(arguments[0]) + 1])}"]
        command = command.commands[arguments[0]]
        known = options_of(command) | {"--help"}
        arguments = arguments[1:]
    for argument in arguments:
        option = argument.split("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", option) and option not in known:
            found.append(f"{words[0]} has no option {option} there: {shlex.join(words)}")
    return found


@pytest.mark.parametrize("path", documents(), ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text())
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        file = (path.parent / place).resolve() if place else path
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", documents(), ids=name)
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (SOURCE / "Makefile").read_text(), re.MULTILINE))
    code = "\n".join([*re.findall(r"`(make [^`\n]+)`", FENCE.sub("", path.read_text())), *shell_lines(path)])
    used = set(re.findall(r"^make ([a-z][a-z-]*)", code, re.MULTILINE))
    assert used - targets == set()


@pytest.mark.parametrize("path", documents(), ids=name)
def test_commands_and_options_exist(path: Path) -> None:
    found = []
    for line in shell_lines(path):
        for words in simple_commands(line):
            if words[0] == "constrain":
                found += problems_in(words)
    assert found == []


@pytest.mark.parametrize("path", documents(), ids=name)
def test_files_of_the_repository_exist(path: Path) -> None:
    folders = "benchmarks|cli|compiler|core|docs|examples|grammars|runtime|src|tests"
    words = re.findall(rf"`((?:{folders})/[\w./-]*)`", path.read_text())
    words += [word for line in shell_lines(path) for word in re.findall(rf"(?<!\S)((?:{folders})/[\w./-]+)", line)]
    missing = [word for word in words if not (SOURCE / word).exists() and not (path.parent / word).exists()]
    assert missing == []


def test_the_checks_above_can_fail(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo 1 | constrain gen --no-such-option x > out.json\nan answer\n```\n")
    (line,) = shell_lines(page)
    echo, gen = simple_commands(line)
    assert echo == ["echo", "1"]
    assert len(problems_in(gen)) == 1
    assert problems_in(["constrain", "no-such-command"]) == ["no command constrain no-such-command"]
    assert problems_in(["constrain", "gen", "--schema", "s.json", "a prompt"]) == []
