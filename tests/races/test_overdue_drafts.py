"""What an overdue draft holds is free at that very moment; no sweep has run in any of these."""

import asyncio
import time
from datetime import timedelta

import pytest

from entrepot import limits
from entrepot.domain.destination import ToPoint
from entrepot.fulfilment.release import release_overdue
from entrepot.work.expire_drafts import expire_drafts
from tests.races.wire import wire_to
from tests.races.world import (
    CLOCK,
    HOUR,
    NARROW_CAPACITY,
    NARROW_POINT,
    Process,
    Shop,
    command,
    order_id_of,
    outsider,
    process,
    told,
    until_waiting_for_lock,
)

NARROW = ToPoint(NARROW_POINT)
MICROSECOND = timedelta(microseconds=1)


async def test_its_goods_go_to_who_wants_them(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=2)
    await p1.order(command(ours, {"apple": 2}, draft=True))
    await p1.advance(HOUR - MICROSECOND)
    assert told(await p2.order(command(ours, {"apple": 1}))) == "NOT_ENOUGH_STOCK"
    await p1.advance(MICROSECOND)
    outcomes = await p2.place(*(command(ours, {"apple": 1}) for _ in range(3)))
    assert [told(outcome) for outcome in outcomes] == ["Placed", "Placed", "NOT_ENOUGH_STOCK"]


async def test_its_slot_goes_to_another_business(
    ours: Shop, theirs: Shop, p1: Process, p2: Process
) -> None:
    await p1.stock(ours, apple=9)
    await p1.stock(theirs, apple=9)
    for _ in range(NARROW_CAPACITY):
        await p1.order(command(theirs, {"apple": 1}, to=NARROW, draft=True))
    assert told(await p2.order(command(ours, {"apple": 1}, to=NARROW))) != "Placed"
    await p1.advance(HOUR)
    assert told(await p2.order(command(ours, {"apple": 1}, to=NARROW))) == "Placed"


async def test_goods_and_slots_of_many_places_for_one_order(ours: Shop, p1: Process) -> None:
    """Each parcel of the order lacks something that another draft holds."""
    await p1.stock(ours, apple=NARROW_CAPACITY, bread=1, cup=NARROW_CAPACITY)
    await p1.stock(ours, "novosibirsk", drum=1)
    for days, offer in ((0, "apple"), (1, "cup")):
        for _ in range(NARROW_CAPACITY):
            await p1.place_one(
                command(ours, {offer: 1}, to=NARROW, draft=True, days_later=(days, 0))
            )
    await p1.place_one(command(ours, {"bread": 1}, draft=True))
    await p1.place_one(command(ours, {"drum": 1}, draft=True, sources=("novosibirsk",)))
    wanted = command(ours, {"apple": 1, "bread": 1}, {"drum": 1}, to=NARROW, days_later=(0, 1))
    assert told(await p1.order(wanted)) == "INVALID_DELIVERY_OPTION"
    await p1.advance(HOUR)
    assert told(await p1.order(wanted)) == "Placed"


async def test_a_chain_of_wishes(ours: Shop, p1: Process) -> None:
    """Each order placed takes what the next one would have had without its draft."""
    await p1.stock(ours, apple=1, bread=2, cup=2, drum=2)
    await p1.stock(ours, "novosibirsk", apple=2, bread=2, cup=2)
    chain = [
        (({"apple": 1}), ({"apple": 1, "bread": 1})),
        (({"bread": 1}), ({"bread": 1, "cup": 1})),
        (({"cup": 1}), ({"cup": 1, "drum": 1})),
        (({"drum": 1}), ({"drum": 1})),
    ]
    for held, _ in chain:
        await p1.place_one(command(ours, held, draft=True))
    await p1.advance(HOUR)
    outcomes = await p1.place(*(command(ours, wanted) for _, wanted in chain))
    assert [told(outcome) for outcome in outcomes] == ["Placed"] * len(chain)


async def test_more_drafts_than_one_release_takes(ours: Shop, p1: Process) -> None:
    drafts = limits.RELEASED_ORDERS_PER_TRANSACTION_MAX * (limits.RELEASES_PER_BATCH_MAX + 1) + 10
    await p1.stock(ours, apple=drafts)
    for start in range(0, drafts, limits.BATCH_COMMANDS_MAX):
        size = min(limits.BATCH_COMMANDS_MAX, drafts - start)
        outcomes = await p1.place(*(command(ours, {"apple": 1}, draft=True) for _ in range(size)))
        assert {told(outcome) for outcome in outcomes} == {"Placed"}
    await p1.advance(HOUR)
    assert told(await p1.order(command(ours, {"apple": drafts}))) == "Placed"


async def test_a_draft_that_somebody_holds_delays_only_those_who_want_its_goods(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=1, bread=50)
    draft = order_id_of(await p1.order(command(ours, {"apple": 1}, draft=True)))
    await p1.advance(HOUR)
    async with outsider(url) as holder:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE", draft)
            apple = asyncio.create_task(p1.order(command(ours, {"apple": 1})))
            began = time.monotonic()
            for _ in range(10):
                assert told(await p1.order(command(ours, {"bread": 1}))) == "Placed"
            assert time.monotonic() - began < 3
            assert not apple.done()
        assert told(await apple) == "Placed"


async def test_two_batches_release_the_same_draft(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=2)
    draft = order_id_of(await p1.order(command(ours, {"apple": 2}, draft=True)))
    await p1.advance(HOUR)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as watcher:
        releasing = wire.stop_before("UPDATE order_item")
        first = asyncio.create_task(other.order(command(ours, {"apple": 1})))
        await releasing.reached()
        second = asyncio.create_task(p1.order(command(ours, {"apple": 1})))
        await until_waiting_for_lock(watcher)
        releasing.release()
        assert [told(await first), told(await second)] == ["Placed", "Placed"]
        assert await watcher.fetchval("SELECT event_seq FROM orders WHERE id = $1", draft) == 2


@pytest.mark.parametrize("many", [1, 3])
async def test_releasing_again_takes_nothing(
    ours: Shop, p1: Process, p2: Process, many: int
) -> None:
    await p1.stock(ours, apple=9, bread=9)
    outcomes = await p1.place(
        command(ours, {"apple": 2}, draft=True),
        command(ours, {"apple": 3}),
        command(ours, {"bread": 1}, draft=True, fake=True),
    )
    ids = [order_id_of(outcome) for outcome in outcomes]
    await p1.advance(HOUR)
    released = await asyncio.gather(
        *(
            release_overdue(where.database, CLOCK, ours.business_id, ids)
            for where in (p1, p2)
            for _ in range(many)
        )
    )
    assert sum(released) == 2
    assert await release_overdue(p1.database, CLOCK, ours.business_id, ids) == 0
    async with p1.database.connection() as connection:
        rows = await connection.fetch("SELECT offer_id, held FROM stock ORDER BY offer_id")
    assert [tuple(row) for row in rows] == [("apple", 3), ("bread", 0)]


async def test_releasing_before_the_hour_takes_nothing(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=2)
    draft = order_id_of(await p1.order(command(ours, {"apple": 2}, draft=True)))
    await p1.advance(HOUR - MICROSECOND)
    assert await release_overdue(p1.database, CLOCK, ours.business_id, [draft, draft + 1]) == 0
    assert await expire_drafts(p1.database, CLOCK) == 0
    assert told(await p1.order(command(ours, {"apple": 1}))) == "NOT_ENOUGH_STOCK"


async def test_sweeps_of_all_processes_at_once(ours: Shop, p1: Process, p2: Process) -> None:
    await p1.stock(ours, apple=30)
    await p1.place(*(command(ours, {"apple": 1}, draft=True) for _ in range(30)))
    await p1.advance(HOUR)
    ended = await asyncio.gather(*(expire_drafts(where.database, CLOCK) for where in (p1, p2) * 3))
    assert sum(ended) == 30
    outcomes = await p1.place(*(command(ours, {"apple": 1}) for _ in range(30)))
    assert {told(outcome) for outcome in outcomes} == {"Placed"}


async def test_a_sweep_leaves_a_locked_draft_for_the_next(
    url: str, ours: Shop, p1: Process
) -> None:
    await p1.stock(ours, apple=3)
    outcomes = await p1.place(*(command(ours, {"apple": 1}, draft=True) for _ in range(3)))
    await p1.advance(HOUR)
    async with outsider(url) as holder:
        async with holder.transaction():
            locked = order_id_of(outcomes[0])
            await holder.execute("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE", locked)
            assert await expire_drafts(p1.database, CLOCK) == 2
        assert await expire_drafts(p1.database, CLOCK) == 1
