"""The bytes of one file, as they were first written: whoever changes the format must count up its version."""

from __future__ import annotations

from constrain import CompiledGrammar, Vocabulary

GOLDEN = """
435354524e47524d0100000000000000564f4342000000002000000000000000ad11da45a54d0131ad3bf285654747d2
0d147ab0a4e092faa40ffbfef354de3a444553430000000017000000000000000209636f6e73747261696e0131046b69
6e640474657374004c494d5300000000100000000000000090a10f80897ac09a0c80897a80ade204464f524d00000000
6d000000000000000901030001610261620203617ae001ffaf0380c003ffff4300012c07010101090302000306020502
0405070100000403000607050004574f5244080005434f4d4d41020205776f726473000101ac0201010206636f6d6d61
730102000001057374617274030102030203040004000000649242a32f378f4cb4e3d90325e8c96d3d7d2236d046fc4a
37a3d19ced22e65a
"""


def test_golden_bytes(compiled: CompiledGrammar, byte_vocabulary: Vocabulary) -> None:
    assert compiled.to_bytes().hex() == "".join(GOLDEN.split())
    loaded = CompiledGrammar.from_bytes(bytes.fromhex(GOLDEN), byte_vocabulary)
    assert loaded.matcher().accept_bytes("ab,é,,,ab".encode())
