"""`entrepot bench options`: quotes at three sizes of the network."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

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
    from entrepot.bench.options import OptionsPlan, OptionsReport, Quoted

SECONDS = 3.0
REPEATS = 3


class _Row(msgspec.Struct, frozen=True):
    """A line of the table; times of processors are milliseconds for each answer."""

    network: str
    regions: str
    points: str
    lanes: str
    question: str
    answers_per_s: str
    p50_ms: str
    p99_ms: str
    service_cpu_ms: str
    database_cpu_ms: str
    others_cores: str


@on_database
def options(
    call: CommandCall,
    seconds: Annotated[float, seconds_option(most=60)] = SECONDS,
    repeats: Annotated[
        int, typer.Option(min=1, max=20, help="Runs of each network and question.")
    ] = REPEATS,
    quick: Annotated[bool, quick_option("One short run of each kind")] = False,
) -> None:
    """Ask for delivery options as fast as one process answers, on networks of three sizes.

    The demo world's network, ten and a hundred times as large; twenty items to twenty points,
    and three items to an address. In a database made for it and dropped afterwards; takes two
    minutes.
    """
    from entrepot.bench.options import full_plan, quick_plan  # noqa: PLC0415

    plan = quick_plan() if quick else full_plan(seconds, repeats)
    run_bench(call, lambda url: _ask(url, plan), _tell)


async def _ask(url: str, plan: "OptionsPlan") -> "OptionsReport":
    from entrepot.bench.options import bench_options, count_runs  # noqa: PLC0415

    with progress("Asking for options", count_runs(plan)) as advance:

        def on_quoted(quoted: "Quoted") -> None:
            advance(1)
            note(
                f"{quoted.question}, network × {quoted.size.times}: "
                f"{quoted.answers_per_second:,.0f} answers/s"
            )

        return await bench_options(url, plan, on_quoted)


def _tell(report: "OptionsReport") -> None:
    say_machine(report.machine)
    say("\nThe fastest run of each; processor time in ms for each answer\n")
    show_rows([_row(each) for each in report.best], as_json=False)
    say("")
    for growth in report.growth:
        cpu = (
            "" if growth.service_cpu is None else f", {growth.service_cpu:.2f} times the processor"
        )
        say(
            f"{growth.question}, network × {growth.times}: {growth.seconds_per_answer:.2f} times "
            f"as long for each answer{cpu}, p99 {growth.p99:.2f} times."
        )
    warn_of_others([each.foreign_cores for each in report.best])


def _row(quoted: "Quoted") -> _Row:
    size = quoted.size
    return _Row(
        network=f"× {size.times}",
        regions=f"{size.regions:,}",
        points=f"{size.points:,}",
        lanes=f"{size.lanes:,}",
        question=quoted.question,
        answers_per_s=f"{quoted.answers_per_second:,.0f}",
        p50_ms=f"{quoted.p50_ms:.1f}",
        p99_ms=f"{quoted.p99_ms:.1f}",
        service_cpu_ms=_ms(quoted.service_cpu_us),
        database_cpu_ms=_ms(quoted.database_cpu_us),
        others_cores=figure(quoted.foreign_cores, 2),
    )


def _ms(microseconds: float | None) -> str:
    return "–" if microseconds is None else f"{microseconds / 1_000:.2f}"
