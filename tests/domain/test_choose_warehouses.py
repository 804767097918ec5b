"""Which warehouses send a basket: every choice is compared with trying them all."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.domain.delivery.choose import (
    BasketLine,
    NotInStock,
    Parcel,
    Source,
    choose_warehouses,
)

SOON, LATER = date(2026, 6, 3), date(2026, 6, 5)


def line(offer_id: str, *available_at: int, weight_g: int = 1_000) -> BasketLine:
    return BasketLine(offer_id, 1, weight_g, frozenset(available_at))


def sent(parcels: tuple[Parcel, ...] | NotInStock) -> dict[int, list[str]]:
    assert isinstance(parcels, tuple)
    return {parcel.warehouse_id: [each.offer_id for each in parcel.lines] for parcel in parcels}


QUICK = Source(1, SOON, 30_000, 2_000)
CHEAP = Source(2, LATER, 10_000, 1_000)
NEVER = Source(3, None, 1, 1)


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
    ],
)
def test_the_objective(
    lines: list[BasketLine], expected: dict[int, list[str]], because: str
) -> None:
    assert sent(choose_warehouses(tuple(lines), (QUICK, CHEAP, NEVER))) == expected, because


def test_the_cheaper_of_two_equally_early() -> None:
    sources = (QUICK, Source(2, SOON, 10_000, 1_000))
    assert sent(choose_warehouses((line("a", 1, 2),), sources)) == {2: ["a"]}


def test_what_no_warehouse_has_is_named() -> None:
    lines = (line("a", 1), line("b"), line("c", 99))
    assert choose_warehouses(lines, (QUICK, CHEAP)) == NotInStock(("b", "c"))


sources_of = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 5)), st.integers(1, 5), st.integers(0, 3)),
    min_size=1,
    max_size=4,
)


@given(sources_of, st.lists(st.sets(st.integers(1, 4), min_size=1), min_size=1, max_size=4))
def test_no_other_choice_is_better(
    drawn: list[tuple[int | None, int, int]], places: list[set[int]]
) -> None:
    sources = {
        number: Source(
            number,
            None if days is None else SOON + timedelta(days=days),
            base * 1_000,
            rate * 100,
        )
        for number, (days, base, rate) in enumerate(drawn, 1)
    }
    lines = tuple(line(str(n), *available_at) for n, available_at in enumerate(places))
    chosen = choose_warehouses(lines, sources.values())
    possible = [[place for place in each.available_at if place in sources] for each in lines]
    if not all(possible):
        assert isinstance(chosen, NotInStock)
        return

    def measure(assigned: tuple[int, ...]) -> tuple[int, int, date, int]:
        used = {sources[each] for each in assigned}
        return (
            len(used),
            sum(each.arrives is None for each in used),
            max(each.arrives or date.max for each in used),
            sum(each.base_kopecks for each in used)
            + sum(sources[each].per_kg_kopecks for each in assigned),
        )

    assert isinstance(chosen, tuple)
    by_offer = {each.offer_id: parcel.warehouse_id for parcel in chosen for each in parcel.lines}
    ours = tuple(by_offer[each.offer_id] for each in lines)
    assert measure(ours) == min(measure(assigned) for assigned in product(*possible))


def test_a_thousand_lines_over_fifty_warehouses_come_to_an_end() -> None:
    sources = tuple(Source(n, SOON, 1_000 + n, 100) for n in range(1, 51))
    lines = tuple(
        line(str(n), *(1 + (n * step) % 50 for step in range(1, 6))) for n in range(1_000)
    )
    chosen = choose_warehouses(lines, sources)
    assert isinstance(chosen, tuple)
    assert sum(len(parcel.lines) for parcel in chosen) == 1_000
    assert len(chosen) < 50
