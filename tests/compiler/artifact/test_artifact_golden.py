"""The bytes of one file, as they were first written: whoever changes the format must count up its version."""

from __future__ import annotations

from constrain import CompiledGrammar, Vocabulary, compile_regex

GOLDEN = """
435354524e47524d0200000000000000564f4342000000002000000000000000ad11da45a54d0131ad3bf285654747d2
0d147ab0a4e092faa40ffbfef354de3a444553430000000017000000000000000209636f6e73747261696e0131046b69
6e640474657374004c494d5300000000100000000000000090a10f80897ac09a0c80897a80ade204464f524d00000000
6d000000000000000901030001610261620203617ae001ffaf0380c003ffff4300012c07010101090302000306020502
0405070100000403000607050004574f5244080005434f4d4d41020205776f726473000101ac0201010206636f6d6d61
730102000001057374617274030102030203040004000000d1d0f03d
"""


TABLES = """
a12b5d932601baaea9263eaccc556a01ffffffff000000004cb3289e557bc3eddd3f000d78be1b07ffffffff09000000
9a67a4600fb82e3b7e48ffce0e9e1a27010000000000000076871a8291c213f3a92fe5621a63056cffffffff0e000000
946c3eaf29fda18df8f0fb1b34e760a00000000000000000b7a4596cb4157d5a50794872e030eaa00000000000000000
e8945ce396f6e340f4e3da2ca17c82acffffffff12000000b99a6b79d3fdf035cf4161705f9db6c60100000000000000
6c4cbfe840cb110d81d1e021444038e5ffffffff15000000504f4f4c0000000060000000000000000000000001000000
63000000000000000200000061000000630000000000000000000000010000000300000000000000ffffffff00000000
00000000020000006300000064000000000000000100000064000000000000000100000062000000
"""


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
