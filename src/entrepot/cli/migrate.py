"""`entrepot migrate`: bring the database's schema to this program's."""

import asyncio

import msgspec

from entrepot.cli.command_call import CommandCall, on_database
from entrepot.cli.database import command_server
from entrepot.cli.output import activity
from entrepot.settings import Settings


class Migrated(msgspec.Struct, frozen=True, rename="camel"):
    """What was done: the revision found (null in an empty database), those applied, the new one.

    `database` is a server, or the data folder of an embedded one.
    """

    database: str
    found: str | None
    applied: tuple[str, ...]
    revision: str


@on_database
def migrate(call: CommandCall) -> None:
    """Bring the database's schema up to date; safe to run again and beside running services."""
    with activity("Migrating the database"):
        done = asyncio.run(_migrate(call.settings))
    sentence = (
        f"{done.database}: applied {', '.join(done.applied)}; the schema is {done.revision}."
        if done.applied
        else f"{done.database}: the schema is {done.revision} already, nothing to do."
    )
    call.tell(sentence, json=done)


async def _migrate(settings: Settings) -> Migrated:
    from entrepot.db.migrate import describe_server, migrate  # noqa: PLC0415

    url = settings.database_url
    database = describe_server(url) if url else str(settings.data_dir)
    async with command_server(settings) as server:
        done = await migrate(server)
    return Migrated(database, done.found, done.applied, done.revision)
