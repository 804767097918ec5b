"""Which warehouses send a basket that names none.

The objective, in this order: fewest parcels, then the earliest day by which the last of them can
arrive, then the lowest price. An offer is never split over warehouses. Every set of warehouses is
compared where there are few enough of them (any usual basket over a dozen warehouses, two parcels
over fifty); beyond that, warehouses are taken greedily: most lines first.
"""

from collections.abc import Iterable
from datetime import date
from itertools import combinations

import msgspec

_STEPS_MAX = 25_000  # sets compared and classes of lines priced: some 20 ms of one core


class BasketLine(msgspec.Struct, frozen=True):
    """An offer with a count, and the warehouses that have that many free.

    `weight_g` is the chargeable weight of the whole line. A warehouse that the caller named is
    the only one in `available_at`.
    """

    offer_id: str
    count: int
    weight_g: int
    available_at: frozenset[int]


class Source(msgspec.Struct, frozen=True):
    """What a parcel from a warehouse would be: `arrives` is None when it cannot be delivered."""

    warehouse_id: int
    arrives: date | None
    base_kopecks: int
    per_kg_kopecks: int


class Parcel(msgspec.Struct, frozen=True):
    """What one warehouse sends."""

    warehouse_id: int
    lines: tuple[BasketLine, ...]


class NotInStock(msgspec.Struct, frozen=True):
    """Offers that no warehouse has in the count asked for."""

    offer_ids: tuple[str, ...]


class _LineClass(msgspec.Struct, frozen=True):
    """Lines that lie in the same warehouses: a thousand lines are a few of these."""

    available_at: frozenset[int]
    weight_g: int


_Measure = tuple[int, date, int]


def choose_warehouses(
    lines: tuple[BasketLine, ...], sources: Iterable[Source]
) -> tuple[Parcel, ...] | NotInStock:
    """Give each line a warehouse; parcels ascend by warehouse, lines keep their order.

    Only warehouses among `sources` are used.
    """
    by_id = {source.warehouse_id: source for source in sources}
    missing = tuple(line.offer_id for line in lines if by_id.keys().isdisjoint(line.available_at))
    if missing:
        return NotInStock(missing)
    classes = _line_classes(lines, by_id)
    # A class that lies in one warehouse only makes a parcel from there certain.
    needed = {next(iter(each.available_at)) for each in classes if len(each.available_at) == 1}
    open_classes = tuple(each for each in classes if needed.isdisjoint(each.available_at))
    further = _best_further(frozenset(needed), open_classes, classes, by_id)
    if further is None:
        further = _greedy_further(open_classes, by_id)
    return _parcels(lines, needed.union(further), by_id)


def _line_classes(lines: Iterable[BasketLine], by_id: dict[int, Source]) -> tuple[_LineClass, ...]:
    weights: dict[frozenset[int], int] = {}
    for line in lines:
        places = line.available_at.intersection(by_id)
        weights[places] = weights.get(places, 0) + line.weight_g
    return tuple(_LineClass(places, weight_g) for places, weight_g in weights.items())


def _covers(classes: tuple[_LineClass, ...]) -> dict[int, int]:
    """Give for each warehouse, as bits, the classes that it has."""
    covers: dict[int, int] = {}
    for bit, each in enumerate(classes):
        for warehouse_id in each.available_at:
            covers[warehouse_id] = covers.get(warehouse_id, 0) | 1 << bit
    return covers


def _best_further(
    needed: frozenset[int],
    open_classes: tuple[_LineClass, ...],
    classes: tuple[_LineClass, ...],
    by_id: dict[int, Source],
) -> tuple[int, ...] | None:
    """Compare all sets of the smallest size that suffices.

    Within the bound on steps; when that runs out, the best so far or None.
    """
    covers = _covers(open_classes)
    everything = (1 << len(open_classes)) - 1
    steps = 0
    for size in range(len(covers) + 1):
        best: tuple[_Measure, tuple[int, ...]] | None = None
        for further in combinations(sorted(covers), size):
            reached = 0
            for warehouse_id in further:
                reached |= covers[warehouse_id]
            steps += 1
            if reached == everything:
                measured = _measure(needed.union(further), classes, by_id), further
                best = measured if best is None else min(best, measured)
                steps += len(classes)
            if steps > _STEPS_MAX:
                return best[1] if best else None
        if best is not None:
            return best[1]
    return None


def _measure(
    chosen: frozenset[int], classes: tuple[_LineClass, ...], by_id: dict[int, Source]
) -> _Measure:
    unreachable = sum(by_id[each].arrives is None for each in chosen)
    latest = max(by_id[each].arrives or date.max for each in chosen)
    kopecks = sum(by_id[each].base_kopecks for each in chosen)
    for line in classes:
        rate = min(by_id[each].per_kg_kopecks for each in chosen & line.available_at)
        kopecks += rate * line.weight_g // 1000
    return unreachable, latest, kopecks


def _greedy_further(
    open_classes: tuple[_LineClass, ...], by_id: dict[int, Source]
) -> tuple[int, ...]:
    covers = _covers(open_classes)
    everything = (1 << len(open_classes)) - 1
    chosen: list[int] = []
    covered = 0
    while covered != everything:
        gain = {each: (mask & ~covered).bit_count() for each, mask in covers.items()}
        most = max(gain.values())
        best = min(
            (each for each in covers if gain[each] == most),
            key=lambda each: (by_id[each].arrives or date.max, by_id[each].base_kopecks, each),
        )
        chosen.append(best)
        covered |= covers[best]
    return tuple(chosen)


def _parcels(
    lines: tuple[BasketLine, ...], chosen: set[int], by_id: dict[int, Source]
) -> tuple[Parcel, ...]:
    """Put each line where its kilogram is cheapest among the chosen warehouses."""
    sent: dict[int, list[BasketLine]] = {}
    for line in lines:
        places = [by_id[each] for each in line.available_at & chosen]
        place = min(places, key=lambda each: (each.per_kg_kopecks, each.warehouse_id))
        sent.setdefault(place.warehouse_id, []).append(line)
    return tuple(Parcel(each, tuple(sent[each])) for each in sorted(sent))
