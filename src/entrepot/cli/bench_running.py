"""What all commands of `entrepot bench` share: where they run, and what they say of it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import typer

from entrepot.cli.entry import INTERRUPTED
from entrepot.cli.output import CommandRefused, say, warn
from entrepot.settings import Settings

if TYPE_CHECKING:
    from entrepot.bench.measured import Machine

DISTURBED_CORES = 0.3
"""Busy with other programs; what the kernel does on its own account stays below."""

_Report = TypeVar("_Report")


def run_bench(settings: Settings, bench: Callable[[str], Awaitable[_Report]]) -> _Report:
    """Run a bench on the server that is configured, or on a PostgreSQL of its own.

    Raises:
        CommandRefused: it failed; its figures would mean nothing.
    """
    from entrepot.bench.measured import BenchFailed  # noqa: PLC0415

    try:
        return asyncio.run(_on_server(settings, bench))
    except BenchFailed as error:
        raise CommandRefused(str(error)) from error
    except asyncio.CancelledError:
        raise typer.Exit(INTERRUPTED) from None


async def _on_server(settings: Settings, bench: Callable[[str], Awaitable[_Report]]) -> _Report:
    from entrepot.db.embedded import embedded_postgres  # noqa: PLC0415

    async with contextlib.AsyncExitStack() as stack:
        url = settings.database_url
        if url is None:
            url = await stack.enter_async_context(embedded_postgres(settings.data_dir))
        return await bench(url)


def say_machine(machine: "Machine") -> None:
    """Say where it was measured."""
    say(
        f"{machine.processor}, {machine.cores} cores, {machine.system}, "
        f"Python {machine.python}, PostgreSQL {machine.postgresql}"
    )


def warn_of_others(foreign_cores: Sequence[float | None]) -> None:
    """Warn when other programs were busy; of each run, how many cores they took."""
    disturbed = sum((each or 0) > DISTURBED_CORES for each in foreign_cores)
    if disturbed:
        warn(
            f"In {disturbed} of {len(foreign_cores)} runs other programs took more than "
            f"{DISTURBED_CORES} cores: the figures say little. Repeat on a machine at rest."
        )
