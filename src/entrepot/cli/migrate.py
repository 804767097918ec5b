"""`entrepot migrate`: bring the database's schema to this program's."""

import asyncio
import contextlib

import msgspec

from entrepot.cli.database import ConfigOption, DatabaseUrlOption, DataDirOption, read_settings
from entrepot.cli.output import JsonOption, activity, say, show
from entrepot.settings import Settings


class Migrated(msgspec.Struct, frozen=True, rename="camel"):
    """What was done: the revision found (null in an empty database), those applied, the new one.

    `database` is a server, or the data folder of an embedded one.
    """

    database: str
    found: str | None
    applied: tuple[str, ...]
    revision: str


def migrate(
    config: ConfigOption = None,
    database_url: DatabaseUrlOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the database's schema up to date; safe to run again and beside running services."""
    settings = read_settings(config, database_url=database_url, data_dir=data_dir)
    with activity("Migrating the database"):
        done = asyncio.run(_migrate(settings))
    if as_json:
        show(done, as_json=True)
    elif done.applied:
        say(f"{done.database}: applied {', '.join(done.applied)}; the schema is {done.revision}.")
    else:
        say(f"{done.database}: the schema is {done.revision} already, nothing to do.")


async def _migrate(settings: Settings) -> Migrated:
    from entrepot.db.embedded import embedded_postgres  # noqa: PLC0415
    from entrepot.db.migrate import describe_server, migrate  # noqa: PLC0415

    async with contextlib.AsyncExitStack() as stack:
        url = settings.database_url
        database = describe_server(url) if url else str(settings.data_dir)
        if url is None:
            url = await stack.enter_async_context(embedded_postgres(settings.data_dir))
        done = await migrate(url)
    return Migrated(database, done.found, done.applied, done.revision)
