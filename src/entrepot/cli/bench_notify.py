"""`entrepot bench notify`: orders with somebody who hears of each."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.cli.bench_running import figure, quick_option, run_bench, say_machine, seconds_option
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import note, say, show_rows

if TYPE_CHECKING:
    from entrepot.bench.notify import NotifyPlan, NotifyReport, NotifyRun

SECONDS = 10.0
WARM_UP_S = 1.0
QUICK = 0.5


class _Row(msgspec.Struct, frozen=True):
    """A line of the table."""

    subscribed: str
    orders: str
    orders_per_s: str
    p99_ms: str
    service_us: str
    database_us: str
    heard_per_s: str
    waiting_then: str
    drained_per_s: str


@on_database
def notify(
    call: CommandCall,
    seconds: Annotated[float, seconds_option(most=120)] = SECONDS,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that place orders, and notify.")
    ] = 1,
    quick: Annotated[bool, quick_option("Short runs")] = False,
) -> None:
    """Place orders as fast as possible, first with nobody and then with somebody who hears.

    A receiver on this machine accepts everything. Every order must have been told of once in
    the end; in a database made for it and dropped afterwards.
    """
    from entrepot.bench.notify import NotifyPlan  # noqa: PLC0415

    plan = NotifyPlan(QUICK, QUICK, workers) if quick else NotifyPlan(seconds, WARM_UP_S, workers)
    run_bench(call, lambda url: _notify(url, plan), _tell)


async def _notify(url: str, plan: "NotifyPlan") -> "NotifyReport":
    from entrepot.bench.notify import bench_notify  # noqa: PLC0415

    def on_measured(run: "NotifyRun") -> None:
        who = "somebody" if run.subscribed else "nobody"
        note(f"{who} subscribed: {run.orders_per_second:,.0f} orders/s")

    return await bench_notify(url, plan, on_measured)


def _tell(report: "NotifyReport") -> None:
    say_machine(report.machine)
    say("")
    show_rows([_row(run) for run in report.runs], as_json=False)
    say(f"\nEvery order was told of once. {report.seconds:.0f} s in all.")


def _row(run: "NotifyRun") -> _Row:
    return _Row(
        subscribed="yes" if run.subscribed else "no",
        orders=f"{run.orders:,}",
        orders_per_s=f"{run.orders_per_second:,.0f}",
        p99_ms=f"{run.p99_ms:.1f}",
        service_us=figure(run.service_cpu_us),
        database_us=figure(run.database_cpu_us),
        heard_per_s=f"{run.heard_per_second:,.0f}" if run.subscribed else "–",
        waiting_then=f"{run.waiting:,}" if run.subscribed else "–",
        drained_per_s=f"{run.drained_per_second:,.0f}" if run.waiting else "–",
    )
