"""Orders on their way through the one entry that moves them; the books agree after each test."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import asyncpg
import msgspec
import pytest

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import STATUS_NOT_ALLOWED, Refusal
from entrepot.db.connection import Connection
from entrepot.db.order_history import read_history
from entrepot.db.orders_read import read_order
from entrepot.domain.order_changes import LockedOrder, Move
from entrepot.domain.order_events import Actor, Event, EventKind, Source, UnitsRefused
from entrepot.domain.order_moves import (
    DELIVERED,
    DELIVERY,
    LOST,
    NOT_FETCHED,
    PICKUP,
    READY_TO_SHIP,
    SHIPPED,
    STARTED,
    ActorKind,
    Stage,
    cancelled,
)
from entrepot.fulfilment.change_orders import Moved, Outcome, move_orders
from tests.races.world import Process, Shop, command, order_id_of

PACKER = Actor(ActorKind.WAREHOUSE, "packer", Source.OPERATOR_API)
CARRIER = Actor(ActorKind.CARRIER, "fleet", Source.CARRIER)
DAY = timedelta(days=1)
WAREHOUSE_ONLY = (
    "Transition PROCESSING -> PROCESSING is not allowed. "
    "Reason: it is for WAREHOUSE or OPERATOR to say"
)
TO_POINT = (READY_TO_SHIP, SHIPPED, DELIVERY, PICKUP)


def move(shop: Shop, order_id: int, target: Stage, **more: object) -> Move:
    """Ask for a move by who usually makes it."""
    by_warehouse = target in (READY_TO_SHIP, SHIPPED, STARTED)
    actor = PACKER if by_warehouse else CARRIER
    wanted = Move(business_id=shop.business_id, order_id=order_id, actor=actor, target=target)
    return msgspec.structs.replace(wanted, **more)


async def moved(where: Process, *moves: Move) -> list[Outcome]:
    """Move orders."""
    return await move_orders(where.database, where.clock, moves)


async def carry(where: Process, shop: Shop, order_id: int, *stages: Stage) -> None:
    """Carry an order through stages, one after the other, in one call."""
    outcomes = await moved(where, *(move(shop, order_id, stage) for stage in stages))
    assert [outcome.stage for outcome in outcomes if isinstance(outcome, Moved)] == list(stages)


async def history(where: Process, shop: Shop, order_id: int) -> tuple[Event, ...]:
    """Read an order's history."""
    async with where.database.connection() as connection:
        return await read_history(connection, shop.business_id, order_id)


async def fit(where: Process, shop: Shop, offer: str = "apple") -> tuple[int, int]:
    """Tell how many pieces lie in the warehouse, and how many of them are held."""
    async with where.database.connection() as connection:
        row = await connection.fetchrow(
            "SELECT fit, held FROM stock WHERE business_id = $1 AND offer_id = $2 AND fit >= 0",
            shop.business_id,
            offer,
        )
    assert row is not None
    return row[0], row[1]


async def placed(where: Process, shop: Shop, **basket: int) -> int:
    """Place an order to a point that takes everything."""
    return order_id_of(await where.place_one(command(shop, basket or {"apple": 2})))


async def test_a_parcel_goes_to_its_point_and_is_fetched(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await placed(p1, ours)
    assert await fit(p1, ours) == (5, 2)
    await carry(p1, ours, order_id, READY_TO_SHIP)
    assert await fit(p1, ours) == (5, 2)
    await carry(p1, ours, order_id, SHIPPED)
    assert await fit(p1, ours) == (3, 0)
    await carry(p1, ours, order_id, DELIVERY, PICKUP)
    async with p1.database.connection() as connection:
        order = await read_order(connection, ours.business_id, None, order_id)
    assert order is not None
    assert order.standing.status is OrderStatus.PICKUP
    assert order.storage_limit_day == date(2026, 6, 9)  # a week after the second of June
    wrong = await moved(p1, move(ours, order_id, DELIVERED, receive_code="000000"))
    assert isinstance(wrong[0], Refusal)
    right = await moved(p1, move(ours, order_id, DELIVERED, receive_code="123456"))
    assert isinstance(right[0], Moved)
    events = await history(p1, ours, order_id)
    assert [event.stage for event in events] == [STARTED, *TO_POINT, DELIVERED]
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    assert events[1].actor == PACKER
    assert events[3].actor == CARRIER


async def test_what_is_so_already_is_not_done_again(p1: Process, p2: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await placed(p1, ours)
    await carry(p1, ours, order_id, READY_TO_SHIP)
    ship = move(ours, order_id, SHIPPED)
    outcomes = await asyncio.gather(*(moved(where, ship, ship) for where in (p1, p2) * 3))
    granted = [one for pair in outcomes for one in pair if isinstance(one, Moved)]
    assert len(granted) == 12
    assert sum(one.changed for one in granted) == 1
    assert await fit(p1, ours) == (3, 0)
    assert len(await history(p1, ours, order_id)) == 3


async def test_of_two_moves_that_exclude_each_other_one_is_made(
    p1: Process, p2: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=50)
    for _ in range(5):
        order_id = await placed(p1, ours)
        await carry(p1, ours, order_id, READY_TO_SHIP)
        missing = cancelled(OrderSubstatus.MISSING_ITEM)
        shipped, given_up = await asyncio.gather(
            moved(p1, move(ours, order_id, SHIPPED)),
            moved(p2, move(ours, order_id, missing, actor=PACKER)),
        )
        won = [isinstance(shipped[0], Moved), isinstance(given_up[0], Moved)]
        assert sorted(won) == [False, True]
        assert (await history(p1, ours, order_id))[-1].stage == (SHIPPED if won[0] else missing)


async def test_each_move_has_its_own_outcome(p1: Process, ours: Shop, theirs: Shop) -> None:
    for shop in (ours, theirs):
        await p1.stock(shop, apple=50)
    mine = [await placed(p1, ours) for _ in range(3)]
    other = await placed(p1, theirs)
    outcomes = await moved(
        p1,
        move(ours, mine[0], READY_TO_SHIP),
        move(theirs, other, READY_TO_SHIP),
        move(ours, mine[1], DELIVERED),
        move(ours, other, READY_TO_SHIP),
        move(ours, mine[2], READY_TO_SHIP, actor=CARRIER),
        move(ours, mine[0], SHIPPED),
        move(ours, mine[0], STARTED),
    )
    told = [one.message if isinstance(one, Refusal) else str(one.stage) for one in outcomes]
    assert told == [
        "PROCESSING/READY_TO_SHIP",
        "PROCESSING/READY_TO_SHIP",
        "No transition found: PROCESSING -> DELIVERED",
        f"Order not found: {other}",
        WAREHOUSE_ONLY,
        "PROCESSING/SHIPPED",
        "No transition found: PROCESSING/SHIPPED -> PROCESSING/STARTED",
    ]


async def test_refused_in_part(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5, bread=5)
    order_id = await placed(p1, ours, apple=3, bread=1)
    await carry(p1, ours, order_id, *TO_POINT)
    for wrong in (
        (UnitsRefused("apple", 4),),
        (UnitsRefused("cup", 1),),
        (UnitsRefused("apple", 3), UnitsRefused("bread", 1)),
        (UnitsRefused("apple", 1), UnitsRefused("apple", 1)),
    ):
        (outcome,) = await moved(p1, move(ours, order_id, DELIVERED, refused=wrong))
        assert isinstance(outcome, Refusal)
    refused = (UnitsRefused("apple", 2),)
    (outcome,) = await moved(p1, move(ours, order_id, DELIVERED, refused=refused))
    assert isinstance(outcome, Moved)
    assert outcome.return_id is not None
    events = await history(p1, ours, order_id)
    assert [event.kind for event in events[-2:]] == [
        EventKind.STATUS_CHANGED,
        EventKind.RETURN_CREATED,
    ]
    assert events[-2].detail is not None
    assert events[-2].detail.refused == refused
    assert events[-1].detail is not None
    assert events[-1].detail.return_id == outcome.return_id
    async with p1.database.connection() as connection:
        order = await read_order(connection, ours.business_id, None, order_id)
    assert order is not None
    assert [(item.offer_id, item.rejected) for item in order.items] == [("apple", 2), ("bread", 0)]


async def test_lost_goods_do_not_come_back(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await placed(p1, ours)
    await carry(p1, ours, order_id, *TO_POINT[:3], LOST)
    assert await fit(p1, ours) == (3, 0)
    assert EventKind.RETURN_CREATED not in {one.kind for one in await history(p1, ours, order_id)}


async def test_refused_wholly_comes_back(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await placed(p1, ours)
    refused = cancelled(OrderSubstatus.USER_REFUSED_PRODUCT)
    await carry(p1, ours, order_id, *TO_POINT, refused)
    assert (await history(p1, ours, order_id))[-1].kind is EventKind.RETURN_CREATED


async def test_a_fake_order_moves_and_holds_nothing(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    placed_fake = await p1.place_one(command(ours, {"apple": 2}, fake=True))
    order_id = order_id_of(placed_fake)
    await carry(p1, ours, order_id, *TO_POINT, DELIVERED)
    assert await fit(p1, ours) == (5, 0)


async def test_what_is_not_fetched_ends_at_its_moment(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await placed(p1, ours)
    await carry(p1, ours, order_id, *TO_POINT)
    # Kept until the end of the ninth of June in Moscow.
    await p1.advance(timedelta(days=7, hours=14) - timedelta(microseconds=1))
    async with p1.database.connection() as connection:
        order = await read_order(connection, ours.business_id, None, order_id)
        assert order is not None
        assert order.standing.stage == PICKUP
        await p1.advance(timedelta(microseconds=1))
        order = await read_order(connection, ours.business_id, None, order_id)
    assert order is not None
    assert order.standing.stage == NOT_FETCHED
    late = await moved(p1, move(ours, order_id, DELIVERED))
    assert isinstance(late[0], Refusal)
    assert late[0].message == "No transition found: CANCELLED -> DELIVERED"
    events = await history(p1, ours, order_id)
    assert [event.stage for event in events[-2:]] == [NOT_FETCHED, NOT_FETCHED]
    assert events[-2].actor.kind is ActorKind.TIMER
    assert events[-2].happened_at == order.standing.updated_at


class Notebook:
    """Keeps orders from moving, or notes that they did, in a table of a test's own."""

    def __init__(self, refused: int) -> None:
        self._refused = refused

    async def check(
        self, connection: Connection, orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        assert await connection.fetchval("SELECT 1") == 1
        return {
            order_id: STATUS_NOT_ALLOWED(status="held back")
            for order_id in orders
            if order_id == self._refused
        }

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        await connection.execute(
            "INSERT INTO noted SELECT unnest($1::bigint[])", [one.order.id for one in moved]
        )


async def test_tables_of_the_caller_change_together_with_the_order(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=50)
    free, held_back = await placed(p1, ours), await placed(p1, ours)
    async with p1.database.connection() as connection:
        await connection.execute("CREATE TABLE noted (order_id bigint PRIMARY KEY)")
    moves = [
        move(ours, free, READY_TO_SHIP),
        move(ours, held_back, READY_TO_SHIP),
        Move(business_id=ours.business_id, order_id=1, actor=PACKER, event=EventKind.PICKED),
    ]
    notebook = Notebook(held_back)
    outcomes = await move_orders(p1.database, p1.clock, moves, notebook)
    assert [isinstance(outcome, Moved) for outcome in outcomes] == [True, False, False]
    note = Move(
        business_id=ours.business_id,
        order_id=held_back,
        actor=PACKER,
        event=EventKind.PUT_ASIDE,
        reason="an apple is missing",
    )
    assert isinstance((await moved(p1, note))[0], Moved)
    events = await history(p1, ours, held_back)
    assert events[-1].kind is EventKind.PUT_ASIDE
    assert events[-1].stage == STARTED
    assert events[-1].detail is not None
    assert events[-1].detail.reason == "an apple is missing"
    async with p1.database.connection() as connection:
        rows = await connection.fetch("SELECT order_id FROM noted")
        assert [row[0] for row in rows] == [free]
        # What the caller cannot write does not happen to the order either.
        await connection.execute("INSERT INTO noted VALUES ($1)", held_back)
    ready = move(ours, held_back, READY_TO_SHIP)
    with pytest.raises(asyncpg.UniqueViolationError):
        await move_orders(p1.database, p1.clock, [ready], Notebook(0))
    assert (await history(p1, ours, held_back))[-1].stage == STARTED
