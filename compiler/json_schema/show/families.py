"""Members without a name of their own, as ``patternProperties`` and ``additionalProperties``.

The compiler keeps a family for each set of patterns that a name may match, with all that applies to it. Mostly that is
what one pattern each says, put together, and can be written so. Where it is not, each family gets a pattern of its own,
made with lookaheads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from constrain.compiler.json_schema.model import FALSE, SchemaId
from constrain.compiler.json_schema.objects import Family
from constrain.compiler.json_schema.patterns import matches

__all__ = ["names_beside"]

_Schemas = tuple[SchemaId, ...]


def names_beside(
    families: Sequence[Family], named: Mapping[str, frozenset[SchemaId]]
) -> tuple[dict[str, _Schemas], _Schemas]:
    """Schemas by pattern, and those of all other names; ``()`` says nothing.

    Args:
        families: members of other names.
        named: what applies to each name of its own, to which the families do not apply.
    """
    plain = _plain(families, named)
    if plain is not None:
        return plain
    names = "|".join(re.sub(r"([\\^$.*+?()[\]{}|/-])", r"\\\1", name) for name in named)
    start = f"^(?!(?:{names})$)" if named else "^"
    return {start + _conditions(family): family.schemas for family in families}, (FALSE,)


def _conditions(family: Family) -> str:
    return "".join(
        f"(?{sign}[\\s\\S]*(?:{pattern}))"
        for sign, patterns in (("=", family.matching), ("!", family.avoiding))
        for pattern in patterns
    )


def _plain(
    families: Sequence[Family], named: Mapping[str, frozenset[SchemaId]]
) -> tuple[dict[str, _Schemas], _Schemas] | None:
    """The simple form; None where it would say something else."""
    known = {frozenset(family.matching): family.schemas for family in families}
    patterns = dict.fromkeys(pattern for family in families for pattern in (*family.matching, *family.avoiding))
    # a pattern without a family of its own allows no member
    single = {pattern: known.get(frozenset([pattern]), (FALSE,)) for pattern in patterns}
    for bits in range(1, 1 << len(patterns)):
        chosen = frozenset(pattern for i, pattern in enumerate(patterns) if bits >> i & 1)
        together = frozenset(schema for pattern in chosen for schema in single[pattern])
        found = known.get(chosen)
        if FALSE in together:
            if found is not None:
                return None
        elif found is None or frozenset(found) != together:
            return None
    for name, schemas in named.items():
        for pattern in patterns:
            if FALSE not in schemas and matches(name, pattern) and not schemas >= set(single[pattern]):
                return None
    return single, known.get(frozenset(), (FALSE,))
