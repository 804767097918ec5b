"""Start the workers, restart one that dies, and stop them all."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process

import structlog

from entrepot.db.start_refused import StartRefused
from entrepot.figures import Family
from entrepot.supervisor.figures_link import FiguresLink
from entrepot.supervisor.listening import Listeners
from entrepot.supervisor.orders import WorkerOrders, orders_to_line
from entrepot.supervisor.worker import GRACE_S_MAX

STEADY_S = 30.0
"""A worker that lived so long did not die of its start: restart the next at once."""
RESTART_PAUSE_S = 0.1
RESTART_PAUSE_S_MAX = 5.0
START_DEATHS_MAX = 3
"""Deaths in a row of a worker of a service that never was ready; then it is a refusal."""
KILL_AFTER_S = GRACE_S_MAX + 3.0
"""A worker bounds its own grace; this is for one that cannot."""
HURRY_S_MAX = 3.0

log = structlog.get_logger("entrepot.supervisor")


class Workers:
    """The processes that answer requests.

    Each is watched by a task of its own, so that the death of one delays no other's restart.
    """

    def __init__(self, listeners: Listeners, orders: WorkerOrders) -> None:
        self._listeners = listeners
        self._line = orders_to_line(orders)
        self._processes: dict[int, Process] = {}
        self._links: dict[int, FiguresLink] = {}
        self._stopping = asyncio.Event()
        self._was_ready = False
        self._keepers: list[asyncio.Task[None]] = []
        self.given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Fails with StartRefused when workers keep dying before the service ever was ready."""

    def start(self, count: int) -> None:
        self._keepers = [asyncio.create_task(self._keep(number)) for number in range(count)]

    def confirm_ready(self) -> None:
        """From now on a worker that dies is restarted for ever."""
        self._was_ready = True

    async def figures(self) -> dict[str, list[Family] | None]:
        """What each worker has counted, by its number; None for one that does not answer."""
        links = sorted(self._links.items())
        told = await asyncio.gather(*(link.ask() for _, link in links))
        return {str(number + 1): one for (number, _), one in zip(links, told, strict=True)}

    async def stop(self, hurry: asyncio.Event) -> None:
        """End them, letting requests in flight finish; `hurry` shortens that when it is set."""
        self._stopping.set()
        self._send(signal.SIGTERM)
        ended = asyncio.create_task(self._ended())
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait(
            [ended, hurried], timeout=KILL_AFTER_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not ended.done() and hurried.done():
            self._send(signal.SIGINT)  # uvicorn's second signal: wait for nobody
            await asyncio.wait([ended], timeout=HURRY_S_MAX)
        hurried.cancel()
        if not ended.done():
            log.warning("workers did not end in time and are killed")
            self._send(signal.SIGKILL)
        await ended
        self.given_up.cancel()

    async def _ended(self) -> bool:
        if self._keepers:
            await asyncio.wait(self._keepers)
        return True

    async def _keep(self, number: int) -> None:
        deaths = 0
        while not self._stopping.is_set():
            started_at = time.monotonic()
            listener = self._listeners[number % len(self._listeners)]
            code = await self._run_one(number, listener.fileno())
            if self._stopping.is_set():
                return
            deaths = 1 if time.monotonic() - started_at > STEADY_S else deaths + 1
            log.warning("worker died", worker=number + 1, exit_code=code)
            if not self._was_ready and deaths >= START_DEATHS_MAX:
                self._give_up(code)
                return
            await asyncio.sleep(min(RESTART_PAUSE_S * 2**deaths, RESTART_PAUSE_S_MAX))

    async def _run_one(self, number: int, socket_fd: int) -> int:
        """Start a worker and wait for its end, which is at the latest our own."""
        reading, writing = os.pipe()
        link = self._links[number] = FiguresLink()
        try:
            process = await self._spawn(socket_fd, reading, link.worker_end.fileno())
            link.worker_end.close()
            os.close(reading)
            reading = -1
            self._processes[process.pid] = process
            if self._stopping.is_set():
                process.terminate()
            with contextlib.suppress(BrokenPipeError):
                os.write(writing, self._line)
            code = await process.wait()
            del self._processes[process.pid]
            return code
        finally:
            link.close()
            os.close(writing)
            if reading >= 0:
                os.close(reading)

    async def _spawn(self, socket_fd: int, pipe_fd: int, figures_fd: int) -> Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "entrepot.supervisor.worker"),
            *(str(socket_fd), str(pipe_fd), str(figures_fd)),
            stdin=DEVNULL,
            pass_fds=(socket_fd, pipe_fd, figures_fd),
            # Out of the terminal's group: Ctrl-C comes to the supervisor alone, who passes it on.
            process_group=0,
        )

    def _send(self, number: signal.Signals) -> None:
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    def _give_up(self, code: int) -> None:
        if not self.given_up.done():
            self.given_up.set_exception(
                StartRefused(
                    f"The service does not start: its workers end with code {code}. "
                    "What they said stands above."
                )
            )
