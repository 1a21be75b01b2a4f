"""The benchmark over a whole copy of JSONSchemaBench, end to end with this engine on a copy made here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from corpus.main import main
from corpus.server import Server, ServerError
from masks.sample import Row

OBJECT = {"type": "object", "properties": {"b": {"type": "integer"}, "a": {"maximum": 1}}, "required": ["b"]}
COPY: dict[str, Any] = {
    "Github_easy---right": {
        "schema": OBJECT,
        "tests": [{"valid": True, "data": {"b": 1, "a": 0}}, {"valid": False, "data": {}}],
    },
    "Github_easy---order": {"schema": OBJECT, "tests": [{"valid": True, "data": {"a": 1, "b": 2}}]},
    "Kubernetes---format": {
        "schema": {"type": "string", "format": "color"},
        "tests": [{"valid": True, "data": "red"}, {"valid": False, "data": 1}],
    },
    "Kubernetes---wrong": {"schema": {"enum": ["é"]}, "tests": [{"valid": False, "data": "é"}]},
    "Synthesized---invalid": {"schema": {"type": "no-such-type"}, "tests": []},
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "jsonschemabench" / "maskbench" / "data"
    folder.mkdir(parents=True)
    for name, document in COPY.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return tmp_path / "jsonschemabench"


@pytest.fixture
def run(tmp_path: Path, copy: Path, tokenizer_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the benchmark on the copy, with results in a folder of their own."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))

    def call(*arguments: str, engines: str = "constrain") -> int:
        out = ["--out", str(tmp_path / "out"), "--tokenizer", str(tokenizer_folder)]
        return main(["--data", str(copy), "--engines", engines, *out, *arguments])

    return call


def figures(text: str, title: str, label: str) -> list[str]:
    table = text[text.index(f"{title}") :].split("\n\n")[1]
    (line,) = [line for line in table.splitlines() if line.startswith(f"| {label}")]
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_a_run_and_what_it_says(run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(engines="constrain,constrain-lenient,server") == 0
    text = capsys.readouterr().out
    assert text == (tmp_path / "out" / "summary.md").read_text()
    assert (
        "5 schemas of 5 chosen, 5 in jsonschemabench/maskbench/data; 6 instances; 1 schemas have none, 1 are no" in text
    )
    assert "* server: not run, no --server was given" in text
    assert figures(text, "Coverage\n", "**compiled**") == ["3", "4", "not run"]
    assert figures(text, "Coverage\n", "refused: a `format`") == ["1", "0", "not run"]
    assert figures(text, "Coverage\n", "refused, and no valid schema") == ["1", "1", "not run"]
    assert figures(text, "Compliance:", "**compiled, and every") == ["1", "2", "not run"]
    assert figures(text, "Compliance:", "**wrong accept**") == ["1", "1", "not run"]
    assert figures(text, "Compliance:", "valid instance accepted only") == ["1", "1", "not run"]
    assert figures(text, "Coverage by keyword", "required") == ["2", "2 (100.0 %)", "2 (100.0 %)", "not run"]
    assert figures(text, "What constrain refused", "format color") == ["1"]
    assert "mask, p50" in text
    findings = (tmp_path / "out" / "raw" / "constrain.findings.txt").read_text()
    assert "wrong accept  Kubernetes---wrong  instance 0" in findings


def test_a_run_goes_on_where_it_was(run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "out" / "raw" / "constrain.jsonl"
    assert run("--limit", "2") == 0
    first = kept.read_text()
    assert first.count("\n") == 3
    assert run() == 0
    whole = kept.read_text()
    assert whole.startswith(first)
    assert whole.count("\n") == 6
    capsys.readouterr()
    assert run() == 0
    again = capsys.readouterr()
    assert kept.read_text() == whole
    assert figures(again.out, "Coverage\n", "schemas") == ["5"]
    assert run("--rounds", "3") == 0
    walked = [json.loads(line)["id"] for line in kept.read_text().splitlines()[1:]]
    assert walked.count("Github_easy---right") == 3
    assert walked.count("Kubernetes---format") == 1  # refused once, refused for good
    assert run("--timeout", "7") == 2
    assert "holds results with limit_s 20, and this run has 7.0" in capsys.readouterr().err


def test_a_run_that_is_stopped_has_tables(
    run: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from corpus import measure

    walk_row = measure.walk_row

    def stop_at_second(*arguments: Any) -> Any:
        if arguments[2].id == "Github_easy---right":
            raise KeyboardInterrupt
        return walk_row(*arguments)

    monkeypatch.setattr(measure, "walk_row", stop_at_second)
    assert run() == 130
    said = capsys.readouterr()
    assert "1 schemas of 5 chosen" in said.out
    assert "stopped: 1 of 5 schemas are through" in said.err


def test_mistakes_are_explained(run: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        (["--engines", "constrain,nothing"], "no engine is called nothing"),
        (["--tokenizer", "none"], "no tokenizer at none"),
        (["--server-header", "key"], "--server-header is NAME:VALUE"),
    ):
        with pytest.raises(SystemExit, match="2"):
            run(*arguments)
        assert message in capsys.readouterr().err
    for arguments, message in (
        (["--data", str(tmp_path / "none")], "expected a clone of guidance-ai/jsonschemabench"),
        (["--engines", "server"], "no engine can run: server, no --server was given"),
        (["--engines", "server", "--server", "http://127.0.0.1:1"], "no server at http://127.0.0.1:1"),
    ):
        assert run(*arguments) == 2
        assert message in capsys.readouterr().err


LLAMA_CPP = """
import json
class LlamaGrammar:
    @classmethod
    def from_json_schema(cls, json_schema, verbose=True):
        if "format" in json.loads(json_schema):
            raise ValueError("Unrecognized schema")
        return cls()
"""


def test_llama_cpp_has_coverage_only(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "packages"
    (package / "llama_cpp_python-0.3.16.dist-info").mkdir(parents=True)
    (package / "llama_cpp_python-0.3.16.dist-info" / "METADATA").write_text("Name: llama_cpp_python\nVersion: 0.3.16\n")
    (package / "llama_cpp.py").write_text(LLAMA_CPP)
    monkeypatch.setenv("PYTHONPATH", f"{package}{os.pathsep}{os.environ['PYTHONPATH']}")
    monkeypatch.syspath_prepend(package)
    assert run(engines="constrain,llama.cpp") == 0
    text = capsys.readouterr().out
    assert "llama.cpp 0.3.16 (limit 20 s)" in text
    assert figures(text, "Coverage\n", "**compiled**") == ["3", "4"]
    assert figures(text, "Coverage\n", "compiled, but no valid schema") == ["0", "1"]
    assert figures(text, "Compliance:", "instances judged right") == ["2", "-"]
    assert figures(text, "What llama.cpp refused", "ValueError: Unrecognized schema") == ["1"]
    assert "llama.cpp" not in text[text.index("Time in µs") :]


class Handler(BaseHTTPRequestHandler):
    """A server with OpenAI's protocol that refuses what it is told to, and answers what it is told to."""

    asked: list[dict[str, Any]]

    def do_GET(self) -> None:
        self.answer(200, {"object": "list", "data": [{"id": "small"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body | {"path": self.path, "key": self.headers.get("Authorization")})
        schema = body["response_format"]["json_schema"]["schema"]
        if schema.get("type") == "no-such-type":
            self.answer(400, {"error": {"message": "Unrecognized schema", "type": "invalid_request_error"}})
        elif "enum" in schema:
            self.answer(500, {"oops": 1})
        elif schema.get("format") == "key":
            self.answer(401, {"error": {"message": "no key"}})
        else:
            text, end = ("red", "length") if schema.get("format") else ('{"b": 1}', "stop")
            text = '{"a": 2}' if "title" in schema else text
            self.answer(200, {"choices": [{"message": {"content": text}, "finish_reason": end}]})

    def answer(self, status: int, document: Any) -> None:
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Handler.asked = []
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def test_a_server_is_asked_and_its_answers_are_judged(
    run: Any, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--server", f"{server}/v1/", "--server-header", "Authorization: Bearer x", engines="server") == 0
    text = capsys.readouterr().out
    assert "server small (limit 20 s)" in text
    assert figures(text, "Coverage\n", "**compiled**") == ["3"]
    assert figures(text, "Coverage\n", "crashed") == ["1"]
    assert figures(text, "Coverage\n", "refused, and no valid schema") == ["1"]
    assert figures(text, "What server refused", "HTTP N: Unrecognized schema") == ["1"]
    assert figures(text, "Answers of the server", "valid") == ["2"]
    assert figures(text, "Answers of the server", "not judged: the answer was cut off") == ["1"]
    assert len(Handler.asked) == 5
    first = Handler.asked[0]
    assert (first["path"], first["key"], first["model"]) == ("/v1/chat/completions", "Bearer x", "small")
    assert first["response_format"]["json_schema"]["schema"] == OBJECT
    assert run("--server", f"{server}/v1/", engines="server") == 0
    assert len(Handler.asked) == 5


def test_what_a_server_answers_is_validated(server: str) -> None:
    asked = Server(server)
    answered = asked.walk(Row("a", "A", OBJECT | {"title": "t"}), asked.first_model())
    assert [instance.verdict for instance in answered.instances] == ["wrong accept"]
    unjudged = asked.walk(Row("a", "A", {"$ref": "https://example.org/elsewhere"}), "small")
    assert unjudged.instances == []
    assert (unjudged.error or "").startswith("not judged: Resource 'https://example.org/elsewhere'")
    with pytest.raises(ServerError, match="HTTP 401: no key"):
        asked.walk(Row("a", "A", {"format": "key"}), "small")
