"""getDeliveryOptions over HTTP: what it offers is what createOrder takes."""

from datetime import date, timedelta
from typing import Any

import pytest

from entrepot.demo.goods import household_offers, stock_of
from entrepot.demo.network import (
    FEW_A_DAY,
    MOSCOW_WAREHOUSE,
    NOVOSIBIRSK_WAREHOUSE,
    PETERSBURG_WAREHOUSE,
    WAREHOUSE_IDS,
    demo_network,
)
from entrepot.demo.seed import DemoWorld
from tests.support.client import Client
from tests.support.serving import Service

from .shopping import (
    Json,
    Shop,
    courier_options,
    days,
    item,
    parcels,
    pickup_options,
    to_address,
    to_point,
)

NETWORK = demo_network()
OFFERS = household_offers()
POINT = NETWORK.points[0]
LOCKER = next(point for point in NETWORK.points if point.limits.length_mm < 1_000)
SMALL_POINT = next(point for point in NETWORK.points if point.daily_capacity == FEW_A_DAY)
PLENTIFUL = {row.offer_id for row in stock_of(OFFERS) if row.fit > 100}
TOO_LARGE = next(
    offer.offer_id
    for offer in OFFERS
    if offer.offer_id in PLENTIFUL and not POINT.limits.fit(offer)
)
NOT_FOR_LOCKERS = next(
    offer.offer_id
    for offer in OFFERS
    if offer.offer_id in PLENTIFUL and POINT.limits.fit(offer) and not LOCKER.limits.fit(offer)
)
NOVOSIBIRSK_ADDRESS = "г. Новосибирск, ул. Ленина, д. 5"
PSKOV_ADDRESS = "Псков, Октябрьский пр., 5"  # couriers there take few
UNSERVED_ADDRESS = "Мурманск, ул. Ленина, 5"


def in_stock(*warehouse_ids: int) -> str:
    """An offer that lies in these warehouses and in no other, in hundreds."""
    found: dict[str, dict[int, int]] = {}
    for row in stock_of(OFFERS):
        found.setdefault(row.offer_id, {})[row.warehouse_id] = row.fit
    return next(
        offer_id
        for offer_id, fits in found.items()
        if fits.keys() == set(warehouse_ids) and min(fits.values()) > 100
    )


@pytest.fixture
def shop(client: Client, world: DemoWorld) -> Shop:
    return Shop(client, world.first)


async def test_every_day_offered_at_a_point_is_accepted_and_its_neighbours_are_not(
    shop: Shop,
) -> None:
    for warehouse_id in WAREHOUSE_IDS:
        wanted = item(shop.business.offer_ids[0], 1, warehouse_id)
        (parcel,) = parcels(await shop.quote(wanted, points=[POINT.id]))
        assert parcel["warehouseId"] == warehouse_id
        options = pickup_options(parcel)[POINT.id]
        offered = days(options)
        assert offered == sorted(set(offered))
        for option in options:
            answer = await shop.place(warehouse_id, option, to_point(POINT.id), wanted)
            assert answer.status == 200, answer.json
        first, last = date.fromisoformat(offered[0]), date.fromisoformat(offered[-1])
        span = {
            first - timedelta(days=1) + timedelta(days=n) for n in range((last - first).days + 3)
        }
        for beside in span - {date.fromisoformat(each) for each in offered}:
            refused = await shop.place(warehouse_id, _day(beside), to_point(POINT.id), wanted)
            assert refused.error[0] == "INVALID_DELIVERY_OPTION"


async def test_every_interval_offered_by_courier_is_accepted(shop: Shop) -> None:
    (parcel,) = parcels(await shop.quote(address=NOVOSIBIRSK_ADDRESS))
    options = courier_options(parcel)
    assert len(options) > 6
    assert all(option["paymentMethods"] == ["PREPAID"] for option in options)
    destination = to_address(NOVOSIBIRSK_ADDRESS)
    for option in options:
        answer = await shop.place(parcel["warehouseId"], option, destination)
        assert answer.status == 200, answer.json
    other = {**options[0], "deliveryTimeInterval": {"fromTime": "10:00", "toTime": "10:30"}}
    refused = await shop.place(parcel["warehouseId"], other, destination)
    assert refused.error[0] == "INVALID_DELIVERY_OPTION"


async def test_the_nearest_warehouse_is_chosen_and_one_that_is_named_is_kept(shop: Shop) -> None:
    offer_id = shop.business.offer_ids[0]
    (chosen,) = parcels(await shop.quote(item(offer_id), points=[POINT.id]))
    assert chosen["warehouseId"] == MOSCOW_WAREHOUSE
    named = item(offer_id, 1, NOVOSIBIRSK_WAREHOUSE)
    (kept,) = parcels(await shop.quote(named, points=[POINT.id]))
    assert kept["warehouseId"] == NOVOSIBIRSK_WAREHOUSE
    soon, late = (pickup_options(each)[POINT.id] for each in (chosen, kept))
    assert days(soon)[0] < days(late)[0]
    assert soon[0]["price"]["value"] < late[0]["price"]["value"]


async def test_a_basket_is_sent_in_as_few_parcels_as_can_be(shop: Shop) -> None:
    lonely = in_stock(PETERSBURG_WAREHOUSE)
    everywhere = shop.business.offer_ids[:3]
    basket = [*map(item, everywhere), item(lonely)]
    (parcel,) = parcels(await shop.quote(*basket, points=[POINT.id]))
    assert parcel["warehouseId"] == PETERSBURG_WAREHOUSE
    assert parcel["items"] == [{"offerId": each, "count": 1} for each in (*everywhere, lonely)]


async def test_what_lies_apart_is_sent_apart(shop: Shop) -> None:
    pinned = item(in_stock(PETERSBURG_WAREHOUSE)), item(in_stock(NOVOSIBIRSK_WAREHOUSE))
    quoted = parcels(await shop.quote(*pinned, points=[POINT.id]))
    assert [each["warehouseId"] for each in quoted] == [PETERSBURG_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE]
    assert [each["items"][0]["offerId"] for each in quoted] == [each["offerId"] for each in pinned]


async def test_a_booked_up_day_is_left_out_until_its_drafts_run_out(
    shop: Shop, service: Service
) -> None:
    async def offered() -> list[str]:
        wanted = item(shop.business.offer_ids[0], 1, MOSCOW_WAREHOUSE)
        (parcel,) = parcels(await shop.quote(wanted, points=[SMALL_POINT.id]))
        return days(pickup_options(parcel)[SMALL_POINT.id])

    before = await offered()
    booked = before[3]  # far enough to be offered an hour later as well
    destination = to_point(SMALL_POINT.id)
    for _ in range(FEW_A_DAY):
        assert booked in await offered()
        option = _day(date.fromisoformat(booked))
        placed = await shop.place(MOSCOW_WAREHOUSE, option, destination, draft=True)
        assert placed.status == 200, placed.json
    assert booked not in await offered()
    refused = await shop.place(MOSCOW_WAREHOUSE, option, destination)
    assert refused.error[0] == "INVALID_DELIVERY_OPTION"
    await service.advance_clock(3600)
    assert booked in await offered()


async def test_pieces_of_a_draft_are_free_again_when_it_has_run_out(
    shop: Shop, service: Service
) -> None:
    rare = next(row for row in stock_of(OFFERS) if 0 < row.fit <= 3)
    wanted = item(rare.offer_id, rare.fit)
    address = NOVOSIBIRSK_ADDRESS
    (parcel,) = parcels(await shop.quote(wanted, address=address))
    assert parcel["warehouseId"] == rare.warehouse_id
    option = courier_options(parcel)[0]
    placed = await shop.place(rare.warehouse_id, option, to_address(address), wanted, draft=True)
    assert placed.status == 200, placed.json
    refused = await shop.quote(wanted, address=address)
    assert refused.error == ("NOT_ENOUGH_STOCK", f"Not enough stock for items: {rare.offer_id}")
    await service.advance_clock(3600)
    assert parcels(await shop.quote(wanted, address=address))


async def test_a_point_that_does_not_take_the_goods_is_left_out(shop: Shop) -> None:
    points = [LOCKER.id, POINT.id]
    (small,) = parcels(await shop.quote(points=points))
    assert list(pickup_options(small)) == points
    (larger,) = parcels(await shop.quote(item(NOT_FOR_LOCKERS), points=points))
    assert list(pickup_options(larger)) == [POINT.id]
    (largest,) = parcels(await shop.quote(item(TOO_LARGE), points=points))
    assert largest["deliveryOptions"] == {"pickupDelivery": {"pickupOptions": []}}
    (by_courier,) = parcels(await shop.quote(item(TOO_LARGE), address=NOVOSIBIRSK_ADDRESS))
    assert courier_options(by_courier)


async def test_where_no_courier_goes_there_are_no_options(shop: Shop) -> None:
    (parcel,) = parcels(await shop.quote(address=UNSERVED_ADDRESS))
    assert parcel["deliveryOptions"] == {}


async def test_the_price_is_by_weight_and_what_the_order_will_cost(shop: Shop) -> None:
    offer = OFFERS[0]
    one, many = (
        item(offer.offer_id, 1, MOSCOW_WAREHOUSE),
        item(offer.offer_id, 50, MOSCOW_WAREHOUSE),
    )
    (light,) = parcels(await shop.quote(one, points=[POINT.id]))
    (heavy,) = parcels(await shop.quote(many, points=[POINT.id]))
    prices = [
        {option["price"]["value"] for option in pickup_options(each)[POINT.id]}
        for each in (light, heavy)
    ]
    assert prices == [{120 + 1 * 10}, {120 + 18 * 10}]  # 50 mugs weigh 17.5 kg


REFUSED: list[tuple[Json, str, str]] = [
    ({}, "INVALID_DELIVERY_TYPE", "Exactly one of"),
    ({"points": [POINT.id], "address": NOVOSIBIRSK_ADDRESS}, "INVALID_DELIVERY_TYPE", "Exactly"),
    ({"points": []}, "BAD_REQUEST", "logisticPointsIds size must be between 1 and 20"),
    ({"points": list(range(1, 22))}, "BAD_REQUEST", "size must be between 1 and 20"),
    ({"points": [POINT.id, POINT.id]}, "BAD_REQUEST", "must be unique"),
    ({"points": [404]}, "INVALID_DELIVERY_OPTION", "Logistic point not found: 404"),
    ({"address": ""}, "BAD_REQUEST", "fullAddress must not be empty"),
    ({"address": "а" * 513}, "BAD_REQUEST", "size must be between 1 and 512"),
    ({"address": "Кировск, Ленина 5"}, "COULD_NOT_FIND_COORDS", "address Кировск, Ленина 5"),
    ({"address": "ул. Ленина, 5"}, "COULD_NOT_FIND_COORDS", "Can't resolve geo for address"),
]


@pytest.mark.parametrize(("asked", "code", "message"), REFUSED)
async def test_a_question_without_a_place_is_refused(
    shop: Shop, asked: Any, code: str, message: str
) -> None:
    refused = await shop.quote(**asked)
    assert refused.status == 400
    assert refused.error[0] == code
    assert message in refused.message


async def test_a_basket_that_cannot_be_is_refused(shop: Shop) -> None:
    known = shop.business.offer_ids[0]
    cases: list[tuple[list[Json], str, str]] = [
        ([item("NOWHERE"), item(known)], "OFFER_NOT_FOUND", "Offers not found for SKUs: NOWHERE"),
        ([item(known), item(f" {known} ")], "DUPLICATE_OFFER", known),
        ([item(known, 1, 404)], "INVALID_WAREHOUSE_ID", "Warehouse not found: 404"),
        ([item(known, 0)], "BAD_REQUEST", "items[0].count must be greater than or equal to 1"),
        ([item(known, 1001)], "BAD_REQUEST", "items[0].count must be less than or equal to 1000"),
        ([item("")], "BAD_REQUEST", "items[0].offerId must not be empty"),
        ([{"count": 1}], "BAD_REQUEST", "items[0].offerId must not be null"),
        (
            [item(in_stock(PETERSBURG_WAREHOUSE), 1, MOSCOW_WAREHOUSE)],
            "NOT_ENOUGH_STOCK",
            "Not enough stock for items: ",
        ),
    ]
    for basket, code, message in cases:
        refused = await shop.quote(*basket, points=[POINT.id])
        assert (refused.status, refused.error[0]) == (400, code), refused.json
        assert message in refused.message


async def test_offers_of_another_business_do_not_exist(
    client: Client, world: DemoWorld, shop: Shop
) -> None:
    theirs = Shop(client.with_key(world.second.api_key), world.second)
    refused = await theirs.quote(item(shop.business.offer_ids[0]), points=[POINT.id])
    assert refused.error[0] == "OFFER_NOT_FOUND"
    foreign = Shop(client.with_key(world.second.api_key), world.first)
    assert (await foreign.quote(points=[POINT.id])).status == 403


@pytest.mark.parametrize(
    ("key", "status"),
    [("pricing", 200), ("orders-read-only", 200), ("read-only", 200), ("offers", 403)],
)
async def test_scopes(client: Client, world: DemoWorld, key: str, status: int) -> None:
    shop = Shop(client.with_key(world.first.keys[key]), world.first)
    assert (await shop.quote(points=[POINT.id])).status == status


async def test_the_last_place_in_a_courier_interval(shop: Shop) -> None:
    (parcel,) = parcels(await shop.quote(address=PSKOV_ADDRESS))
    option = courier_options(parcel)[-1]
    for _ in range(FEW_A_DAY):
        placed = await shop.place(parcel["warehouseId"], option, to_address(PSKOV_ADDRESS))
        assert placed.status == 200, placed.json
    (parcel,) = parcels(await shop.quote(address=PSKOV_ADDRESS))
    left = [
        (each["deliveryDateInterval"], each["deliveryTimeInterval"])
        for each in courier_options(parcel)
    ]
    assert left
    assert (option["deliveryDateInterval"], option["deliveryTimeInterval"]) not in left


async def test_a_twenty_fold_question_is_answered(shop: Shop) -> None:
    basket = list(map(item, shop.business.offer_ids[:20]))
    points = list(shop.business.logistic_point_ids[:20])
    (parcel,) = parcels(await shop.quote(*basket, points=points))
    assert list(pickup_options(parcel)) == points


def _day(day: date) -> Json:
    return {"deliveryDateInterval": {"fromDate": day.isoformat(), "toDate": day.isoformat()}}
