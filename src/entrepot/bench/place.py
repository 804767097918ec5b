"""`entrepot bench place`: how many orders each contender places, on one database, in turns."""

import time
from collections.abc import Callable

from entrepot.bench.machine import describe_machine, unwind_on_sigterm
from entrepot.bench.measured import (
    BenchFailed,
    Measured,
    Report,
    find_best,
    find_ratios,
)
from entrepot.bench.pgbench import find_pgbench, run_pgbench
from entrepot.bench.plan import Contender, Plan, Run
from entrepot.bench.services import require_fastapi, run_service
from entrepot.bench.world import BenchDatabase, bench_database


def count_runs(plan: Plan) -> int:
    """How many runs a plan makes, repetitions included."""
    kinds = {(run.contender, run.offers) for run in plan.runs}
    return len(plan.runs) + plan.repeats * len(kinds)


def require_tools(plan: Plan) -> None:
    """Make sure that every contender of a plan can run, before any of them does.

    Raises:
        StartRefused: names what is missing.
    """
    contenders = {run.contender for run in plan.runs}
    if Contender.PGBENCH in contenders:
        find_pgbench()
    if Contender.FASTAPI in contenders:
        require_fastapi()


async def bench_place(
    server_url: str, plan: Plan, on_measured: Callable[[Measured], None]
) -> Report:
    """Carry out a plan in a database made for it; tells of each run as it ends.

    Raises:
        BenchFailed: a run broke, or what it left in the database is not what it said.
        StartRefused: no database can be made there.
    """
    unwind_on_sigterm()
    started_at = time.monotonic()
    measured: list[Measured] = []

    async with bench_database(server_url) as database:

        async def measure(runs: tuple[Run, ...]) -> None:
            for run in runs:
                measured.append(await _measure(database, run, plan))
                on_measured(measured[-1])

        await measure(plan.runs)
        favourites = tuple(best.run for best in find_best(measured))
        for _ in range(plan.repeats):
            await measure(favourites)
        machine = describe_machine(await database.version())
    best = find_best([each for each in measured if each.run in favourites])
    return Report(
        machine=machine,
        ratios=find_ratios(best),
        best=best,
        runs=tuple(measured),
        seconds=time.monotonic() - started_at,
    )


async def _measure(database: BenchDatabase, run: Run, plan: Plan) -> Measured:
    await database.refill()
    place = run_pgbench if run.contender is Contender.PGBENCH else run_service
    measured = await place(database, run, plan)
    faults = await database.find_faults(measured.placed)
    if faults:
        raise BenchFailed(
            f"{run.label}: {measured.placed} orders were placed, but the database disagrees: "
            + "; ".join(faults)
        )
    return measured
