"""getOrders: filters and pages over the orders of a campaign."""

from datetime import date, timedelta
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


async def ask(client: Client, book: OrderBook, **query: Any) -> Answer:
    return await client.call("getOrders", campaignId=book.campaign_id, query=query)


async def ids(client: Client, book: OrderBook, **query: Any) -> list[int]:
    answer = await ask(client, book, **query)
    assert answer.status == 200, answer.content
    return [order["id"] for order in answer.json["orders"]]


async def test_own_real_orders_of_the_last_thirty_days_newest_first(
    client: Client, book: OrderBook, other_book: OrderBook
) -> None:
    oldest = await book.order(FIRST_MARCH)
    newest = await book.order(NOW - MOMENT)
    draft = await book.draft(NOW - HOUR + MOMENT)
    await book.order(FIRST_MARCH - MOMENT)
    await book.order(NOW - HOUR, fake=True)
    await (await book.another_campaign()).order(NOW - HOUR)
    await other_book.order(NOW - HOUR)
    assert await ids(client, book) == [newest.id, draft.id, oldest.id]


async def test_nothing_ordered_is_an_empty_list(client: Client, book: OrderBook) -> None:
    answer = await ask(client, book)
    assert answer.json == {
        "orders": [],
        "paging": {},
        "pager": {
            "total": 0,
            "from": 0,
            "to": 0,
            "currentPage": 1,
            "pagesCount": 0,
            "pageSize": 50,
        },
    }


async def test_fake_orders_alone_when_asked(client: Client, book: OrderBook) -> None:
    real = await book.order(NOW - HOUR)
    fake = await book.order(NOW - HOUR, fake=True)
    assert await ids(client, book, fake=True) == [fake.id]
    assert await ids(client, book, fake=False) == [real.id]
    assert await ids(client, book, fake="") == [real.id]


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("01-03-2026", "02-03-2026", ["a", "b"]),
        ("01-03-2026", "01-03-2026", ["a", "b"]),
        ("02-03-2026", "03-03-2026", ["c"]),
        ("2026-03-02", "2026-03-03", ["c"]),
        ("28-02-2026", "01-03-2026", ["z"]),
        ("01-03-2026", "31-03-2026", ["a", "b", "c"]),
        ("02-03-2026", None, ["c"]),
    ],
)
async def test_days_of_moscow_begin_at_midnight_and_exclude_their_end(
    client: Client, book: OrderBook, first: str, last: str | None, found: list[str]
) -> None:
    named = {
        "z": await book.order(FIRST_MARCH - MOMENT),
        "a": await book.order(FIRST_MARCH),
        "b": await book.order(FIRST_MARCH + DAY - MOMENT),
        "c": await book.order(FIRST_MARCH + DAY),
    }
    query = {"fromDate": first} | ({"toDate": last} if last else {})
    assert await ids(client, book, **query) == [named[name].id for name in reversed(found)]


async def test_shipment_days(client: Client, book: OrderBook) -> None:
    first = await book.order(NOW - HOUR, shipment_day=date(2026, 3, 2))
    second = await book.order(NOW - 2 * HOUR, shipment_day=date(2026, 3, 3))
    both = {"supplierShipmentDateFrom": "02-03-2026", "supplierShipmentDateTo": "04-03-2026"}
    assert await ids(client, book, **both) == [first.id, second.id]
    both["supplierShipmentDateTo"] = "03-03-2026"
    assert await ids(client, book, **both) == [first.id]
    assert await ids(client, book, supplierShipmentDateFrom="03-03-2026") == [second.id]


async def test_moments_of_update(client: Client, book: OrderBook) -> None:
    old = await book.order(NOW - 3 * DAY, updated_at=NOW - 2 * DAY)
    new = await book.order(NOW - 4 * DAY, updated_at=NOW - DAY)
    since = "2026-03-30T12:00:00+03:00"
    assert await ids(client, book, updatedAtFrom=since) == [new.id]
    assert await ids(client, book, updatedAtFrom="2026-03-30T09:00:00Z") == [new.id]
    assert await ids(client, book, updatedAtFrom="2026-03-30T12:00:00") == [new.id]
    assert await ids(client, book, updatedAtTo=since) == [old.id]
    path = f"/v2/campaigns/{book.campaign_id}/orders?updatedAtFrom=2026-03-30T12:00:00+03:00"
    unescaped = await client.request("GET", path)
    assert [order["id"] for order in unescaped.json["orders"]] == [new.id]


async def test_overdue_draft_was_updated_when_it_ran_out(client: Client, book: OrderBook) -> None:
    draft = await book.draft(NOW - 2 * HOUR)
    at_end, before = "2026-03-31T11:00:00+03:00", "2026-03-31T10:59:59.999999+03:00"
    assert await ids(client, book, updatedAtFrom=at_end) == [draft.id]
    assert await ids(client, book, updatedAtTo=at_end) == []
    assert await ids(client, book, updatedAtFrom=before, updatedAtTo=at_end) == []


async def test_statuses_are_those_shown(client: Client, book: OrderBook, service: Service) -> None:
    draft = await book.draft(NOW - HOUR + MOMENT)
    started = await book.order(NOW - 2 * HOUR)
    refused = await book.order(NOW - 3 * HOUR, status="CANCELLED", substatus="SHOP_FAILED")
    assert await ids(client, book, status="RESERVED") == [draft.id]
    assert await ids(client, book, status="CANCELLED") == [refused.id]
    assert await ids(client, book, status="RESERVED,PROCESSING") == [draft.id, started.id]
    assert await ids(client, book, substatus="SHOP_FAILED,STARTED") == [started.id, refused.id]
    await service.advance_clock(0.000001)
    assert await ids(client, book, status="RESERVED") == []
    assert await ids(client, book, status="CANCELLED") == [draft.id, refused.id]
    assert await ids(client, book, substatus="RESERVATION_EXPIRED") == [draft.id]
    assert await ids(client, book, substatus="AWAIT_CONFIRMATION") == []
    assert await service.do_what_is_due() == 1
    assert await ids(client, book, status="CANCELLED") == [draft.id, refused.id]


async def test_lists_may_be_repeated_parameters(client: Client, book: OrderBook) -> None:
    order = await book.order(NOW - HOUR)
    path = f"/v2/campaigns/{book.campaign_id}/orders?status=PICKUP&status=PROCESSING,DELIVERY"
    answer = await client.request("GET", path)
    assert [order["id"] for order in answer.json["orders"]] == [order.id]


async def test_named_orders_are_found_whatever_their_age(
    client: Client, book: OrderBook, other_book: OrderBook
) -> None:
    old = await book.order(NOW - 400 * DAY)
    fake = await book.order(NOW - HOUR, fake=True)
    foreign = await other_book.order(NOW - HOUR)
    asked = [old.id, fake.id, foreign.id, 1, old.id]
    assert await ids(client, book, orderIds=asked) == [old.id]
    assert await ids(client, book, orderIds=asked, fake=True) == [fake.id]
    assert await ids(client, book, orderIds=asked, fromDate="01-03-2026") == []


async def test_orders_finished_longer_ago_are_not_shown(client: Client, book: OrderBook) -> None:
    at = NOW - 50 * DAY
    gone = await book.order(at, status="DELIVERED", updated_at=NOW - 30 * DAY - MOMENT)
    kept = await book.order(at, status="DELIVERED", updated_at=NOW - 30 * DAY)
    live = await book.order(at - HOUR)
    draft = await book.draft(at - 2 * HOUR)
    assert await ids(client, book, orderIds=[gone.id, kept.id, live.id, draft.id]) == [
        kept.id,
        live.id,
    ]
    assert await ids(client, book, fromDate="01-02-2026", toDate="20-02-2026") == [
        kept.id,
        live.id,
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"dispatchType": "BUYER"}, ["courier"]),
        ({"dispatchType": "MARKET_BRANDED_OUTLET"}, ["pickup"]),
        ({"dispatchType": "SHOP_OUTLET"}, []),
        ({"buyerType": "PERSON"}, ["courier", "pickup"]),
        ({"buyerType": "BUSINESS"}, []),
        ({"hasCis": True}, []),
        ({"hasCis": False}, ["courier", "pickup"]),
        ({"onlyWaitingForCancellationApprove": True}, []),
        ({"onlyEstimatedDelivery": True}, []),
    ],
)
async def test_filters_of_other_kinds_of_trade(
    client: Client, book: OrderBook, query: dict[str, Any], found: list[str]
) -> None:
    named = {
        "courier": await book.order(NOW - HOUR, place_kind="Z", slot_to_minute=600),
        "pickup": await book.order(NOW - 2 * HOUR),
    }
    assert await ids(client, book, **query) == [named[name].id for name in found]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"fromDate": "32-01-2026"}, "Type mismatch: 32-01-2026"),
        ({"toDate": "29-02-2026"}, "Type mismatch: 29-02-2026"),
        ({"updatedAtFrom": "yesterday"}, "Type mismatch: yesterday"),
        (
            {"fromDate": "02-03-2026", "toDate": "01-03-2026"},
            "Order creation start date is required to be less than end date",
        ),
        (
            {"fromDate": "01-01-2026", "toDate": "01-02-2026"},
            "Invalid filters: interval between 2026-01-01 and 2026-02-01 is more than 30 days.",
        ),
        (
            {"supplierShipmentDateFrom": "02-03-2026", "supplierShipmentDateTo": "01-03-2026"},
            "Order shipment start date is required to be less than end date",
        ),
        (
            {"updatedAtFrom": "2026-03-02T00:00:00Z", "updatedAtTo": "2026-03-01T00:00:00Z"},
            "Order update start is required to be less than end date",
        ),
        ({"pageToken": "nonsense"}, "Bad page token"),
        ({"page_token": "nonsense"}, "Bad page token"),
        ({"limit": 0}, "limit must be greater than or equal to 1 (rejected value: 0)"),
        ({"page": 10_001}, "page must be less than or equal to 10000 (rejected value: 10001)"),
    ],
)
async def test_filters_that_cannot_be_are_refused_by_name(
    client: Client, book: OrderBook, query: dict[str, Any], message: str
) -> None:
    answer = await ask(client, book, **query)
    assert (answer.status, answer.error) == (400, ("BAD_REQUEST", message))


@pytest.mark.parametrize(
    "query",
    [
        {"status": "DREAMING"},
        {"orderIds": list(range(1, 52))},
        {"orderIds": "1,x"},
        {"orderIds": str(2**63)},
        {"fake": "perhaps"},
        {"dispatchType": "PIGEON"},
        {"pageSize": "-1"},
    ],
)
async def test_values_that_cannot_be_are_refused(
    client: Client, book: OrderBook, query: dict[str, Any]
) -> None:
    assert (await ask(client, book, **query)).status == 400


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_ends_of_the_calendar_are_dates_like_others(
    client: Client, book: OrderBook, day: str
) -> None:
    await book.order(NOW - HOUR)
    for name in ("fromDate", "toDate"):
        assert (await ask(client, book, **{name: day})).status == 400
    for name in ("supplierShipmentDateFrom", "supplierShipmentDateTo"):
        assert (await ask(client, book, **{name: day})).status == 200
    for name in ("updatedAtFrom", "updatedAtTo"):
        query = {name: f"{day}T00:00:00+14:00"}
        assert (await ask(client, book, **query)).status == 200


async def walk(client: Client, book: OrderBook, **query: Any) -> list[list[int]]:
    """Follow the tokens to the last page."""
    pages: list[list[int]] = []
    token: dict[str, str] = {}
    while True:
        answer = await ask(client, book, **query, **token)
        assert answer.status == 200
        pages.append([order["id"] for order in answer.json["orders"]])
        next_token = answer.json["paging"].get("nextPageToken")
        if next_token is None:
            return pages
        token = {"pageToken": next_token}


async def test_tokens_lead_through_every_order_once(client: Client, book: OrderBook) -> None:
    together = [(await book.order(NOW - DAY)).id for _ in range(5)]  # created at one moment
    later = await book.many(NOW - HOUR, 7, step=MOMENT)
    pages = await walk(client, book, limit=5)
    assert [len(page) for page in pages] == [5, 5, 2]
    assert sum(pages, []) == later + sorted(together, reverse=True)  # noqa: RUF017


async def test_page_that_ends_with_the_last_order_is_the_last(
    client: Client, book: OrderBook
) -> None:
    await book.many(NOW - HOUR, 4, step=HOUR)
    assert [len(page) for page in await walk(client, book, limit=2)] == [2, 2]


async def test_pages_do_not_move_while_orders_arrive_and_drafts_end(
    client: Client, book: OrderBook, service: Service
) -> None:
    before = await book.many(NOW - HOUR, 6, step=HOUR)
    first = await ask(client, book, limit=3)
    await book.many(NOW, 5, step=MOMENT)
    await service.advance_clock(5)
    await book.order(NOW + timedelta(seconds=5))
    token = first.json["paging"]["nextPageToken"]
    assert await ids(client, book, limit=3, pageToken=token) == before[3:]
    assert await ids(client, book, limit=1, page_token=token) == before[3:4]


async def test_limit_is_cut_down_to_fifty(client: Client, book: OrderBook) -> None:
    await book.many(NOW - HOUR, 51, step=HOUR)
    for query in ({"limit": 51}, {"limit": 10**20}, {"pageSize": 10**9}, {}):
        assert len(await ids(client, book, **query)) == 50


async def test_thousandth_order_by_token_and_by_number(client: Client, book: OrderBook) -> None:
    written = await book.many(NOW - HOUR, 1001, step=timedelta(minutes=1))
    assert sum(await walk(client, book, limit=50), []) == written  # noqa: RUF017
    answer = await ask(client, book, page=201, pageSize=5)
    assert [order["id"] for order in answer.json["orders"]] == written[1000:]
    assert answer.json["paging"] == {}
    assert answer.json["pager"] == {
        "total": 1001,
        "from": 1001,
        "to": 1001,
        "currentPage": 201,
        "pagesCount": 201,
        "pageSize": 5,
    }
    beyond = await ask(client, book, page=202, pageSize=5)
    assert beyond.json["orders"] == []
    assert (beyond.json["pager"]["from"], beyond.json["pager"]["total"]) == (0, 1001)


async def test_numbered_page_leads_on_by_token_too(client: Client, book: OrderBook) -> None:
    written = await book.many(NOW - HOUR, 5, step=HOUR)
    answer = await ask(client, book, page=2, pageSize=2)
    assert [order["id"] for order in answer.json["orders"]] == written[2:4]
    token = answer.json["paging"]["nextPageToken"]
    assert await ids(client, book, limit=2, pageToken=token) == written[4:]


async def test_with_a_limit_alone_pages_are_not_numbered(client: Client, book: OrderBook) -> None:
    await book.order(NOW - HOUR)
    assert (await ask(client, book, limit=1)).json.keys() == {"orders", "paging"}
    numbered = await ask(client, book, limit=1, page=1)
    assert numbered.json["pager"]["pageSize"] == 1


async def test_token_belongs_to_its_filters_and_its_campaign(
    client: Client, book: OrderBook
) -> None:
    await book.many(NOW - HOUR, 3, step=HOUR)
    token = (await ask(client, book, limit=1)).json["paging"]["nextPageToken"]
    second = await book.another_campaign()
    for owner, query in (
        (book, {"status": "PROCESSING"}),
        (book, {"fake": True}),
        (book, {"fromDate": "20-03-2026"}),
        (second, {}),
    ):
        answer = await ask(client, owner, limit=1, pageToken=token, **query)
        assert (answer.status, answer.message) == (400, "Bad page token")


async def test_scopes_and_tenants(
    client: Client, book: OrderBook, other_book: OrderBook, world: DemoWorld
) -> None:
    for name, status in (("communication", 200), ("finance", 200), ("offers", 403)):
        caller = client.with_key(world.first.keys[name])
        assert (await ask(caller, book)).status == status
    assert (await ask(client, other_book)).status == 403
