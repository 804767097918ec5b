"""`entrepot bench notify`: do notifications keep up with orders?"""

import asyncio
import contextlib
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable

import msgspec

from entrepot.bench.load import LoadOrder
from entrepot.bench.machine import describe_machine, unwind_on_sigterm
from entrepot.bench.measured import BenchFailed, Machine, per_order_us
from entrepot.bench.plan import Offers
from entrepot.bench.services import send_load, serving_entrepot
from entrepot.bench.shape import prepared_requests
from entrepot.bench.world import BenchDatabase, bench_database

CONNECTIONS = 64
DRAIN_S_MAX = 300.0
POLL_S = 0.05


class NotifyPlan(msgspec.Struct, frozen=True):
    """How long to place orders, before it counts and while it does, by how many processes."""

    seconds: float
    warm_up_s: float
    processes: int


class NotifyRun(msgspec.Struct, frozen=True, rename="camel"):
    """One run.

    Attributes:
        subscribed: whether somebody hears of the orders.
        orders: how many were placed, the warm-up included.
        orders_per_second: while it counted.
        p99_ms: of placing.
        service_cpu_us: processor time for each order, its notification included; like the next
            one it is missing where the system does not tell.
        database_cpu_us: as much of PostgreSQL.
        heard_per_second: notifications that were accepted while orders were placed.
        waiting: notifications that were not, when the last order was answered.
        drain_seconds: how long they took then.
        drained_per_second: as a rate; 0 when nothing waited.
    """

    subscribed: bool
    orders: int
    orders_per_second: float
    p99_ms: float
    service_cpu_us: float | None
    database_cpu_us: float | None
    heard_per_second: float = 0.0
    waiting: int = 0
    drain_seconds: float = 0.0
    drained_per_second: float = 0.0


class NotifyReport(msgspec.Struct, frozen=True, rename="camel"):
    """Everything the bench found; every notification was counted."""

    machine: Machine
    processes: int
    runs: tuple[NotifyRun, ...]
    seconds: float


async def bench_notify(
    server_url: str, plan: NotifyPlan, on_measured: Callable[[NotifyRun], None]
) -> NotifyReport:
    """Place orders with nobody subscribed, then with a subscription, in a database made for it.

    Raises:
        BenchFailed: a run broke, or not every order was told of.
        StartRefused: no database can be made there.
    """
    unwind_on_sigterm()
    started_at = time.monotonic()
    runs = []
    async with bench_database(server_url) as database, _receiving() as port:
        for subscribed in (False, True):
            await database.refill()
            if subscribed:
                await database.subscribe(f"http://127.0.0.1:{port}/")
            runs.append(await _measure(database, plan, port if subscribed else None))
            on_measured(runs[-1])
        machine = describe_machine(await database.version())
    return NotifyReport(machine, plan.processes, tuple(runs), time.monotonic() - started_at)


async def _measure(database: BenchDatabase, plan: NotifyPlan, port: int | None) -> NotifyRun:
    # A sandbox: only there a receiver on this machine may be called.
    async with serving_entrepot(database.url, plan.processes, sandbox=True) as service:
        watched = {"service": service.process}
        server = await database.server_process()
        if server is not None:
            watched["database"] = server
        order = LoadOrder(
            port=service.port,
            requests=tuple(prepared_requests(database.world, Offers.UNIFORM)),
            connections=CONNECTIONS,
            warm_up_s=plan.warm_up_s,
            seconds=plan.seconds,
            watched=watched,
        )
        loaded_from = time.monotonic()
        result = await send_load(order)
        loaded_s = time.monotonic() - loaded_from
        if result.failure is not None:
            raise BenchFailed(result.failure)
        run = NotifyRun(
            subscribed=port is not None,
            orders=result.placed,
            orders_per_second=result.answered / result.seconds,
            p99_ms=result.p99_ms,
            service_cpu_us=per_order_us(result.watched_cpu_s.get("service"), result.answered),
            database_cpu_us=per_order_us(result.watched_cpu_s.get("database"), result.answered),
        )
        if port is not None:
            run = await _drain(run, port, loaded_s)
    faults = await database.find_faults(result.placed)
    if faults:
        raise BenchFailed("The database disagrees: " + "; ".join(faults))
    waiting = await database.notifications_waiting()
    if waiting:
        raise BenchFailed(f"{waiting} notifications still wait, although all were heard.")
    return run


async def _drain(run: NotifyRun, port: int, loaded_s: float) -> NotifyRun:
    """Wait until every order was told of."""
    heard = at_first = await _heard(port)
    started = time.monotonic()
    while heard < run.orders:
        if time.monotonic() > started + DRAIN_S_MAX:
            raise BenchFailed(f"Of {run.orders} orders {heard} were told of in time.")
        await asyncio.sleep(POLL_S)
        heard = await _heard(port)
    seconds = time.monotonic() - started
    if heard > run.orders:
        raise BenchFailed(f"{heard} notifications for {run.orders} orders, and nothing failed.")
    # What was heard is written a moment later.
    await asyncio.sleep(1)
    waiting = run.orders - at_first
    return msgspec.structs.replace(
        run,
        heard_per_second=at_first / loaded_s,
        waiting=waiting,
        drain_seconds=seconds if waiting else 0.0,
        drained_per_second=waiting / seconds if waiting else 0.0,
    )


@contextlib.asynccontextmanager
async def _receiving() -> AsyncIterator[int]:
    """Run the receiver; gives its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "entrepot.bench.receiver"), stdout=PIPE
    )
    assert process.stdout is not None
    try:
        told = await process.stdout.readline()
        if not told:
            raise BenchFailed("The receiver of the bench does not start.")
        yield int(told)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _heard(port: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.rpartition(b"Content-Length: ")[2].split(b"\r")[0])
        return int(await reader.readexactly(length))
    finally:
        writer.close()
        await writer.wait_closed()
