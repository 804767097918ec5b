"""Group commit: commands that arrive while a batch commits become the next batch.

No timer: a lone command is a batch of one and waits for nobody. Where several processes place,
a batch is taken when some turns of the event loop have brought nothing new.

One batch is in flight per process; commands whose rows another transaction holds for long go to
a second lane, so that one slow lock does not stop every tenant of the process.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import structlog

from entrepot import limits
from entrepot.db.transaction import DatabaseUnavailable
from entrepot.domain.placement import Outcome, PlaceCommand
from entrepot.figures import Family
from entrepot.fulfilment.figures import PlacingFigures
from entrepot.fulfilment.place_batch import RowsBusyError
from entrepot.tracing import current_span, span

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

log = structlog.get_logger()

# From a socket to the queue a request takes two turns of the event loop; as many for its client.
_QUIET_TURNS = 4

Place = Callable[[Sequence[PlaceCommand]], Awaitable[list[Outcome | Exception]]]


# How much the latest batch says about how long the next will take.
_LATEST_WEIGHT = 0.3


class QueueFull(DatabaseUnavailable):
    """More waits than can be done in time; the caller should try again later."""


class _Waiting(NamedTuple):
    command: PlaceCommand
    lines: int
    size_bytes: int
    since: float
    future: asyncio.Future[Outcome]
    span: "SpanContext | None"


class _Lane:
    """A queue and the one task that serves it."""

    def __init__(self) -> None:
        self.queue: deque[_Waiting] = deque()
        self.size_bytes = 0
        self.lines = 0
        self.arrived = asyncio.Event()
        self.at_rest = asyncio.Event()
        self.at_rest.set()

    def put(self, waiting: _Waiting) -> None:
        self.queue.append(waiting)
        self.size_bytes += waiting.size_bytes
        self.lines += waiting.lines
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
            self.lines -= waiting.lines
            if waiting.since + limits.PLACE_DEADLINE_S < now:
                _fail(waiting, QueueFull("the command waited past its deadline"))
                continue
            batch.append(waiting)
            lines += waiting.lines
        if not queue:
            self.arrived.clear()
        return batch


class GroupCommit:
    """The queue in front of placing; one instance a process."""

    def __init__(self, place: Place, *, processes: int = 1) -> None:
        """Serve commands with `place` (see place_batch.PlaceBatch.place).

        `processes` is how many of them place orders from this machine.
        """
        self._place = place
        self._alone = processes == 1
        self._fast = _Lane()
        self._slow = _Lane()
        self._closing = False
        self._figures = PlacingFigures()
        self._batch_s = 0.0
        self._told_at = float("-inf")
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
        self.admit(size_bytes)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        now = time.perf_counter()
        self._fast.put(_Waiting(command, command.lines, size_bytes, now, future, current_span()))
        return await future

    def admit(self, size_bytes: int) -> None:
        """Make sure that a command of this size can be done in time.

        Raises:
            QueueFull: too much waits already.
        """
        reason = "closing" if self._closing else self._too_much(size_bytes)
        if reason is not None:
            self._turn_away(reason)

    def figures_told(self) -> list[Family]:
        """Tell what was counted."""
        fast, slow = self._fast, self._slow
        return self._figures.told(
            len(fast.queue) + len(slow.queue), fast.size_bytes + slow.size_bytes
        )

    def _turn_away(self, reason: str) -> NoReturn:
        self._figures.turned_away[reason] += 1
        now = time.perf_counter()
        # A line for each of thousands a second would be one more load.
        if now - self._told_at > limits.OVERLOAD_TOLD_S:
            self._told_at = now
            log.warning(
                "orders are turned away", reason=reason, since_start=dict(self._figures.turned_away)
            )
        raise QueueFull(reason)

    def _too_much(self, size_bytes: int) -> str | None:
        """Say why another command cannot be done in time; None when it can.

        What waits is counted in batches, and a batch takes as long as the latest ones did. One
        batch may always wait, so that a queue which was slow finds out when it is not any more.
        """
        fast, slow = self._fast, self._slow
        waits = len(fast.queue) + len(slow.queue)
        if waits >= limits.QUEUE_COMMANDS_MAX:
            return "too many commands wait"
        if fast.size_bytes + slow.size_bytes + size_bytes > limits.QUEUE_BYTES_MAX:
            return "too many bytes wait"
        batches = max(
            len(fast.queue) / limits.BATCH_COMMANDS_MAX, fast.lines / limits.BATCH_LINES_MAX
        )
        if batches > 1 and batches * self._batch_s > limits.QUEUE_WAIT_S_MAX:
            return "what waits takes too long"
        return None

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
            if not self._alone:
                await self._let_in(lane)
            batch = lane.take(time.perf_counter())
            if batch:
                self._figures.batch_commands.observe(len(batch))
                await self._run(batch, lane)
            if not lane.queue:
                lane.at_rest.set()  # only now may the task be cancelled

    async def _let_in(self, lane: _Lane) -> None:
        """Let in what is on its way, for as long as turns of the event loop bring more.

        Who was just answered asks again at once, and would miss the batch that is taken now. A
        process that places alone had better begin and read requests meanwhile; where several
        do, the others hold most of the rows a batch wants, and it would only wait for them.
        """
        waits, quiet_turns = len(lane.queue), 0
        while quiet_turns < _QUIET_TURNS and waits < limits.BATCH_COMMANDS_MAX:
            await asyncio.sleep(0)
            quiet_turns = quiet_turns + 1 if len(lane.queue) == waits else 0
            waits = len(lane.queue)

    async def _run(self, batch: list[_Waiting], lane: _Lane) -> None:
        outcomes: list[Outcome | Exception]
        began = time.perf_counter()
        for waiting in batch:
            self._figures.wait_s.observe(began - waiting.since)
        try:
            links = [waiting.span for waiting in batch]
            with span("place batch", links=links, commands=len(batch)):
                outcomes = await self._place([waiting.command for waiting in batch])
            assert len(outcomes) == len(batch), "an outcome for each command"
        except Exception as error:  # whatever happens, every caller hears of it and the lane lives
            log.exception("a batch failed")
            outcomes = [error] * len(batch)
        elapsed_s = time.perf_counter() - began
        self._figures.batch_s.observe(elapsed_s)
        if lane is self._fast:
            self._batch_s += (elapsed_s - self._batch_s) * _LATEST_WEIGHT
        for waiting, outcome in zip(batch, outcomes, strict=True):
            self._figures.came_to(outcome)
            if isinstance(outcome, RowsBusyError):
                self._slow.put(waiting)
            elif isinstance(outcome, Exception):
                _fail(waiting, outcome)
            elif not waiting.future.done():
                waiting.future.set_result(outcome)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(error)
