"""getOrder: one order of a campaign."""

from datetime import timedelta

import pytest

from entrepot.demo.seed import DemoWorld
from tests.support.client import Answer, Client
from tests.support.orders import Line, OrderBook, moscow
from tests.support.serving import Service

CREATED_AT = moscow("2026-03-31 23:59:59")


async def get(client: Client, book: OrderBook, order_id: object) -> Answer:
    return await client.call("getOrder", campaignId=book.campaign_id, orderId=order_id)


async def test_order_is_shown_with_its_lines_and_the_names_of_offers(
    client: Client, book: OrderBook, world: DemoWorld
) -> None:
    point_id = world.first.logistic_point_ids[0]
    lines = (
        Line(world.first.offer_ids[0], 2, 19_990),
        Line("gone-from-catalogue", 1000, 1),
        Line(world.first.offer_ids[1], 1, 5_000),
    )
    written = await book.order(CREATED_AT, lines=lines, place_id=point_id)
    shown = (await get(client, book, written.id)).json["order"]
    assert (shown["id"], shown["externalOrderId"]) == (written.id, written.external_order_id)
    assert shown["creationDate"] == "31-03-2026 23:59:59"
    assert shown["itemsTotal"] == 199.9 * 2 + 10 + 50
    assert [
        (item["id"], item["offerId"], item["count"], item["price"]) for item in shown["items"]
    ] == [
        (1, world.first.offer_ids[0], 2, 199.9),
        (2, "gone-from-catalogue", 1000, 0.01),
        (3, world.first.offer_ids[1], 1, 50),
    ]
    names = [item["offerName"] for item in shown["items"]]
    assert names[1] == "gone-from-catalogue"
    assert names[0] != world.first.offer_ids[0]
    assert shown["delivery"]["address"]["city"]
    assert shown["delivery"]["region"]["parent"]


async def test_courier_order_shows_no_recipient(client: Client, book: OrderBook) -> None:
    written = await book.order(
        CREATED_AT,
        place_kind="Z",
        slot_from_minute=600,
        slot_to_minute=1440,
        receive_code=None,
        full_address="Москва, улица Тайная, дом 7",
        entrance="2",
        floor=3,
        apartment="14",
        notes="Позвонить",
    )
    answer = await get(client, book, written.id)
    shown = answer.json["order"]
    assert shown["delivery"]["dates"]["fromTime"] == "10:00"
    assert shown["delivery"]["dates"]["toTime"] == "23:59"
    assert shown["delivery"]["address"]["floor"] == "3"
    assert shown["notes"] == "Позвонить"
    for secret in ("Вера", "Секретова", "+79990001122", "Тайная"):
        assert secret not in answer.content.decode()


async def test_fake_order_is_shown(client: Client, book: OrderBook) -> None:
    written = await book.order(CREATED_AT, fake=True)
    assert (await get(client, book, written.id)).json["order"]["fake"] is True


async def test_draft_is_cancelled_at_the_very_moment_it_runs_out(
    client: Client, book: OrderBook, service: Service
) -> None:
    await book.freeze_clock(CREATED_AT)
    written = await book.draft(CREATED_AT)
    await service.advance_clock(3599.999999)
    shown = (await get(client, book, written.id)).json["order"]
    assert (shown["status"], shown["substatus"]) == ("RESERVED", "AWAIT_CONFIRMATION")
    assert shown["expiryDate"] == "01-04-2026 00:59:59"
    await service.advance_clock(0.000001)
    unswept = (await get(client, book, written.id)).json["order"]
    assert (unswept["status"], unswept["substatus"]) == ("CANCELLED", "RESERVATION_EXPIRED")
    assert unswept["updatedAt"] == "01-04-2026 00:59:59"
    assert "expiryDate" not in unswept


@pytest.mark.parametrize("order_id", [1, 2**53, 2**63 - 1])
async def test_unknown_order_is_not_found(client: Client, book: OrderBook, order_id: int) -> None:
    answer = await get(client, book, order_id)
    assert answer.status == 404
    assert answer.error == ("NOT_FOUND", f"Order not found: {order_id}")


@pytest.mark.parametrize("order_id", ["x", "1.5", "-5", "0", str(2**63)])
async def test_id_that_is_no_id_is_refused(client: Client, book: OrderBook, order_id: str) -> None:
    assert (await get(client, book, order_id)).status == 400


async def test_order_of_another_campaign_is_not_found(client: Client, book: OrderBook) -> None:
    written = await (await book.another_campaign()).order(CREATED_AT)
    assert (await get(client, book, written.id)).status == 404


async def test_order_of_another_business_is_not_found(
    client: Client, book: OrderBook, other_book: OrderBook
) -> None:
    written = await other_book.order(CREATED_AT)
    assert (await get(client, book, written.id)).status == 404
    assert (await get(client, other_book, written.id)).status == 403


@pytest.mark.parametrize(
    ("name", "status"),
    [("orders-read-only", 200), ("communication", 200), ("finance", 200), ("pricing", 403)],
)
async def test_scopes(
    client: Client, book: OrderBook, world: DemoWorld, name: str, status: int
) -> None:
    written = await book.order(CREATED_AT)
    caller = client.with_key(world.first.keys[name])
    assert (await get(caller, book, written.id)).status == status


async def test_order_is_shown_whatever_its_age(client: Client, book: OrderBook) -> None:
    written = await book.order(CREATED_AT - timedelta(days=900), status="DELIVERED")
    assert (await get(client, book, written.id)).status == 200
