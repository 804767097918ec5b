"""The application under real HTTP: in the test's own process, or as `entrepot serve`."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import uvicorn

from entrepot.app import create_app
from entrepot.db.clock import advance
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.http.application import Application
from entrepot.http.protocol import BoundedHttp
from entrepot.operations.call import Platform
from entrepot.settings import Settings

PROGRAM = "from entrepot.cli.entry import main; main()"
START_S_MAX = 60.0
STOP_S_MAX = 30.0


class Service:
    """An application served by a uvicorn in this process and loop."""

    def __init__(self, app: Application, base_url: str) -> None:
        self.app = app
        self.base_url = base_url

    @property
    def platform(self) -> Platform:
        """What its operations work on."""
        return self.app.life.platform

    async def advance_clock(self, seconds: float) -> None:
        """Move the sandbox's clock; nothing that became due is done by that."""
        await advance_clock(self.platform.database, seconds)

    async def do_what_is_due(self) -> int:
        """Run every duty until none has anything left to do; gives how much was done."""
        done = 0
        for duty in self.platform.duties:
            while did := await duty.do(self.platform.database, self.platform.clock):
                done += did
        return done


async def advance_clock(database: Database, seconds: float) -> None:
    """Move a sandbox's clock forward."""

    async def move(connection: Connection) -> None:
        await advance(connection, seconds)

    await database.transaction(move)


@asynccontextmanager
async def serve_here(
    settings: Settings, database_url: str, *, works: bool = False
) -> AsyncIterator[Service]:
    """Serve on a free port; unless it works, nothing happens later by itself."""
    app = create_app(settings, database_url, works=works)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=BoundedHttp,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=5,
            )
        )
        serving = asyncio.create_task(server._serve([listener]))
        while not server.started:
            assert not serving.done(), "the application does not start"
            await asyncio.sleep(0.005)
        try:
            yield Service(app, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            await serving


class Server:
    """`entrepot serve` as a process of its own."""

    def __init__(
        self, database_url: str, folder: Path, *arguments: str, limited: bool = False
    ) -> None:
        self.folder = folder
        self._ready_file = folder / "ready.json"
        self._ready_file.unlink(missing_ok=True)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("ENTREPOT_")
        }
        self._log = (folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable, "-c", PROGRAM, "serve", "--port", "0", "--sandbox",
                *(() if limited else ("--no-limits",)),
                "--ready-file", str(self._ready_file), *arguments,
            ],
            env={
                **environment,
                "ENTREPOT_DATABASE_URL": database_url,
                "ENTREPOT_DATA_DIR": str(folder / "data"),
            },
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )  # fmt: skip

    def wait_until_ready(self) -> str:
        """Wait until it answers; gives its address."""
        deadline = time.monotonic() + START_S_MAX
        while not self._ready_file.exists():
            assert self.process.poll() is None, f"it ended: {self.log()}"
            assert time.monotonic() < deadline, f"not ready in time: {self.log()}"
            time.sleep(0.02)
        base_url = msgspec.json.decode(self._ready_file.read_bytes())["baseUrl"]
        assert isinstance(base_url, str)
        return base_url

    def stop(self) -> None:
        """Ask it to stop and wait; what does not is killed."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self.kill()
        self._log.close()

    def kill(self) -> None:
        """End it and everything it started, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def log(self) -> str:
        """The end of what it wrote."""
        return (self.folder / "server.log").read_text()[-3000:]
