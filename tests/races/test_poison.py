"""One command that the database will not take; its neighbours in the batch must not suffer."""

import asyncio

import asyncpg
import msgspec
import pytest

from entrepot.domain.placement import PlaceCommand
from tests.races.wire import wire_to
from tests.races.world import Process, Shop, command, outsider, process, told

NUL = "Ан\0на"


@pytest.mark.parametrize("place", [0, 3, 6])
async def test_it_fails_alone(ours: Shop, p1: Process, place: int) -> None:
    await p1.stock(ours, apple=7)
    wanted = [command(ours, {"apple": 1}, key=f"key {number}") for number in range(6)]
    wanted.insert(place, command(ours, {"apple": 1}, first_name=NUL))
    outcomes = await p1.place(*wanted)
    poisoned = outcomes.pop(place)
    assert isinstance(poisoned, asyncpg.CharacterNotInRepertoireError)
    assert {told(outcome) for outcome in outcomes} == {"Placed"}


async def test_several_of_them(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=20)
    outcomes = await p1.place(
        *(
            command(ours, {"apple": 1}, first_name=NUL if number % 3 == 0 else "Анна")
            for number in range(12)
        )
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [
        number % 3 == 0 for number in range(12)
    ]


async def test_what_the_driver_cannot_write(ours: Shop, p1: Process) -> None:
    """A value that never reaches the server: not to be taken for a lost connection."""
    await p1.stock(ours, apple=6)
    too_large = _with_order_id(command(ours, {"apple": 1}), 2**63)
    surrogate = command(ours, {"apple": 1}, first_name="\ud800")
    async with asyncio.timeout(3):
        outcomes = await p1.place(
            command(ours, {"apple": 1}), too_large, surrogate, command(ours, {"apple": 1})
        )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, True, False]


async def test_the_queue_goes_on(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=6)
    outcomes = await asyncio.gather(
        p1.order(command(ours, {"apple": 1})),
        p1.order(command(ours, {"apple": 1}, first_name=NUL)),
        p1.order(command(ours, {"apple": 1})),
        return_exceptions=True,
    )
    assert [told(outcome) for outcome in outcomes if not isinstance(outcome, BaseException)] == [
        "Placed",
        "Placed",
    ]
    assert told(await p1.order(command(ours, {"apple": 1}))) == "Placed"


async def test_beside_one_that_has_to_wait(url: str, ours: Shop, p1: Process) -> None:
    """Halves of a batch end differently: placed, poisoned, waiting for a lock."""
    await p1.stock(ours, apple=9, bread=9)
    async with outsider(url) as holder:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM stock WHERE offer_id = 'bread' FOR UPDATE")
            first = asyncio.create_task(p1.order(command(ours, {"apple": 1})))
            second = asyncio.create_task(p1.order(command(ours, {"apple": 1}, first_name=NUL)))
            third = asyncio.create_task(p1.order(command(ours, {"apple": 1})))
            waiting = asyncio.create_task(p1.order(command(ours, {"bread": 1})))
            assert told(await first) == "Placed"
            assert told(await third) == "Placed"
            with pytest.raises(asyncpg.CharacterNotInRepertoireError):
                await second
            assert not waiting.done()
        assert told(await waiting) == "Placed"
    assert told(await p1.order(command(ours, {"apple": 1}))) == "Placed"


async def test_a_lock_found_while_halving(url: str, ours: Shop, p1: Process) -> None:
    """One half is placed already when the other runs into a lock: both must be told."""
    await p1.stock(ours, apple=9, bread=9)
    async with wire_to(url) as wire, process(wire.url) as other, outsider(url) as holder:
        await other.order(command(ours, {"apple": 1}))
        second_half = wire.stop_before("BEGIN", skip=3)
        batch = asyncio.gather(
            other.order(command(ours, {"cup": 1})),  # alone, while the others gather
            other.order(command(ours, {"apple": 1})),
            other.order(command(ours, {"apple": 1}, first_name=NUL)),
            other.order(command(ours, {"bread": 1})),
            return_exceptions=True,
        )
        await second_half.reached()
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM stock WHERE offer_id = 'bread' FOR UPDATE")
            second_half.release()
            assert told(await other.order(command(ours, {"apple": 1}))) == "Placed"
        outcomes = await batch
        assert isinstance(outcomes.pop(2), asyncpg.CharacterNotInRepertoireError)
        words = [
            outcome if isinstance(outcome, BaseException) else told(outcome) for outcome in outcomes
        ]
        assert words == ["NOT_ENOUGH_STOCK", "Placed", "Placed"]


async def test_a_fault_of_ours_does_not_end_the_queue(url: str, ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=9)
    async with outsider(url) as operator:
        await operator.execute("ALTER TABLE placement RENAME TO misplaced")
        with pytest.raises(asyncpg.UndefinedTableError):
            await p1.order(command(ours, {"apple": 1}))
        await operator.execute("ALTER TABLE misplaced RENAME TO placement")
    assert told(await p1.order(command(ours, {"apple": 1}))) == "Placed"


def _with_order_id(wanted: PlaceCommand, order_id: int) -> PlaceCommand:
    return msgspec.structs.replace(wanted, order_ids=(order_id,))
