"""Group commit: commands that arrive while a batch commits become the next batch.

No timer: a lone command is a batch of one and waits for nobody. One batch is in flight per
process; commands whose rows another transaction holds for long go to a second lane, so that
one slow lock does not stop every tenant of the process.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

import structlog

from entrepot import limits
from entrepot.db.transaction import DatabaseUnavailable
from entrepot.domain.placement import Outcome, PlaceCommand
from entrepot.fulfilment.place_batch import RowsBusyError

log = structlog.get_logger()

Place = Callable[[Sequence[PlaceCommand]], Awaitable[list[Outcome | Exception]]]


class QueueFull(DatabaseUnavailable):
    """More waits than can be done in time; the caller should try again later."""


class _Waiting(NamedTuple):
    command: PlaceCommand
    lines: int
    size_bytes: int
    deadline: float
    future: asyncio.Future[Outcome]


class _Lane:
    """A queue and the one task that serves it."""

    def __init__(self) -> None:
        self.queue: deque[_Waiting] = deque()
        self.size_bytes = 0
        self.arrived = asyncio.Event()
        self.at_rest = asyncio.Event()
        self.at_rest.set()

    def put(self, waiting: _Waiting) -> None:
        self.queue.append(waiting)
        self.size_bytes += waiting.size_bytes
        self.at_rest.clear()
        self.arrived.set()

    def take(self, now: float) -> list[_Waiting]:
        """Take the next batch; what is past its deadline is dropped before it is taken."""
        batch: list[_Waiting] = []
        lines = 0
        queue = self.queue
        while queue and len(batch) < limits.BATCH_COMMANDS_MAX:
            waiting = queue[0]
            if batch and lines + waiting.lines > limits.BATCH_LINES_MAX:
                break
            queue.popleft()
            self.size_bytes -= waiting.size_bytes
            if waiting.deadline < now:
                _fail(waiting, QueueFull("the command waited past its deadline"))
                continue
            batch.append(waiting)
            lines += waiting.lines
        if not queue:
            self.arrived.clear()
        return batch


class GroupCommit:
    """The queue in front of placing; one instance a process."""

    def __init__(self, place: Place) -> None:
        """Serve commands with `place` (see place_batch.PlaceBatch.place)."""
        self._place = place
        self._fast = _Lane()
        self._slow = _Lane()
        self._closing = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to serve; needs a running event loop."""
        self._tasks = [
            asyncio.create_task(self._serve(self._fast), name="placing"),
            asyncio.create_task(self._serve(self._slow), name="placing, slow lane"),
        ]

    async def place(self, command: PlaceCommand, size_bytes: int) -> Outcome:
        """Place a command and wait for its outcome.

        A caller that goes away does not take its command back once it was taken.

        Raises:
            QueueFull: too much waits already.
            DatabaseUnavailable: it could not be brought to an end in time.
        """
        waits = len(self._fast.queue) + len(self._slow.queue)
        waits_bytes = self._fast.size_bytes + self._slow.size_bytes + size_bytes
        if self._closing or (
            waits >= limits.QUEUE_COMMANDS_MAX or waits_bytes > limits.QUEUE_BYTES_MAX
        ):
            message = f"{waits} commands wait"
            raise QueueFull(message)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome] = loop.create_future()
        deadline = loop.time() + limits.PLACE_DEADLINE_S
        self._fast.put(_Waiting(command, command.lines, size_bytes, deadline, future))
        return await future

    async def close(self) -> None:
        """Refuse new commands, finish those that wait, and stop."""
        self._closing = True
        # The fast lane feeds the slow one, so it rests first.
        await self._fast.at_rest.wait()
        await self._slow.at_rest.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, lane: _Lane) -> None:
        while True:
            await lane.arrived.wait()
            batch = lane.take(asyncio.get_running_loop().time())
            if batch:
                await self._run(batch)
            if not lane.queue:
                lane.at_rest.set()  # only now may the task be cancelled

    async def _run(self, batch: list[_Waiting]) -> None:
        outcomes: list[Outcome | Exception]
        try:
            outcomes = await self._place([waiting.command for waiting in batch])
            assert len(outcomes) == len(batch), "an outcome for each command"
        except Exception as error:  # whatever happens, every caller hears of it and the lane lives
            log.exception("a batch failed")
            outcomes = [error] * len(batch)
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, RowsBusyError):
                self._slow.put(waiting)
            elif isinstance(outcome, Exception):
                _fail(waiting, outcome)
            elif not waiting.future.done():
                waiting.future.set_result(outcome)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(error)
