"""Running a piece of work on the database that a command was told to use."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from entrepot.cli.database import command_database
from entrepot.limits import STATEMENT_S_MAX
from entrepot.settings import Settings

if TYPE_CHECKING:
    from entrepot.db.transaction import Database

Result = TypeVar("Result")
CONNECTIONS_MAX = 2


def with_database(
    settings: Settings,
    work: "Callable[[Database], Awaitable[Result]]",
    *,
    statement_s_max: float = STATEMENT_S_MAX,
) -> Result:
    """Run work on an open database, and close it.

    Args:
        settings: which database.
        work: what to do with it.
        statement_s_max: how long one statement may take.

    Raises:
        StartRefused: there is no such database, or it was lost on the way.
    """
    return asyncio.run(_run(settings, work, statement_s_max))


async def _run(
    settings: Settings, work: "Callable[[Database], Awaitable[Result]]", statement_s_max: float
) -> Result:
    # Imported here so that `--help` need not wait for it.
    from entrepot.db.transaction import open_database  # noqa: PLC0415

    async with command_database(settings) as database_url:
        database = await open_database(
            database_url, connections_max=CONNECTIONS_MAX, statement_s_max=statement_s_max
        )
        try:
            return await work(database)
        finally:
            await database.close()
