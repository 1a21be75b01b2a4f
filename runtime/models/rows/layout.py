"""How tokens of several sequences are laid out for one forward of the model.

A forward computes a rectangle of *queries*, lanes by tokens, against *columns* of keys and values. Two layouts have
their uses:

- *packed*: everything in one lane, with the union of all paths as columns; a mask says which query sees which column.
  There is no padding, and what sequences share is read once, but each query is multiplied with the columns of all the
  others.
- *lanes*: one for each sequence, with its own columns, gathered and padded to the longest, and with logits at the same
  places for all.

Where every lane is just the end of a path, all alike in length, the columns are what the model expects anyway, and it
needs no mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Costs", "Layout", "Query", "Shape", "lay_out"]

Shape = Literal["packed", "lanes"]


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A token to read.

    Attributes:
        token_id: the token.
        path: slots of the tokens it sees, in order; the last is its own, which is written.
        sequence: number of the sequence it belongs to.
        position: its place in that sequence.
    """

    token_id: int
    path: NDArray[np.int64]
    sequence: int
    position: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One forward, as arrays.

    Attributes:
        token_ids: ``[lanes, queries]``.
        positions: ``[lanes, queries]``.
        columns: slots, ``[lanes, columns]``.
        visible: which query sees which column, ``[lanes, queries, columns]``; None where columns are in order and the
            queries are the last of them.
        places: of each query in turn, its place among all ``lanes * queries``.
    """

    token_ids: NDArray[np.int64]
    positions: NDArray[np.int64]
    columns: NDArray[np.int64]
    visible: NDArray[np.bool_] | None
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Costs:
    """What decides between layouts, in units of a query's multiplication with one column.

    Attributes:
        token: a token in the rest of the layers.
        logits: a token in the head.
        column: gathering a column.
    """

    token: float
    logits: float
    column: float = 8.0

    @classmethod
    def of(cls, config: Any) -> Costs:
        """By the usual proportions of a transformer, for the configuration of one."""
        layers = max(1, getattr(config, "num_hidden_layers", 1))
        return cls(token=6 * getattr(config, "hidden_size", 1024), logits=config.vocab_size / (2 * layers))


def lay_out(
    queries: Sequence[Query], wanted: Sequence[int], high: int, costs: Costs, shape: Shape | None = None
) -> Layout:
    """Choose a layout.

    Args:
        queries: what to read, sequence by sequence; ancestors in the same forward come first.
        wanted: indices of the queries whose logits are needed.
        high: every slot is below this.
        costs: by which the layout is chosen.
        shape: take this layout whatever it costs.
    """
    lanes = _by_sequence(queries)
    if len(lanes) == 1:
        return _plain(lanes) or _packed(queries, high)
    if shape == "packed" or (shape is None and _packed_is_cheaper(queries, wanted, lanes, high, costs)):
        return _packed(queries, high)
    return _plain(lanes) or _lanes(lanes, high)


def _by_sequence(queries: Sequence[Query]) -> list[list[Query]]:
    lanes: dict[int, list[Query]] = {}
    for query in queries:
        lanes.setdefault(query.sequence, []).append(query)
    return list(lanes.values())


def _packed_is_cheaper(
    queries: Sequence[Query], wanted: Sequence[int], lanes: Sequence[Sequence[Query]], high: int, costs: Costs
) -> bool:
    widest = max(len(lane) for lane in lanes)
    longest = max(len(query.path) for query in queries)
    union = len(_union(queries, high))
    before = np.cumsum([0, *map(len, lanes)])
    from_the_right = {int(before[np.searchsorted(before, index, "right")]) - index for index in wanted}
    packed = len(queries) * (costs.token + union) + costs.column * union + costs.logits * len(wanted)
    apart = widest * (costs.token + longest) + costs.column * longest + costs.logits * len(from_the_right)
    return packed <= len(lanes) * apart


def _plain(lanes: Sequence[Sequence[Query]]) -> Layout | None:
    """The layout that needs no mask, where there is one."""
    width, length = len(lanes[0]), len(lanes[0][-1].path)
    for lane in lanes:
        last = lane[-1].path
        if len(lane) != width or len(last) != length:
            return None
        for place, query in enumerate(lane, start=length - width):
            path = query.path
            if len(path) != place + 1 or query.position != place or path[-1] != last[place]:
                return None
    return Layout(
        token_ids=np.array([[query.token_id for query in lane] for lane in lanes], dtype=np.int64),
        positions=np.array([[query.position for query in lane] for lane in lanes], dtype=np.int64),
        columns=np.stack([lane[-1].path for lane in lanes]),
        visible=None,
        places=np.arange(len(lanes) * width),
    )


def _packed(queries: Sequence[Query], high: int) -> Layout:
    columns = _union(queries, high)
    if 4 * len(columns) >= 3 * high:
        columns = np.arange(high)  # a few columns that nobody sees cost less than gathering the others
    return Layout(
        token_ids=np.array([[query.token_id for query in queries]], dtype=np.int64),
        positions=np.array([[query.position for query in queries]], dtype=np.int64),
        columns=columns[None],
        visible=_visible(queries, columns, high)[None],
        places=np.arange(len(queries)),
    )


def _lanes(lanes: Sequence[Sequence[Query]], high: int) -> Layout:
    """Queries stand at the right of their lane, so that the last ones are in line; columns at the left."""
    unions = [_union(lane, high) for lane in lanes]
    width, length = max(map(len, lanes)), max(map(len, unions))
    token_ids = np.zeros((len(lanes), width), dtype=np.int64)
    positions = np.zeros_like(token_ids)
    columns = np.zeros((len(lanes), length), dtype=np.int64)
    visible = np.zeros((len(lanes), width, length), dtype=np.bool_)
    visible[:, :, 0] = True  # a query that sees nothing would be no number
    places: list[NDArray[np.int64]] = []
    for index, (lane, union) in enumerate(zip(lanes, unions, strict=True)):
        start = width - len(lane)
        token_ids[index, start:] = [query.token_id for query in lane]
        positions[index, start:] = [query.position for query in lane]
        columns[index, : len(union)] = union
        visible[index, start:, : len(union)] = _visible(lane, union, high)
        places.append(np.arange(index * width + start, (index + 1) * width))
    return Layout(token_ids, positions, columns, visible, np.concatenate(places))


def _union(queries: Sequence[Query], high: int) -> NDArray[np.int64]:
    seen = np.zeros(high, dtype=np.bool_)
    for query in queries:
        seen[query.path] = True
    return np.flatnonzero(seen)


def _visible(queries: Sequence[Query], columns: NDArray[np.int64], high: int) -> NDArray[np.bool_]:
    place = np.zeros(high, dtype=np.int64)
    place[columns] = np.arange(len(columns))
    visible = np.zeros((len(queries), len(columns)), dtype=np.bool_)
    for index, query in enumerate(queries):
        visible[index, place[query.path]] = True
    return visible
