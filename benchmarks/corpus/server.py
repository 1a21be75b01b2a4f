"""A server with OpenAI's protocol: does it take a schema as ``response_format``, and does its answer keep to it?

One request a schema, ``POST /v1/chat/completions`` with ``{"type": "json_schema"}``. A refusal by status 400 or 422 is
the server's word on the schema, and a status of 500 or more its failure; any other status means that no request gets
through, and ends the run.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from masks.results import InstanceResult, SchemaResult
from masks.sample import Row

__all__ = ["NOT_JUDGED", "Server", "ServerError"]

REFUSALS = (400, 422)
NOT_JUDGED = "not judged"
"""How the note begins on an answer that came to no end, or that no validator can judge."""


class ServerError(Exception):
    """The server can't be reached, or lets no request through; the message has what it said."""


@dataclass(frozen=True)
class Server:
    """Where requests go, and what is in each.

    Attributes:
        url: with or without ``/v1``.
        model: as the server calls it; empty: the first that it lists.
        timeout_s: for one request, on the wall.
        max_tokens: that an answer may have.
        headers: more headers, for servers that ask for a key.
    """

    url: str
    model: str = ""
    timeout_s: float = 60
    max_tokens: int = 1024
    headers: Mapping[str, str] = field(default_factory=dict)

    def first_model(self) -> str:
        """The model that requests name.

        Raises:
            ServerError: nothing answers, or not with a list of models.
        """
        if self.model:
            return self.model
        try:
            return str(self._send("models")["data"][0]["id"])
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise ServerError(
                f"{self._place('models')} lists no models ({error!r}); --server-model names one"
            ) from None
        except urllib.error.HTTPError as error:
            raise ServerError(f"{self._place('models')} says {error.code}: {_said(error)}") from None
        except OSError as error:
            raise ServerError(f"no server at {self.url}: {error}") from None

    def walk(self, row: Row, model: str) -> SchemaResult:
        """Send a schema.

        Returns:
            "done" with the answer as one instance: accepted by the server, valid or not by jsonschema-rs. Without an
            instance, ``error`` says why the answer can't be judged.

        Raises:
            ServerError: no answer comes, or one that says nothing about the schema.
        """
        result = SchemaResult(row.id, row.split)
        text = f"Write one JSON value that this JSON Schema allows, and nothing else:\n{json.dumps(row.schema)}"
        shape = {"name": "answer", "schema": row.schema, "strict": True}
        body = {
            "model": model,
            "messages": [{"role": "user", "content": text}],
            "temperature": 0,
            "max_tokens": self.max_tokens,
            "response_format": {"type": "json_schema", "json_schema": shape},
        }
        start = time.perf_counter()
        try:
            answer = self._send("chat/completions", body)
        except urllib.error.HTTPError as error:
            said = f"HTTP {error.code}: {_said(error)}"
            if error.code not in REFUSALS and error.code < 500:
                raise ServerError(f"{self._place('chat/completions')} says {said}") from None
            result.status, result.error = ("unsupported" if error.code in REFUSALS else "crash"), said
            return result
        except TimeoutError:
            result.status = "timeout"
            return result
        except OSError as error:
            if isinstance(getattr(error, "reason", None), TimeoutError):
                result.status = "timeout"
                return result
            raise ServerError(f"{self._place('chat/completions')} is gone: {error}") from None
        except ValueError as error:
            raise ServerError(f"{self._place('chat/completions')} answers no JSON: {error}") from None
        result.compile_us = (time.perf_counter() - start) * 1e6
        _judge(result, row.schema, answer)
        return result

    def _place(self, path: str) -> str:
        return f"{self.url.rstrip('/').removesuffix('/v1')}/v1/{path}"

    def _send(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json", **self.headers}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._place(path), data, headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as response:
                return json.loads(response.read())
        except http.client.HTTPException as error:  # an answer that breaks off, or is none of HTTP's
            raise ConnectionError(f"{type(error).__name__}: {error}") from error


def _judge(result: SchemaResult, schema: Any, answer: Any) -> None:
    """Add the answer as an instance that was accepted: right if valid, else a wrong accept."""
    try:
        choice = answer["choices"][0]
        content, end = choice["message"]["content"], choice.get("finish_reason")
    except (KeyError, IndexError, TypeError) as error:
        result.error = f"{NOT_JUDGED}: the answer has no message ({error!r})"
        return
    if end == "length":
        result.error = f"{NOT_JUDGED}: the answer was cut off"
        return
    try:
        validator = jsonschema_rs.validator_for(schema, validate_formats=True, retriever=_fetch_nothing)
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        result.error = f"{NOT_JUDGED}: {str(error)[:200]}"
        return
    try:
        valid = validator.is_valid(json.loads(content))
    except (ValueError, TypeError):  # not JSON, or no text at all
        valid = False
    place = None if valid else f"answer {str(content)[:200]!r}"
    result.instances.append(InstanceResult(valid, may_stop=True, place=place))


def _fetch_nothing(uri: str) -> Any:
    raise LookupError(f"{uri} is not fetched")


def _said(error: urllib.error.HTTPError) -> str:
    """The message of an answer that is an error, as OpenAI's protocol puts it, or its text."""
    text = error.read().decode("utf-8", "replace")
    try:
        return str(json.loads(text)["error"]["message"])[:500]
    except (ValueError, KeyError, TypeError):
        return text[:500]
