"""getBusinessOrders: filters and pages over the orders of a business."""

from datetime import timedelta
from typing import Any

import pytest

from entrepot.demo.seed import DemoWorld
from tests.support.client import Answer, Client
from tests.support.orders import OrderBook, moscow
from tests.support.serving import Service

NOW = moscow("2026-03-31 12:00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST_MARCH = moscow("2026-03-01 00:00:00")
MOMENT = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
async def _frozen(book: OrderBook) -> None:
    await book.freeze_clock(NOW)


async def ask(
    client: Client, book: OrderBook, query: dict[str, Any] | None = None, **body: Any
) -> Answer:
    return await client.call("getBusinessOrders", body, query=query, businessId=book.business_id)


async def ids(client: Client, book: OrderBook, **body: Any) -> list[int]:
    answer = await ask(client, book, **body)
    assert answer.status == 200, answer.content
    return [order["orderId"] for order in answer.json["orders"]]


async def test_real_orders_of_all_campaigns_of_the_last_thirty_days(
    client: Client, book: OrderBook, other_book: OrderBook
) -> None:
    second = await book.another_campaign()
    oldest = await book.order(FIRST_MARCH)
    newest = await second.order(NOW - MOMENT)
    await book.order(FIRST_MARCH - MOMENT)
    await book.order(NOW - HOUR, fake=True)
    await other_book.order(NOW - HOUR)
    answer = await ask(client, book)
    shown = [(order["orderId"], order["campaignId"]) for order in answer.json["orders"]]
    assert shown == [(newest.id, second.campaign_id), (oldest.id, book.campaign_id)]
    assert answer.json["paging"] == {}


async def test_order_is_shown_in_the_newer_form(
    client: Client, book: OrderBook, world: DemoWorld
) -> None:
    point_id = world.first.logistic_point_ids[0]
    await book.order(NOW - HOUR, place_id=point_id)
    (shown,) = (await ask(client, book)).json["orders"]
    assert shown["creationDate"] == "2026-03-31T11:00:00.000+03:00"
    assert shown["programType"] == "LAAS"
    assert shown["delivery"]["pickup"]["logisticPointId"] == point_id
    assert shown["delivery"]["pickup"]["address"]["gps"]


async def test_campaigns(client: Client, book: OrderBook) -> None:
    second = await book.another_campaign()
    first_order, second_order = await book.order(NOW - HOUR), await second.order(NOW - 2 * HOUR)
    first_id, second_id = book.campaign_id, second.campaign_id
    assert await ids(client, book, campaignIds=[first_id]) == [first_order.id]
    assert await ids(client, book, campaignIds=[second_id, second_id]) == [second_order.id]
    both = [first_order.id, second_order.id]
    assert await ids(client, book, campaignIds=[second_id, first_id]) == both


async def test_foreign_and_unknown_campaigns_are_refused_alike(
    client: Client, book: OrderBook, other_book: OrderBook
) -> None:
    for campaign_id in (other_book.campaign_id, 999_999_999):
        asked = [book.campaign_id, campaign_id]
        answer = await ask(client, book, campaignIds=asked)
        assert (answer.status, answer.error) == (
            403,
            ("FORBIDDEN", f"No access to campaigns: {campaign_id}"),
        )


async def test_external_id_finds_all_its_orders_whatever_their_age(
    client: Client, book: OrderBook, other_book: OrderBook
) -> None:
    name = "заказ №1 \"quoted\" 'and' \\ " + "x" * 3000
    at = NOW - 400 * DAY
    first = await book.order(at, external_order_id=name, warehouse_id=1)
    second = await book.order(at, external_order_id=name, warehouse_id=2)
    fake = await book.order(NOW - HOUR, external_order_id="fake", fake=True)
    plain = await book.order(NOW - HOUR, external_order_id="plain")
    await other_book.order(NOW - HOUR, external_order_id=name)
    found = [second.id, first.id]
    assert await ids(client, book, externalOrderIds=[name]) == found
    assert await ids(client, book, externalOrderIds=[name, "plain"]) == [plain.id, *found]
    assert await ids(client, book, externalOrderIds=["fake", "unknown", name[:-1]]) == []
    assert await ids(client, book, externalOrderIds=["fake"], fake=True) == [fake.id]
    assert await ids(client, book, externalOrderIds=[name], orderIds=[first.id, plain.id]) == [
        first.id
    ]
    dates = {"creationDateFrom": "2026-03-30"}
    assert await ids(client, book, externalOrderIds=[name, "plain"], dates=dates) == [plain.id]


async def test_order_ids(client: Client, book: OrderBook, other_book: OrderBook) -> None:
    old = await book.order(NOW - 400 * DAY)
    foreign = await other_book.order(NOW - HOUR)
    asked = [old.id, foreign.id, -1, 0, 2**63 - 1]
    assert await ids(client, book, orderIds=asked) == [old.id]


@pytest.mark.parametrize(
    ("dates", "found"),
    [
        ({"creationDateFrom": "2026-03-01", "creationDateTo": "2026-03-02"}, ["a", "b"]),
        ({"creationDateFrom": "2026-03-01", "creationDateTo": "2026-03-01"}, ["a", "b"]),
        ({"creationDateFrom": "2026-02-28", "creationDateTo": "2026-03-01"}, ["z"]),
        ({"creationDateFrom": "2026-03-02"}, ["c"]),
        ({"creationDateTo": "2026-03-02"}, ["a", "b"]),
        ({"creationDateFrom": None, "shipmentDateFrom": None}, ["a", "b", "c"]),
        ({}, ["a", "b", "c"]),
        (None, ["a", "b", "c"]),
    ],
)
async def test_days_of_creation(
    client: Client, book: OrderBook, dates: dict[str, Any] | None, found: list[str]
) -> None:
    named = {
        "z": await book.order(FIRST_MARCH - MOMENT),
        "a": await book.order(FIRST_MARCH),
        "b": await book.order(FIRST_MARCH + DAY - MOMENT),
        "c": await book.order(FIRST_MARCH + DAY),
    }
    expected = [named[name].id for name in reversed(found)]
    assert await ids(client, book, dates=dates) == expected


async def test_days_of_shipment_and_moments_of_update(client: Client, book: OrderBook) -> None:
    first = await book.order(NOW - HOUR, shipment_day=FIRST_MARCH.date(), updated_at=NOW - 2 * DAY)
    second = await book.order(NOW - 2 * HOUR, updated_at=NOW - DAY)
    day = FIRST_MARCH.date().isoformat()
    assert await ids(client, book, dates={"shipmentDateFrom": day, "shipmentDateTo": day}) == [
        first.id
    ]
    since = "2026-03-30T12:00:00+03:00"
    assert await ids(client, book, dates={"updateDateFrom": since}) == [second.id]
    assert await ids(client, book, dates={"updateDateTo": since}) == [first.id]
    assert await ids(client, book, dates={"updateDateTo": "2026-03-30T12:00:00"}) == [first.id]


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        (
            {"creationDateFrom": "2026-03-02", "creationDateTo": "2026-03-01"},
            "Order creation start date is required to be less than end date",
        ),
        (
            {"shipmentDateFrom": "2026-03-02", "shipmentDateTo": "2026-03-01"},
            "Order shipment start date is required to be less than end date",
        ),
        (
            {"updateDateFrom": "2026-03-01T00:00:00Z", "updateDateTo": "2026-03-01T00:00:00Z"},
            "Order update start is required to be less than end date",
        ),
        (
            {"creationDateFrom": "2026-01-01", "creationDateTo": "2026-02-01"},
            "Invalid filters: interval between 2026-01-01 and 2026-02-01 is more than 30 days.",
        ),
        (
            {"shipmentDateFrom": "2026-01-01", "shipmentDateTo": "2026-02-01"},
            "Invalid filters: interval between 2026-01-01 and 2026-02-01 is more than 30 days.",
        ),
        (
            {"creationDateFrom": "2026-02-28"},
            "Invalid filters: interval between 2026-02-28 and 2026-03-31 is more than 30 days.",
        ),
    ],
)
async def test_periods_that_cannot_be(
    client: Client, book: OrderBook, dates: dict[str, Any], message: str
) -> None:
    answer = await ask(client, book, dates=dates)
    assert (answer.status, answer.error) == (400, ("BAD_REQUEST", message))


async def test_statuses_are_those_shown(client: Client, book: OrderBook, service: Service) -> None:
    draft = await book.draft(NOW - HOUR + MOMENT)
    started = await book.order(NOW - 2 * HOUR)
    refused = await book.order(NOW - 3 * HOUR, status="CANCELLED", substatus="SHOP_FAILED")
    assert await ids(client, book, statuses=["RESERVED", "PICKUP"]) == [draft.id]
    assert await ids(client, book, substatuses=["STARTED"]) == [started.id]
    await service.advance_clock(0.000001)
    assert await ids(client, book, statuses=["RESERVED"]) == []
    assert await ids(client, book, statuses=["CANCELLED"]) == [draft.id, refused.id]
    assert await ids(client, book, substatuses=["RESERVATION_EXPIRED"]) == [draft.id]
    both = {"statuses": ["CANCELLED"], "substatuses": ["SHOP_FAILED"]}
    assert await ids(client, book, **both) == [refused.id]
    before = (await ask(client, book, orderIds=[draft.id])).json["orders"]
    assert await service.do_what_is_due() == 1
    assert (await ask(client, book, orderIds=[draft.id])).json["orders"] == before


async def test_fake_draft_ends_like_a_real_one(
    client: Client, book: OrderBook, service: Service
) -> None:
    draft = await book.draft(NOW, fake=True)
    await service.advance_clock(3600)
    assert await ids(client, book, fake=True, statuses=["CANCELLED"]) == [draft.id]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"programTypes": ["LAAS", "FBS"]}, True),
        ({"programTypes": ["FBS"]}, False),
        ({"sourcePlatforms": ["OTHER"]}, True),
        ({"sourcePlatforms": ["MARKET", "OZON"]}, False),
        ({"waitingForCancellationApprove": True}, False),
        ({"waitingForCancellationApprove": False}, True),
        ({"fake": None, "statuses": None, "orderIds": None, "unknown": 1}, True),
        ({"fake": False}, True),
        ({"fake": True}, False),
    ],
)
async def test_filters_of_other_kinds_of_trade(
    client: Client, book: OrderBook, body: dict[str, Any], found: bool
) -> None:
    order = await book.order(NOW - HOUR)
    assert await ids(client, book, **body) == ([order.id] if found else [])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"orderIds": []}, "orderIds size must be between 1 and 50 (rejected size: 0)"),
        (
            {"orderIds": list(range(1, 52))},
            "orderIds size must be between 1 and 50 (rejected size: 51)",
        ),
        ({"campaignIds": [0]}, "campaignIds[0] must be greater than or equal to 1"),
        ({"externalOrderIds": ["a", ""]}, "externalOrderIds[1] "),
        ({"statuses": ["DREAMING"]}, "Illegal input at statuses[0]"),
        ({"statuses": []}, "statuses "),
        ({"dates": {"creationDateFrom": "01-03-2026"}}, "Illegal input at dates.creationDateFrom"),
        ({"dates": {"updateDateFrom": "2026-03-01"}}, "Illegal input at dates.updateDateFrom"),
        ({"fake": "yes"}, "Illegal input at fake"),
    ],
)
async def test_what_is_wrong_is_named(
    client: Client, book: OrderBook, body: dict[str, Any], message: str
) -> None:
    answer = await ask(client, book, **body)
    assert answer.status == 400
    assert answer.message.startswith(message)


async def test_body_must_be_there(client: Client, book: OrderBook) -> None:
    answer = await client.call("getBusinessOrders", businessId=book.business_id)
    assert (answer.status, answer.message) == (400, "Required request body is missing")


async def walk(client: Client, book: OrderBook, limit: int, **body: Any) -> list[list[int]]:
    """Follow the tokens to the last page."""
    pages: list[list[int]] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        answer = await ask(client, book, query, **body)
        assert answer.status == 200
        pages.append([order["orderId"] for order in answer.json["orders"]])
        token = answer.json["paging"].get("nextPageToken")
        if token is None:
            return pages
        query["pageToken"] = token


async def test_tokens_lead_through_every_order_once(client: Client, book: OrderBook) -> None:
    second = await book.another_campaign()
    together = [(await shop.order(NOW - DAY)).id for shop in (book, second) for _ in range(3)]
    later = await book.many(NOW - HOUR, 1000, step=timedelta(seconds=1))
    pages = await walk(client, book, 50)
    assert [len(page) for page in pages] == [50] * 20 + [6]
    assert sum(pages, []) == later + sorted(together, reverse=True)  # noqa: RUF017


async def test_pages_of_a_status_do_not_move_while_orders_arrive(
    client: Client, book: OrderBook, service: Service
) -> None:
    before = await book.many(NOW - HOUR, 6, step=HOUR)
    body = {"statuses": ["PROCESSING"]}
    first = await ask(client, book, {"limit": 2}, **body)
    await service.advance_clock(5)
    await book.many(NOW + timedelta(seconds=5), 5, step=MOMENT)
    token = first.json["paging"]["nextPageToken"]
    answer = await ask(client, book, {"page_token": token}, **body)
    assert [order["orderId"] for order in answer.json["orders"]] == before[2:]


async def test_limit_is_fifty_and_cut_down_to_it(client: Client, book: OrderBook) -> None:
    await book.many(NOW - HOUR, 51, step=HOUR)
    for query in ({}, {"limit": 51}, {"limit": 10**9}):
        assert len((await ask(client, book, query)).json["orders"]) == 50
    assert (await ask(client, book, {"limit": 0})).status == 400


async def test_token_belongs_to_its_filters_and_its_business(
    client: Client, book: OrderBook, other_book: OrderBook, world: DemoWorld
) -> None:
    await book.many(NOW - HOUR, 2, step=HOUR)
    token = (await ask(client, book, {"limit": 1})).json["paging"]["nextPageToken"]
    query = {"limit": 1, "pageToken": token}
    assert (await ask(client, book, query)).status == 200
    other = client.with_key(world.second.api_key)
    for answer in (
        await ask(client, book, query, fake=True),
        await ask(client, book, query, dates={"creationDateFrom": "2026-03-02"}),
        await ask(other, other_book, query),
    ):
        assert (answer.status, answer.message) == (400, "Bad page token")


async def test_scopes_and_tenants(
    client: Client, book: OrderBook, other_book: OrderBook, world: DemoWorld
) -> None:
    for name, status in (("orders-read-only", 200), ("finance", 200), ("communication", 403)):
        caller = client.with_key(world.first.keys[name])
        assert (await ask(caller, book)).status == status
    assert (await ask(client, other_book)).status == 403
