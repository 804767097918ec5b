"""`entrepot bench overload`: more orders than can be placed."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot import limits
from entrepot.cli.bench_running import quick_option, run_bench, say_machine, seconds_option
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import note, say, show_rows

if TYPE_CHECKING:
    from entrepot.bench.overload import OverloadPlan, OverloadReport, OverloadRun

SECONDS = 10.0
WARM_UP_S = 3.0
QUICK = 0.5
QUICK_BUYERS = 256
BUYERS_PER_WORKER = limits.QUEUE_COMMANDS_MAX + 2 * limits.BATCH_COMMANDS_MAX
"""More than may wait."""


class _Row(msgspec.Struct, frozen=True):
    """A line of the table."""

    times_capacity: str
    offered_per_s: str
    accepted_per_s: str
    told_503_per_s: str
    p50_ms: str
    p99_ms: str
    p99_ms_of_503: str


@on_database
def overload(
    call: CommandCall,
    seconds: Annotated[float, seconds_option(most=120)] = SECONDS,
    workers: Annotated[int, typer.Option(min=1, max=8, help="Processes that place orders.")] = 1,
    quick: Annotated[bool, quick_option("Short runs")] = False,
) -> None:
    """Offer as many orders as can be placed, then three times as many.

    What can be placed is found out first. How long an accepted order took is counted from the
    moment it was due. In a database made for it and dropped afterwards; every accepted order
    must be there, and no other.
    """
    from entrepot.bench.overload import OverloadPlan  # noqa: PLC0415

    plan = (
        OverloadPlan(QUICK, QUICK, workers, QUICK_BUYERS)
        if quick
        else OverloadPlan(seconds, WARM_UP_S, workers, workers * BUYERS_PER_WORKER)
    )
    run_bench(call, lambda url: _overload(url, plan), _tell)


async def _overload(url: str, plan: "OverloadPlan") -> "OverloadReport":
    from entrepot.bench.overload import bench_overload  # noqa: PLC0415

    def on_measured(run: "OverloadRun") -> None:
        note(f"{run.times_capacity:g} times the capacity: p99 {run.p99_ms:,.0f} ms")

    return await bench_overload(url, plan, on_measured)


def _tell(report: "OverloadReport") -> None:
    say_machine(report.machine)
    say(f"\nCapacity: {report.capacity_per_second:,.0f} orders/s\n")
    show_rows([_row(run) for run in report.runs], as_json=False)
    say(f"\nEvery accepted order was there, and no other. {report.seconds:.0f} s in all.")


def _row(run: "OverloadRun") -> _Row:
    return _Row(
        times_capacity=f"{run.times_capacity:g}",
        offered_per_s=f"{run.offered_per_second:,.0f}",
        accepted_per_s=f"{run.accepted_per_second:,.0f}",
        told_503_per_s=f"{run.refused_per_second:,.0f}",
        p50_ms=f"{run.p50_ms:,.0f}",
        p99_ms=f"{run.p99_ms:,.0f}",
        p99_ms_of_503=f"{run.refused_p99_ms:,.0f}" if run.refused_per_second else "–",
    )
