"""The official JSON Schema test suite, group by group, against the table of what was reached before."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance_suite import DRAFTS, STATES, Walker, byte_walker, groups, outcome
from conformance_table import counts, read_table, summary

from constrain import Vocabulary

MOST_REFUSED = 5


@pytest.mark.parametrize("draft", DRAFTS)
def test_no_group_gets_worse(draft: str, shared_data: Path, byte_vocabulary: Vocabulary) -> None:
    table, walker = read_table(), byte_walker(byte_vocabulary)
    found = {group.id: outcome(group, walker) for group in groups(shared_data, draft)}
    recorded = {group: each for (name, group), each in table.items() if name == draft}
    assert found.keys() == recorded.keys()
    changed = {group: (recorded[group], each) for group, each in found.items() if each.state != recorded[group].state}
    worse = {group: (before, now) for group, (before, now) in changed.items() if _rank(now.state) > _rank(before.state)}
    assert not worse, worse
    assert not changed, f"better than recorded, which is worth recording (see conformance_table.py): {changed}"


def _rank(state: str) -> int:
    return STATES.index(state)


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_table_holds_what_is_promised(draft: str) -> None:
    """Nothing wrong, few groups refused, and a reason wherever a group is not exact."""
    rows = {group: each for (name, group), each in read_table().items() if name == draft}
    _, _, refused, wrong = counts(rows.values())
    assert wrong == 0
    assert refused <= MOST_REFUSED
    assert all(each.reason for each in rows.values() if each.state != "exact")


def test_the_guide_has_the_table(root: Path) -> None:
    for name in ("README.md", "docs/json-schema.md"):
        assert summary(read_table()) in (root / name).read_text(encoding="utf-8"), name


@pytest.mark.slow
@pytest.mark.parametrize("draft", DRAFTS)
def test_tokens_of_a_real_vocabulary(draft: str, shared_data: Path) -> None:
    """The same verdicts over the tokens that a model's own tokenizer makes of the instances."""
    from tokenizers import Tokenizer

    folder = shared_data / "tokenizers/llama3_1"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    walker = Walker(
        Vocabulary.from_file(folder),
        lambda text: tokenizer.encode(text.decode(), add_special_tokens=False).ids,
    )
    table = read_table()
    for group in groups(shared_data, draft):
        assert outcome(group, walker).state == table[draft, group.id].state, group.id
