"""Terminals that may stand at one place: the engine knows which letters go on, where each terminal is a letter."""

from __future__ import annotations

from random import Random

from constrain import Vocabulary, compile_lark
from constrain.compiler.notation.lint.places import awaited_together
from constrain.compiler.notation.lint.tables import awaited_by_tables
from constrain.compiler.notation.read import read
from constrain.compiler.notation.transform import pruned

NAMES = ["start", "one", "two"]


def random_grammar(random: Random) -> str:
    letters = iter("abcdefghijklmnopqrstuvwxyz")

    def item(depth: int) -> str:
        kind = random.random()
        if kind < 0.3:
            return random.choice(NAMES[1:])
        if depth and kind < 0.6:
            inside = " | ".join(sequence(depth - 1) for _ in range(random.randint(1, 2)))
            return f"({inside}){random.choice(['', '?', '*', '+', '~1..2', '~2'])}"
        return f'"{next(letters, "z")}"' if random.random() < 0.7 else f'"{random.choice("abc")}"'

    def sequence(depth: int) -> str:
        return " ".join(item(depth) for _ in range(random.randint(1, 3)))

    lines = [f"{name}: " + " | ".join([*(sequence(2) for _ in range(random.randint(1, 2))), '"y"']) for name in NAMES]
    return "\n".join(lines) + "\n"


def test_no_pair_is_missing(byte_vocabulary: Vocabulary) -> None:
    random = Random(11)
    with_tables = 0
    for _ in range(25):
        text = random_grammar(random)
        rules = pruned(read(text, "lark"))
        merged, tables = awaited_together(rules), awaited_by_tables(rules)
        if tables is not None:
            with_tables += 1
            assert all(any(names <= others for others in merged) for names in tables), text
        matcher = compile_lark(text, byte_vocabulary).matcher()
        for _ in range(30):
            following = matcher.next_bytes()
            awaited = {f'"{chr(byte)}"' for byte in following}
            for known in (merged, tables or merged):
                assert any(awaited <= names for names in known), (text, awaited)
            if not following or matcher.steps == 6:
                matcher.reset()
            else:
                matcher.accept_bytes(bytes([random.choice(following)]))
    assert 4 < with_tables < 22


def test_grammars_without_tables() -> None:
    for text in ('start: start "+" start | "x"\n', 'start: a "x" | b "x"\na: "n"\nb: "n"\n'):
        assert awaited_by_tables(pruned(read(text, "lark"))) is None
    many = " ".join(f'["{chr(97 + index)}"]' for index in range(20))
    assert awaited_by_tables(pruned(read(f'start: {many} "z"\n', "lark"))) is None
