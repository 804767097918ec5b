"""Which orders share a cart, and where a scanned piece belongs."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.contract.errors import Refusal
from entrepot.domain.picking import (
    Candidate,
    PickLine,
    WorkStep,
    choose_orders,
    place_pieces,
    walk,
)

TODAY = date(2026, 6, 2)
TOMORROW = TODAY + timedelta(days=1)


def waiting(order_id: int, *stops: str, day: date = TODAY, pieces: int = 1) -> Candidate:
    """An order that waits."""
    return Candidate(order_id, day, pieces, frozenset(stops))


def ids(chosen: tuple[Candidate, ...]) -> list[int]:
    """The ids of orders."""
    return [one.order_id for one in chosen]


def line(order_id: int, tote: int, count: int, picked: int = 0, **more: object) -> PickLine:
    """A line of an offer `cup`."""
    fields: dict[str, object] = {
        "step": WorkStep.PICKING, "wanted": True, "position": 1, "offer_id": "cup",
        "offer_name": "Cup", "shelf": None, **more,
    }  # fmt: skip
    return PickLine(order_id=order_id, tote=tote, count=count, picked=picked, **fields)  # type: ignore[arg-type]


def test_orders_that_lie_on_the_way_come_along() -> None:
    candidates = [
        waiting(1, "A", "B"),
        waiting(2, "X", "Y"),
        waiting(3, "A"),
        waiting(4, "B", "C"),
    ]
    assert ids(choose_orders(candidates, TODAY, 3, 100)) == [1, 3, 4]


def test_tomorrows_orders_wait_unless_there_is_nothing_else() -> None:
    late = [waiting(1, "A"), waiting(2, "A", day=TOMORROW)]
    assert ids(choose_orders(late, TODAY, 9, 100)) == [1]
    early = [waiting(1, "A", day=TOMORROW), waiting(2, "A", day=TOMORROW)]
    assert ids(choose_orders(early, TODAY, 9, 100)) == [1, 2]
    overdue = [waiting(1, "A", day=TODAY - timedelta(days=3)), waiting(2, "B")]
    assert ids(choose_orders(overdue, TODAY, 9, 100)) == [1, 2]


def test_an_order_too_large_for_a_cart_goes_alone() -> None:
    assert ids(choose_orders([waiting(1, "A", pieces=900), waiting(2, "A")], TODAY, 9, 500)) == [1]
    assert choose_orders([], TODAY, 9, 500) == ()


@given(
    st.lists(
        st.builds(
            Candidate,
            st.integers(1, 10**6),
            st.sampled_from([TODAY, TOMORROW]),
            st.integers(1, 400),
            st.frozensets(st.sampled_from("ABCDEF"), min_size=1),
        ),
        unique_by=lambda one: one.order_id,
    ).map(lambda found: sorted(found, key=lambda one: one.shipment_day)),
    st.integers(1, 20),
)
def test_a_list_begins_with_the_most_urgent_and_is_bounded(
    candidates: list[Candidate], orders_max: int
) -> None:
    chosen = choose_orders(candidates, TODAY, orders_max, 500)
    assert chosen[:1] == tuple(candidates[:1])
    assert len(set(ids(chosen))) == len(chosen) <= orders_max
    assert len(chosen) < 2 or sum(one.pieces for one in chosen) <= 500


def test_pieces_go_to_the_first_tote_that_lacks_so_many() -> None:
    lines = [line(1, 1, 1), line(2, 2, 3, picked=1), line(3, 3, 5)]
    assert place_pieces(lines, "cup", 2, None) is lines[1]
    assert place_pieces(lines, "cup", 3, None) is lines[2]
    assert place_pieces(lines, "cup", 1, 3) is lines[2]


@pytest.mark.parametrize(
    ("pieces", "order_id", "message"),
    [
        (4, None, "Too many of cup: 3 are still to be picked, not 4"),
        (1, 2, "Too many of cup: 0 are still to be picked, not 1"),
        (1, 9, "Not on this pick list: cup. Put it back on its shelf"),
    ],
)
def test_what_does_not_fit_is_refused(pieces: int, order_id: int | None, message: str) -> None:
    lines = [line(1, 1, 3), line(2, 2, 9, wanted=False)]
    outcome = place_pieces(lines, "cup", pieces, order_id)
    assert isinstance(outcome, Refusal)
    assert outcome.message == message


def test_the_walk_goes_shelf_by_shelf() -> None:
    lines = [
        line(1, 1, 1, offer_id="z", shelf="B"),
        line(1, 1, 1, offer_id="a"),
        line(2, 2, 1, offer_id="z", shelf="B"),
        line(2, 2, 1, offer_id="y", shelf="A"),
    ]
    stops = walk(lines)
    assert [(stop.shelf, stop.offer_id, len(stop.lines)) for stop in stops] == [
        ("A", "y", 1),
        ("B", "z", 2),
        (None, "a", 1),
    ]
