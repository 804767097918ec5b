"""The queue in front of placing: bounded, patient with nobody, and never stuck."""

import asyncio
import time

import pytest

from entrepot import limits
from entrepot.fulfilment.group_commit import GroupCommit, QueueFull
from tests.races.wire import Gate, Wire, wire_to
from tests.races.world import Process, Shop, command, outsider, process, told


async def in_flight(wire: Wire, where: Process, shop: Shop) -> tuple[Gate, asyncio.Task[object]]:
    """Have a batch of one stand before its COMMIT, so that what comes next must queue."""
    gate = wire.stop_before("COMMIT")
    task: asyncio.Task[object] = asyncio.create_task(where.order(command(shop, {"apple": 1})))
    await gate.reached()
    return gate, task


async def test_what_waited_becomes_one_batch(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=99)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate, first = await in_flight(wire, other, ours)
        waiting = [asyncio.create_task(other.order(command(ours, {"apple": 1}))) for _ in range(50)]
        await asyncio.sleep(0)
        commits = wire.statements.count("COMMIT")
        gate.release()
        assert {told(outcome) for outcome in await asyncio.gather(*waiting)} == {"Placed"}
        assert told(await first) == "Placed"  # type: ignore[arg-type]
        assert wire.statements.count("COMMIT") == commits + 1


@pytest.mark.parametrize(("processes", "batches"), [(1, 2), (2, 1)])
async def test_beside_others_a_batch_lets_in_who_is_on_the_way(
    url: str, ours: Shop, p1: Process, processes: int, batches: int
) -> None:
    await p1.stock(ours, apple=99)
    async with wire_to(url) as wire, process(wire.url) as other:
        queue = GroupCommit(other.batch.place, processes=processes)
        queue.start()
        waiting = []
        for _ in range(5):
            waiting.append(asyncio.create_task(queue.place(command(ours, {"apple": 1}), 1_000)))
            for _ in range(3):  # turns of the loop, as a request takes some from its socket
                await asyncio.sleep(0)
        assert {told(outcome) for outcome in await asyncio.gather(*waiting)} == {"Placed"}
        await queue.close()
        assert wire.statements.count("COMMIT") == batches


async def test_a_large_order_goes_alone(
    url: str, ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BATCH_LINES_MAX", 3)
    await p1.stock(ours, apple=99, bread=99, cup=99, drum=99)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate, first = await in_flight(wire, other, ours)
        large = {"apple": 1, "bread": 1, "cup": 1, "drum": 1}
        small = {"apple": 1}
        waiting = [
            asyncio.create_task(other.order(command(ours, basket)))
            for basket in (small, small, large, small, small, small, small)
        ]
        await asyncio.sleep(0)
        commits = wire.statements.count("COMMIT")
        gate.release()
        await asyncio.gather(first, *waiting)
        assert wire.statements.count("COMMIT") == commits + 4  # 2, the large one, 3, 1


async def test_it_is_bounded_in_commands(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=limits.QUEUE_COMMANDS_MAX)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate, first = await in_flight(wire, other, ours)
        waiting = [
            asyncio.create_task(other.order(command(ours, {"apple": 1})))
            for _ in range(limits.QUEUE_COMMANDS_MAX)
        ]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await other.order(command(ours, {"apple": 1}))
        gate.release()
        outcomes = [told(outcome) for outcome in await asyncio.gather(*waiting)]
        await first
    assert outcomes.count("Placed") == limits.QUEUE_COMMANDS_MAX - 1
    assert outcomes[-1] == "NOT_ENOUGH_STOCK"


async def test_it_is_bounded_in_bytes(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    half = limits.QUEUE_BYTES_MAX // 2
    async with wire_to(url) as wire, process(wire.url) as other:
        gate, first = await in_flight(wire, other, ours)
        waiting = [
            asyncio.create_task(other.queue.place(command(ours, {"apple": 1}), half))
            for _ in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await other.queue.place(command(ours, {"apple": 1}), 1)
        gate.release()
        await asyncio.gather(first, *waiting)
        # What was taken counts no longer.
        assert told(await other.queue.place(command(ours, {"apple": 1}), half)) == "Placed"


async def test_it_is_bounded_by_how_long_batches_take(
    url: str, ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow batches make the queue shorter; quick ones make it longer again."""
    monkeypatch.setattr(limits, "BATCH_COMMANDS_MAX", 2)
    monkeypatch.setattr(limits, "QUEUE_WAIT_S_MAX", 0.1)
    await p1.stock(ours, apple=99)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate, slow = await in_flight(wire, other, ours)
        await asyncio.sleep(0.5)
        gate.release()
        await slow
        gate, first = await in_flight(wire, other, ours)
        waiting = [asyncio.create_task(other.order(command(ours, {"apple": 1}))) for _ in range(9)]
        await asyncio.sleep(0)
        refused = [task for task in waiting if task.done()]
        assert len(waiting) - len(refused) == 3, "one batch and the command that begins another"
        assert all(isinstance(task.exception(), QueueFull) for task in refused)
        gate.release()
        await asyncio.gather(first, *waiting, return_exceptions=True)
        for _ in range(20):
            assert told(await other.order(command(ours, {"apple": 1}))) == "Placed"
        waiting = [asyncio.create_task(other.order(command(ours, {"apple": 1}))) for _ in range(9)]
        assert {told(one) for one in await asyncio.gather(*waiting)} == {"Placed"}


async def test_who_is_past_the_deadline_is_dropped_before_it_is_taken(
    url: str, ours: Shop, p1: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PLACE_DEADLINE_S", 0.2)
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate, first = await in_flight(wire, other, ours)
        late = asyncio.create_task(other.order(command(ours, {"apple": 1}, external="late")))
        await asyncio.sleep(0.3)
        in_time = asyncio.create_task(other.order(command(ours, {"apple": 1})))
        await asyncio.sleep(0)
        gate.release()
        assert told(await first) == "Placed"  # type: ignore[arg-type] - taken, so finished
        with pytest.raises(QueueFull):
            await late
        assert told(await in_time) == "Placed"
    assert told(await p1.order(command(ours, {"apple": 1}, external="late"))) == "Placed"


async def test_a_caller_who_hangs_up_takes_nobody_along(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate, first = await in_flight(wire, other, ours)
        gone = asyncio.create_task(other.order(command(ours, {"apple": 1}, external="gone")))
        stays = asyncio.create_task(other.order(command(ours, {"apple": 1})))
        await asyncio.sleep(0)
        first.cancel()
        gone.cancel()
        gate.release()
        assert told(await stays) == "Placed"
        outcomes = await asyncio.gather(first, gone, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
        # Who hung up has ordered all the same.
        again = await other.order(command(ours, {"apple": 1}, external="gone"))
        assert told(again) == "ORDER_ALREADY_EXISTS"


async def test_everybody_hangs_up(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    async with wire_to(url) as wire, process(wire.url) as other:
        gate, first = await in_flight(wire, other, ours)
        first.cancel()
        gate.cut()
        await asyncio.wait([first])
        assert told(await other.order(command(ours, {"apple": 1}))) == "Placed"


async def test_closing_finishes_what_waits(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9, bread=9)
    async with (
        wire_to(url) as wire,
        process(wire.url) as other,
        outsider(url) as holder,
        holder.transaction(),
    ):
        await holder.execute("SELECT 1 FROM stock WHERE offer_id = 'bread' FOR UPDATE")
        slow = asyncio.create_task(other.order(command(ours, {"bread": 1}, days_later=(1,))))
        await asyncio.sleep(0.3)  # in the slow lane by now
        gate, first = await in_flight(wire, other, ours)
        waiting = [asyncio.create_task(other.order(command(ours, {"apple": 1}))) for _ in range(5)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(other.queue.close())
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await other.order(command(ours, {"apple": 1}))
        gate.release()
        assert {told(outcome) for outcome in await asyncio.gather(*waiting)} == {"Placed"}
        assert not closing.done()
        await holder.execute("ROLLBACK; BEGIN")
        assert told(await slow) == "Placed"
        await closing
        await first


async def test_nobody_waits_for_a_timer(ours: Shop, p1: Process) -> None:
    """A lone order is a batch of one: a hundred after each other take no hundred pauses."""
    await p1.stock(ours, apple=100)
    began = time.monotonic()
    for _ in range(100):
        assert told(await p1.order(command(ours, {"apple": 1}))) == "Placed"
    assert time.monotonic() - began < 5
