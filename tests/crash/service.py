"""A service of two worker processes on a port of its own, started again after every death."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.crash.processes import children_of, free_port, until_gone
from tests.support.serving import Server

WORKERS = 2


class CrashingService:
    """`entrepot serve`; the one that runs at present."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self._database_url = database_url
        self._folder = folder
        self._port = free_port()
        self._starts = 0
        self.base_url = f"http://127.0.0.1:{self._port}"
        self._server = self._start()

    @property
    def supervisor(self) -> int:
        """Its process."""
        return self._server.process.pid

    def workers(self) -> list[int]:
        """The processes that answer."""
        return children_of(self.supervisor)

    async def until_ready(self) -> None:
        """Wait until it answers."""
        await asyncio.to_thread(self._server.wait_until_ready)

    async def start_again(
        self, workers: list[int], before: Callable[[], Awaitable[object]] | None = None
    ) -> None:
        """Take the place of one whose supervisor was killed, as soon as its workers are gone.

        `before` is done in between, when nothing of it runs.
        """
        await asyncio.to_thread(self._server.process.wait)
        await until_gone(*workers)
        if before is not None:
            await before()
        self._server.stop()
        self._server = self._start()
        await self.until_ready()

    def stop(self) -> None:
        """End it, politely."""
        self._server.stop()

    def log(self) -> str:
        """The end of what it wrote."""
        return self._server.log()

    def _start(self) -> Server:
        self._starts += 1
        folder = self._folder / f"start-{self._starts}"
        folder.mkdir()
        # Operations end at once: their clock stands.
        return Server(
            self._database_url, folder, "--workers", str(WORKERS), "--port", str(self._port),
            "--operation-duration-ms", "0",
        )  # fmt: skip
