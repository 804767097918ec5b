"""Which warehouses send a basket: every choice is compared with trying them all."""

from datetime import date, timedelta
from itertools import product
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.domain.delivery.choose import (
    Arrival,
    BasketLine,
    Chosen,
    NotInStock,
    Way,
    choose_warehouses,
)
from entrepot.domain.delivery.goods import NO_PARCEL_LIMITS, Load, ParcelLimits
from entrepot.domain.delivery.lanes import tariff_price
from entrepot.domain.network import Tariff

SOON, LATER = date(2026, 6, 3), date(2026, 6, 5)


def line(offer_id: str, *available_at: int, weight_g: int = 1_000) -> BasketLine:
    return BasketLine(offer_id, 1, Load(weight_g, 1), frozenset(available_at))


def way(
    warehouse_id: int,
    day: date = SOON,
    base: int = 10_000,
    per_kg: int = 1_000,
    *,
    limits: ParcelLimits = NO_PARCEL_LIMITS,
    refused: tuple[str, ...] = (),
) -> Way:
    arrivals = (Arrival(1_000, day),)
    return Way(warehouse_id, Tariff(base, per_kg), arrivals, limits, frozenset(refused))


def sent(chosen: Chosen | NotInStock) -> dict[int, list[str]]:
    assert isinstance(chosen, Chosen)
    assert chosen.exact
    return {each.warehouse_id: [one.offer_id for one in each.lines] for each in chosen.parcels}


QUICK = way(1, SOON, 30_000, 2_000)
CHEAP = way(2, LATER, 10_000, 1_000)
FIVE_KG = ParcelLimits(weight_g=5_000)
# Warehouse 3 has no way to the place.


@pytest.mark.parametrize(
    ("lines", "expected", "because"),
    [
        ([line("a", 1, 2)], {1: ["a"]}, "the earlier arrival before the lower price"),
        ([line("a", 2, 3)], {2: ["a"]}, "a warehouse that cannot deliver comes last"),
        ([line("a", 3)], {3: ["a"]}, "but the goods are there"),
        ([line("a", 1, 2), line("b", 2)], {2: ["a", "b"]}, "one parcel before the earlier day"),
        ([line("a", 1), line("b", 2)], {1: ["a"], 2: ["b"]}, "two where it cannot be one"),
        (
            [line("a", 1), line("b", 2), line("c", 1, 2)],
            {1: ["a"], 2: ["b", "c"]},
            "what may go in either goes where its kilogram is cheaper",
        ),
        (
            [line("a", 1, 3), line("b", 2, 3)],
            {1: ["a"], 2: ["b"]},
            "two parcels that arrive before one that cannot be delivered",
        ),
        (
            [line("a", 1, 3), line("b", 3), line("c", 1)],
            {1: ["a", "c"], 3: ["b"]},
            "where nothing arrives as a whole, what can be delivered is shown",
        ),
        (
            [line("a", 1, weight_g=400), line("b", 2), line("c", 1, 2, weight_g=500)],
            {1: ["a", "c"], 2: ["b"]},
            "a kilogram that is begun anyway costs nothing more",
        ),
    ],
)
def test_the_objective(
    lines: list[BasketLine], expected: dict[int, list[str]], because: str
) -> None:
    assert sent(choose_warehouses(tuple(lines), [(QUICK, CHEAP)])) == expected, because


@pytest.mark.parametrize(
    ("ways", "weights", "expected", "because"),
    [
        ((way(1, limits=FIVE_KG), way(2, LATER)), (3, 3), [2], "later, but in one parcel"),
        ((way(1, limits=FIVE_KG), way(2, limits=FIVE_KG)), (3, 2), [1], "five kilograms go"),
        ((way(1, limits=FIVE_KG), way(2, limits=FIVE_KG)), (3, 3), [1, 2], "six do not: two"),
        (
            (way(1, limits=FIVE_KG), way(2, limits=FIVE_KG), way(3, limits=FIVE_KG)),
            (3, 3, 3),
            [1, 2, 3],
            "no two of these fit one parcel",
        ),
        ((way(1, limits=FIVE_KG),), (3, 3), [1], "nothing can be delivered: as few as can be"),
        ((way(1, limits=FIVE_KG), way(2, limits=FIVE_KG)), (6, 1), [1], "six are never divided"),
    ],
)
def test_a_parcel_may_be_too_heavy(
    ways: tuple[Way, ...], weights: tuple[int, ...], expected: list[int], because: str
) -> None:
    everywhere = [each.warehouse_id for each in ways]
    lines = tuple(
        line(str(at), *everywhere, weight_g=weight * 1_000) for at, weight in enumerate(weights)
    )
    assert sorted(sent(choose_warehouses(lines, [ways]))) == expected, because


def test_the_cheaper_of_two_equally_early() -> None:
    ways = (QUICK, way(2, SOON, 10_000, 1_000))
    assert sent(choose_warehouses((line("a", 1, 2),), [ways])) == {2: ["a"]}


def test_a_warehouse_whose_carrier_does_not_take_an_offer() -> None:
    ways = (way(1, refused=("a",)), way(2, LATER))
    assert sent(choose_warehouses((line("a", 1, 2),), [ways])) == {2: ["a"]}
    assert sent(choose_warehouses((line("b", 1, 2),), [ways])) == {1: ["b"]}


def test_the_place_that_is_reached_best_decides() -> None:
    nearer_the_first, nearer_the_second = (way(1, LATER), way(2, LATER)), (way(2, SOON),)
    places = [nearer_the_first, nearer_the_second]
    assert sent(choose_warehouses((line("a", 1, 2),), places)) == {2: ["a"]}


def test_all_parcels_must_reach_the_same_place() -> None:
    # Each place is reached from one of the warehouses in one parcel; both from neither.
    places = [(way(1),), (way(2),)]
    lines = (line("a", 1), line("b", 2))
    assert sent(choose_warehouses(lines, places)) == {1: ["a"], 2: ["b"]}
    assert sent(choose_warehouses((line("a", 1, 3), line("b", 3)), [(way(1),), (way(3),)])) == {
        3: ["a", "b"]
    }


def test_a_day_with_room_for_one_parcel_is_no_day_for_two() -> None:
    one_soon = (Arrival(1, SOON), Arrival(9, LATER))
    ways = (Way(1, Tariff(1, 1), one_soon), Way(2, Tariff(1, 1), (Arrival(1, SOON),)))
    alone, pair = (line("a", 1),), (line("a", 1), line("b", 2))
    assert ways[0].arrives(1) == SOON
    assert ways[0].arrives(2) == LATER
    assert ways[1].arrives(2) is None
    assert sent(choose_warehouses(alone, [ways])) == {1: ["a"]}
    assert sent(choose_warehouses(pair, [ways])) == {1: ["a"], 2: ["b"]}


def test_what_no_warehouse_has_is_named() -> None:
    lines = (line("a", 1), line("b"), line("c"))
    assert choose_warehouses(lines, [(QUICK, CHEAP)]) == NotInStock(("b", "c"))


WAREHOUSES = range(1, 5)
limits_of = st.builds(
    ParcelLimits,
    weight_g=st.none() | st.integers(300, 4_000),
    volume_mm3=st.none() | st.integers(300_000, 4_000_000),
)
tariffs = st.builds(
    Tariff,
    base_kopecks=st.integers(1, 5).map(lambda base: base * 700),
    per_kg_kopecks=st.integers(0, 4).map(lambda rate: rate * 500),
    included_g=st.sampled_from((0, 500, 3_000)),
    mm3_per_g=st.sampled_from((500, 1_000, 5_000)),
)


@st.composite
def places_of(draw: st.DrawFn) -> tuple[Way, ...]:
    ways = []
    for warehouse_id in draw(st.sets(st.sampled_from(WAREHOUSES))):
        days = sorted(draw(st.lists(st.integers(0, 4), max_size=3, unique=True)))
        rooms = sorted(draw(st.lists(st.integers(1, 4), min_size=3, max_size=3, unique=True)))
        arrivals = tuple(
            Arrival(room, SOON + timedelta(days=number))
            for room, number in zip(rooms, days, strict=False)
        )
        refused = draw(st.sets(st.sampled_from("01234"), max_size=1))
        ways.append(Way(warehouse_id, draw(tariffs), arrivals, draw(limits_of), frozenset(refused)))
    return tuple(ways)


lines_of = st.lists(
    st.tuples(
        st.sets(st.sampled_from(WAREHOUSES), min_size=1),
        st.integers(1, 20).map(lambda weight: weight * 130),
        st.integers(1, 20).map(lambda volume: volume * 90_000),
    ),
    min_size=1,
    max_size=5,
).map(
    lambda drawn: tuple(
        BasketLine(str(number), 1, Load(weight_g, volume_mm3), frozenset(available_at))
        for number, (available_at, weight_g, volume_mm3) in enumerate(drawn)
    )
)
Measure = tuple[int, date, int]


def measure(
    lines: tuple[BasketLine, ...], assigned: tuple[int, ...], ways: tuple[Way, ...]
) -> Measure | None:
    """What the objective looks at, reckoned plainly; None when it cannot be delivered so."""
    latest, kopecks = date.min, 0
    used = set(assigned)
    for warehouse_id in used:
        found = [each for each in ways if each.warehouse_id == warehouse_id]
        mine = [one for one, where in zip(lines, assigned, strict=True) if where == warehouse_id]
        if not found or any(one.offer_id in found[0].refused for one in mine):
            return None
        (taken,) = found
        days = [each.day for each in taken.arrivals if each.parcels >= len(used)]
        weight_g = sum(one.load.weight_g for one in mine)
        volume_mm3 = sum(one.load.volume_mm3 for one in mine)
        if not days or not taken.limits.admit(Load(weight_g, volume_mm3)):
            return None
        latest = max(latest, min(days))
        kopecks += tariff_price(taken.tariff, weight_g, volume_mm3)
    return len(used), latest, kopecks


@given(lines_of, st.lists(places_of(), max_size=3))
def test_no_other_choice_is_better(
    lines: tuple[BasketLine, ...], places: list[tuple[Way, ...]]
) -> None:
    chosen = choose_warehouses(lines, places)
    assert isinstance(chosen, Chosen)
    assert chosen.exact
    by_offer = {one.offer_id: each.warehouse_id for each in chosen.parcels for one in each.lines}
    ours = tuple(by_offer[each.offer_id] for each in lines)
    assert all(where in one.available_at for one, where in zip(lines, ours, strict=True))
    others = list(product(*(sorted(each.available_at) for each in lines)))
    best = [
        measured
        for assigned in others
        for ways in places
        if (measured := measure(lines, assigned, ways)) is not None
    ]
    if best:
        assert min(filter(None, (measure(lines, ours, ways) for ways in places))) == min(best)
    else:
        assert len(set(ours)) == min(len(set(assigned)) for assigned in others)


def spread(
    lines: int, warehouses: int, each_in: int, *, weight_g: int = 700
) -> tuple[tuple[BasketLine, ...], tuple[Way, ...]]:
    """A basket that lies all over the place, and ways of many tariffs."""
    basket = tuple(
        line(
            str(number),
            *(1 + (number * step + step * step) % warehouses for step in range(1, each_in + 1)),
            weight_g=weight_g + number % 7 * 310,
        )
        for number in range(lines)
    )
    ways = tuple(
        way(each, SOON + timedelta(days=each % 4), 9_000 + each % 5 * 500, 900 + each % 3 * 100)
        for each in range(1, warehouses + 1)
    )
    return basket, ways


@pytest.mark.parametrize(
    ("lines", "warehouses", "each_in"),
    [(20, 3, 2), (12, 12, 5), (20, 12, 9), (6, 50, 20), (3, 50, 4), (1_000, 3, 3)],
)
def test_a_usual_basket_is_decided_exactly(lines: int, warehouses: int, each_in: int) -> None:
    basket, ways = spread(lines, warehouses, each_in)
    chosen = choose_warehouses(basket, [ways])
    assert isinstance(chosen, Chosen)
    assert chosen.exact


@pytest.mark.parametrize("limits", [NO_PARCEL_LIMITS, ParcelLimits(weight_g=60_000)])
def test_a_thousand_lines_over_fifty_warehouses_come_to_an_end(limits: ParcelLimits) -> None:
    basket, ways = spread(1_000, 50, 5)
    places = [
        tuple(
            Way(each.warehouse_id, Tariff(9_000 + place, 900), each.arrivals, limits)
            for each in ways
        )
        for place in range(20)
    ]
    began = process_time()
    chosen = choose_warehouses(basket, places)
    took_s = process_time() - began
    assert isinstance(chosen, Chosen)
    assert sum(len(parcel.lines) for parcel in chosen.parcels) == 1_000
    assert len(chosen.parcels) < 50
    assert took_s < 3, "some tenths of a second, on a slow machine too"
