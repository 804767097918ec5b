"""`entrepot bench overload`: what buyers see when more orders come than can be placed."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable

import msgspec

from entrepot.bench.load import LoadOrder
from entrepot.bench.machine import describe_machine, unwind_on_sigterm
from entrepot.bench.measured import BenchFailed, Machine
from entrepot.bench.paced import PacedOrder, PacedResult
from entrepot.bench.plan import Offers
from entrepot.bench.services import LOAD_S_MAX, send_load, serving_entrepot
from entrepot.bench.shape import prepared_requests
from entrepot.bench.world import BenchDatabase, bench_database

TIMES = (1.0, 3.0)
"""Of the capacity that was found first."""
SEARCHING = 128
"""Connections that find out what the service can do."""


class OverloadPlan(msgspec.Struct, frozen=True):
    """How long each run takes, by how many processes, and how many buyers wait at once.

    There must be more buyers than may wait, or nobody is ever refused.
    """

    seconds: float
    warm_up_s: float
    processes: int
    buyers: int


class OverloadRun(msgspec.Struct, frozen=True, rename="camel"):
    """One run: how much was offered, as a multiple of the capacity, and what became of it."""

    times_capacity: float
    offered_per_second: float
    accepted_per_second: float
    refused_per_second: float
    p50_ms: float
    p99_ms: float
    refused_p99_ms: float


class OverloadReport(msgspec.Struct, frozen=True, rename="camel"):
    """Everything the bench found; each order that was accepted was counted, and no other."""

    machine: Machine
    processes: int
    capacity_per_second: float
    runs: tuple[OverloadRun, ...]
    seconds: float


async def bench_overload(
    server_url: str, plan: OverloadPlan, on_measured: Callable[[OverloadRun], None]
) -> OverloadReport:
    """Find out what the service can do, then offer that and three times as much.

    Raises:
        BenchFailed: a run broke, or the database has other orders than were accepted.
        StartRefused: no database can be made there.
    """
    unwind_on_sigterm()
    started_at = time.monotonic()
    runs = []
    async with bench_database(server_url) as database:
        capacity = await _capacity(database, plan)
        for times in TIMES:
            runs.append(await _measure(database, plan, times, capacity))
            on_measured(runs[-1])
        machine = describe_machine(await database.version())
    seconds = time.monotonic() - started_at
    return OverloadReport(machine, plan.processes, capacity, tuple(runs), seconds)


async def _capacity(database: BenchDatabase, plan: OverloadPlan) -> float:
    await database.refill()
    async with serving_entrepot(database.url, plan.processes) as service:
        result = await send_load(_load(database, plan, service.port, SEARCHING))
    if result.failure is not None:
        raise BenchFailed(result.failure)
    return result.answered / result.seconds


async def _measure(
    database: BenchDatabase, plan: OverloadPlan, times: float, capacity: float
) -> OverloadRun:
    await database.refill()
    async with serving_entrepot(database.url, plan.processes) as service:
        load = _load(database, plan, service.port, plan.buyers)
        result = await _offer(PacedOrder(load, times * capacity))
    if result.failure is not None:
        raise BenchFailed(result.failure)
    faults = await database.find_faults(result.accepted)
    if faults:
        raise BenchFailed("The database disagrees: " + "; ".join(faults))
    return OverloadRun(
        times_capacity=times,
        offered_per_second=result.offered_per_second,
        accepted_per_second=result.accepted_per_second,
        refused_per_second=result.refused_per_second,
        p50_ms=result.p50_ms,
        p99_ms=result.p99_ms,
        refused_p99_ms=result.refused_p99_ms,
    )


def _load(database: BenchDatabase, plan: OverloadPlan, port: int, connections: int) -> LoadOrder:
    return LoadOrder(
        port=port,
        requests=tuple(prepared_requests(database.world, Offers.UNIFORM)),
        connections=connections,
        warm_up_s=plan.warm_up_s,
        seconds=plan.seconds,
        watched={},
    )


async def _offer(order: PacedOrder) -> PacedResult:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "entrepot.bench.paced"), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        told, errors = await asyncio.wait_for(
            process.communicate(msgspec.json.encode(order)),
            order.load.warm_up_s + order.load.seconds + LOAD_S_MAX,
        )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise BenchFailed(f"The load generator failed: {errors.decode('utf-8', 'replace')}")
    return msgspec.json.decode(told, type=PacedResult)
