"""Which warehouses send a basket that names none.

The objective, in this order:

1. the basket can be delivered as a whole to a place that was asked about;
2. it comes in the fewest parcels;
3. the last of them arrives on the earliest day;
4. the shop pays the lowest price.

One warehouse sends one parcel, and an offer is never split over warehouses. The limits of a
place or a carrier may be too narrow for one parcel: then two that can be delivered are better
than one that cannot. Where nothing can be delivered, the parcels are as few as the stock allows,
so that the shop learns what is lacking.

All sets of warehouses are compared, the smaller ones first, and all divisions of the lines over
a set. That is exact for any usual basket: twenty lines over a dozen warehouses, three parcels
over fifty. Where there is more to compare than `STEPS_MAX`, the answer is the best that was
found, or else warehouses are taken one by one: the one with most of the lines first.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import combinations
from typing import NamedTuple

import msgspec

from entrepot.domain.delivery.goods import NO_PARCEL_LIMITS, Load, ParcelLimits
from entrepot.domain.delivery.packing import Box, PackedLine, Steps, pack
from entrepot.domain.network import Tariff

STEPS_MAX = 25_000  # some 50 ms of one core
_LINES_ONE_BY_ONE_MAX = 50_000  # lines put anew for a warehouse more, when all was too much


class BasketLine(msgspec.Struct, frozen=True):
    """An offer with a count, and the warehouses that have that many free and may send them.

    `load` is that of the whole line. A warehouse that the caller named is the only one in
    `available_at`.
    """

    offer_id: str
    count: int
    load: Load
    available_at: frozenset[int]


class Arrival(NamedTuple):
    """The first day on which a place has room for so many parcels."""

    parcels: int
    day: date


class Way(msgspec.Struct, frozen=True):
    """What a parcel from a warehouse to a place is bound to.

    `arrivals` ascend, in parcels and in days. `refused` has the offers that cannot go this way.
    """

    warehouse_id: int
    tariff: Tariff
    arrivals: tuple[Arrival, ...]
    limits: ParcelLimits = NO_PARCEL_LIMITS
    refused: frozenset[str] = frozenset()

    def arrives(self, parcels: int) -> date | None:
        """Give the first day with room for so many parcels; None when there is none."""
        for arrival in self.arrivals:
            if arrival.parcels >= parcels:
                return arrival.day
        return None


class Parcel(msgspec.Struct, frozen=True):
    """What one warehouse sends."""

    warehouse_id: int
    lines: tuple[BasketLine, ...]


class Chosen(msgspec.Struct, frozen=True):
    """The parcels, ascending by warehouse. `exact`: no other choice is better."""

    parcels: tuple[Parcel, ...]
    exact: bool


class NotInStock(msgspec.Struct, frozen=True):
    """Offers that no warehouse has in the count asked for."""

    offer_ids: tuple[str, ...]


class _Found(NamedTuple):
    """A choice for one place; the fields in the order in which choices are compared."""

    parcels: int
    latest: date
    kopecks: int
    warehouse_ids: tuple[int, ...]
    by_line: tuple[int, ...]


def choose_warehouses(
    lines: tuple[BasketLine, ...], places: Iterable[tuple[Way, ...]]
) -> Chosen | NotInStock:
    """Give each line a warehouse.

    `places` has for each place that was asked about the ways that lead there.
    """
    missing = tuple(line.offer_id for line in lines if not line.available_at)
    if missing:
        return NotInStock(missing)
    # Places that do not differ, such as the points of a town, are one question.
    asked = tuple(dict.fromkeys(places))
    steps = Steps(STEPS_MAX)
    found = _best(lines, asked, steps)
    if found is None:
        found = _best(lines, (_as_few_as_can_be(lines, asked),), steps)
    assert found is not None, "without limits, whatever lies somewhere can be sent"
    return Chosen(_parcels(lines, found), exact=not steps.ran_out)


def _best(
    lines: tuple[BasketLine, ...], asked: Sequence[tuple[Way, ...]], steps: Steps
) -> _Found | None:
    targets = [target for ways in asked if (target := _target(lines, ways)) is not None]
    for parcels in range(1, len(lines) + 1):
        best: _Found | None = None
        for target in targets:
            best = target.best_of(parcels, best, steps)
        if best is not None:
            return best
        if steps.ran_out or all(len(target.ways) <= parcels for target in targets):
            break
    if not steps.ran_out:
        return None
    lines_left = Steps(_LINES_ONE_BY_ONE_MAX)
    return min(
        (found for target in targets if (found := target.one_by_one(lines_left, steps))),
        default=None,
    )


def _as_few_as_can_be(
    lines: tuple[BasketLine, ...], asked: Sequence[tuple[Way, ...]]
) -> tuple[Way, ...]:
    """Make up a place where stock alone decides; better a warehouse that reaches some place."""
    reaching = {way.warehouse_id for ways in asked for way in ways if way.arrivals}
    everywhere = sorted(frozenset[int]().union(*(line.available_at for line in lines)))
    anytime = (Arrival(len(lines), date.min),)
    return tuple(Way(each, Tariff(1 + (each not in reaching), 0), anytime) for each in everywhere)


def _target(lines: tuple[BasketLine, ...], ways: tuple[Way, ...]) -> "_Target | None":
    """Prepare a place; None when some line cannot go there at all."""
    by_id = {way.warehouse_id: way for way in ways if way.arrivals}
    heaviest = Load(
        max(line.load.weight_g for line in lines), max(line.load.volume_mm3 for line in lines)
    )
    strict = {
        way.warehouse_id for way in by_id.values() if way.refused or not way.limits.admit(heaviest)
    }
    places: list[frozenset[int]] = []
    for line in lines:
        options = line.available_at.intersection(by_id)
        for each in options & strict:
            way = by_id[each]
            if line.offer_id in way.refused or not way.limits.admit(line.load):
                options -= {each}
        if not options:
            return None
        places.append(options)
    return _Target(lines, places, by_id)


class _Target:
    """One place: from where each line can go there."""

    def __init__(
        self, lines: tuple[BasketLine, ...], places: list[frozenset[int]], by_id: dict[int, Way]
    ) -> None:
        self.lines = lines
        self.places = places
        classes = dict.fromkeys(places)
        # A class of lines that lie in one warehouse makes a parcel from there certain.
        self.needed = frozenset(next(iter(each)) for each in classes if len(each) == 1)
        concerned = sorted(frozenset[int]().union(*classes))
        self.ways = {each: by_id[each] for each in concerned}
        self.further = [each for each in concerned if each not in self.needed]
        self._open = [each for each in classes if self.needed.isdisjoint(each)]

    def best_of(self, parcels: int, best: _Found | None, steps: Steps) -> _Found | None:
        """Compare all sets of so many warehouses; gives the best of them and of what was."""
        size = parcels - len(self.needed)
        if size < 0:
            return best
        covers = _covers(self._open)
        everything = (1 << len(self._open)) - 1
        for further in combinations(self.further, size):
            if not steps.take():
                break
            covered = 0
            for warehouse_id in further:
                covered |= covers.get(warehouse_id, 0)
            if covered == everything:
                best = self._better(tuple(sorted({*self.needed, *further})), best, steps)
        return best

    def one_by_one(self, lines_left: Steps, ran_out: Steps) -> _Found | None:
        """Take warehouses until everything is sent: most lines first, then the earliest."""
        chosen = set(self.needed)
        covers = _covers(self.places)
        everything = (1 << len(self.places)) - 1
        covered = _together(covers, chosen)
        while True:
            if covered == everything:
                if not lines_left.take(len(self.lines)):
                    return None
                found = self._better(tuple(sorted(chosen)), None, ran_out)
                if found is not None:
                    return found
            remaining = [each for each in self.ways if each not in chosen]
            if not remaining:
                return None
            chosen.add(min(remaining, key=lambda each: self._rank(each, covers[each] & ~covered)))
            covered = _together(covers, chosen)

    def _rank(self, warehouse_id: int, gained: int) -> tuple[int, date, int, int]:
        way = self.ways[warehouse_id]
        return -gained.bit_count(), way.arrivals[0].day, way.tariff.base_kopecks, warehouse_id

    def _better(
        self, warehouse_ids: tuple[int, ...], best: _Found | None, steps: Steps
    ) -> _Found | None:
        """Pack a set; gives it if it is better than the best, else that."""
        days = [self.ways[each].arrives(len(warehouse_ids)) for each in warehouse_ids]
        known = [each for each in days if each is not None]
        if len(known) < len(days) or (best is not None and max(known) > best.latest):
            return best
        numbers = {warehouse_id: at for at, warehouse_id in enumerate(warehouse_ids)}
        boxes = [Box(self.ways[each].tariff, self.ways[each].limits) for each in warehouse_ids]
        options = _options(self.places, numbers)
        packing = pack(
            [
                PackedLine(line.load, options[where])
                for line, where in zip(self.lines, self.places, strict=True)
            ],
            boxes,
            steps,
        )
        if packing is None:
            return best
        found = _Found(
            len(warehouse_ids),
            max(known),
            packing.kopecks,
            warehouse_ids,
            tuple(warehouse_ids[at] for at in packing.boxes),
        )
        return found if best is None else min(best, found)


def _options(
    places: Iterable[frozenset[int]], numbers: Mapping[int, int]
) -> dict[frozenset[int], tuple[int, ...]]:
    return {
        where: tuple(sorted(numbers[each] for each in where if each in numbers))
        for where in dict.fromkeys(places)
    }


def _covers(classes: Iterable[frozenset[int]]) -> dict[int, int]:
    """Give for each warehouse, as bits, the classes that it has."""
    covers: dict[int, int] = {}
    for bit, each in enumerate(classes):
        for warehouse_id in each:
            covers[warehouse_id] = covers.get(warehouse_id, 0) | 1 << bit
    return covers


def _together(covers: Mapping[int, int], chosen: Iterable[int]) -> int:
    covered = 0
    for warehouse_id in chosen:
        covered |= covers[warehouse_id]
    return covered


def _parcels(lines: tuple[BasketLine, ...], found: _Found) -> tuple[Parcel, ...]:
    sent: dict[int, list[BasketLine]] = {}
    for line, warehouse_id in zip(lines, found.by_line, strict=True):
        sent.setdefault(warehouse_id, []).append(line)
    return tuple(Parcel(each, tuple(sent[each])) for each in sorted(sent))
