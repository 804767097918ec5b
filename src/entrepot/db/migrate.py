"""Bring a database's schema up to date, and refuse a server on which the promises would not hold.

Revisions are plain SQL under `migrations/versions`, run by Alembic in the order of the numbers
their files begin with.
"""

import asyncio
import os
import time
import urllib.parse
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from asyncpg.exceptions import (
    InterfaceError,
    InvalidAuthorizationSpecificationError,
    InvalidCatalogNameError,
    PostgresError,
    UndefinedTableError,
)

from entrepot.db.start_refused import StartRefused

__all__ = [
    "MigrationOutcome",
    "StartRefused",
    "check_server",
    "describe_server",
    "head_revision",
    "migrate",
    "read_revision",
]

MIGRATIONS = Path(__file__).parent / "migrations"
POSTGRESQL_MAJOR_MIN = 15
CONNECT_S_MAX = 10.0
MIGRATOR_LOCK = 0x656E7472  # "entr": an advisory lock of ours, whatever else uses the server
MIGRATOR_WAIT_S_MAX = 120.0
"""For another process that migrates the same database; then somebody should look."""
LOCK_TIMEOUT = "1s"
"""A revision that waits for a lock makes everybody else wait behind it: briefly, and again."""
ATTEMPTS_MAX = 30
ATTEMPT_PAUSE_S = 1.0
RETRIED_SQLSTATES = frozenset({"55P03", "40P01", "40001"})
REFUSED_SQLSTATES = frozenset({"42501", "53100", "25006"})
"""Privilege missing, disk full, read only: told in the server's own words."""
DURABILITY_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")


class MigrationOutcome(msgspec.Struct, frozen=True):
    """What `migrate` did: the revision it found (None in an empty database) and what it applied."""

    found: str | None
    applied: tuple[str, ...]
    revision: str


def known_revisions() -> tuple[str, ...]:
    """The numbers of the program's revisions, in their order."""
    files = (MIGRATIONS / "versions").glob("[0-9][0-9][0-9][0-9]_*.py")
    return tuple(sorted(file.name[:4] for file in files))


def head_revision() -> str:
    """The revision this program works with."""
    return known_revisions()[-1]


def describe_server(database_url: str) -> str:
    """Where a database is, without the credentials: for a person's eyes."""
    parts = urllib.parse.urlsplit(database_url)
    asked = urllib.parse.parse_qs(parts.query).get("host", ["localhost"])
    return (parts.netloc.rpartition("@")[2] or asked[0]) + parts.path


async def check_server(database_url: str) -> None:
    """Make sure that the server keeps what it commits and that its schema is the program's.

    Raises:
        StartRefused: unreachable, too old, unsafe settings, or a schema of another version.
    """
    connection = await _connect(database_url)
    try:
        await _check_settings(connection, database_url)
        found = await read_revision(connection)
        _refuse_newer(found, database_url)
    finally:
        await connection.close()
    if found != head_revision():
        state = "is empty" if found is None else f"has schema {found}, older than the program's"
        raise StartRefused(
            f"The database {describe_server(database_url)} {state}: run `entrepot migrate`."
        )


async def migrate(database_url: str) -> MigrationOutcome:
    """Bring the schema to the program's revision; does nothing when it is there.

    One process migrates at a time, others wait for it. A revision waits for a lock one second at
    most before it lets the others pass and tries again.

    Raises:
        StartRefused: as `check_server`, or the server refuses a revision.
    """
    connection = await _connect(database_url)
    try:
        await _check_settings(connection, database_url)
        await _become_the_migrator(connection, database_url)
        found = await read_revision(connection)
        _refuse_newer(found, database_url)
        if found != head_revision():
            await _upgrade(database_url)
    finally:
        await connection.close()  # which also gives up the migrator's lock
    applied = tuple(number for number in known_revisions() if found is None or number > found)
    return MigrationOutcome(found=found, applied=applied, revision=head_revision())


async def _connect(database_url: str) -> Any:  # noqa: ANN401 - asyncpg is untyped
    where = describe_server(database_url)
    try:
        return await asyncpg.connect(  # type: ignore[no-untyped-call]
            database_url, timeout=CONNECT_S_MAX, server_settings={"application_name": "entrepot"}
        )
    except InvalidCatalogNameError:
        raise StartRefused(
            f"There is no such database as {where}: create it (createdb), then run "
            "`entrepot migrate`."
        ) from None
    except InvalidAuthorizationSpecificationError as error:
        raise StartRefused(f"PostgreSQL at {where} refuses the login: {error}.") from error
    except TimeoutError:
        raise StartRefused(
            f"PostgreSQL at {where} does not answer within {CONNECT_S_MAX:.0f} s."
        ) from None
    except (OSError, PostgresError, InterfaceError, ValueError) as error:
        number = getattr(error, "errno", None) or 0
        reason = os.strerror(number) if number > 0 else str(error)
        raise StartRefused(f"PostgreSQL at {where} cannot be reached: {reason}.") from error


async def _check_settings(connection: Any, database_url: str) -> None:  # noqa: ANN401
    where = describe_server(database_url)
    version = connection.get_server_version()
    if version.major < POSTGRESQL_MAJOR_MIN:
        raise StartRefused(
            f"PostgreSQL at {where} is version {version.major}.{version.minor}: "
            f"{POSTGRESQL_MAJOR_MIN} or newer is needed."
        )
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        raise StartRefused(f"PostgreSQL at {where} is a read-only standby: name its primary.")
    rows = await connection.fetch(
        "SELECT name FROM pg_settings WHERE name = ANY($1::text[]) AND setting = 'off'",
        list(DURABILITY_SETTINGS),
    )
    if rows:
        names = ", ".join(sorted(row["name"] for row in rows))
        raise StartRefused(
            f"PostgreSQL at {where} could lose what it has committed ({names} switched off): "
            "switch it on."
        )


async def read_revision(connection: Any) -> str | None:  # noqa: ANN401
    """The revision of a database's schema; None where there is none."""
    try:
        found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except UndefinedTableError:
        return None
    return found


def _refuse_newer(found: str | None, database_url: str) -> None:
    if found is None or found in known_revisions():
        return
    where = describe_server(database_url)
    if found.isdigit():
        raise StartRefused(
            f"The database {where} has schema {found}, newer than this program's "
            f"({head_revision()}): install the version of Entrepot that made it."
        )
    raise StartRefused(f"The database {where} belongs to another program (its schema is {found}).")


async def _become_the_migrator(connection: Any, database_url: str) -> None:  # noqa: ANN401
    deadline = time.monotonic() + MIGRATOR_WAIT_S_MAX
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", MIGRATOR_LOCK):
        if time.monotonic() > deadline:
            raise StartRefused(
                f"Another process has been migrating {describe_server(database_url)} for "
                f"{MIGRATOR_WAIT_S_MAX:.0f} s."
            )
        await asyncio.sleep(0.1)


async def _upgrade(database_url: str) -> None:
    # Imported here: they take half a second that a start with nothing to migrate need not pay.
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return await _upgrade_once(database_url)
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            retried = state in RETRIED_SQLSTATES
            if not retried and state not in REFUSED_SQLSTATES:
                raise
            if not retried or attempt == ATTEMPTS_MAX:
                raise StartRefused(
                    f"The database {describe_server(database_url)} cannot be migrated: "
                    f"{error.orig}."
                ) from error
        await asyncio.sleep(ATTEMPT_PAUSE_S)
    return None


async def _upgrade_once(database_url: str) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import Connection, text  # noqa: PLC0415
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    def upgrade(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    # asyncpg reads the URL itself: SQLAlchemy does not understand all that libpq's URLs may say.
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(asyncpg.connect, database_url, timeout=CONNECT_S_MAX),
        poolclass=NullPool,
    )
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.commit()
            await connection.run_sync(upgrade)
            await connection.commit()
    finally:
        await engine.dispose()
