"""Moving the clock: everything that falls due on the way is done, in order, before it ends."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.db import clock as db_clock
from entrepot.db.clock import Clock, ClockFixedError, ClockState, Use, decide_use
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.work.duties import DUTIES
from entrepot.work.duty import Duty
from entrepot.work.move_clock import change_clock, move_clock
from tests.races.world import CLOCK, HOUR, START, Process, Shop, command, order_id_of, process

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class Diary:
    """Things to be done at their moments, and a list of what was done when."""

    def __init__(self) -> None:
        self.done: list[tuple[str, datetime]] = []
        self._waiting: dict[str, list[datetime]] = {}

    def at(self, name: str, *moments: datetime) -> None:
        """Plan something."""
        self._waiting.setdefault(name, []).extend(moments)

    def duty(self, name: str, then: Callable[[datetime], None] = lambda _: None) -> Duty:
        """What does the things of a name; `then` says what follows from each."""

        async def do(database: Database, clock: Clock) -> int:
            now = await database.read(clock.now)
            due = sorted(moment for moment in self._waiting.get(name, ()) if moment <= now)
            for moment in due:
                self._waiting[name].remove(moment)
                self.done.append((name, now))
                then(moment)
            return len(due)

        async def next_due(_connection: Connection) -> datetime | None:
            return min(self._waiting.get(name, ()), default=None)

        return Duty(name, do, next_due)


async def advance(process: Process, by: timedelta, *duties: Duty) -> ClockState | Refusal:
    """Let time pass."""
    return await move_clock(process.database, CLOCK, duties or DUTIES, lambda now: now + by)


async def test_each_thing_happens_at_its_own_moment_and_so_does_what_follows(p1: Process) -> None:
    diary = Diary()
    first = diary.duty("draft", lambda moment: diary.at("retry", moment, moment + MINUTE))
    second = diary.duty("retry")
    diary.at("retry", START + HOUR + SECOND)
    diary.at("draft", START + HOUR, START + 3 * HOUR)
    state = await advance(p1, 2 * HOUR, second, first)
    assert state == ClockState(
        START + 2 * HOUR,
        frozen=True,
        ahead_s=pytest.approx(state.ahead_s if isinstance(state, ClockState) else 0),
    )
    assert diary.done == [
        ("draft", START + HOUR),
        ("retry", START + HOUR),
        ("retry", START + HOUR + SECOND),
        ("retry", START + HOUR + MINUTE),
    ]


async def test_what_lies_close_together_is_taken_together(p1: Process) -> None:
    diary = Diary()
    diary.at("many", *(START + MINUTE + n * timedelta(milliseconds=1) for n in range(1, 3001)))
    await advance(p1, HOUR, diary.duty("many"))
    assert len(diary.done) == 3000
    moments = sorted({now for _, now in diary.done})
    begin = START + MINUTE + timedelta(milliseconds=1)
    assert moments == [begin, begin + SECOND, begin + 2 * SECOND, begin + 3 * SECOND]


async def test_what_is_due_at_the_very_end_and_what_was_due_before(p1: Process) -> None:
    diary = Diary()
    diary.at("it", START - HOUR, START, START + HOUR, START + HOUR + timedelta(microseconds=1))
    await advance(p1, HOUR, diary.duty("it"))
    assert [now for _, now in diary.done] == [START, START, START + HOUR]


async def test_it_waits_for_what_another_process_is_in_the_middle_of(p1: Process) -> None:
    claimed = asyncio.Event()
    waiting = [START + MINUTE]

    async def do(_database: Database, _clock: Clock) -> int:
        claimed.set()  # and finds nothing that is not in other hands
        return 0

    async def next_due(_connection: Connection) -> datetime | None:
        return min(waiting, default=None)

    moving = asyncio.create_task(advance(p1, HOUR, Duty("slow", do, next_due)))
    await claimed.wait()
    assert await p1.database.read(CLOCK.now) == START + MINUTE
    assert not moving.done()
    waiting.clear()
    state = await moving
    assert isinstance(state, ClockState)
    assert state.now == START + HOUR


async def test_what_does_not_end_is_told(p1: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CLOCK_STILL_S_MAX", 0.1)

    async def fail(_database: Database, _clock: Clock) -> int:
        raise ZeroDivisionError

    async def next_due(_connection: Connection) -> datetime | None:
        return START + MINUTE

    refused = await advance(p1, HOUR, Duty("stuck", fail, next_due))
    assert isinstance(refused, Refusal)
    assert refused.code == "CLOCK_UNFINISHED"
    assert "stuck" in refused.message
    assert await p1.database.read(CLOCK.now) == START + MINUTE


async def test_a_move_may_take_longer_than_other_transactions_may_be_silent(
    url: str, p1: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SILENCE_MS_MAX", 100)
    waiting = [START + MINUTE]

    async def do(_database: Database, _clock: Clock) -> int:
        if not waiting:
            return 0
        await asyncio.sleep(0.5)
        waiting.clear()
        return 1

    async def next_due(_connection: Connection) -> datetime | None:
        return min(waiting, default=None)

    async with process(url) as patient:
        state = await advance(patient, HOUR, Duty("slow", do, next_due))
    assert isinstance(state, ClockState)
    assert state.now == await p1.database.read(CLOCK.now) == START + HOUR


async def test_a_clock_that_goes_on_is_where_it_was_wanted(p1: Process) -> None:
    await change_clock(p1.database, db_clock.resume)
    before = await p1.database.read(CLOCK.now)
    diary = Diary()
    # Always something new: it must not keep the mover for ever.
    endless = diary.duty("endless", lambda moment: diary.at("endless", moment + SECOND / 10))
    diary.at("endless", before + MINUTE)
    state = await advance(p1, 2 * MINUTE, endless)
    assert isinstance(state, ClockState)
    assert not state.frozen
    assert state.now >= before + 2 * MINUTE
    assert len(diary.done) >= 600


async def test_only_forward_and_not_for_ever(p1: Process) -> None:
    async def set_to(moment: datetime) -> ClockState | Refusal:
        return await move_clock(p1.database, CLOCK, DUTIES, lambda _: moment)

    back = await set_to(START - timedelta(microseconds=1))
    assert isinstance(back, Refusal)
    assert back.code == "CLOCK_BACKWARD"
    far = await set_to(START + timedelta(days=4000))
    assert isinstance(far, Refusal)
    assert far.code == "CLOCK_TOO_FAR"
    there = await set_to(START)
    assert isinstance(there, ClockState)
    assert there.now == START


async def test_two_who_move_it_at_once_take_turns(p1: Process, p2: Process) -> None:
    diary = Diary()
    duty = diary.duty("it")
    diary.at("it", *(START + n * MINUTE for n in range(1, 11)))
    await asyncio.gather(
        advance(p1, 5 * MINUTE, duty), advance(p2, 4 * MINUTE, duty), advance(p1, MINUTE, duty)
    )
    assert await p1.database.read(CLOCK.now) == START + 10 * MINUTE
    assert [now for _, now in diary.done] == [START + n * MINUTE for n in range(1, 11)]


async def test_a_clock_moves_while_orders_are_placed(p1: Process, p2: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=10_000)
    placed: list[int] = []
    stopping = asyncio.Event()

    async def buy(process: Process) -> None:
        while not stopping.is_set():
            placed.append(order_id_of(await process.order(command(ours, {"apple": 1}, draft=True))))

    buying = [asyncio.create_task(buy(process)) for process in (p1, p2) for _ in range(4)]
    for _ in range(12):
        assert isinstance(await advance(p1, HOUR / 4), ClockState)
    stopping.set()
    await asyncio.gather(*buying)
    assert len(placed) > 12
    assert isinstance(await advance(p2, HOUR), ClockState)
    count = "SELECT count(*) FROM orders WHERE substatus = 'RESERVATION_EXPIRED'"
    ended = await p1.database.read(lambda one: one.fetchval(count))
    assert ended == len(placed)


async def test_drafts_end_at_their_moment_however_far_the_jump(p1: Process, ours: Shop) -> None:
    await p1.stock(ours, apple=2)
    for pause in (MINUTE, MINUTE):
        order_id_of(await p1.place_one(command(ours, {"apple": 1}, draft=True)))
        await advance(p1, pause)
    await advance(p1, 30 * 24 * HOUR)
    events = await p1.database.read(
        lambda one: one.fetch("SELECT happened_at FROM order_event WHERE seq = 2 ORDER BY 1")
    )
    assert [row[0] for row in events] == [START + HOUR, START + HOUR + MINUTE]


async def test_the_clock_of_a_database_in_production_never_moves(p1: Process) -> None:
    async def as_new(connection: Connection) -> None:
        await connection.execute("UPDATE clock SET frozen_at = NULL, shift = interval '0'")

    database = p1.database
    assert await database.transaction(lambda one: decide_use(one, Use.PRODUCTION)) is None
    await database.transaction(as_new)
    assert await database.transaction(lambda one: decide_use(one, Use.PRODUCTION)) is Use.PRODUCTION
    assert await database.transaction(lambda one: decide_use(one, Use.SANDBOX)) is Use.PRODUCTION
    with pytest.raises(ClockFixedError):
        await database.transaction(lambda one: db_clock.advance(one, 1))
    for change in (db_clock.freeze, db_clock.resume):
        with pytest.raises(ClockFixedError):
            await change_clock(database, change)
    with pytest.raises(ClockFixedError):
        await advance(p1, HOUR)


async def test_a_mover_that_dies_leaves_the_clock_to_the_next(p1: Process, p2: Process) -> None:
    diary = Diary()
    stuck = asyncio.Event()
    waiting = [START + MINUTE]

    async def hang(_database: Database, _clock: Clock) -> int:
        stuck.set()
        return 0

    async def next_due(_connection: Connection) -> datetime | None:
        return min(waiting, default=None)

    moving = asyncio.create_task(advance(p1, HOUR, Duty("stuck", hang, next_due)))
    await stuck.wait()
    moving.cancel()  # its connection goes with it, and so does its turn
    await asyncio.wait([moving])
    diary.at("it", START + 2 * MINUTE)
    state = await advance(p2, HOUR, diary.duty("it"))
    assert isinstance(state, ClockState)
    assert state.now == START + MINUTE + HOUR
    assert diary.done == [("it", START + 2 * MINUTE)]
