"""The bytes of one file, as they were first written: whoever changes the format must count up its version."""

from __future__ import annotations

from fractions import Fraction

from constrain import CompiledGrammar, GrammarBuilder, Vocabulary, compile_grammar, compile_regex
from constrain.compiler.numeral import interval, values

GOLDEN = """
435354524e47524d0300000000000000564f4342000000002000000000000000ad11da45a54d0131ad3bf285654747d2
0d147ab0a4e092faa40ffbfef354de3a444553430000000017000000000000000209636f6e73747261696e0131046b69
6e640474657374004c494d5300000000100000000000000090a10f80897ac09a0c80897a80ade204464f524d00000000
6f000000000000000901030001610261620203617ae001ffaf0380c003ffff4300012c07010101090302000306020502
0405070100000403000607050004574f524408000005434f4d4d4102000205776f726473000101ac0201010206636f6d
6d61730102000001057374617274030102030203040004006ba513a1
"""


TABLES = """
4cb3289e557bc3eddd3f000d78be1b0700000000000000003de7dff78b8e45217b4777284aa5c32b0000000000000000
282c573606d3c7461d9c8043fb63f22f0000000000000000f83cb027fcfeace3ebe167d3e309884a0100000000000000
df548ba3ab7fe65b06d598bc947b6453ffffffff0000000063dd6a34d8c3f1e78dc75b540fc2335b0000000000000000
a83f980d9809c40b69e37e2d1b132f68ffffffff03000000737a646dd773d8abe1a686b4e9d07a8effffffff0d000000
0f5a555967a2d73d6d722a7e33c70795ffffffff12000000946c3eaf29fda18df8f0fb1b34e760a00000000000000000
b7a4596cb4157d5a50794872e030eaa00000000000000000c75644cb9e83549eec1860c5ef5594a60100000000000000
d30f2d862a2a5607e93b06bd909d74d0ffffffff150000006c4cbfe840cb110d81d1e021444038e50000000000000000
504f4f4c0000000060000000000000000000000001000000640000000000000002000000630000006400000000000000
0200000061000000630000000000000000000000010000000700000000000000ffffffff000000000000000001000000
62000000000000000100000063000000
"""

NUMERALS = """
464f524d000000004b000000000000000309010001010135000001033939350400010133020001010135000001023235
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
