"""Do two grammars say the same, symbol by symbol?"""

from __future__ import annotations

from constrain.compiler.grammar import Grammar, GrammarBuilder, Symbol, SymbolNode, parts_of

__all__ = ["is_same"]


def is_same(one: Grammar, other: Grammar) -> bool:
    """Whether two grammars without a lexer of their own say the same; those that don't may mean the same for all that.

    Numbers may differ, and so may what the start does not lead to.
    """
    builder = GrammarBuilder()  # in which equal expressions and terminals have equal numbers
    start = builder.embed(one), builder.embed(other)
    symbols = builder.finish(start[0]).symbols
    seen, agenda = {start}, [start]
    while agenda:
        left, right = agenda.pop()
        if left == right:
            continue
        if _without_parts(symbols[left]) != _without_parts(symbols[right]):
            return False
        new = set(zip(parts_of(symbols[left]), parts_of(symbols[right]), strict=True)) - seen
        seen |= new
        agenda.extend(new)
    return True


def _without_parts(node: SymbolNode) -> object:
    """What a symbol says beside the symbols that it refers to, their number included."""
    if node[0] == "rule":
        return node[0], [len(parts) for parts in node[2]]
    if node[0] == "repeat":
        return node[0], node[3], node[4], node[5] is None
    if node[0] == "members":
        options = [option._replace(symbol=Symbol(0)) for option in node[2]]
        return node[0], options, node[3] is None, *node[4:]
    return node
