"""The table of moves: what the contract says of stages, and what the rest relies on."""

import pytest

from entrepot.contract.enums import OrderDelivery, OrderStatus, OrderSubstatus
from entrepot.domain.holds import ItemHold, SlotHold
from entrepot.domain.order_moves import (
    CANCELLED_BY_SHOP,
    DELIVERED,
    DELIVERY,
    DRAFT,
    EDGES,
    EXPIRED,
    FIRST,
    HOLDS,
    LIVE,
    LOST,
    NOT_FETCHED,
    PICKUP,
    READY_TO_SHIP,
    SHIPPED,
    STAGES,
    STARTED,
    ActorKind,
    Stage,
    find_edge,
    find_path,
    usual_stage,
    walker,
)
from tests.domain.drawn_moves import PAGE, with_moves

WAYS = (OrderDelivery.DELIVERY, OrderDelivery.PICKUP)


def reachable(delivery: OrderDelivery) -> set[Stage]:
    found = set(FIRST)
    while new := {
        edge.target
        for edge in EDGES
        if edge.source in found and edge.target not in found and edge.delivery in (None, delivery)
    }:
        found |= new
    return found


def test_the_way_of_each_kind_of_order() -> None:
    inside = [STARTED, READY_TO_SHIP, SHIPPED, DELIVERY]
    for delivery, last in zip(WAYS, ([DELIVERED], [PICKUP, DELIVERED]), strict=True):
        path = find_path(DRAFT, DELIVERED, delivery)
        assert path is not None
        assert [edge.target for edge in path] == inside + last
        assert [edge.source for edge in path] == [DRAFT, *inside, *last][:-1]


@pytest.mark.parametrize("delivery", WAYS)
def test_every_stage_of_an_order_is_on_a_way_that_ends(delivery: OrderDelivery) -> None:
    ended = {OrderStatus.DELIVERED, OrderStatus.CANCELLED}
    for stage in reachable(delivery):
        onward = [edge for edge in EDGES if edge.source == stage]
        assert bool(onward) == (stage.status not in ended), stage
        if stage.status not in ended:
            assert find_path(stage, CANCELLED_BY_SHOP, delivery)
    assert set(STAGES) == reachable(WAYS[0]) | reachable(WAYS[1])


def test_a_shop_confirms_and_cancels_and_does_nothing_else() -> None:
    own = {(edge.source, edge.target) for edge in EDGES if ActorKind.SHOP in edge.actors}
    assert own == {(DRAFT, STARTED), *((stage, CANCELLED_BY_SHOP) for stage in LIVE)}


def test_two_moves_happen_by_themselves() -> None:
    timers = {(edge.source, edge.target) for edge in EDGES if edge.is_timer}
    assert timers == {(DRAFT, EXPIRED), (PICKUP, NOT_FETCHED)}
    assert find_path(DRAFT, EXPIRED, OrderDelivery.PICKUP) is None
    assert find_path(STARTED, EXPIRED, OrderDelivery.PICKUP) is None
    path = find_path(DRAFT, NOT_FETCHED, OrderDelivery.PICKUP)
    assert path is not None
    assert walker(path[-1]) is ActorKind.CARRIER
    assert find_path(DRAFT, NOT_FETCHED, OrderDelivery.DELIVERY) is None


def test_goods_leave_when_they_are_shipped_and_come_back_unless_lost() -> None:
    inside = {DRAFT, STARTED, READY_TO_SHIP}
    for stage, holds in HOLDS.items():
        if stage in inside:
            assert holds == ({ItemHold.HELD}, {SlotHold.HELD})
        elif stage in LIVE:
            assert holds.items == {ItemHold.SHIPPED}
    for edge in EDGES:
        was_outside = edge.source in LIVE and edge.source not in inside
        ended = edge.target.status is OrderStatus.CANCELLED
        assert edge.comes_back == (was_outside and ended and edge.target != LOST)
    assert HOLDS[EXPIRED] == ({ItemHold.RELEASED}, {SlotHold.RELEASED})
    assert HOLDS[DELIVERED] == ({ItemHold.SHIPPED}, {SlotHold.USED})
    assert HOLDS[NOT_FETCHED] == ({ItemHold.SHIPPED}, {SlotHold.USED})


def test_a_stage_is_meant_by_its_status() -> None:
    assert usual_stage(OrderStatus.PROCESSING) == STARTED
    assert usual_stage(OrderStatus.PROCESSING, OrderSubstatus.READY_TO_SHIP) == READY_TO_SHIP
    assert usual_stage(OrderStatus.CANCELLED) == CANCELLED_BY_SHOP
    assert usual_stage(OrderStatus.DELIVERED) == DELIVERED
    assert usual_stage(OrderStatus.PROCESSING, OrderSubstatus.PACKAGING) is None
    assert usual_stage(OrderStatus.UNPAID) is None


def test_a_courier_order_never_lies_at_a_point() -> None:
    assert find_edge(DELIVERY, PICKUP, OrderDelivery.DELIVERY) is None
    assert find_edge(DELIVERY, DELIVERED, OrderDelivery.PICKUP) is None
    assert PICKUP not in reachable(OrderDelivery.DELIVERY)


def test_the_guide_draws_the_table_as_it_is() -> None:
    assert PAGE.read_text() == with_moves(PAGE.read_text())
