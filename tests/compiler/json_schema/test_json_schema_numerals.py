"""Every spelling of a number, and divisors that must not divide: against fractions, over all short texts."""

from __future__ import annotations

import gzip
import itertools
import json
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import jsonschema_rs
import pytest

from constrain import UnsatisfiableError, Vocabulary, allocate_token_bitmask
from constrain.compiler import compile_grammar, json_schema, reference

ANY = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
WHOLE = re.compile(r"0|-?[1-9][0-9]*")


def short_texts() -> list[str]:
    """All numerals of up to four bytes over some digits, some longer ones, and texts that are none."""
    texts = ["".join(text) for size in range(1, 5) for text in itertools.product("-0125.eE+", repeat=size)]
    numerals = [text for text in texts if ANY.fullmatch(text)]
    random = Random(1)
    for _ in range(400):
        whole = random.choice(["0", "1", "2", "10", "12", "25", "99", "100", "250"])
        fraction = random.choice(["", "", ".0", ".5", ".25", ".00", ".050", ".1250"])
        exponent = random.choice(["", "", "e0", "E+1", "e-1", "e2", "e-02", "E003", "e-10", "e+00"])
        numerals.append(random.choice(["", "-"]) + whole + fraction + exponent)
    others = [text for text in texts if not ANY.fullmatch(text)]
    return numerals + others[::40] + ["1e", "1.", "-", "01", "+1", ".5", "1e+", "00", "1.e1", "1e1.0", "-01"]


TEXTS = short_texts()

CASES: list[dict[str, Any]] = [
    {},
    {"type": "integer"},
    {"minimum": 0},
    {"exclusiveMinimum": 0},
    {"maximum": "-0.05"},
    {"minimum": "1.5", "maximum": "2.5"},
    {"exclusiveMinimum": "0.1", "exclusiveMaximum": 25},
    {"minimum": -1, "maximum": 1, "type": "integer"},
    {"minimum": 1, "maximum": 1},
    {"minimum": "0.01", "maximum": "0.02"},
    {"minimum": -250, "exclusiveMaximum": -10},
    {"multipleOf": 5},
    {"multipleOf": "0.25"},
    {"multipleOf": "0.5", "type": "integer"},
    {"multipleOf": "2.5", "minimum": 1, "maximum": 100},
    {"multipleOf": "0.05", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    {"not": {"multipleOf": 1}},
    {"not": {"multipleOf": 5}},
    {"not": {"multipleOf": "0.5"}, "minimum": 0, "maximum": 2},
    {"type": "integer", "not": {"multipleOf": 5}},
    {"type": "integer", "not": {"anyOf": [{"multipleOf": 2}, {"multipleOf": 5}]}, "minimum": -12, "maximum": 250},
    {"multipleOf": "0.5", "not": {"multipleOf": 1}},
    {"multipleOf": 5, "not": {"multipleOf": 10}, "minimum": 0, "maximum": 30},
    {"not": {"enum": [0, 1, "0.5", 100]}},
    {"type": "integer", "minimum": 0, "maximum": 12, "not": {"enum": [1, 2, 10]}},
    {"not": {"type": "integer"}, "minimum": 0, "maximum": 2},
]


def divides(divisor: Any, value: Fraction) -> bool:
    return (value / Fraction(divisor)).denominator == 1


def admits(case: dict[str, Any], value: Fraction) -> bool:
    """By the definitions of the keywords."""
    for key, of in case.items():
        match key:
            case "type":
                inside = of == "number" or value.denominator == 1
            case "minimum":
                inside = value >= Fraction(of)
            case "exclusiveMinimum":
                inside = value > Fraction(of)
            case "maximum":
                inside = value <= Fraction(of)
            case "exclusiveMaximum":
                inside = value < Fraction(of)
            case "multipleOf":
                inside = divides(of, value)
            case "enum":
                inside = value in map(Fraction, of)
            case "anyOf":
                inside = any(admits(part, value) for part in of)
            case "not":
                inside = not admits(of, value)
        if not inside:
            return False
    return True


def schema_text(case: Any) -> str:
    """JSON text, in which decimals stand as they are."""
    if isinstance(case, dict):
        return "{" + ", ".join(f'"{key}": {schema_text(part)}' for key, part in case.items()) + "}"
    if isinstance(case, list):
        return "[" + ", ".join(map(schema_text, case)) + "]"
    return f'"{case}"' if case in ("integer", "number") else str(case)


def schema_of(case: dict[str, Any]) -> str:
    text = schema_text(case)
    return text if "type" in case else f'{{"type": "number", "allOf": [{text}]}}'


def is_written(text: str, case: dict[str, Any], numbers: str) -> bool:
    if numbers == "any":
        return ANY.fullmatch(text) is not None
    if "type" in case:
        return WHOLE.fullmatch(text) is not None
    return PLAIN.fullmatch(text) is not None


@pytest.mark.parametrize("numbers", ["any", "plain"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_short_text(case: dict[str, Any], numbers: str, compiled: Any, takes: Any) -> None:
    grammar = compiled(schema_of(case), numbers=numbers)
    recogniser = reference.Recogniser(json_schema.build(schema_of(case), numbers=numbers))
    exponents = numbers == "plain" and case.keys() <= {"minimum", "exclusiveMinimum"}
    accepted = 0
    for index, text in enumerate(TEXTS):
        if exponents and "e" in text.lower():
            continue  # where the sign alone decides, or nothing does
        inside = is_written(text, case, numbers) and admits(case, Fraction(text))
        assert takes(grammar, text) == inside, text
        accepted += inside
        if index % 7 == 0:
            assert reference.matches(recogniser.grammar, text.encode()) == inside, text
    assert accepted


@pytest.mark.parametrize("numbers", ["any", "plain"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_masks_are_the_reference_s_and_lead_somewhere(
    case: dict[str, Any], numbers: str, compiled: Any, takes: Any
) -> None:
    schema = schema_of(case)
    grammar = compiled(schema, numbers=numbers)
    oracle = reference.Recogniser(json_schema.build(schema, numbers=numbers))
    random = Random(schema)
    for _ in range(6):
        state, text = oracle.start(), b""
        matcher = grammar.matcher()
        for _ in range(random.randrange(1, 9)):
            following = sorted(oracle.next_bytes(state))
            live = [byte for byte in range(256) if matcher.fork().accept_bytes(bytes([byte]))]
            assert live == following, (schema, text)
            whole = text + matcher.shortest_completion()
            assert takes(grammar, whole)
            assert admits(case, Fraction(whole.decode())), (schema, text, whole)
            if not following:
                break
            byte = random.choice(following)
            text += bytes([byte])
            matcher.accept_bytes(bytes([byte]))
            advanced = oracle.advance(state, byte)
            assert advanced is not None
            state = advanced


def spelled(random: Random, value: Fraction) -> str:
    """One of the spellings of a decimal."""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    exponent = random.randrange(-8, 9)
    shifted = abs(value) * Fraction(10) ** -exponent
    text = format(Decimal(shifted.numerator) / shifted.denominator, "f")
    if "." not in text and random.random() < 0.5:
        text += "."
    if "." in text:
        text += "0" * random.randrange(0 if text[-1] != "." else 1, 3)
    sign = "-" if value < 0 else random.choice(["+", ""]) and ""
    mark = random.choice("eE")
    if exponent:
        text += (
            f"{mark}{'-' if exponent < 0 else random.choice(['+', ''])}{random.choice(['', '0', '00'])}{abs(exponent)}"
        )
    return sign + text


@pytest.mark.parametrize("block", range(4))
def test_random_conditions(block: int, compiled: Any, takes: Any) -> None:
    random = Random(block)

    def decimal(size: int) -> str:
        return str(Decimal(random.randrange(-size, size)).scaleb(-random.choice([0, 0, 1, 3])))

    judged = empty = 0
    for _ in range(60):
        size = random.choice([30, 3_000, 10**9])
        case: dict[str, Any] = {}
        low = decimal(size)
        if random.random() < 0.7:
            case[random.choice(["minimum", "exclusiveMinimum"])] = low
        if random.random() < 0.7:
            width = abs(Decimal(decimal(random.choice([5, size]))))
            case[random.choice(["maximum", "exclusiveMaximum"])] = str(Decimal(low) + width)
        if random.random() < 0.3:
            case["type"] = "integer"
        if random.random() < 0.5:
            case["multipleOf"] = str(abs(Decimal(decimal(random.choice([30, 10**6])))) + Decimal("0.5"))
        hidden = [
            {"multipleOf": str(abs(Decimal(decimal(50))) + Decimal("0.1"))} for _ in range(random.choice([0, 1, 2]))
        ]
        if random.random() < 0.3:
            hidden.append({"enum": [low, "0", "1"]})
        if hidden:
            case["not"] = {"anyOf": hidden}
        step = Fraction(case.get("multipleOf", 1))
        start = Fraction(low) // step * step
        near = [start + index * step for index in range(-2, 12)] + [
            Fraction(low) + Fraction(i, 100) for i in range(-5, 6)
        ]
        try:
            grammar = compiled(schema_of(case), numbers="any")
        except UnsatisfiableError:
            assert not any(admits(case, value) for value in near), case
            empty += 1
            continue
        for value in near:
            text = spelled(random, value)
            assert Fraction(text) == value
            assert takes(grammar, text) == admits(case, value), (case, text)
            judged += 1
            matcher = grammar.matcher()
            cut = text[: random.randrange(len(text) + 1)]
            if matcher.accept_bytes(cut.encode()):
                whole = cut + matcher.shortest_completion().decode()
                assert admits(case, Fraction(whole)), (case, cut, whole)
            else:
                assert not admits(case, value)
    assert judged > 500
    assert empty


def test_exponents_of_any_length(compiled: Any, takes: Any) -> None:
    number = compiled({"type": "number"}, numbers="any")
    for text in ("1e400", "1E0000001", "-1e-99999999999999999999999999", "0e5", "1e+308", "1e-08"):
        assert takes(number, text)
    bounded = compiled({"type": "number", "minimum": 1.5, "maximum": 1e308}, numbers="any")
    for text in ("1e308", "10e307", "1e0000308", "0.001e311", "1" + "0" * 308, "1.5"):
        assert takes(bounded, text)
    for text in ("1e309", "1.1e308", "1e99999999999999999999", "1.49", "0e999", "1e-0"):
        assert not takes(bounded, text)
    small = compiled({"type": "number", "multipleOf": 0.0001}, numbers="any")
    for text, inside in (("1e-4", True), ("1e-5", False), ("10e-5", True), ("1.0001", True), ("1.00012", False)):
        assert takes(small, text) == inside
    for numbers in ("any", "plain"):
        odd = compiled({"type": "integer", "multipleOf": 0.123456789}, numbers=numbers)
        assert takes(odd, "246913578")
        assert not takes(odd, "246913579")
    assert takes(compiled({"type": "integer", "multipleOf": 0.123456789}, numbers="any"), "1.23456789E+0008")
    assert not takes(compiled({"type": "integer", "multipleOf": 0.123456789}, numbers="any"), "1e308")


def test_enumerated_numbers_in_every_spelling(compiled: Any, takes: Any) -> None:
    grammar = compiled({"enum": [1, 2.5, 0, -100, "1e0", None]}, numbers="any")
    for text in ("1", "1.0", "10e-1", "2.50", "25E-1", "0.0", "-0e9", "-1e2", "-100", '"1e0"', "null"):
        assert takes(grammar, text)
    for text in ("-1", "2.51", "100", "1e1", '"1"', "-1e-2", "-"):
        assert not takes(grammar, text)
    many = compiled({"enum": [*range(2_000), *(n + 0.5 for n in range(500))]}, numbers="any")
    for text, inside in (("1999.0", True), ("19.99e2", True), ("499.5", True), ("500.5", False), ("2e3", False)):
        assert takes(many, text) == inside


def test_what_nothing_satisfies_is_found(compiled: Any) -> None:
    for schema in (
        {"type": "integer", "not": {"multipleOf": 1}},
        {"type": "integer", "not": {"multipleOf": 0.5}},
        {"type": "number", "multipleOf": 4, "not": {"multipleOf": 2}},
        {"type": "integer", "minimum": 1, "maximum": 5, "not": {"anyOf": [{"multipleOf": 2}, {"enum": [1, 3, 5]}]}},
        {"type": "number", "minimum": 6, "maximum": 6, "not": {"multipleOf": 1.5}},
        {"type": "integer", "multipleOf": 10**17 + 3, "minimum": 1, "maximum": 10**17 + 2},
        {"type": "number", "multipleOf": 2.5, "exclusiveMinimum": 5, "exclusiveMaximum": 7.5},
    ):
        for numbers in ("plain", "any"):
            with pytest.raises(UnsatisfiableError):
                compiled(schema, numbers=numbers)


def test_negated_divisors_between_bounds(compiled: Any, takes: Any) -> None:
    fractions = compiled({"type": "number", "minimum": 0, "maximum": 10, "not": {"multipleOf": 1}})
    for text, inside in (("0.5", True), ("1", False), ("9.99", True), ("10", False), ("10.5", False), ("1.0", False)):
        assert takes(fractions, text) == inside
    twice = compiled({"type": "integer", "not": {"not": {"multipleOf": 3}}, "minimum": 4})
    assert takes(twice, "6")
    assert not takes(twice, "7")
    one = compiled({"oneOf": [{"type": "integer", "multipleOf": 2}, {"type": "integer", "multipleOf": 3}]})
    for value in range(-13, 14):
        assert takes(one, str(value)) == ((value % 2 == 0) != (value % 3 == 0))


def test_in_draft_4_what_has_a_fraction_is_no_integer(compiled: Any, takes: Any) -> None:
    """As its specification says, and later ones don't."""
    integer = compiled({"type": "integer", "maximum": 12}, draft="4", numbers="any")
    for text, inside in (("1", True), ("-0", True), ("-12", True), ("1.0", False), ("1e0", False), ("13", False)):
        assert takes(integer, text) == inside
    listed = compiled({"type": "integer", "enum": [0, 1, 2.5]}, draft="4", numbers="any")
    for text, inside in (("0", True), ("-0", True), ("1", True), ("1.0", False), ("2.5", False)):
        assert takes(listed, text) == inside
    number = compiled({"type": "number", "not": {"enum": [3]}}, draft="4", numbers="any")
    for text, inside in (("1.0", True), ("1e1", True), ("3.0", False), ("30e-1", False)):
        assert takes(number, text) == inside
    no_integer = compiled({"type": "number", "not": {"type": "integer"}, "multipleOf": 2}, draft="4", numbers="any")
    for text, inside in (("2.0", True), ("2e0", True), ("-0.0", True), ("2", False), ("-0", False), ("3.0", False)):
        assert takes(no_integer, text) == inside


@pytest.mark.parametrize("numbers", ["plain", "any"])
@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [1, 2.5], "not": {"type": "integer"}},
        {"enum": [1, "a"], "type": "integer"},
        {"not": {"enum": [1]}},
        {"oneOf": [{"minimum": 1}, {"enum": [1]}]},
        {"oneOf": [{"type": "integer"}, {"enum": [1, 2.5]}]},
        {"anyOf": [{"enum": [1]}, {"type": "number", "not": {"type": "integer"}, "maximum": 1}]},
        {"type": "array", "items": {"enum": [1], "not": {"type": "integer"}}},
    ],
    ids=json.dumps,
)
def test_in_draft_4_a_listed_number_may_be_no_integer(schema: Any, numbers: str, compiled: Any, takes: Any) -> None:
    grammar = compiled(schema, draft="4", numbers=numbers)
    judge = jsonschema_rs.Draft4Validator(schema)
    for text in ("1", "1.0", "0.1e1", "10e-1", "2", "2.0", "2.5", "0.5", "0", "0.0", "[1]", "[1.0]", "[]"):
        if numbers == "any" or text in ("1", "2", "2.5", "0.5", "0", "[1]", "[]"):
            assert takes(grammar, text) == judge.is_valid(json.loads(text)), text


# -- what others wrote -------------------------------------------------------------------------------------------------

FOLDERS = (
    *("multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "type", "enum", "const"),
    *("optional/bignum", "optional/float-overflow", "optional/zeroTerminatedFloats"),
)


class Written(str):
    """A number as it is written."""


def written(value: Any) -> str:
    """JSON text, numbers as they were written."""
    match value:
        case Written():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize("draft", ["4", "6", "7", "2019-09", "2020-12"])
def test_official_suite(draft: str, shared_data: Path, compiled: Any, takes: Any) -> None:
    path = shared_data / "json-schema-test-suite" / f"jsts-draft{draft}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {path}")
    judged = 0
    for line in gzip.decompress(path.read_bytes()).splitlines()[1:]:
        group = json.loads(line, parse_int=Written, parse_float=Written)
        if group["split"] not in FOLDERS:
            continue
        try:
            grammar = compiled(written(group["schema"]), draft=draft, numbers="any")
        except UnsatisfiableError:
            assert not any(test["valid"] for test in group["tests"]), group["id"]
            continue
        for test in group["tests"]:
            if isinstance(test["data"], dict) and len(test["data"]) > 1:
                continue  # members have an order here
            assert takes(grammar, written(test["data"])) == test["valid"], (group["id"], test["data"])
            judged += 1
    assert judged > 100


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gpt4o", "llama3_1", "qwen3"])
def test_masks_of_real_vocabularies(name: str, shared_data: Path) -> None:
    """Every token that may matter, and some others, is tried."""
    vocabulary = Vocabulary.from_file(shared_data / "tokenizers" / name / "tokenizer.json")
    tokens = [vocabulary.token(token) or b"" for token in range(vocabulary.vocab_size)]
    bitmask = allocate_token_bitmask(1, vocabulary.vocab_size)
    random = Random(name)
    numeric = [token for token, text in enumerate(tokens) if text and not text.strip(b"-+.0123456789eE,] ")]
    for case in CASES:
        for numbers in ("any", "plain"):
            grammar = json_schema.build(schema_of(case), numbers=numbers)  # type: ignore[arg-type]
            matcher = compile_grammar(grammar, vocabulary).matcher()
            for _ in range(random.randrange(6)):
                following = [byte for byte in matcher.next_bytes() if byte in b"-.0123456789eE"]
                if following:
                    assert matcher.accept_bytes(bytes([random.choice(following)]))
            matcher.fill_next_token_bitmask(bitmask, 0)
            for token in [*numeric, *random.sample(range(len(tokens)), 5_000)]:
                word = int(bitmask[0, token // 32])
                if tokens[token]:
                    allowed = word >> token % 32 & 1 == 1
                    assert allowed == (matcher.validate_tokens([token]) == 1), (case, numbers, tokens[token])
