"""Contenders two and three: services, started for a run and loaded over HTTP."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import socket
import sys
import tempfile
import urllib.parse
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from entrepot.bench.load import LoadOrder, LoadResult
from entrepot.bench.measured import BenchFailed, Measured, foreign_cores, per_order_us
from entrepot.bench.plan import Contender, Plan, Run
from entrepot.bench.shape import prepared_requests
from entrepot.bench.sources import BENCHMARKS
from entrepot.bench.world import BenchDatabase
from entrepot.db.start_refused import StartRefused
from entrepot.supervisor.listening import BACKLOG

START_S_MAX = 60.0
STOP_S_MAX = 30.0
LOAD_S_MAX = 60.0
"""What a load may take on top of its time: making requests, connecting, the last answers."""
KEEP_ALIVE_S = 600
"""Longer than any run. A service that was not given the processor for so long that a connection
seems idle closes it, although the next request is there already, and the client sees a reset."""
SETTLE_S = 0.5
"""After the first worker answers: the others are about to."""
POLL_S = 0.05
LOG_LINES_QUOTED = 3

_PARTS = ("service", "database")
_FASTAPI_PACKAGES = ("fastapi", "pydantic", "sqlalchemy", "asyncpg", "uvicorn")
_ENTREPOT = "from entrepot.cli.entry import main; main()"
_UVICORN_READY = "Application startup complete."


class Service(msgspec.Struct, frozen=True):
    """A service that answers: its first process, and its port."""

    process: int
    port: int


class _Ready(msgspec.Struct, frozen=True, rename="camel"):
    """What the ready file of `entrepot serve` says."""

    base_url: str


def require_fastapi() -> None:
    """Make sure that the FastAPI service can run.

    Raises:
        StartRefused: names the packages that are missing.
    """
    missing = [name for name in _FASTAPI_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise StartRefused(
            f"The bench's FastAPI service needs {', '.join(missing)}: install the extra "
            "entrepot[bench]."
        )


async def run_service(database: BenchDatabase, run: Run, plan: Plan) -> Measured:
    """Start a service, place orders over HTTP, stop it.

    Raises:
        BenchFailed: it does not start, or an order was refused.
    """
    if run.contender is Contender.ENTREPOT:
        serving = serving_entrepot(database.url, run.processes, limited=plan.limited)
    else:
        serving = _fastapi(database.url, run.processes)
    async with serving as service:
        watched = {"service": service.process}
        server = await database.server_process()
        if server is not None:
            watched["database"] = server
        order = LoadOrder(
            port=service.port,
            requests=tuple(prepared_requests(database.world, run.offers)),
            connections=run.connections,
            warm_up_s=plan.warm_up_s,
            seconds=plan.seconds,
            watched=watched,
        )
        result = await send_load(order)
    if result.failure is not None:
        raise BenchFailed(f"{run.label}: {result.failure}")
    known = (result.generator_cpu_s, *(result.watched_cpu_s.get(each) for each in _PARTS))
    return Measured(
        run=run,
        placed=result.placed,
        orders_per_second=result.answered / result.seconds,
        p50_ms=result.p50_ms,
        p99_ms=result.p99_ms,
        generator_cpu_us=per_order_us(result.generator_cpu_s, result.answered),
        generator_cores=result.generator_cpu_s / result.seconds,
        service_cpu_us=per_order_us(result.watched_cpu_s.get("service"), result.answered),
        database_cpu_us=per_order_us(result.watched_cpu_s.get("database"), result.answered),
        foreign_cores=foreign_cores(result.machine_cpu_s, known, result.seconds),
    )


async def send_load(order: LoadOrder) -> LoadResult:
    """Let a process of its own send a load, and give what came of it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "entrepot.bench.load"), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        told, errors = await asyncio.wait_for(
            process.communicate(msgspec.json.encode(order)),
            order.warm_up_s + order.seconds + LOAD_S_MAX,
        )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise BenchFailed(f"The load generator failed: {errors.decode('utf-8', 'replace')}")
    return msgspec.json.decode(told, type=LoadResult)


@contextlib.asynccontextmanager
async def serving_entrepot(
    database_url: str, processes: int, *, limited: bool = False, sandbox: bool = False
) -> AsyncIterator[Service]:
    """Run `entrepot serve` on a database, with or without request limits, or as a sandbox.

    Raises:
        BenchFailed: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="entrepot-bench-") as folder:
        ready_file = Path(folder) / "ready.json"

        def port() -> int | None:
            if not ready_file.exists():
                return None
            ready = msgspec.json.decode(ready_file.read_bytes(), type=_Ready)
            return urllib.parse.urlsplit(ready.base_url).port

        command = (
            *(sys.executable, "-P", "-c", _ENTREPOT, "serve"),
            *(() if limited else ("--no-limits",)),
            *(("--sandbox",) if sandbox else ()),
            *("--port", "0", "--workers", str(processes)),
            *("--ready-file", str(ready_file), "--data-dir", folder),
        )
        settings = {"ENTREPOT_DATABASE_URL": database_url}
        async with _started(command, settings, Path(folder), port) as service:
            yield service


@contextlib.asynccontextmanager
async def _fastapi(database_url: str, processes: int) -> AsyncIterator[Service]:
    with (
        tempfile.TemporaryDirectory(prefix="entrepot-bench-") as folder,
        # Ours from the start: a port that is only looked up may be another program's by the
        # time that the service binds it, which uvicorn does after it has said to be ready.
        socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listener,
    ):
        chosen: int = listener.getsockname()[1]

        def port() -> int | None:
            told = _log(Path(folder)).read_text("utf-8", "replace")
            return chosen if told.count(_UVICORN_READY) >= processes else None

        command = (
            *(sys.executable, "-P", "-m", "uvicorn", "fastapi_baseline.app:app"),
            *("--app-dir", str(BENCHMARKS), "--fd", str(listener.fileno())),
            *("--workers", str(processes), "--loop", "uvloop", "--http", "httptools"),
            *("--no-access-log", "--backlog", str(BACKLOG)),
            *("--timeout-keep-alive", str(KEEP_ALIVE_S)),
        )
        settings = {"BENCH_DATABASE_URL": database_url}
        async with _started(command, settings, Path(folder), port, listener.fileno()) as service:
            yield service


@contextlib.asynccontextmanager
async def _started(
    command: tuple[str, ...],
    settings: dict[str, str],
    folder: Path,
    port: Callable[[], int | None],
    *inherited_fds: int,
) -> AsyncIterator[Service]:
    """Run a service; `port` gives its port once it answers."""
    # Nobody's own settings shall change what is measured.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("ENTREPOT_")}
    with _log(folder).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            env={**inherited, **settings, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=inherited_fds,
            start_new_session=True,
        )
    try:
        yield Service(process.pid, await _wait_for(process, port, _log(folder)))
    finally:
        await _stop(process)


async def _wait_for(process: Process, port: Callable[[], int | None], log: Path) -> int:
    try:
        async with asyncio.timeout(START_S_MAX):
            while process.returncode is None:
                found = port()
                if found is not None:
                    await asyncio.sleep(SETTLE_S)
                    return found
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        pass
    raise BenchFailed(f"A service of the bench does not start. {_log_end(log)}")


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_S_MAX)
    # Whatever of it is left, also when the first process died alone.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _log_end(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").strip().splitlines()[-LOG_LINES_QUOTED:]
    return "Its log ends: " + " / ".join(line.strip() for line in lines)


def _log(folder: Path) -> Path:
    return folder / "service.log"
