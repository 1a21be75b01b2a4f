"""Finding and parsing the files of a tokenizer on disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constrain.errors import VocabularyError

__all__ = ["TokenizerFiles", "find_tokenizer"]

COMPANIONS = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json")
CONFIGURATION = "config.json"


@dataclass(frozen=True, slots=True)
class TokenizerFiles:
    """A parsed tokenizer and the files beside it.

    Attributes:
        path: the tokenizer file.
        data: its parsed content.
        companions: parsed files beside it that may declare stop tokens and added tokens.
        configuration: the model's ``config.json``, where there is one. Its stop token is often a default that nobody
            set, so it counts only where no companion declares one.
    """

    path: Path
    data: Mapping[str, Any]
    companions: tuple[Mapping[str, Any], ...]
    configuration: Mapping[str, Any]

    def added_tokens(self) -> Iterator[Mapping[str, Any]]:
        """Added tokens that ``tokenizer_config.json`` declares (``added_tokens_decoder``)."""
        for companion in self.companions:
            declared = companion.get("added_tokens_decoder")
            for key, entry in declared.items() if isinstance(declared, Mapping) else ():
                if isinstance(entry, Mapping) and isinstance(key, str) and key.isdecimal():
                    yield {**entry, "id": int(key)}


def find_tokenizer(path: str | Path) -> TokenizerFiles:
    """Parse a tokenizer.json or tekken.json, or the one in a folder.

    Raises:
        VocabularyError: there is none, or it is not a JSON object.
    """
    given = Path(path)
    file = given
    if given.is_dir():
        candidates = [given / "tokenizer.json", given / "tekken.json"]
        file = next((candidate for candidate in candidates if candidate.is_file()), candidates[0])
    if not file.is_file():
        raise VocabularyError(f"there is no tokenizer at {file}", expected="a tokenizer.json or a tekken.json")
    companions = [file.with_name(name) for name in COMPANIONS]
    configuration = file.with_name(CONFIGURATION)
    return TokenizerFiles(
        path=file,
        data=parse_object(file),
        companions=tuple(parse_object(companion) for companion in companions if companion.is_file()),
        configuration=parse_object(configuration) if configuration.is_file() else {},
    )


def parse_object(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file.

    Raises:
        VocabularyError: the file cannot be read or holds something else.
    """
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise VocabularyError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise VocabularyError(f"{path} is not JSON: {error or 'nested too deeply'}", expected="JSON") from None
    if not isinstance(data, dict):
        raise VocabularyError(f"{path} holds {type(data).__name__}, not an object", expected="a tokenizer's JSON file")
    return data
