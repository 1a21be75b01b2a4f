"""Programs that nobody here wrote, which read the samples of the grammars of data formats.

Each is a function that raises what its program raises, or ValueError, where the text isn't as the grammar's standard
has it.
"""

from __future__ import annotations

import ast
import configparser
import csv
import io
import json
import re
import tomllib
import uuid
import warnings
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from urllib.parse import urlsplit
from xml.etree import ElementTree

import aniso8601
import chess
import chess.pgn
import email_validator
import h11
import json5
import partialsmiles
import semver
import sexpdata
import yaml
from aniso8601.builders import TupleBuilder
from cronsim import CronSim
from markdown_it import MarkdownIt
from rfc3986_validator import validate_rfc3986
from ruamel.yaml import YAML

__all__ = ["JUDGES"]


def judge_arithmetic(text: str) -> None:
    ast.parse(text.lstrip(" "), mode="eval")


class _Moves(chess.pgn.BaseVisitor["_Moves"]):
    """What python-chess finds in a game, with moves read but not played."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.tags: dict[str, str] = {}

    def visit_header(self, name: str, value: str) -> None:
        self.tags[name] = value

    def parse_san(self, board: chess.Board, san: str) -> chess.Move:
        if not chess.SAN_REGEX.fullmatch(san) and san.rstrip("+#") not in ("O-O", "O-O-O"):
            raise ValueError(f"{san} is no move")
        self.found.append(san)
        return chess.Move.null()

    def visit_comment(self, comment: str | list[str]) -> None:
        self.found += filter(None, [comment] if isinstance(comment, str) else comment)

    def begin_variation(self) -> None:
        self.found.append("(")

    def end_variation(self) -> None:
        self.found.append(")")

    def visit_result(self, result: str) -> None:
        self.found.append(result)

    def handle_error(self, error: Exception) -> None:
        raise error

    def result(self) -> _Moves:
        return self


_ROSTER = ("Event", "Site", "Date", "Round", "White", "Black", "Result")


def judge_chess(text: str) -> None:
    handle, at = io.StringIO(text), 0
    while (game := chess.pgn.read_game(handle, Visitor=_Moves)) is not None:
        if tuple(game.tags)[:7] != _ROSTER or game.found[-1:] != [game.tags["Result"]]:
            raise ValueError(f"tags {game.tags}, result {game.found[-1:]}")
        rest, at = text[at : handle.tell()].rpartition("]\n\n")[2], handle.tell()
        for part in game.found:
            before, found, rest = rest.partition(part)
            if not found or set(before) - set("0123456789. \n{}$!?#+"):
                raise ValueError(f"before {part!r}: {before!r}")
    if not at:
        raise ValueError("no game")


def judge_cron(text: str) -> None:
    next(CronSim(text, datetime(2024, 1, 1)))


def judge_csv(text: str) -> None:
    records = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    if len({len(record) for record in records}) != 1:
        raise ValueError("records of different lengths")


# names such as "test" are syntax like any other
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def judge_email(text: str) -> None:
    Address(addr_spec=text)
    email_validator.validate_email(
        text,
        check_deliverability=False,
        globally_deliverable=False,
        allow_quoted_local=True,
        allow_domain_literal=True,
    )


def judge_iso8601(text: str) -> None:
    if text.startswith("R"):
        times, _, interval = text.partition("/")
        aniso8601.parse_repeating_interval(f"{times}/2024-02-29/P1D", builder=TupleBuilder)
        judge_iso8601(interval)
    elif "/" in text:
        start, end = text.split("/")
        if "P" in text:
            aniso8601.parse_interval(text, builder=TupleBuilder)
        # between two ends, aniso8601 takes a day of the year for a month and a day, with the year of the first
        judge_iso8601(start)
        judge_iso8601(end)
    elif text.startswith("P"):
        aniso8601.parse_duration(text)
    elif "T" in text[1:]:
        aniso8601.parse_datetime(text)
    elif text.startswith("T"):
        aniso8601.parse_time(text[1:])
    elif ":" in text:
        aniso8601.parse_time(text)
    else:
        aniso8601.parse_date(text)


def judge_http_request(text: str) -> None:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(text.encode())
    request, end = connection.next_event(), connection.next_event()
    if not isinstance(request, h11.Request) or not isinstance(end, h11.EndOfMessage):
        raise ValueError(f"{request} and {end}")
    if connection.trailing_data[0]:
        raise ValueError("something follows the request")
    host = dict(request.headers)[b"host"].decode()
    if not validate_rfc3986(f"//{host}", rule="URI_reference"):  # which h11 does not look into
        raise ValueError(f"{host} is no host")


def judge_ini(text: str) -> None:
    configparser.RawConfigParser(allow_no_value=True, strict=True).read_string(text)


def judge_json(text: str) -> None:
    json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def judge_json5(text: str) -> None:
    json5.loads(text)


def judge_jsonl(text: str) -> None:
    for line in text.removesuffix("\n").split("\n"):
        judge_json(line)


def judge_markdown_table(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    lines = text.removesuffix("\n").split("\n")
    kinds = Counter(token.type for token in tokens if token.level or token.type == "table_open")
    columns = lines[1].count("|") - 1
    if tokens[0].type != "table_open" or tokens[-1].type != "table_close" or tokens[0].map != [0, len(lines)]:
        raise ValueError("not one table")
    if kinds["th_open"] != columns or kinds["td_open"] != columns * (len(lines) - 2):
        raise ValueError("another number of cells")


def judge_regex(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        re.compile(text)


def judge_semver(text: str) -> None:
    semver.Version.parse(text)


def judge_sexp(text: str) -> None:
    sexpdata.loads(text)


def judge_smiles(text: str) -> None:
    partialsmiles.ParseSmiles(text, partial=False)


def judge_toml(text: str) -> None:
    tomllib.loads(text)


def judge_url(text: str) -> None:
    if not validate_rfc3986(text, rule="URI"):
        raise ValueError("not a URI")
    urlsplit(text)


def judge_uuid(text: str) -> None:
    read = uuid.UUID(text)
    if str(read) != text.lower():
        raise ValueError("it has another usual form")
    if read.int not in (0, (1 << 128) - 1) and (read.variant != uuid.RFC_4122 or read.version not in range(1, 9)):
        raise ValueError("its version or variant is not the RFC's")


def judge_xml(text: str) -> None:
    ElementTree.fromstring(text.encode())


def judge_yaml_flow(text: str) -> None:
    yaml.safe_load(text)
    YAML(typ="safe", pure=True).load(text)


JUDGES: dict[str, Callable[[str], object]] = {
    name.removeprefix("judge_"): judge for name, judge in globals().items() if name.startswith("judge_")
}
