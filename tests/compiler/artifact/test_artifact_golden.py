"""The bytes of one file, as they were first written: whoever changes the format must count up its version."""

from __future__ import annotations

from fractions import Fraction

from constrain import CompiledGrammar, GrammarBuilder, Vocabulary, compile_grammar, compile_regex
from constrain.compiler.numeral import interval, values

GOLDEN = """
435354524e47524d0400000000000000564f4342000000002000000000000000ad11da45a54d0131ad3bf285654747d2
0d147ab0a4e092faa40ffbfef354de3a444553430000000017000000000000000209636f6e73747261696e0131046b69
6e640474657374004c494d5300000000100000000000000090a10f80897ac09a0c80897a80ade204464f524d00000000
70000000000000000901030001610261620203617ae001ffaf0380c003ffff4300012c07010101090302000306020502
0405070100000403000607050004574f524408000005434f4d4d4102000205776f726473000101ac0201010206636f6d
6d61730102000001057374617274030102030203040004008eda2112
"""


TABLES = """
8846fd84ee332acb3cb8121f6bb71e1affffffff00000000a6c4252aa79c90e5cb50fa08f5872c330100000000000000
72dc22c8fcbc0b7b230ffcb44da806350000000000000000dae1e1c6584e6478567edb5bfa178335ffffffff03000000
0d65d0f95a38576266e5d060fefd8658000000000000000065015b1ffdfb445e40cca24137d41d6c0000000000000000
49cf7f99d1530b7f8da5a7e098a3178a0000000000000000a0cac8fa8106bd18f2fe6f3d259c2a8cffffffff06000000
eb5fd677f1a4b392b1fa900dd9fb84900000000000000000d78756a6c5b8ed4862f3f2968cb99992ffffffff0a000000
43e7c9713e2fefb4d1b002c4af40c3aa00000000000000003c71c4c92d8e195bf71891012c353dbf0100000000000000
ab80c544c3b43b4d42423dd094c414e1ffffffff13000000a533faa9deae6fbf65aeb4bbd1e050e20000000000000000
18747dca54de1b1c484ffc1f3be690ee0000000000000000504f4f4c0000000060000000000000000000000001000000
620000000000000001000000640000000000000002000000630000006400000000000000010000006300000000000000
0200000061000000630000000000000000000000010000000d00000000000000ffffffff00000000
"""

NUMERALS = """
464f524d000000004c000000000000000309010001010135000001033939350400010133020001010135000001023235
0200000001050146010900010100000102313204010100000101310301000000040200010100014e0200000000000000
"""


def test_golden_numerals(byte_vocabulary: Vocabulary) -> None:
    builder = GrammarBuilder()
    low, high = (Fraction(-5, 2), False), (Fraction(100), True)
    between = interval("plain", low, high, [Fraction(1, 2)], [Fraction(7)], [Fraction(3)])
    listed = values([Fraction(0), Fraction(-1, 1000), Fraction(12)])
    assert between is not None
    assert listed is not None
    number = builder.union([builder.numeral(between), builder.numeral(listed)])
    data = compile_grammar(builder.finish(builder.terminal(number, "N")), byte_vocabulary).to_bytes()
    assert data[data.index(b"FORM") : -4].hex() == "".join(NUMERALS.split())
    loaded = CompiledGrammar.from_bytes(data, byte_vocabulary)
    for text, inside in ((b"12.5", True), (b"1.2e1", True), (b"3", False), (b"-1e-3", True), (b"7", False)):
        matcher = loaded.matcher()
        assert (matcher.accept_bytes(text) and matcher.is_accepting()) == inside


def test_golden_tables(byte_vocabulary: Vocabulary) -> None:
    """Names and what lies under them; whoever changes what names stand for must count up ``VERSION`` in names.rs."""
    compiled = compile_regex("(ab|c{2,3})d?", byte_vocabulary)
    compiled.precompute(1 << 20)
    data = compiled.to_bytes()
    fingerprint = data.index(b"INDX") + 16
    assert data[fingerprint + 16 : -4].hex() == "".join(TABLES.split())


def test_golden_bytes(compiled: CompiledGrammar, byte_vocabulary: Vocabulary) -> None:
    assert compiled.to_bytes().hex() == "".join(GOLDEN.split())
    loaded = CompiledGrammar.from_bytes(bytes.fromhex(GOLDEN), byte_vocabulary)
    assert loaded.matcher().accept_bytes("ab,é,,,ab".encode())
