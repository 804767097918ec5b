"""The life of orders as their shop hears of it, each notification held against the contract."""

import pytest

from entrepot.contract.enums import OrderSubstatus
from entrepot.db import order_history
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import EventKind, UnitsRefused
from entrepot.domain.order_moves import (
    DELIVERED,
    DELIVERY,
    PICKUP,
    READY_TO_SHIP,
    SHIPPED,
    cancelled,
)
from entrepot.fulfilment.release import release_overdue
from tests.races.test_moves import PACKER, carry, move, moved
from tests.races.world import CLOCK, HOUR, Process, Shop, command, order_id_of
from tests.support.contract import Contract, contract_path
from tests.support.receiver import Heard, Receiver
from tests.work.conftest import Post


@pytest.fixture(scope="module")
def told_contract() -> Contract | None:
    """The contract of notifications lies beside the other."""
    beside = contract_path()
    return None if beside is None else Contract(beside.with_name("notifications.openapi.json"))


@pytest.fixture
async def place(p1: Process, ours: Shop) -> int:
    """An order for two apples and a bread."""
    await p1.stock(ours, apple=9, bread=9)
    (outcome,) = await p1.place(command(ours, {"apple": 2, "bread": 1}))
    return order_id_of(outcome)


def checked(contract: Contract | None, heard: list[Heard]) -> list[dict[str, object]]:
    """Hold notifications against the contract; gives them without what is in all of them."""
    found = []
    for one in heard:
        schema = "".join(word.title() for word in one.kind.split("_"))
        flaws = [] if contract is None else contract.check_as(f"{schema}NotificationDTO", one.json)
        assert not flaws, f"{one.json}: {flaws}"
        found.append({k: v for k, v in one.json.items() if k not in {"campaignId", "orderId"}})
    return found


async def test_from_the_warehouse_to_the_door_and_partly_back(
    p1: Process, ours: Shop, place: int, post: Post, shop_server: Receiver,
    told_contract: Contract | None,
) -> None:  # fmt: skip
    await post.subscribe(ours, shop_server.url)
    await carry(p1, ours, place, READY_TO_SHIP, SHIPPED, DELIVERY, PICKUP)
    refused = (UnitsRefused("apple", 1),)
    await moved(p1, move(ours, place, DELIVERED, refused=refused, receive_code="123456"))
    await post.send()
    told = checked(told_contract, shop_server.told)
    moment = {"updatedAt": "2026-06-02T07:00:00Z"}
    kind = {"notificationType": "ORDER_STATUS_UPDATED"}
    stages = [READY_TO_SHIP, SHIPPED, DELIVERY, PICKUP, DELIVERED]
    assert told[:-1] == [
        {**kind, "status": stage.status, "substatus": stage.substatus, **moment} for stage in stages
    ]
    back = told[-1]
    assert isinstance(back.pop("returnId"), int)
    assert back == {
        "notificationType": "ORDER_RETURN_CREATED",
        "returnType": "UNREDEEMED",
        "items": [{"offerId": "apple", "count": 1}],
        "createdAt": "2026-06-02T07:00:00Z",
    }
    assert {(heard.json["orderId"], heard.json["campaignId"]) for heard in shop_server.told} == {
        (place, ours.campaign_id)
    }


async def test_cancellation_comes_after_the_change_of_status(
    p1: Process, ours: Shop, place: int, post: Post, shop_server: Receiver,
    told_contract: Contract | None,
) -> None:  # fmt: skip
    await post.subscribe(ours, shop_server.url)
    await carry(p1, ours, place, READY_TO_SHIP, SHIPPED)
    await moved(p1, move(ours, place, cancelled(OrderSubstatus.DELIVERY_SERVICE_LOST)))
    await post.send()
    told = checked(told_contract, shop_server.told)
    assert [one["notificationType"] for one in told] == [
        *["ORDER_STATUS_UPDATED"] * 3, "ORDER_CANCELLED",
    ]  # fmt: skip
    assert told[-1]["items"] == [
        {"offerId": "apple", "count": 2}, {"offerId": "bread", "count": 1},
    ]  # fmt: skip


async def test_a_draft_that_ran_out(
    p1: Process, ours: Shop, place: int, post: Post, shop_server: Receiver,
    told_contract: Contract | None,
) -> None:  # fmt: skip
    await post.subscribe(ours, shop_server.url)
    (outcome,) = await p1.place(command(ours, {"apple": 1}, draft=True))
    order_id = order_id_of(outcome)
    await p1.advance(2 * HOUR)
    assert await release_overdue(p1.database, CLOCK, ours.business_id, [place, order_id]) == 1
    await post.send()
    told = checked(told_contract, shop_server.told)
    assert [one["notificationType"] for one in told] == [
        "ORDER_CREATED", "ORDER_STATUS_UPDATED", "ORDER_CANCELLED",
    ]  # fmt: skip
    assert told[1]["substatus"] == "RESERVATION_EXPIRED"
    # It ended when it ran out, not when that was noticed.
    assert told[2]["cancelledAt"] == "2026-06-02T08:00:00Z"


@pytest.mark.parametrize(
    ("event", "update"),
    [
        (EventKind.INTERVAL_CHANGED, "DELIVERY_DATE_UPDATED"),
        (EventKind.RECIPIENT_CHANGED, "UNKNOWN"),
        (EventKind.PICKED, None),
        (EventKind.OPERATION_STARTED, None),
    ],
)
async def test_changes_beside_the_status(
    p1: Process, ours: Shop, place: int, post: Post, shop_server: Receiver,
    told_contract: Contract | None, event: EventKind, update: str | None,
) -> None:  # fmt: skip
    await post.subscribe(ours, shop_server.url)
    await moved(p1, Move(business_id=ours.business_id, order_id=place, actor=PACKER, event=event))
    history = await p1.database.read(
        lambda one: order_history.read_history(one, ours.business_id, place)
    )
    assert history[-1].kind is event
    await post.send()
    told = checked(told_contract, shop_server.told)
    assert [one["updateType"] for one in told] == ([] if update is None else [update])


async def test_the_ping(
    ours: Shop, post: Post, shop_server: Receiver, told_contract: Contract | None
) -> None:
    await post.subscribe(ours, shop_server.url)
    assert checked(told_contract, shop_server.heard) == [
        {"notificationType": "PING", "time": "2026-06-02T07:00:00Z"}
    ]
