"""Work in the warehouse, by one and by several at once; the books agree after each test."""

import asyncio
from datetime import timedelta
from itertools import count

import pytest

from entrepot import limits
from entrepot.contract.enums import OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.contract.operator_errors import OperatorCode
from entrepot.db import pick_lists, work_queue
from entrepot.db.connection import Connection
from entrepot.db.goods_places import Barcode, Shelved, set_barcodes, set_shelves
from entrepot.db.order_history import read_history
from entrepot.db.pick_lists import PickList, Scan
from entrepot.db.put_backs import read_put_backs
from entrepot.db.shortages import Shortage
from entrepot.domain.carriers import OWN_FLEET
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import Actor, EventKind, Source
from entrepot.domain.order_moves import (
    READY_TO_SHIP,
    ActorKind,
    cancelled,
)
from entrepot.domain.parcels import Packed, ParcelKey
from entrepot.domain.picking import WorkStep
from entrepot.fulfilment.change_orders import Moved, move_orders
from entrepot.fulfilment.hand_over import (
    HandoverClosed,
    ParcelHanded,
    close_handover,
    hand_over,
)
from entrepot.fulfilment.pack_orders import pack_order, unpack_order
from entrepot.fulfilment.pick_orders import PiecesPlaced, Wanted, make_pick_list, scan_piece
from entrepot.fulfilment.put_back import put_back
from entrepot.fulfilment.shortages import report_shortage, resume
from entrepot.fulfilment.walk_order import Walk, Walked, walk_order
from tests.domain import networks
from tests.domain.networks import MOSCOW_WAREHOUSE
from tests.races.books import assert_books_agree
from tests.races.test_moves import fit
from tests.races.wire import wire_to
from tests.races.world import Process, Shop, command, order_id_of, process

PICKER = Actor(ActorKind.WAREHOUSE, "picker", Source.OPERATOR_API)
BOX = Packed(1_200, 300, 200, 100)
TODAY = networks.day("06-02")
_scans = count(1)


async def placed(where: Process, shop: Shop, **basket: int) -> int:
    """Place an order."""
    return order_id_of(await where.place_one(command(shop, basket or {"apple": 2})))


async def listed(where: Process, shop: Shop | None = None, orders_max: int = 20) -> PickList:
    """Make a pick list."""
    made = await make(where, shop, orders_max)
    assert isinstance(made, PickList), made
    return made


async def make(where: Process, shop: Shop | None, orders_max: int = 20) -> PickList | Refusal:
    """Ask for a pick list."""
    business_id = None if shop is None else shop.business_id
    wanted = Wanted(MOSCOW_WAREHOUSE, business_id, orders_max, TODAY)
    return await make_pick_list(where.database, where.clock, wanted, PICKER)


async def scan(
    where: Process,
    shop: Shop,
    list_id: int,
    code: str,
    pieces: int = 1,
    *,
    scan_id: str | None = None,
    order_id: int | None = None,
) -> PiecesPlaced | Refusal:
    """Scan pieces for a list."""
    scanned = Scan(scan_id or f"scan {next(_scans)}", code, pieces, order_id)
    return await scan_piece(where.database, where.clock, shop.business_id, list_id, scanned, PICKER)


async def pick(where: Process, shop: Shop, **basket: int) -> int:
    """Place an order and pick all of it."""
    order_id = await placed(where, shop, **basket)
    made = await listed(where, shop)
    for line in made.lines:
        outcome = await scan(where, shop, made.id, line.offer_id, line.count)
        assert isinstance(outcome, PiecesPlaced), outcome
    return order_id


async def pack(where: Process, shop: Shop, order_id: int, *parcels: Packed) -> Refusal | None:
    """Pack an order."""
    return await pack_order(
        where.database, where.clock, shop.business_id, order_id, parcels or (BOX,), PICKER
    )


async def give(
    where: Process, shop: Shop, order_id: int, number: int = 1
) -> ParcelHanded | Refusal:
    """Scan a parcel onto the act of the operator's own fleet."""
    parcel = ParcelKey(shop.business_id, order_id, number)
    return await hand_over(where.database, where.clock, MOSCOW_WAREHOUSE, OWN_FLEET, parcel, PICKER)


async def kinds(where: Process, shop: Shop, order_id: int) -> list[EventKind]:
    """Tell what an order's history says."""
    async with where.database.connection() as connection:
        events = await read_history(connection, shop.business_id, order_id)
    return [event.kind for event in events]


def code_of(outcome: object) -> str:
    """Give the code of a refusal."""
    assert isinstance(outcome, Refusal), outcome
    return outcome.code


async def test_an_order_is_picked_packed_and_handed_over(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5, bread=5)
    order_id = await pick(p1, ours, apple=2, bread=1)
    assert await pack(p1, ours, order_id) is None
    assert await pack(p1, ours, order_id) is None  # said again
    assert code_of(await pack(p1, ours, order_id, BOX, BOX)) == OperatorCode.ALREADY_PACKED
    handed = await give(p1, ours, order_id)
    assert isinstance(handed, ParcelHanded)
    assert (handed.left, handed.repeated) == (0, False)
    assert await fit(p1, ours) == (3, 0)
    closed = await close_handover(
        p1.database, p1.clock, ours.business_id, handed.handover_id, PICKER
    )
    assert isinstance(closed, HandoverClosed)
    assert (closed.refused, closed.handover.parcels) == ((), 1)
    again = await close_handover(
        p1.database, p1.clock, ours.business_id, handed.handover_id, PICKER
    )
    assert isinstance(again, HandoverClosed)
    assert await kinds(p1, ours, order_id) == [
        EventKind.CREATED,
        EventKind.PICKED,
        *[EventKind.STATUS_CHANGED] * 3,
    ]


async def test_a_list_has_one_business_and_what_is_urgent(
    p1: Process, ours: Shop, theirs: Shop
) -> None:
    for shop in (ours, theirs):
        await p1.stock(shop, apple=50)
    first = await placed(p1, theirs, apple=1)
    await p1.advance(timedelta(seconds=1))
    second = await placed(p1, ours, apple=1)
    made = await listed(p1)
    assert (made.business_id, {line.order_id for line in made.lines}) == (
        theirs.business_id,
        {first},
    )
    made = await listed(p1)
    assert {line.order_id for line in made.lines} == {second}
    assert code_of(await make(p1, None)) == OperatorCode.NOTHING_TO_PICK
    assert code_of(await make(p1, ours)) == OperatorCode.NOTHING_TO_PICK


async def test_wrong_pieces_too_many_and_twice(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=9, bread=9)
    order_id = await placed(p1, ours, apple=2, bread=1)
    made = await listed(p1, ours)
    assert code_of(await scan(p1, ours, made.id, "cup")) == OperatorCode.WRONG_ITEM
    assert code_of(await scan(p1, ours, made.id, "apple", 3)) == OperatorCode.TOO_MANY
    assert code_of(await scan(p1, ours, 404, "apple")) == OperatorCode.NOT_FOUND
    first = await scan(p1, ours, made.id, "apple", scan_id="a")
    assert isinstance(first, PiecesPlaced)
    assert (first.line.picked, first.list_left, first.repeated) == (1, 2, False)
    twice = await scan(p1, ours, made.id, "apple", scan_id="a")
    assert isinstance(twice, PiecesPlaced)
    assert (twice.line.picked, twice.list_left, twice.repeated) == (1, 2, True)
    assert code_of(await scan(p1, ours, made.id, "bread", scan_id="a")) == (
        OperatorCode.SCAN_ID_REUSED
    )
    assert code_of(await pack(p1, ours, order_id)) == OperatorCode.NOT_PICKED
    await scan(p1, ours, made.id, "apple", order_id=order_id)
    assert code_of(await scan(p1, ours, made.id, "apple")) == OperatorCode.TOO_MANY
    last = await scan(p1, ours, made.id, "bread")
    assert isinstance(last, PiecesPlaced)
    assert last.order_picked


async def test_a_bar_code_stands_for_its_offer(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=9, bread=9)

    async def describe(connection: Connection) -> None:
        await set_barcodes(connection, ours.business_id, [Barcode("4600000000017", "bread")])
        shelves = [Shelved("bread", "A-01"), Shelved("apple", "B-02")]
        await set_shelves(connection, ours.business_id, MOSCOW_WAREHOUSE, shelves)

    await p1.database.transaction(describe)
    await placed(p1, ours, apple=1, bread=1)
    made = await listed(p1, ours)
    assert {line.offer_id: line.shelf for line in made.lines} == {"bread": "A-01", "apple": "B-02"}
    outcome = await scan(p1, ours, made.id, "4600000000017")
    assert isinstance(outcome, PiecesPlaced)
    assert outcome.line.offer_id == "bread"


async def test_two_pickers_of_one_list_never_count_too_much(
    p1: Process, p2: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=50)
    for _ in range(3):
        await placed(p1, ours, apple=2)
    made = await listed(p1, ours)
    outcomes = await asyncio.gather(
        *(scan(where, ours, made.id, "apple") for where in (p1, p2) * 5)
    )
    counted = [one for one in outcomes if isinstance(one, PiecesPlaced)]
    assert len(counted) == 6
    assert sum(one.order_picked for one in counted) == 3
    assert {code_of(one) for one in outcomes if isinstance(one, Refusal)} == {OperatorCode.TOO_MANY}


async def test_one_scan_sent_twice_at_once_counts_once(
    p1: Process, p2: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=9)
    await placed(p1, ours, apple=3)
    made = await listed(p1, ours)
    outcomes = await asyncio.gather(
        *(scan(where, ours, made.id, "apple", scan_id="x") for where in (p1, p2, p1, p2))
    )
    assert sorted(one.repeated for one in outcomes if isinstance(one, PiecesPlaced)) == [
        False, True, True, True,
    ]  # fmt: skip
    lines = await p1.database.read(
        lambda connection: pick_lists.read_lines(connection, ours.business_id, made.id)
    )
    assert lines[0].picked == 1


async def test_lists_made_at_once_share_no_order(p1: Process, p2: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=50)
    for _ in range(9):
        await placed(p1, ours, apple=1)
    made = await asyncio.gather(*(make(where, ours, 3) for where in (p1, p2) * 3))
    orders = [line.order_id for one in made if isinstance(one, PickList) for line in one.lines]
    assert len(orders) == len(set(orders)) == 9
    assert sum(isinstance(one, PickList) for one in made) == 3


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
async def test_a_list_whose_commit_was_not_answered_is_made_once(
    url: str, p1: Process, ours: Shop, *, answered: bool
) -> None:
    await p1.stock(ours, apple=5)
    first, second = await placed(p1, ours, apple=1), await placed(p1, ours, apple=1)
    async with wire_to(url) as wire, process(wire.url) as other:
        stop = wire.stop_after if answered else wire.stop_before
        at_commit = stop("COMMIT")
        making = asyncio.create_task(listed(other, ours, 1))
        await at_commit.reached()
        at_commit.cut()
        made = await making
    assert {line.order_id for line in made.lines} == {first}
    assert {line.order_id for line in (await listed(p1, ours)).lines} == {second}


async def test_one_parcel_scanned_by_two_at_once_is_shipped_once(
    p1: Process, p2: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=5)
    order_id = await pick(p1, ours, apple=2)
    assert await pack(p1, ours, order_id) is None
    outcomes = await asyncio.gather(*(give(where, ours, order_id) for where in (p1, p2) * 4))
    handed = [one for one in outcomes if isinstance(one, ParcelHanded)]
    assert len(handed) == 8
    assert sum(not one.repeated for one in handed) == 1
    assert len({one.handover_id for one in handed}) == 1
    assert await fit(p1, ours) == (3, 0)
    assert (await kinds(p1, ours, order_id)).count(EventKind.STATUS_CHANGED) == 2


async def test_an_order_of_two_parcels_is_shipped_with_the_last(
    p1: Process, p2: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=5)
    order_id = await pick(p1, ours, apple=2)
    assert await pack(p1, ours, order_id, BOX, BOX) is None
    first, second = await asyncio.gather(give(p1, ours, order_id, 1), give(p2, ours, order_id, 2))
    assert isinstance(first, ParcelHanded)
    assert isinstance(second, ParcelHanded)
    assert {first.left, second.left} == {0, 1}
    assert first.handover_id == second.handover_id
    assert code_of(await give(p1, ours, order_id, 3)) == OperatorCode.NOT_PICKED
    assert code_of(await give(p1, ours, 404)) == OperatorCode.NOT_A_PARCEL


async def test_a_full_act_takes_no_more(
    p1: Process, ours: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDOVER_PARCELS_MAX", 1)
    await p1.stock(ours, apple=5)
    order_id = await pick(p1, ours, apple=2)
    assert await pack(p1, ours, order_id, BOX, BOX) is None
    first = await give(p1, ours, order_id, 1)
    assert isinstance(first, ParcelHanded)
    assert code_of(await give(p1, ours, order_id, 2)) == OperatorCode.HANDOVER_FULL
    closed = await close_handover(
        p1.database, p1.clock, ours.business_id, first.handover_id, PICKER
    )
    assert isinstance(closed, HandoverClosed)
    assert closed.refused == (order_id,)  # its other parcel is still here
    second = await give(p1, ours, order_id, 2)
    assert isinstance(second, ParcelHanded)
    assert second.handover_id != first.handover_id


async def test_closing_and_scanning_at_once_lose_no_parcel(
    p1: Process, p2: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=50)
    orders = []
    for _ in range(6):
        order_id = await pick(p1, ours, apple=1)
        assert await pack(p1, ours, order_id) is None
        orders.append(order_id)
    first = await give(p1, ours, orders[0])
    assert isinstance(first, ParcelHanded)
    closing = close_handover(p2.database, p2.clock, ours.business_id, first.handover_id, PICKER)
    closed, *handed = await asyncio.gather(
        closing, *(give(p1, ours, order_id) for order_id in orders[1:])
    )
    assert isinstance(closed, HandoverClosed)
    acts = {one.handover_id for one in handed if isinstance(one, ParcelHanded)}
    assert len(handed) == 5
    for act in acts:
        outcome = await close_handover(p1.database, p1.clock, ours.business_id, act, PICKER)
        assert isinstance(outcome, HandoverClosed)
    stages = await standings(p1, ours)
    assert set(stages) == {"DELIVERY"}


async def close(where: Process, shop: Shop, handover_id: int) -> HandoverClosed:
    """Close an act."""
    closed = await close_handover(
        where.database, where.clock, shop.business_id, handover_id, PICKER
    )
    assert isinstance(closed, HandoverClosed)
    return closed


async def cancel_at_desk(where: Process, shop: Shop, order_id: int) -> None:
    """Cancel an order for its shop."""
    cancel = Move(
        business_id=shop.business_id,
        order_id=order_id,
        actor=Actor(ActorKind.OPERATOR, "desk", Source.OPERATOR_API),
        target=cancelled(OrderSubstatus.SHOP_FAILED),
    )
    assert isinstance((await move_orders(where.database, where.clock, [cancel]))[0], Moved)


async def to_put_back(where: Process) -> list[int]:
    """Tell which orders' goods must go back to their shelves."""
    async with where.database.connection() as connection:
        found = await read_put_backs(connection, MOSCOW_WAREHOUSE, 10)
    return [one.order_id for one in found]


async def test_an_order_leaves_with_all_its_parcels_or_none(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await pick(p1, ours, apple=2)
    assert await pack(p1, ours, order_id, BOX, BOX) is None
    first = await give(p1, ours, order_id, 1)
    assert isinstance(first, ParcelHanded)
    closed = await close(p1, ours, first.handover_id)
    assert (closed.refused, closed.handover.parcels) == ((order_id,), 0)
    assert await standings(p1, ours) == ["PROCESSING"]
    handed = [await give(p1, ours, order_id, number) for number in (2, 1)]
    acts = [(one.left, one.handover_id) for one in handed if isinstance(one, ParcelHanded)]
    assert [left for left, _ in acts] == [1, 0]
    closed = await close(p1, ours, acts[0][1])
    assert (closed.refused, closed.handover.parcels) == ((), 2)
    assert await standings(p1, ours) == ["DELIVERY"]


async def test_goods_of_which_a_parcel_stood_at_the_gate_are_put_back(
    url: str, p1: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=5)
    orders = [await pick(p1, ours, apple=1) for _ in range(2)]
    for order_id in orders:
        assert await pack(p1, ours, order_id, BOX, BOX) is None
        first = await give(p1, ours, order_id, 1)
        assert isinstance(first, ParcelHanded)
        await cancel_at_desk(p1, ours, order_id)
    assert await to_put_back(p1) == orders
    # One goes back before the carrier comes, the other after.
    assert await put_back(p1.database, p1.clock, ours.business_id, orders[0])
    await assert_books_agree(url)
    closed = await close(p1, ours, first.handover_id)
    assert (closed.refused, closed.handover.parcels) == ((orders[1],), 0)
    assert await to_put_back(p1) == orders[1:]
    assert await put_back(p1.database, p1.clock, ours.business_id, orders[1])
    assert await to_put_back(p1) == []
    assert await fit(p1, ours) == (5, 0)


async def standings(where: Process, shop: Shop) -> list[str]:
    """Tell the statuses of all orders of a shop."""
    async with where.database.connection() as connection:
        rows = await connection.fetch(
            "SELECT status FROM orders WHERE business_id = $1 ORDER BY id", shop.business_id
        )
    return [row["status"] for row in rows]


async def short(
    where: Process, shop: Shop, order_id: int, missing: int = 1, offer: str = "apple"
) -> Shortage | Refusal:
    """Report that pieces are missing."""
    return await report_shortage(
        where.database, where.clock, shop.business_id, order_id, offer, missing, PICKER
    )


async def go_on(where: Process, shop: Shop, order_id: int) -> Refusal | None:
    """Let an order go on that was put aside."""
    return await resume(where.database, where.clock, shop.business_id, order_id, PICKER)


async def test_a_missing_piece_of_many_is_written_off(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await placed(p1, ours, apple=2)
    made = await listed(p1, ours)
    await scan(p1, ours, made.id, "apple")
    lacked = await short(p1, ours, order_id)
    assert isinstance(lacked, Shortage)
    assert not lacked.released
    assert await fit(p1, ours) == (4, 2)
    assert await short(p1, ours, order_id) == lacked  # said again
    assert await fit(p1, ours) == (4, 2)
    # Nothing goes on with an order that is put aside.
    assert code_of(await scan(p1, ours, made.id, "apple")) == OperatorCode.TOO_MANY
    assert code_of(await pack(p1, ours, order_id)) == OperatorCode.NOT_PICKED
    assert await go_on(p1, ours, order_id) is None
    assert await go_on(p1, ours, order_id) is None
    last = await scan(p1, ours, made.id, "apple")
    assert isinstance(last, PiecesPlaced)
    assert last.order_picked
    assert await pack(p1, ours, order_id) is None


async def test_without_others_the_order_waits_for_stock(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=2, bread=5)
    order_id = await placed(p1, ours, apple=2, bread=1)
    made = await listed(p1, ours)
    await scan(p1, ours, made.id, "apple")
    lacked = await short(p1, ours, order_id)
    assert isinstance(lacked, Shortage)
    assert lacked.released
    assert await fit(p1, ours) == (1, 0)
    assert await fit(p1, ours, "bread") == (5, 1)
    refused = await go_on(p1, ours, order_id)
    assert isinstance(refused, Refusal)
    assert refused.message == f"Order {order_id} cannot go on, not enough in stock: apple"
    # Nobody else may send it on, either.
    ship = Move(business_id=ours.business_id, order_id=order_id, actor=PICKER, target=READY_TO_SHIP)
    (outcome,) = await move_orders(p1.database, p1.clock, [ship])
    assert isinstance(outcome, Refusal)
    await p1.stock(ours, apple=3)
    assert await go_on(p1, ours, order_id) is None
    assert await fit(p1, ours) == (3, 2)
    await scan(p1, ours, made.id, "bread")
    last = await scan(p1, ours, made.id, "apple", 2)
    assert isinstance(last, PiecesPlaced)
    assert last.order_picked
    assert (await kinds(p1, ours, order_id))[1:3] == [EventKind.PUT_ASIDE, EventKind.RESUMED]


async def test_an_order_put_aside_can_be_cancelled(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=2, bread=5)
    order_id = await placed(p1, ours, apple=2, bread=1)
    await listed(p1, ours)
    await short(p1, ours, order_id, missing=2)
    assert await fit(p1, ours) == (0, 0)
    cancel = Move(
        business_id=ours.business_id,
        order_id=order_id,
        actor=PICKER,
        target=cancelled(OrderSubstatus.MISSING_ITEM),
    )
    (outcome,) = await move_orders(p1.database, p1.clock, [cancel])
    assert isinstance(outcome, Moved)
    assert await fit(p1, ours, "bread") == (5, 0)


async def test_drafts_that_ran_out_do_not_make_a_shortage(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=3)
    await p1.place_one(command(ours, {"apple": 1}, draft=True))
    order_id = await placed(p1, ours, apple=2)
    await listed(p1, ours)
    await p1.advance(networks.at("2026-06-02 12:00") - networks.at("2026-06-02 10:00"))
    lacked = await short(p1, ours, order_id)
    assert isinstance(lacked, Shortage)
    assert not lacked.released
    assert await fit(p1, ours) == (2, 2)


async def test_only_what_an_order_has_can_be_short(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await placed(p1, ours, apple=2)
    assert code_of(await short(p1, ours, order_id)) == OperatorCode.NOT_TO_BE_PICKED
    await listed(p1, ours)
    assert code_of(await short(p1, ours, order_id, 3)) == OperatorCode.TOO_MANY
    assert code_of(await short(p1, ours, order_id, offer="drum")) == OperatorCode.WRONG_ITEM
    assert (await short(p1, ours, 404)).code == "NOT_FOUND"  # type: ignore[union-attr]


async def test_shortage_and_placing_at_once_keep_the_books(
    p1: Process, p2: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=4)
    order_id = await placed(p1, ours, apple=2)
    await listed(p1, ours)
    buying = [p2.place_one(command(ours, {"apple": 1})) for _ in range(3)]
    await asyncio.gather(short(p1, ours, order_id), *buying)
    pieces, held = await fit(p1, ours)
    assert pieces == 3
    assert held <= pieces


async def test_an_order_is_unpacked_and_packed_otherwise(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=5)
    order_id = await pick(p1, ours, apple=2)
    assert await pack(p1, ours, order_id) is None

    async def unpack() -> Refusal | None:
        return await unpack_order(p1.database, p1.clock, ours.business_id, order_id, PICKER)

    assert await unpack() is None
    assert await unpack() is None
    assert await pack(p1, ours, order_id, BOX, BOX) is None
    await give(p1, ours, order_id, 1)
    assert code_of(await unpack()) == OperatorCode.NOT_PICKED


async def test_what_a_sandbox_packed_unpicked_is_picked_after_it_is_unpacked(
    p1: Process, ours: Shop
) -> None:
    await p1.stock(ours, apple=5)
    order_id = await placed(p1, ours, apple=2)
    made = await listed(p1, ours)
    assert isinstance(await scan(p1, ours, made.id, "apple"), PiecesPlaced)
    walk = Walk(business_id=ours.business_id, order_id=order_id, target=READY_TO_SHIP, name="test")
    assert isinstance(await walk_order(p1.database, p1.clock, walk), Walked)
    assert await unpack_order(p1.database, p1.clock, ours.business_id, order_id, PICKER) is None
    scanned = await scan(p1, ours, made.id, "apple")
    assert isinstance(scanned, PiecesPlaced)
    assert scanned.order_picked
    assert await pack(p1, ours, order_id) is None


@pytest.mark.parametrize("racer", ["cancel first", "ship first"])
async def test_cancelling_and_handing_over_at_once(
    p1: Process, p2: Process, ours: Shop, racer: str
) -> None:
    await p1.stock(ours, apple=5)
    order_id = await pick(p1, ours, apple=2)
    assert await pack(p1, ours, order_id) is None
    cancel = Move(
        business_id=ours.business_id,
        order_id=order_id,
        actor=Actor(ActorKind.OPERATOR, "desk", Source.OPERATOR_API),
        target=cancelled(OrderSubstatus.SHOP_FAILED),
    )
    racing = [move_orders(p2.database, p2.clock, [cancel]), give(p1, ours, order_id)]
    if racer == "ship first":
        racing.reverse()
    await asyncio.gather(*racing)
    assert await standings(p1, ours) == ["CANCELLED"]
    pieces, held = await fit(p1, ours)
    assert (pieces, held) in {(5, 0), (3, 0)}


async def test_the_queue_says_what_must_leave_and_where_it_stands(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=50)
    picked = await pick(p1, ours, apple=1)
    waiting = await placed(p1, ours, apple=1)

    async def read(connection: Connection) -> list[work_queue.QueuedOrder]:
        return await work_queue.read_queue(connection, MOSCOW_WAREHOUSE, None, 10)

    queued = await p1.database.read(read)
    assert {one.order_id: one.step for one in queued} == {
        picked: WorkStep.PICKED,
        waiting: WorkStep.WAITING,
    }
    await pack(p1, ours, picked)
    await give(p1, ours, picked)
    counted = await p1.database.read(
        lambda connection: work_queue.count_queue(connection, MOSCOW_WAREHOUSE)
    )
    assert {(one.step, one.orders) for one in counted} == {
        (WorkStep.HANDED_OVER, 1),
        (WorkStep.WAITING, 1),
    }
    first = await p1.database.read(
        lambda connection: work_queue.read_queue(connection, MOSCOW_WAREHOUSE, None, 1)
    )
    rest = await p1.database.read(
        lambda connection: work_queue.read_queue(
            connection, MOSCOW_WAREHOUSE, first[0].position, 10
        )
    )
    assert {one.order_id for one in first + rest} == {picked, waiting}
