"""Seeded random grammars: expressions of every kind, and rules with every sort of recursion."""

from __future__ import annotations

from random import Random

from constrain.compiler.grammar import Expression, Grammar, GrammarBuilder, Symbol

LETTERS = "abcé€😀"
RANGES = [(0x61, 0x63), (0x62, 0x62), (0x61, 0x61), (0x62, 0x7A), (0xE8, 0xEA), (0x20AC, 0x20AD), (0x1F5FF, 0x1F603)]
WIDE_RANGES = [(0x80, 0x10FFFF), (0x0, 0x7F), (0x7F0, 0x10010), (0x0, 0x10FFFF), (0x61, 0x20AC)]


def random_expression(random: Random, builder: GrammarBuilder, depth: int) -> Expression:
    kinds = ["literal", "literals", "char_class"]
    if depth:
        kinds += ["concat", "concat", "union", "union", "intersection", "complement", "repeat", "repeat"]
    kind = random.choice(kinds)

    def part() -> Expression:
        return random_expression(random, builder, depth - 1)

    match kind:
        case "literal":
            return builder.literal("".join(random.choices(LETTERS, k=random.randint(0, 3))).encode())
        case "literals":
            texts = ["".join(random.choices(LETTERS[:4], k=random.randint(0, 3))) for _ in range(random.randint(0, 5))]
            return builder.literals(text.encode() for text in texts)
        case "char_class":
            count = random.choice([0, 1, 1, 1, 2, 3])
            return builder.char_class(random.choice(random.choice([RANGES, RANGES, WIDE_RANGES])) for _ in range(count))
        case "concat":
            return builder.concat([part() for _ in range(random.randint(0, 3))])
        case "union":
            return builder.union([part() for _ in range(random.randint(1, 3))])
        case "intersection":
            return builder.intersection([part() for _ in range(random.randint(1, 3))])
        case "complement":
            return builder.complement(part())
    minimum = random.choice([0, 0, 1, 2])
    return builder.repeat(part(), minimum, random.choice([None, minimum, minimum + 1, minimum + 3]))


def random_terminals(random: Random, builder: GrammarBuilder, count: int, depth: int) -> list[Symbol]:
    return [builder.terminal(random_expression(random, builder, depth), f"T{index}") for index in range(count)]


def random_regular_grammar(seed: int) -> Grammar:
    """One terminal with a deep expression."""
    random, builder = Random(seed), GrammarBuilder()
    return builder.finish(*random_terminals(random, builder, 1, depth=4))


def random_grammar(seed: int) -> Grammar:
    """Rules that may be left, right or hidden-left recursive, cyclic, ambiguous, nullable or unproductive."""
    random, builder = Random(seed), GrammarBuilder()
    terminals = random_terminals(random, builder, random.randint(1, 4), depth=random.choice([0, 0, 1, 2]))
    terminals += [builder.terminal(builder.literal(letter.encode()), letter) for letter in "ab"]
    rules = [builder.rule(f"r{index}") for index in range(random.randint(1, 4))]
    symbols = terminals + rules * 2
    for index in range(random.randint(0, 2)):
        minimum = random.randint(0, 2)
        maximum = random.choice([None, minimum, minimum + 1, minimum + 3])
        separator = random.choice([None, *symbols])
        symbols.append(builder.repeat_symbol(random.choice(symbols), minimum, maximum, separator, f"many{index}"))
    for rule in rules:
        lengths = [random.choice([0, 1, 1, 2, 2, 3]) for _ in range(random.randint(0, 4))]
        builder.define(rule, [random.choices(symbols, k=length) for length in lengths])
    return builder.finish(rules[0])


def random_finite_grammar(seed: int) -> tuple[Grammar, set[bytes]]:
    """A grammar without recursion, and all of its language, put together from sets of strings."""
    random, builder = Random(seed), GrammarBuilder()
    pool: list[tuple[Symbol, set[bytes]]] = []
    for index in range(random.randint(2, 5)):
        texts = {bytes(random.choices(b"ab", k=random.randint(0, 3))) for _ in range(random.choice([0, 1, 1, 2, 3]))}
        pool.append((builder.terminal(builder.literals(texts), f"T{index}"), texts))
    for index in range(random.randint(1, 5)):
        language: set[bytes] = set()
        alternatives = []
        if random.random() < 0.3:
            (part, parts), (separator, between) = random.choices(pool, k=2)
            minimum = random.randint(0, 2)
            maximum = minimum + random.randint(0, 2)
            symbol = builder.repeat_symbol(part, minimum, maximum, separator, f"many{index}")
            for count in range(minimum, maximum + 1):
                language |= joined([parts if place % 2 == 0 else between for place in range(2 * count - 1)])
        else:
            for _ in range(random.randint(1, 3)):
                chosen = random.choices(pool, k=random.choice([0, 1, 2, 2, 3]))
                alternatives.append([part for part, _ in chosen])
                language |= joined([texts for _, texts in chosen])
            symbol = builder.choice(f"r{index}", alternatives)
        if len(language) <= 12:
            pool.append((symbol, language))
    return builder.finish(symbol), language


def joined(languages: list[set[bytes]]) -> set[bytes]:
    """Every concatenation of one text of each language."""
    texts = {b""}
    for language in languages:
        texts = {left + right for left in texts for right in language}
    return texts
