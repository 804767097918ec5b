"""Changes that take effect later: cancellations, recipients, intervals, and what overtakes them."""

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from entrepot.contract.enums import OperationKind, OperationStatus, OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.db.clock import freeze
from entrepot.db.operations_read import read_operations
from entrepot.db.orders_read import read_order
from entrepot.domain.destination import ToAddress
from entrepot.domain.network import CourierInterval
from entrepot.domain.order import Order
from entrepot.domain.order_events import EventKind
from entrepot.domain.order_moves import (
    CANCELLED_BY_SHOP,
    DELIVERED,
    DELIVERY,
    DRAFT,
    EXPIRED,
    PICKUP,
    READY_TO_SHIP,
    SHIPPED,
    STARTED,
    Stage,
    cancelled,
)
from entrepot.domain.order_operations import NewInterval, NewOperation, NewRecipient
from entrepot.domain.placement import PlaceCommand
from entrepot.fulfilment.change_orders import Moved
from entrepot.fulfilment.erase_orders import Erased, erase_orders
from entrepot.fulfilment.release import release_overdue
from entrepot.fulfilment.shop_requests import Granted
from tests.domain.networks import EVENING, MORNING
from tests.races.test_moves import PACKER, carry, fit, history, move, moved
from tests.races.wire import wire_to
from tests.races.world import (
    ARRIVES,
    HOUR,
    SECOND,
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    process,
    told,
    until_waiting_for_lock,
)

BORIS = NewRecipient("Борис", "Иванов", "Олегович", "+79995556677")
ADDRESS = ToAddress("Москва, Арбат, 1")
WRONG_REASON = (
    "Cancellation request substatus USER_CHANGED_MIND is not available for status PROCESSING "
    "and role SHOP for order "
)
OUTWARD = (READY_TO_SHIP, SHIPPED, DELIVERY, PICKUP, DELIVERED)
EVENING_LATER = NewInterval(ARRIVES + timedelta(days=1), EVENING.from_minute, EVENING.to_minute)


@pytest.fixture
async def order(ours: Shop, p1: Process) -> int:
    """An order of two apples to a point, of five."""
    await p1.stock(ours, apple=5)
    return order_id_of(await p1.place_one(command(ours, {"apple": 2})))


def by_courier(
    shop: Shop, times: CourierInterval = MORNING, *, draft: bool = False
) -> PlaceCommand:
    """Ask for an apple by courier."""
    wanted = command(shop, {"apple": 1}, to=ADDRESS, draft=draft)
    (parcel,) = wanted.parcels
    parcel = msgspec.structs.replace(
        parcel, from_minute=times.from_minute, to_minute=times.to_minute
    )
    return msgspec.structs.replace(wanted, parcels=(parcel,))


@pytest.fixture
async def brought(ours: Shop, p1: Process) -> int:
    """An order that a courier brings."""
    await p1.stock(ours, apple=500)
    return order_id_of(await p1.place_one(by_courier(ours)))


async def read(where: Process, shop: Shop, order_id: int) -> Order:
    """Read an order."""
    async with where.database.connection() as connection:
        found = await read_order(connection, shop.business_id, None, order_id)
    assert found is not None
    return found


async def stage(where: Process, shop: Shop, order_id: int) -> Stage:
    """Tell where an order stands."""
    return (await read(where, shop, order_id)).standing.stage


async def end_of(where: Process, shop: Shop, asked: Any) -> OperationStatus:
    """Tell how far an operation is."""
    kind, name = OperationKind.ORDER_STATUS_UPDATE, None
    if isinstance(asked, Granted):
        name = asked.operation_id
    else:
        assert isinstance(asked, NewOperation)
        kind, name = asked.kind, asked.id
    async with where.database.connection() as connection:
        (found,) = await read_operations(connection, shop.business_id, kind, [name])
    return found.status


async def later(where: Process, *others: Process) -> None:
    """Let a second pass, and everything happen that is due."""
    await where.advance(SECOND)
    while sum(await asyncio.gather(*(one.finish() for one in (where, *others)))):
        pass


@pytest.mark.parametrize("done", range(5))
async def test_cancelling_from_every_live_stage(
    p1: Process, ours: Shop, order: int, done: int
) -> None:
    await carry(p1, ours, order, *OUTWARD[:done])
    before = await stage(p1, ours, order)
    asked = await p1.cancel(ours, order)
    assert isinstance(asked, Granted)
    assert await p1.finish() == 0
    assert await stage(p1, ours, order) == before
    assert await end_of(p1, ours, asked) is OperationStatus.IN_PROGRESS
    assert await p1.cancel(ours, order) == asked
    await later(p1)
    assert await stage(p1, ours, order) == CANCELLED_BY_SHOP
    assert await end_of(p1, ours, asked) is OperationStatus.DONE
    assert await p1.cancel(ours, order) == asked
    left = done >= 2
    assert await fit(p1, ours) == ((3, 0) if left else (5, 0))
    kinds = [event.kind for event in await history(p1, ours, order)]
    ending = [EventKind.OPERATION_STARTED, EventKind.STATUS_CHANGED]
    assert kinds[1 + done :] == ending + [EventKind.RETURN_CREATED] * left


async def test_cancelling_a_draft(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=1)
    draft = order_id_of(await p1.place_one(command(ours, {"apple": 1}, draft=True)))
    asked = await p1.cancel(ours, draft)
    refused = await p1.confirm(ours, draft)
    assert isinstance(refused, Refusal)
    assert refused.message.endswith("Reason: the order is in cancellation state")
    await later(p1)
    assert await stage(p1, ours, draft) == CANCELLED_BY_SHOP
    assert await end_of(p1, ours, asked) is OperationStatus.DONE
    assert told(await p1.place_one(command(ours, {"apple": 1}))) == "Placed"


async def test_a_draft_that_runs_out_while_it_is_cancelled(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=1)
    draft = order_id_of(await p1.place_one(command(ours, {"apple": 1}, draft=True)))
    await p1.advance(HOUR - SECOND)
    asked = await p1.cancel(ours, draft)
    await later(p1)
    assert await stage(p1, ours, draft) == EXPIRED
    assert await end_of(p1, ours, asked) is OperationStatus.FAILED
    events = await history(p1, ours, draft)
    assert [event.stage for event in events] == [DRAFT, DRAFT, EXPIRED, EXPIRED]
    assert events[-1].kind is EventKind.OPERATION_FAILED


async def test_a_cancellation_that_delivery_overtakes(p1: Process, ours: Shop, order: int) -> None:
    await carry(p1, ours, order, *OUTWARD[:4])
    asked = await p1.cancel(ours, order)
    await carry(p1, ours, order, DELIVERED)
    before = await read(p1, ours, order)
    await later(p1)
    assert await end_of(p1, ours, asked) is OperationStatus.FAILED
    assert msgspec.structs.replace(await read(p1, ours, order), standing=before.standing) == before
    assert (await history(p1, ours, order))[-1].kind is EventKind.OPERATION_FAILED
    assert isinstance(await p1.cancel(ours, order), Refusal)


@pytest.mark.parametrize(
    ("status", "substatus", "message"),
    [
        ("PROCESSING", "READY_TO_SHIP", "Transition PROCESSING -> PROCESSING is not allowed."),
        ("DELIVERY", None, "No transition found: PROCESSING -> DELIVERY"),
        ("UNPAID", None, "Status not allowed: UNPAID"),
        (
            "CANCELLED",
            "USER_CHANGED_MIND",
            WRONG_REASON,
        ),
        ("CANCELLED", None, "Cancellation request substatus UNKNOWN is not available"),
    ],
)
async def test_what_a_shop_may_not_ask(
    p1: Process, ours: Shop, order: int, status: str, substatus: str | None, message: str
) -> None:
    wanted = None if substatus is None else OrderSubstatus(substatus)
    refused = await p1.ask(ours, order, OrderStatus(status), wanted)
    assert isinstance(refused, Refusal)
    assert refused.message.startswith(message)
    assert len(await history(p1, ours, order)) == 1


async def test_another_recipient_and_interval_at_once(
    p1: Process, p2: Process, ours: Shop, brought: int
) -> None:
    begun = await p1.update(ours, brought, BORIS, EVENING_LATER)
    assert isinstance(begun, tuple)
    before = await read(p1, ours, brought)
    assert before.slot.from_minute == MORNING.from_minute
    await later(p1, p2)
    assert [await end_of(p1, ours, one) for one in begun] == [OperationStatus.DONE] * 2
    slot = (await read(p1, ours, brought)).slot
    assert slot[2:] == (EVENING_LATER.day, EVENING_LATER.from_minute, EVENING_LATER.to_minute)
    async with p1.database.connection() as connection:
        row = await connection.fetchrow(
            "SELECT first_name, last_name, middle_name, phone FROM orders WHERE id = $1", brought
        )
        left = await connection.fetchval("SELECT count(*) FROM operation WHERE wanted IS NOT NULL")
    assert NewRecipient(*row) == BORIS  # type: ignore[misc]
    assert left == 0  # personal data is not kept with what is done
    kinds = {event.kind for event in await history(p1, ours, brought)}
    assert {EventKind.RECIPIENT_CHANGED, EventKind.INTERVAL_CHANGED} <= kinds


async def test_the_last_wish_is_the_one_that_counts_also_while_the_clock_stands(
    p1: Process, ours: Shop, brought: int
) -> None:
    await p1.database.transaction(freeze)
    wishes = [msgspec.structs.replace(BORIS, phone=f"+7999000000{number}") for number in range(8)]
    for wish in wishes:
        assert isinstance(await p1.update(ours, brought, wish), tuple)
    await later(p1)
    async with p1.database.connection() as connection:
        phone = await connection.fetchval("SELECT phone FROM orders WHERE id = $1", brought)
    assert phone == wishes[-1].phone


async def test_confirming_once_more_after_the_warehouse_went_on_is_granted(
    p1: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=5)
    draft = order_id_of(await p1.place_one(command(ours, {"apple": 2}, draft=True)))
    confirmed = await p1.confirm(ours, draft)
    for reached in (READY_TO_SHIP, SHIPPED):
        await carry(p1, ours, draft, reached)
        before = await history(p1, ours, draft)
        assert await p1.confirm(ours, draft) == confirmed
        assert await history(p1, ours, draft) == before


async def test_what_has_run_out_is_erased_whether_or_not_a_duty_has_noticed(
    p1: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=5)
    draft = order_id_of(await p1.place_one(command(ours, {"apple": 2}, draft=True)))
    await p1.advance(HOUR + SECOND)
    erased = await erase_orders(p1.database, p1.clock, ours.business_id, [draft])
    assert erased == Erased((draft,), ())
    assert await release_overdue(p1.database, p1.clock, ours.business_id, [draft]) == 1
    assert await stage(p1, ours, draft) == EXPIRED


async def test_what_cannot_be_changed(
    p1: Process, ours: Shop, theirs: Shop, order: int, brought: int
) -> None:
    async def message(order_id: int, shop: Shop = ours, **parts: Any) -> str:
        refused = await p1.update(shop, order_id, **parts)
        assert isinstance(refused, Refusal)
        assert refused.http_status == 400
        return refused.message

    sunday = NewInterval(ARRIVES + timedelta(days=5), MORNING.from_minute, MORNING.to_minute)
    odd = NewInterval(ARRIVES, 1, 2)
    assert await message(order, interval=EVENING_LATER) == (
        f"Delivery dates can't be updated for PICKUP order with id {order}"
    )
    for wrong in (sunday, odd):
        assert await message(brought, interval=wrong) == (
            f"The requested delivery interval is not valid for order {brought}"
        )
    assert await message(brought, theirs, recipient=BORIS) == f"Order not found: {brought}"
    assert await message(1, recipient=BORIS) == "Order not found: 1"
    await p1.cancel(ours, brought)
    assert await message(brought, recipient=BORIS) == f"Order {brought} is in cancellation state"
    await later(p1)
    assert await message(brought, recipient=BORIS) == f"Order {brought} is in terminal state"


async def test_an_interval_changes_so_often_and_a_failed_one_does_not_count(
    p1: Process, ours: Shop, brought: int
) -> None:
    days = [EVENING_LATER.day + timedelta(days=number) for number in (0, 1, 2)]
    for day in days[:2]:
        wanted = msgspec.structs.replace(EVENING_LATER, day=day)
        assert isinstance(await p1.update(ours, brought, interval=wanted), tuple)
        await later(p1)
    assert isinstance(await p1.update(ours, brought, interval=EVENING_LATER), tuple)
    refused = await p1.update(ours, brought, interval=EVENING_LATER)
    assert isinstance(refused, Refusal)
    assert refused.message == (
        f"The delivery interval of order {brought} can't be changed more than 3 times"
    )
    # The last one fails, since its day has passed before it is done.
    await p1.advance(timedelta(days=12))
    await p1.finish()
    async with p1.database.connection() as connection:
        counted = await connection.fetchval(
            "SELECT interval_changes FROM orders WHERE id = $1", brought
        )
    assert counted == 2


async def test_the_last_place_of_a_slot_goes_to_one(p1: Process, p2: Process, ours: Shop) -> None:
    """Many orders move to one interval, and new ones are placed into it, all at once."""
    await p1.stock(ours, apple=500)
    orders = [order_id_of(one) for one in await p1.place(*(by_courier(ours) for _ in range(12)))]
    evening = msgspec.structs.replace(EVENING_LATER, day=ARRIVES)
    room = EVENING.capacity
    placed = [by_courier(ours, EVENING) for _ in range(room - 6)]
    assert {told(one) for one in await p2.place(*placed)} == {"Placed"}
    begun = [await p1.update(ours, order_id, interval=evening) for order_id in orders]
    await p1.advance(SECOND)
    for _ in range(6):
        await asyncio.gather(p1.finish(), p2.finish())
    ends = [await end_of(p1, ours, one[0]) for one in begun if isinstance(one, tuple)]
    assert len(ends) == 12
    assert ends.count(OperationStatus.DONE) == 6
    assert ends.count(OperationStatus.FAILED) == 6
    slots = [(await read(p1, ours, order_id)).slot.from_minute for order_id in orders]
    assert slots.count(EVENING.from_minute) == 6


async def test_overdue_drafts_make_way_for_a_move(p1: Process, ours: Shop, brought: int) -> None:
    evening = msgspec.structs.replace(EVENING_LATER, day=ARRIVES)
    drafts = [by_courier(ours, EVENING, draft=True) for _ in range(EVENING.capacity)]
    assert {told(one) for one in await p1.place(*drafts)} == {"Placed"}
    assert isinstance(await p1.update(ours, brought, interval=evening), Refusal)
    await p1.advance(HOUR)
    assert isinstance(await p1.update(ours, brought, interval=evening), tuple)
    await later(p1)
    assert (await read(p1, ours, brought)).slot.from_minute == EVENING.from_minute


async def test_cancelling_against_shipping(
    url: str, p1: Process, p2: Process, ours: Shop, order: int
) -> None:
    await carry(p1, ours, order, READY_TO_SHIP)
    asked = await p1.cancel(ours, order)
    await p1.advance(SECOND)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        at_commit = wire.stop_before("COMMIT")
        finishing = asyncio.create_task(other.finish())
        await at_commit.reached()
        shipping = asyncio.create_task(moved(p2, move(ours, order, SHIPPED)))
        await until_waiting_for_lock(watcher)
        at_commit.release()
        assert await finishing == 1
        (outcome,) = await shipping
    assert isinstance(outcome, Refusal)
    assert await end_of(p1, ours, asked) is OperationStatus.DONE
    assert await fit(p1, ours) == (5, 0)


async def test_shipping_against_cancelling(
    url: str, p1: Process, p2: Process, ours: Shop, order: int
) -> None:
    await carry(p1, ours, order, READY_TO_SHIP)
    await p1.cancel(ours, order)
    await p1.advance(SECOND)
    async with wire_to(url) as wire, process(wire.url) as other:
        at_commit = wire.stop_before("COMMIT")
        shipping = asyncio.create_task(moved(other, move(ours, order, SHIPPED)))
        await at_commit.reached()
        # Somebody has the order in hand: it is left for the next time.
        assert await p2.finish() == 0
        at_commit.release()
        assert isinstance((await shipping)[0], Moved)
    await later(p1, p2)
    assert await stage(p1, ours, order) == CANCELLED_BY_SHOP
    assert await fit(p1, ours) == (3, 0)
    assert (await history(p1, ours, order))[-1].kind is EventKind.RETURN_CREATED


async def test_updating_against_cancelling(
    p1: Process, p2: Process, ours: Shop, brought: int
) -> None:
    answers = await asyncio.gather(
        *(one.cancel(ours, brought) for one in (p1, p2)),
        *(one.update(ours, brought, BORIS) for one in (p1, p2) * 3),
    )
    begun = [answer for answer in answers[2:] if isinstance(answer, tuple)]
    refused = [answer.message for answer in answers[2:] if isinstance(answer, Refusal)]
    assert set(refused) <= {f"Order {brought} is in cancellation state"}
    assert len(begun) + len(refused) == 6
    assert answers[0] == answers[1]
    await later(p1, p2)
    assert await stage(p1, ours, brought) == CANCELLED_BY_SHOP
    for (one,) in begun:
        assert await end_of(p1, ours, one) is not OperationStatus.IN_PROGRESS


async def test_erasing_an_order_erases_who_was_to_receive_it(
    p1: Process, ours: Shop, brought: int
) -> None:
    begun = await p1.update(ours, brought, BORIS)
    assert isinstance(begun, tuple)
    missing = cancelled(OrderSubstatus.MISSING_ITEM)
    assert isinstance((await moved(p1, move(ours, brought, missing, actor=PACKER)))[0], Moved)
    erased = await erase_orders(p1.database, p1.clock, ours.business_id, [brought])
    assert isinstance(erased, Erased)
    async with p1.database.connection() as connection:
        kept = await connection.fetchval("SELECT count(*) FROM operation WHERE wanted IS NOT NULL")
    assert kept == 0
    await later(p1)
    assert await end_of(p1, ours, begun[0]) is OperationStatus.FAILED
    async with p1.database.connection() as connection:
        name = await connection.fetchval("SELECT first_name FROM orders WHERE id = $1", brought)
    assert name is None


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
async def test_a_change_whose_reply_was_lost_begins_once(
    url: str, ours: Shop, p1: Process, brought: int, *, answered: bool
) -> None:
    async with wire_to(url) as wire, process(wire.url) as other:
        stop = wire.stop_after if answered else wire.stop_before
        at_commit = stop("COMMIT")
        asking = asyncio.create_task(other.update(ours, brought, BORIS, EVENING_LATER))
        await at_commit.reached()
        at_commit.cut()
        assert isinstance(await asking, tuple)
    async with p1.database.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM operation") == 2
    assert len(await history(p1, ours, brought)) == 2


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
async def test_an_operation_is_ended_once_whatever_befalls_the_connection(
    url: str, ours: Shop, p1: Process, order: int, *, answered: bool
) -> None:
    asked = await p1.cancel(ours, order)
    await p1.advance(SECOND)
    async with wire_to(url) as wire, process(wire.url) as other:
        stop = wire.stop_after if answered else wire.stop_before
        at_commit = stop("COMMIT")
        finishing = asyncio.create_task(other.finish())
        await at_commit.reached()
        at_commit.cut()
        await finishing
    await later(p1)
    assert await end_of(p1, ours, asked) is OperationStatus.DONE
    stages = [event.stage for event in await history(p1, ours, order)]
    assert stages == [STARTED, STARTED, CANCELLED_BY_SHOP]
