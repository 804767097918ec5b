"""What all commands of `entrepot bench` share: where they run, and what they say of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import msgspec
import typer

from entrepot.cli.command_call import CommandCall
from entrepot.cli.database import command_server
from entrepot.cli.entry import INTERRUPTED
from entrepot.cli.output import CommandRefused, say, warn
from entrepot.settings import Settings

if TYPE_CHECKING:
    from entrepot.bench.measured import Machine

DISTURBED_CORES = 0.3
"""Busy with other programs; what the kernel does on its own account stays below."""

_Report = TypeVar("_Report", bound=msgspec.Struct)


def seconds_option(*, most: float) -> typer.models.OptionInfo:
    """How long a run is measured."""
    option: typer.models.OptionInfo = typer.Option(
        min=0.2, max=most, help="Measured seconds of each run."
    )
    return option


def quick_option(runs: str) -> typer.models.OptionInfo:
    """The switch to short runs; `runs` says which are left."""
    option: typer.models.OptionInfo = typer.Option("--quick", help=f"{runs}: does it work at all?")
    return option


def run_bench(
    call: CommandCall,
    bench: Callable[[str], Awaitable[_Report]],
    tell: Callable[[_Report], None],
) -> None:
    """Run a bench on the server that is configured, or on a PostgreSQL of its own.

    Args:
        call: the command's; with `--json` the report is shown as it is.
        bench: what to run, on the server of this URL.
        tell: how a person reads the report.

    Raises:
        CommandRefused: it failed; its figures would mean nothing.
    """
    from entrepot.bench.measured import BenchFailed  # noqa: PLC0415

    try:
        report = asyncio.run(_on_server(call.settings, bench))
    except BenchFailed as error:
        raise CommandRefused(str(error)) from error
    except asyncio.CancelledError:
        raise typer.Exit(INTERRUPTED) from None
    if call.as_json:
        call.show(report)
    else:
        tell(report)


async def _on_server(settings: Settings, bench: Callable[[str], Awaitable[_Report]]) -> _Report:
    async with command_server(settings) as url:
        return await bench(url)


def say_machine(machine: "Machine") -> None:
    """Say where it was measured."""
    say(
        f"{machine.processor}, {machine.cores} cores, {machine.system}, "
        f"Python {machine.python}, PostgreSQL {machine.postgresql}"
    )


def figure(value: float | None, decimals: int = 0) -> str:
    """Write what may not have been measured."""
    return "–" if value is None else f"{value:.{decimals}f}"


def warn_of_others(foreign_cores: Sequence[float | None]) -> None:
    """Warn when other programs were busy; of each run, how many cores they took."""
    disturbed = sum((each or 0) > DISTURBED_CORES for each in foreign_cores)
    if disturbed:
        warn(
            f"In {disturbed} of {len(foreign_cores)} runs other programs took more than "
            f"{DISTURBED_CORES} cores: the figures say little. Repeat on a machine at rest."
        )
