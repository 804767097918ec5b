"""Quotes of a basket: what is offered together with what is left of slots and stock."""

from collections.abc import Mapping

import pytest

from entrepot.contract.errors import Refusal
from entrepot.domain.delivery.goods import Goods
from entrepot.domain.delivery.offering import slot_room
from entrepot.domain.delivery.quoting import (
    QuotedItem,
    QuotedParcel,
    QuoteSituation,
    quote,
)
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.destination import Place
from entrepot.domain.network import Network

from .networks import (
    MOSCOW_POINT,
    MOSCOW_WAREHOUSE,
    MOSCOW_ZONE,
    NOVOSIBIRSK_WAREHOUSE,
    TVER_POINT,
    at,
    day,
    network,
    point,
)

NETWORK = network()
NOW = at("2026-06-02 10:00")  # a Tuesday, before the cut-off
MUG, WARDROBE = "mug", "wardrobe"
GOODS = {MUG: Goods(300, 100, 100, 100), WARDROBE: Goods(70_000, 2_000, 600, 300)}
BOTH = (MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE)


def places(*point_ids: int, made: Network = NETWORK) -> tuple[Place, ...]:
    return tuple(
        Place(made.points[each], made.points[each].address.region_id, None) for each in point_ids
    )


def ask(
    *items: QuotedItem,
    to: tuple[Place, ...] | None = None,
    available: Mapping[tuple[int, str], int] | None = None,
    held: Mapping[SlotKey, int] | None = None,
    made: Network = NETWORK,
) -> tuple[QuotedParcel, ...] | Refusal:
    everywhere = {(warehouse, offer): 10 for warehouse in BOTH for offer in GOODS}
    return quote(
        items or (QuotedItem(MUG, 1),),
        QuoteSituation(
            now=NOW,
            days_ahead=14,
            network=made,
            places=places(MOSCOW_POINT, made=made) if to is None else to,
            goods=GOODS,
            available=everywhere if available is None else available,
            slots_held=held or {},
        ),
    )


def parcels(answer: tuple[QuotedParcel, ...] | Refusal) -> tuple[QuotedParcel, ...]:
    assert not isinstance(answer, Refusal), answer
    return answer


def test_the_earlier_warehouse_is_chosen() -> None:
    (parcel,) = parcels(ask())
    assert parcel.warehouse_id == MOSCOW_WAREHOUSE
    assert parcel.places[0].slots[0].key.day == day("06-03")
    assert parcel.places[0].price_kopecks == 16_000


def test_a_point_whose_days_are_all_taken_is_left_out() -> None:
    full = {
        SlotKey(PlaceKind.POINT, MOSCOW_POINT, day(f"06-{number:02}"), 0, 1440): 50
        for number in range(3, 17)
    }
    (parcel,) = parcels(ask(held=full))
    assert parcel.places == ()
    first_free = {key: count for key, count in full.items() if key.day != day("06-16")}
    (parcel,) = parcels(ask(held=first_free))
    assert [slot.key.day for slot in parcel.places[0].slots] == [day("06-16")]


def test_a_slot_with_room_for_one_is_not_offered_to_two_parcels() -> None:
    nearly = SlotKey(PlaceKind.POINT, MOSCOW_POINT, day("06-10"), 0, 1440)
    apart = (QuotedItem(MUG, 1, MOSCOW_WAREHOUSE), QuotedItem(WARDROBE, 1, NOVOSIBIRSK_WAREHOUSE))
    roomy = network(points=(point(MOSCOW_POINT, 213, limits=NETWORK.zones[MOSCOW_ZONE].limits),))
    light = {MUG: GOODS[MUG], WARDROBE: GOODS[MUG]}
    situation = QuoteSituation(
        now=NOW,
        days_ahead=14,
        network=roomy,
        places=places(MOSCOW_POINT, made=roomy),
        goods=light,
        available={(MOSCOW_WAREHOUSE, MUG): 1, (NOVOSIBIRSK_WAREHOUSE, WARDROBE): 1},
        slots_held={nearly: 49},
    )
    one, two = (
        {slot.key for each in parcels(quote(items, situation)) for slot in each.places[0].slots}
        for items in (apart[:1], apart)
    )
    assert nearly in one
    assert nearly not in two


def test_goods_that_do_not_fit_leave_the_point_out() -> None:
    (parcel,) = parcels(ask(QuotedItem(WARDROBE, 1)))
    assert parcel.places == ()


def test_points_keep_the_order_that_was_asked() -> None:
    (parcel,) = parcels(ask(to=places(TVER_POINT, MOSCOW_POINT)))
    assert [each.place.target.id for each in parcel.places] == [TVER_POINT, MOSCOW_POINT]


def test_nowhere_to_go_still_names_the_warehouse() -> None:
    (parcel,) = parcels(ask(to=()))
    assert parcel.places == ()


@pytest.mark.parametrize(
    ("items", "code"),
    [
        ([QuotedItem("unknown", 1)], "OFFER_NOT_FOUND"),
        ([QuotedItem(MUG, 1, 404)], "INVALID_WAREHOUSE_ID"),
        ([QuotedItem(MUG, 11)], "NOT_ENOUGH_STOCK"),
        ([QuotedItem(MUG, 11, MOSCOW_WAREHOUSE)], "NOT_ENOUGH_STOCK"),
    ],
)
def test_what_cannot_be_is_refused(items: list[QuotedItem], code: str) -> None:
    refusal = ask(*items)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_room_of_slots() -> None:
    assert slot_room(NETWORK, SlotKey(PlaceKind.POINT, MOSCOW_POINT, day("06-03"), 0, 1440)) == 50
    assert slot_room(NETWORK, SlotKey(PlaceKind.ZONE, MOSCOW_ZONE, day("06-03"), 600, 840)) == 20
    assert slot_room(NETWORK, SlotKey(PlaceKind.ZONE, MOSCOW_ZONE, day("06-03"), 600, 841)) == 0
    assert slot_room(NETWORK, SlotKey(PlaceKind.POINT, 404, day("06-03"), 0, 1440)) == 0
    assert slot_room(NETWORK, SlotKey(PlaceKind.ZONE, 404, day("06-03"), 600, 840)) == 0
