"""The ratchet: a row for each group of the official suite, with its state when it was last recorded.

``python tests/conformance/conformance_table.py DATA`` records anew, DATA being the folder of shared data.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance_suite import DRAFTS, STATES, Outcome, byte_walker, groups, outcome

from constrain import Vocabulary

TABLE = Path(__file__).with_name("states.tsv")


def read_table() -> dict[tuple[str, str], Outcome]:
    """By draft and group."""
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
    return {(draft, group): Outcome(state, reason) for draft, group, state, reason in rows}


def write_table(outcomes: Mapping[tuple[str, str], Outcome]) -> None:
    """Rows in the order of the suite."""
    lines = ["draft\tgroup\tstate\treason"]
    lines += ["\t".join((draft, group, *found)) for (draft, group), found in outcomes.items()]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def counts(outcomes: Iterable[Outcome]) -> list[int]:
    """How many groups are in each state."""
    found = Counter(each.state for each in outcomes)
    return [found[state] for state in STATES]


def summary(outcomes: Mapping[tuple[str, str], Outcome]) -> str:
    """The table of the guide: drafts and states."""
    lines = ["| draft | groups | " + " | ".join(STATES) + " |", "|---|--:|" + "--:|" * len(STATES)]
    for name in DRAFTS:
        found = counts(each for (draft, _), each in outcomes.items() if draft == name)
        lines.append(f"| {name} | {sum(found)} | " + " | ".join(map(str, found)) + " |")
    return "\n".join(lines)


def main(folder: Path) -> None:
    """Record all groups, and show what is not exact."""
    walker = byte_walker(Vocabulary.bytes())
    found = {(draft, group.id): outcome(group, walker) for draft in DRAFTS for group in groups(folder, draft)}
    for (draft, group), each in found.items():
        if each.state != "exact":
            print(draft, group, *each)
    write_table(found)
    print(summary(found))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
