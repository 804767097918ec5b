"""`entrepot bench`: measure this machine."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from entrepot.bench.plan import Contender
from entrepot.cli.bench_notify import notify
from entrepot.cli.bench_options import options
from entrepot.cli.bench_overload import overload
from entrepot.cli.bench_running import (
    figure,
    quick_option,
    run_bench,
    say_machine,
    seconds_option,
    warn_of_others,
)
from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.output import note, progress, say, show_rows

if TYPE_CHECKING:
    from entrepot.bench.measured import Best, Measured, Report
    from entrepot.bench.plan import Plan

app = typer.Typer(no_args_is_help=True)

SECONDS = 4.0
REPEATS = 3


class _Row(msgspec.Struct, frozen=True):
    """A line of the table; times of processors are microseconds for each order."""

    contender: str
    offers: str
    connections: int
    processes: str
    orders_per_s: str
    p50_ms: str
    p99_ms: str
    generator_us: str
    generator_cores: str
    service_us: str
    database_us: str
    others_cores: str


class _BestRow(msgspec.Struct, frozen=True):
    contender: str
    offers: str
    connections: int
    processes: str
    runs: int
    orders_per_s: str
    median: str
    slowest: str
    p50_ms: str
    p99_ms: str
    entrepot_places: str


@app.callback()
def bench() -> None:
    """Measure this machine."""


app.command()(notify)
app.command()(options)
app.command()(overload)


@app.command()
@on_database
def place(
    call: CommandCall,
    seconds: Annotated[float, seconds_option(most=60)] = SECONDS,
    repeats: Annotated[
        int, typer.Option(min=0, max=20, help="Further runs of each best configuration.")
    ] = REPEATS,
    quick: Annotated[bool, quick_option("One short run of each kind")] = False,
    only: Annotated[
        list[Contender] | None,
        typer.Option(help="Run this contender alone; may be given twice. Default: all."),
    ] = None,
    no_limits: Annotated[
        bool, typer.Option("--no-limits", help="Let Entrepot count no request limits.")
    ] = False,
) -> None:
    """Place orders as fast as possible: pgbench, FastAPI with SQLAlchemy, and Entrepot.

    They take turns on one PostgreSQL, in a database made for it and dropped afterwards; after
    each run orders, stock and slots are counted. Takes below five minutes.
    """
    from entrepot.bench.plan import full_plan, quick_plan  # noqa: PLC0415

    plan = quick_plan() if quick else full_plan(seconds, repeats)
    plan = msgspec.structs.replace(plan, limited=not no_limits)
    if only:
        plan = plan.only(*only)
    run_bench(call, lambda url: _place(url, plan), _tell)


async def _place(url: str, plan: "Plan") -> "Report":
    from entrepot.bench.place import bench_place, count_runs, require_tools  # noqa: PLC0415

    require_tools(plan)
    with progress("Placing orders", count_runs(plan)) as advance:

        def on_measured(measured: "Measured") -> None:
            advance(1)
            note(f"{measured.run.label}: {measured.orders_per_second:,.0f} orders/s")

        return await bench_place(url, plan, on_measured)


def _tell(report: "Report") -> None:
    say_machine(report.machine)
    say("\nAll runs, each on fresh rows; processor time in µs for each order\n")
    show_rows([_row(each) for each in report.runs], as_json=False)
    say(
        "\nThe best configuration of each contender: its fastest run, and how far its runs differ\n"
    )
    show_rows([_best_row(each, report) for each in report.best], as_json=False)
    warn_of_others([each.foreign_cores for each in report.runs])
    say(
        f"\nAfter each of {len(report.runs)} runs orders, lines, stock and slots were counted: "
        f"all as answered, nothing oversold. {report.seconds:.0f} s in all."
    )


def _row(measured: "Measured") -> _Row:
    run = measured.run
    return _Row(
        contender=run.contender,
        offers=run.offers,
        connections=run.connections,
        processes=str(run.processes or "–"),
        orders_per_s=f"{measured.orders_per_second:,.0f}",
        p50_ms=f"{measured.p50_ms:.1f}",
        p99_ms=f"{measured.p99_ms:.1f}",
        generator_us=figure(measured.generator_cpu_us),
        generator_cores=f"{measured.generator_cores:.2f}",
        service_us=figure(measured.service_cpu_us),
        database_us=figure(measured.database_cpu_us),
        others_cores=figure(measured.foreign_cores, 2),
    )


def _best_row(best: "Best", report: "Report") -> _BestRow:
    ratios = report.ratios
    ratio = {
        ("pgbench", "uniform"): ratios.pgbench_uniform,
        ("pgbench", "zipf"): ratios.pgbench_zipf,
        ("fastapi", "uniform"): ratios.fastapi_uniform,
    }.get((best.run.contender, best.run.offers))
    return _BestRow(
        contender=best.run.contender,
        offers=best.run.offers,
        connections=best.run.connections,
        processes=str(best.run.processes or "–"),
        runs=best.runs,
        orders_per_s=f"{best.orders_per_second:,.0f}",
        median=f"{best.median:,.0f}",
        slowest=f"{best.slowest:,.0f}",
        p50_ms=f"{best.p50_ms:.1f}",
        p99_ms=f"{best.p99_ms:.1f}",
        entrepot_places="–" if ratio is None else f"{ratio:.1f} times as many",
    )
