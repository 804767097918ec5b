"""What commands that talk to the database share: their options, and the way to it."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import typer

from entrepot.cli.output import warn
from entrepot.db.start_refused import StartRefused
from entrepot.settings import Settings, load_settings

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="A TOML file with settings.", show_default=False)
]
DatabaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        help="The PostgreSQL to use; by default the one in the data folder.",
        show_default=False,
    ),
]
DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help="The data folder.", show_default=False)
]


def read_settings(config: Path | None = None, **flags: object) -> Settings:
    """The settings, with a warning on stderr for each variable that means nothing.

    Args:
        config: what `--config` named.
        **flags: the value of each setting given as a flag, None where it was not.

    Raises:
        SettingsInvalid: with every problem found.
    """
    loaded = load_settings(flags, os.environ, config)
    for variable in loaded.unknown_variables:
        warn(f"{variable} is set, but there is no such setting.")
    return loaded.settings


@contextlib.asynccontextmanager
async def command_server(settings: Settings) -> AsyncIterator[str]:
    """The URL of the server that is configured, or of the embedded one, started if need be."""
    # Imported here so that `--help` need not wait for it.
    from entrepot.db.embedded import embedded_postgres  # noqa: PLC0415

    if settings.database_url is not None:
        yield settings.database_url
        return
    async with embedded_postgres(settings.data_dir) as url:
        yield url


@contextlib.asynccontextmanager
async def command_database(settings: Settings) -> AsyncIterator[str]:
    """The URL of a database that is there, safe, and has the program's schema.

    The embedded one is started when it does not run, and migrated. One of the operator's own is
    only checked: changing its schema is a decision (`entrepot migrate`).

    Raises:
        StartRefused: there is no such database.
    """
    # Imported here so that `--help` need not wait for them.
    from asyncpg.exceptions import PostgresConnectionError  # noqa: PLC0415

    from entrepot.db.migrate import check_server, migrate  # noqa: PLC0415
    from entrepot.db.transaction import DatabaseUnavailable  # noqa: PLC0415

    try:
        async with command_server(settings) as database_url:
            prepare = migrate if settings.database_url is None else check_server
            await prepare(database_url)
            yield database_url
    except (DatabaseUnavailable, PostgresConnectionError, ConnectionError) as error:
        raise StartRefused(f"The database was lost on the way: {error}.") from error
