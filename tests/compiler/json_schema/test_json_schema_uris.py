"""Joining URI references: the examples of RFC 3986, and the standard library where it knows the scheme."""

from __future__ import annotations

import itertools
from urllib.parse import urljoin

import pytest

from constrain.compiler.json_schema.uris import join, split_fragment

# RFC 3986, sections 5.4.1 and 5.4.2, without fragments
EXAMPLES = {
    "g:h": "g:h",
    "g": "http://a/b/c/g",
    "./g": "http://a/b/c/g",
    "g/": "http://a/b/c/g/",
    "/g": "http://a/g",
    "//g": "http://g",
    "?y": "http://a/b/c/d;p?y",
    "g?y": "http://a/b/c/g?y",
    ";x": "http://a/b/c/;x",
    "g;x?y": "http://a/b/c/g;x?y",
    "": "http://a/b/c/d;p?q",
    ".": "http://a/b/c/",
    "./": "http://a/b/c/",
    "..": "http://a/b/",
    "../g": "http://a/b/g",
    "../..": "http://a/",
    "../../g": "http://a/g",
    "../../../g": "http://a/g",
    "../../../../g": "http://a/g",
    "/./g": "http://a/g",
    "/../g": "http://a/g",
    "g.": "http://a/b/c/g.",
    "..g": "http://a/b/c/..g",
    "./../g": "http://a/b/g",
    "./g/.": "http://a/b/c/g/",
    "g/../h": "http://a/b/c/h",
    "g;x=1/../y": "http://a/b/c/y",
    "g?y/./x": "http://a/b/c/g?y/./x",
    "http:g": "http:g",
}


@pytest.mark.parametrize(("reference", "expected"), EXAMPLES.items())
def test_examples_of_the_standard(reference: str, expected: str) -> None:
    assert join("http://a/b/c/d;p?q", reference) == expected


def test_all_short_paths() -> None:
    for steps in itertools.product([".", "..", "g"], repeat=4):
        for base in ("http://h/a/b", "http://h/a/b/", "http://h"):
            for reference in ("/".join(steps), "x/" + "/".join(steps)):
                if not reference.startswith("//"):
                    assert join(base, reference) == urljoin(base, reference), (base, reference)


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("own://host/a/b", "c", "own://host/a/c"),
        ("own://host/a/b", "/c", "own://host/c"),
        ("tag:example.com,2020:a/b", "c", "tag:example.com,2020:a/c"),
        ("urn:example:a", "urn:example:b", "urn:example:b"),
        ("urn:example:a", "", "urn:example:a"),
        ("file:///a/b.json", "c.json", "file:///a/c.json"),
        ("", "a/b.json", "a/b.json"),
        ("a/b.json", "c.json", "a/c.json"),
        ("a/b.json", "../../c.json", "../c.json"),
        ("http://h", "a", "http://h/a"),
    ],
)
def test_what_the_library_does_not_join(base: str, reference: str, expected: str) -> None:
    assert join(base, reference) == expected


def test_fragments() -> None:
    assert split_fragment("http://a/b#/c#d") == ("http://a/b", "/c#d")
    assert split_fragment("#") == ("", "")
    assert split_fragment("a") == ("a", "")
