"""Choices and spans: every bit of every mask is the reference's, and what is taken is what ``in`` says."""

from __future__ import annotations

import json
from random import Random

import pytest
from engine_driver import Tokens, allowed, byte_tokens

from constrain import (
    CompiledGrammar,
    Grammar,
    GrammarBuilder,
    LimitError,
    Limits,
    UnsatisfiableError,
    Vocabulary,
    compile_grammar,
)
from constrain._core import text_units
from constrain.compiler.grammar import ExcerptSpelling, Expression
from constrain.compiler.reference import Recogniser, mask

PIECES = ["a", "b", "a", "b", "aaa", "ab ", " ", "é", '"', "\n", "\r\n", "\x01", "\x0b", "/", ".", "𝄞", "ab.ab"]
SPELLINGS: list[ExcerptSpelling] = ["plain", "minimal", "any"]
UNITS = ["choice", "char", "word", "sentence"]


def random_text(random: Random) -> str:
    return "".join(random.choices(PIECES, k=random.randint(0, 6)))


def random_excerpt(random: Random, builder: GrammarBuilder, spelling: ExcerptSpelling) -> Expression:
    texts = [random_text(random).encode() for _ in range(random.randint(1, 4))]
    match random.choice(UNITS):
        case "choice":
            return builder.choices(texts, spelling)
        case "char":
            return builder.spans(texts, "char", spelling)
        case "word":
            return builder.spans(texts, "word", spelling)
    return builder.spans(texts, "sentence", spelling)


def random_grammar(seed: int) -> Grammar:
    """An excerpt, alone or beside other conditions, between quotes or before what it could go on with."""
    random, builder = Random(seed), GrammarBuilder()
    spelling = random.choice(SPELLINGS)
    found = random_excerpt(random, builder, spelling)
    anything = builder.repeat(builder.char_class([(0x20, 0x10FFFF)]), 0, None)
    match random.randrange(8):
        case 0:
            least = random.randint(0, 3)
            most = random.choice([None, least, least + 2])
            found = builder.intersection([found, builder.repeat(builder.char_class([(0x20, 0x10FFFF)]), least, most)])
        case 1:
            found = builder.intersection([found, builder.concat([anything, builder.literal(b"b"), anything])])
        case 2:
            found = builder.complement(found)
        case 3:
            found = builder.union([found, builder.literal(b"ab")])
        case 4:
            found = builder.intersection([found, random_excerpt(random, builder, spelling)])
        case 5:
            found = builder.intersection([found, builder.complement(builder.spans([b"ab"], "char", spelling))])
    match random.randrange(4):
        case 0 | 1:
            found = builder.concat([builder.literal(b'"'), found, builder.literal(b'"')])
        case 2:
            found = builder.concat([found, builder.repeat(builder.literal(b"a"), 0, None)])
    symbol = builder.terminal(found, "T")
    if random.random() < 0.4:
        between = builder.terminal(builder.literal(random.choice([b",", b"a", b'"'])), "X")
        symbol = builder.choice("start", [[symbol, between, symbol]])
    return builder.finish(symbol)


@pytest.fixture(scope="module")
def pieces() -> Tokens:
    """Bytes, and pieces of texts and escapes as tokens have them, some in the middle of a character."""
    firsts = [b"a", b"b", b'"', b"\\", b"\\u", b"\\n", b"00", b"0B", b"\xc3", b"\xf0\x9d", b"d8", b" ", b"."]
    seconds = [b"a", b"ab", b'"', b'",', b"\\u0", b"\xa9", b"\x84\x9e", b"0", b"34", b"aaa"]
    texts = [bytes([byte]) for byte in range(256)] + [first + second for first in firsts for second in seconds]
    return Tokens("pieces", [*texts, "é".encode(), "𝄞".encode(), b"\\ud834\\udd1e", None], [len(texts) + 3], 512)


@pytest.mark.parametrize("seed", range(150))
def test_masks_are_the_reference_s(seed: int, pieces: Tokens) -> None:
    grammar = random_grammar(seed)
    try:
        recogniser = Recogniser(grammar)
    except UnsatisfiableError:
        with pytest.raises(UnsatisfiableError):
            pieces.compile(grammar)
        return
    state, compiled = recogniser.start(), pieces.compile(grammar)
    random = Random(seed)
    matcher = compiled.matcher()
    for _ in range(12):
        stops = set(pieces.eos_token_ids) if recogniser.accepting(state) else set()
        assert allowed(matcher, pieces) == mask(recogniser, state, pieces.token_bytes) | stops
        end = matcher.shortest_completion()
        fork = matcher.fork()
        assert fork.accept_bytes(end)
        assert fork.is_accepting()
        choices = sorted(allowed(matcher, pieces) - set(pieces.eos_token_ids))
        if not choices:
            break
        token = random.choice(choices)
        assert matcher.accept_token(token)
        for byte in pieces.token_bytes[token] or b"":
            after = recogniser.advance(state, byte)
            assert after is not None
            state = after


def accepts(compiled: CompiledGrammar, text: str | bytes) -> bool:
    matcher = compiled.matcher()
    return matcher.accept_bytes(text.encode() if isinstance(text, str) else text) and matcher.is_accepting()


def compiled_spans(texts: list[str], unit: str, spelling: ExcerptSpelling = "plain") -> CompiledGrammar:
    builder = GrammarBuilder()
    spans = builder.spans([text.encode() for text in texts], unit, spelling)  # type: ignore[arg-type]  # one of them
    return compile_grammar(builder.finish(builder.terminal(spans, "span")), Vocabulary.bytes())


@pytest.mark.parametrize(
    "text",
    ["aaaaaaaaaaaa", "abababab", "banana", "mississippi ississippi", "日本語日本", "é è é", "a\r\nb\r\n", "x", "𝄞𝄞a𝄞"],
)
def test_spans_of_characters_are_substrings(text: str) -> None:
    compiled = compiled_spans([text, "zq"], "char")
    inside = {text[low:high] for low in range(len(text)) for high in range(low + 1, len(text) + 1)}
    letters = sorted(set(text) | {"z", "q"})
    for span in inside | {"zq", "q"}:
        assert accepts(compiled, span)
        for letter in letters:
            longer = span + letter
            assert accepts(compiled, longer) == (longer in text or longer in "zq")
    assert not accepts(compiled, "")
    assert not accepts(compiled, "é".encode()[:1])


def test_spans_do_not_reach_from_one_document_into_the_next() -> None:
    compiled = compiled_spans(["ab", "cd"], "char")
    assert accepts(compiled, "cd")
    assert not accepts(compiled, "bc")
    assert not accepts(compiled, b"b\xff")


@pytest.mark.parametrize("unit", ["word", "sentence"])
def test_spans_of_units_go_from_a_start_to_an_end(unit: str) -> None:
    text = "It's 3.14, isn't it? Yes!  (Really.)\nDas Haus — schön. 日本語。 e\u0301a"
    data = text.encode()
    units = text_units(text, unit)
    expected = {data[start:end] for i, (start, _) in enumerate(units) for _, end in units[i:]}
    compiled = compiled_spans([text], unit)
    for low in range(len(data)):
        for high in range(low, len(data) + 1):
            assert accepts(compiled, data[low:high]) == (data[low:high] in expected), data[low:high]


def test_words_and_sentences() -> None:
    def pieces_of(text: str, unit: str) -> list[str]:
        return [text.encode()[start:end].decode() for start, end in text_units(text, unit)]

    assert pieces_of("It's 3.14 (yes).", "word") == ["It's", "3.14", "(", "yes", ")", "."]
    assert pieces_of(" One. Two?\nThree  ", "sentence") == ["One.", "Two?", "Three"]
    assert pieces_of("aé", "char") == ["a", "é"]
    assert pieces_of(" \n ", "word") == pieces_of("", "char") == []
    with pytest.raises(ValueError, match='unknown unit "line"'):
        text_units("a", "line")


def test_choices_are_the_choices() -> None:
    random = Random(3)
    texts = {random_text(random) for _ in range(300)}
    builder = GrammarBuilder()
    choices = builder.choices(text.encode() for text in texts)
    compiled = compile_grammar(builder.finish(builder.terminal(choices, "choice")), Vocabulary.bytes())
    for text in texts | {random_text(random) for _ in range(300)}:
        assert accepts(compiled, text) == (text in texts)


@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_every_spelling_of_a_string(ensure_ascii: bool) -> None:
    text = 'He said: "\\o/"\n\t\x0b €𝄞'
    any_way = compiled_spans([text], "char", "any")
    needed = compiled_spans([text], "char", "minimal")
    for low in range(len(text)):
        for high in range(low + 1, len(text) + 1):
            body = json.dumps(text[low:high], ensure_ascii=ensure_ascii)[1:-1]
            assert accepts(any_way, body)
            assert accepts(any_way, body.replace("/", "\\/"))
            assert accepts(needed, body) == (not ensure_ascii or text[low:high].isascii())
    assert accepts(any_way, "\\uD834\\udD1e")
    assert not accepts(any_way, "\\ud834")
    assert not accepts(any_way, "\\ud834\\udd1f")
    assert accepts(needed, "\\u000b")
    assert accepts(needed, "\\u000B")
    assert not accepts(needed, "\\u0009")
    assert not accepts(needed, "\t")


def test_a_condition_that_nothing_meets_is_found_out() -> None:
    text = "".join(Random(5).choices("ab ", k=20_000))
    builder = GrammarBuilder()
    letters = builder.repeat(builder.char_class([(0x20, 0x7F)]), 0, None)
    wanted = builder.concat([letters, builder.literal(b"c"), letters])
    both = builder.intersection([builder.spans([text.encode()]), wanted])
    other = builder.literal(b"none")
    grammar = builder.finish(builder.terminal(builder.union([both, other]), "T"))
    compiled = compile_grammar(grammar, Vocabulary.bytes())
    assert compiled.matcher().next_bytes() == b"n"


def test_the_end_of_a_long_text_is_in_sight() -> None:
    text = "a" * 50_000 + "b"
    builder = GrammarBuilder()
    letters = builder.repeat(builder.char_class([(0x61, 0x7A)]), 0, None)
    both = builder.intersection([builder.spans([text.encode()]), builder.concat([letters, builder.literal(b"b")])])
    compiled = compile_grammar(builder.finish(builder.terminal(both, "T")), Vocabulary.bytes())
    matcher = compiled.matcher()
    assert matcher.accept_bytes(b"aaa")
    assert matcher.next_bytes() == b"ab"
    assert matcher.accept_bytes(b"b")
    assert matcher.next_bytes() == b""
    assert matcher.is_accepting()


def test_texts_are_charged_before_they_are_sorted() -> None:
    builder = GrammarBuilder()
    spans = builder.spans([b"ab " * 100_000])
    grammar = builder.finish(builder.terminal(spans, "span"))
    with pytest.raises(LimitError, match="max_expressions = 20000"):
        compile_grammar(grammar, Vocabulary.bytes(), Limits(max_expressions=20_000))
    assert compile_grammar(grammar, Vocabulary.bytes(), Limits(max_expressions=30_000))


def test_saved_and_loaded() -> None:
    tokens = byte_tokens()
    for seed in range(40):
        grammar = random_grammar(seed)
        try:
            compiled = tokens.compile(grammar)
        except UnsatisfiableError:
            continue
        loaded = CompiledGrammar.from_bytes(compiled.to_bytes(), compiled.vocabulary)
        assert loaded.to_bytes() == compiled.to_bytes()
        one, other, random = compiled.matcher(), loaded.matcher(), Random(seed)
        while (following := one.next_bytes()) and one.steps < 12:
            assert allowed(one, tokens) == allowed(other, tokens)
            byte = bytes([random.choice(following)])
            assert one.accept_bytes(byte)
            assert other.accept_bytes(byte)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (b"b\xffa\xff", "choice"),
        (b"a\xffa\xff", "choice"),
        (b"a", "choice"),
        (b"a\xffb", "char"),
        (b"\xc3\xff", "char"),
        (b"\xed\xa0\x80\xff", "word"),
    ],
)
def test_forms_that_no_builder_makes_are_refused(text: bytes, unit: str) -> None:
    grammar = Grammar(
        expressions=(("excerpt", text, unit, "plain"),),  # type: ignore[arg-type]  # what a forged file could hold
        symbols=(("terminal", "T", Expression(0), None),),
        start=0,  # type: ignore[arg-type]
    )
    with pytest.raises(ValueError, match="expression 0 is malformed"):
        compile_grammar(grammar, Vocabulary.bytes())
