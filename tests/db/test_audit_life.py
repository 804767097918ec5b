"""The audit of orders on their way: silent about a sound life, naming each planted fault."""

from typing import NamedTuple

import pytest

from entrepot.db.audit import audit
from entrepot.db.connection import Connection
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import Actor, Source, UnitsRefused
from entrepot.domain.order_moves import (
    DELIVERED,
    DELIVERY,
    LOST,
    PICKUP,
    READY_TO_SHIP,
    SHIPPED,
    ActorKind,
    Stage,
)
from entrepot.fulfilment.change_orders import Moved, move_orders
from tests.races.world import Process, Shop, command, order_id_of

DESK = Actor(ActorKind.OPERATOR, "desk", Source.OPERATOR_API)
TO_POINT = (READY_TO_SHIP, SHIPPED, DELIVERY, PICKUP)


class Fault(NamedTuple):
    """A statement that breaks a promise; the row that must be named, and how."""

    statement: str
    row: str
    reason: str


FAULTS = {
    "pieces turned down that were not": Fault(
        "UPDATE order_item SET rejected = 1 WHERE order_id = {sent}",
        "order {sent}, item 1",
        "1 of 2 turned down, 0 lost, the order is PROCESSING/SHIPPED",
    ),
    "lost pieces found": Fault(
        "UPDATE order_item SET lost = 1 WHERE order_id = {lost}",
        "order {lost}, item 1",
        "0 of 2 turned down, 1 lost, the order is CANCELLED/DELIVERY_SERVICE_LOST",
    ),
    "an order that left and did not": Fault(
        "UPDATE orders SET shipped_at = NULL WHERE id = {sent}",
        "order {sent}",
        "has not left, the order is PROCESSING/SHIPPED",
    ),
    "goods that left with an order that did not": Fault(
        "UPDATE orders SET shipped_at = now() WHERE id = {waiting}",
        "order {waiting}, item 1",
        "hold is HELD, the order has left",
    ),
    "goods that do not come back": Fault(
        "DELETE FROM order_return_item WHERE true",
        "order {refused}, item 1",
        "1 of 2 come back, recorded are 0",
    ),
    "goods that come back from nowhere": Fault(
        "UPDATE order_return SET order_id = {lost} WHERE order_id = {refused}",
        "order {lost}, item 1",
        "0 of 2 come back, recorded are 1",
    ),
    "a return of no order": Fault(
        "UPDATE order_return SET order_id = 9999 WHERE order_id = {refused}",
        "order_return {return}",
        "there is no order 9999",
    ),
    "a cancellation that nobody carries out": Fault(
        "DELETE FROM operation WHERE order_id = {waiting}",
        "order {waiting}",
        "operation {waiting}-cancellation is to cancel it and is not under way",
    ),
    "a cancellation that the order does not know of": Fault(
        "UPDATE orders SET cancellation = NULL WHERE id = {waiting}",
        "operation {waiting}-cancellation",
        "is to cancel an order that does not know of it",
    ),
    "an operation that keeps what it knew": Fault(
        "UPDATE operation SET status = 'DONE', finished_at = now() WHERE order_id = {waiting}",
        "operation {waiting}-cancellation",
        "is DONE and keeps what was wanted",
    ),
    "a used place given away": Fault(
        "UPDATE orders SET slot_hold = 'RELEASED' WHERE id = {refused}",
        "order {refused}",
        "slot_hold is RELEASED, the order is DELIVERED/DELIVERY_SERVICE_DELIVERED",
    ),
    "sent goods that are held": Fault(
        "UPDATE order_item SET hold = 'HELD' WHERE order_id = {sent}",
        "order {sent}, item 1",
        "hold is HELD, the order is PROCESSING/SHIPPED",
    ),
}


@pytest.fixture
async def orders(placing: Process, ours: Shop) -> dict[str, object]:
    """Orders that wait to be cancelled, are on their way, lost, and refused in part."""
    await placing.stock(ours, apple=50)
    names = ("waiting", "sent", "lost", "refused")
    found = {
        name: order_id_of(await placing.place_one(command(ours, {"apple": 2}))) for name in names
    }

    async def carry(name: str, *stages: Stage, refused: int = 0) -> Moved:
        units = (UnitsRefused("apple", refused),) if refused else ()
        moves = [
            Move(
                business_id=ours.business_id,
                order_id=found[name],
                target=stage,
                actor=DESK,
                refused=units if stage == DELIVERED else (),
            )
            for stage in stages
        ]
        outcomes = await move_orders(placing.database, placing.clock, moves)
        last = outcomes[-1]
        assert isinstance(last, Moved), last
        return last

    await placing.cancel(ours, found["waiting"])
    await carry("sent", *TO_POINT[:2])
    await carry("lost", *TO_POINT[:3], LOST)
    last = await carry("refused", *TO_POINT, DELIVERED, refused=1)
    return {**found, "return": last.return_id}


async def test_a_sound_life_is_sound(placing: Process, orders: dict[str, object]) -> None:
    assert len(orders) == 5
    assert (await audit(placing.database)).findings == ()


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_named(
    placing: Process, orders: dict[str, object], fault: str
) -> None:
    planted = FAULTS[fault]

    async def plant(connection: Connection) -> None:
        await connection.execute(planted.statement.format(**orders))

    await placing.database.transaction(plant)
    findings = (await audit(placing.database)).findings
    row, reason = planted.row.format(**orders), planted.reason.format(**orders)
    assert any(one.row == row and one.reason == reason for one in findings), findings
