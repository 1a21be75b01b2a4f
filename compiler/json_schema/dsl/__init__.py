"""A concise form for schemas of the common kind: ``name, age? int 0..150, tags [str], kind: a|b, addr{street, city}``.

Fields are separated by commas or line breaks; the whole is an object of exactly these members, or an array in
brackets.

    name                  a required string; a name in double quotes may hold anything
    age? int              ? makes a field optional; the type follows, after a colon if that reads better
    age int 0..150        bounds of int and num, both inclusive; either may be left out: 0.. or ..150
    code str{2..8}        characters of a string: {2..8}, {2..}, {..8} or {5}
    code /[A-Z]{3}/       a string that an ECMA-262 regular expression matches as a whole
    tags [str]{1..5}      an array, with its number of items; [{x num, y num}] holds objects
    kind: a|b|"c d"|3     one of some constants; a single word is quoted, for it would be a type
    note: str|null        types join the alternatives
    addr {street, city}   an object inside
    scores {*: num}       members of any name; {id int, *: any} has one of its own
    total num # in euros  a description, up to the end of the line

Types are str, int, num, bool, null, any, and strings of a format: date, time, datetime, duration, email, hostname,
ipv4, ipv6, uri, uuid.
"""

from __future__ import annotations

from constrain.compiler.json_schema.dsl.parse import parse_schema, schema_text

__all__ = ["parse_schema", "schema_text"]
