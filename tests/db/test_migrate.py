"""Migrations run once and in order, and a server that breaks a promise is refused."""

import asyncio
import re
from typing import Any

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from entrepot.db import migrate as migrate_module
from entrepot.db.migrate import (
    MIGRATIONS,
    MIGRATOR_LOCK,
    StartRefused,
    check_server,
    describe_server,
    head_revision,
    known_revisions,
    migrate,
)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_an_empty_database_is_refused_until_it_is_migrated(empty_database_url: str) -> None:
    with pytest.raises(StartRefused, match="is empty: run `entrepot migrate`"):
        await check_server(empty_database_url)
    first = await migrate(empty_database_url)
    assert (first.found, first.applied, first.revision) == (
        None,
        known_revisions(),
        head_revision(),
    )
    await check_server(empty_database_url)
    again = await migrate(empty_database_url)
    assert (again.found, again.applied) == (head_revision(), ())


async def test_an_older_schema_is_told_and_a_newer_one_refused(database_url: str) -> None:
    await _execute(database_url, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StartRefused, match="schema 0001, older than the program's"):
        await check_server(database_url)
    await _execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    for attempt in (check_server, migrate):
        with pytest.raises(StartRefused, match="schema 9999, newer than this program's"):
            await attempt(database_url)


async def test_a_database_of_another_program_is_left_alone(database_url: str) -> None:
    await _execute(database_url, "UPDATE alembic_version SET version_num = '1a2b3c'")
    for attempt in (check_server, migrate):
        with pytest.raises(StartRefused, match="belongs to another program"):
            await attempt(database_url)


async def test_several_migrators_take_turns(empty_database_url: str) -> None:
    outcomes = await asyncio.gather(*(migrate(empty_database_url) for _ in range(4)))
    assert sorted(len(outcome.applied) for outcome in outcomes) == [
        0,
        0,
        0,
        len(known_revisions()),
    ]


async def test_a_migrator_that_takes_too_long_is_told(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "MIGRATOR_WAIT_S_MAX", 0.3)
    connection = await asyncpg.connect(empty_database_url)
    await connection.fetchval("SELECT pg_advisory_lock($1)", MIGRATOR_LOCK)
    with pytest.raises(StartRefused, match="Another process has been migrating"):
        await migrate(empty_database_url)
    await connection.close()


async def test_a_revision_that_waits_for_a_lock_tries_again(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "ATTEMPT_PAUSE_S", 0.1)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    await connection.execute("BEGIN")
    await connection.execute("LOCK TABLE alembic_version IN SHARE ROW EXCLUSIVE MODE")
    migrating = asyncio.create_task(migrate(empty_database_url))
    await asyncio.sleep(1.5)  # longer than one wait for a lock
    assert not migrating.done()
    await connection.execute("COMMIT")
    await connection.close()
    assert (await migrating).applied == known_revisions()
    await check_server(empty_database_url)


async def test_a_lock_that_is_never_given_up_ends_it_with_a_sentence(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate_module, "ATTEMPTS_MAX", 2)
    monkeypatch.setattr(migrate_module, "ATTEMPT_PAUSE_S", 0.1)
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT", "50ms")
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    await connection.execute("BEGIN")
    await connection.execute("LOCK TABLE alembic_version IN SHARE ROW EXCLUSIVE MODE")
    with pytest.raises(StartRefused, match=r"cannot be migrated: .*lock timeout"):
        await migrate(empty_database_url)
    await connection.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("postgresql://me:secret@127.0.0.1:1/x", "at 127.0.0.1:1/x cannot be reached"),
        ("postgresql://me:secret@no-such-host.invalid/x", "cannot be reached"),
        ("postgresql://me@/x?host=/nowhere", "at /nowhere/x cannot be reached"),
    ],
)
async def test_an_unreachable_server_is_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(StartRefused, match=sentence) as refused:
        await check_server(url)
    assert "secret" not in refused.value.sentence
    assert "\n" not in refused.value.sentence


async def test_a_database_that_is_not_there_is_a_sentence(database_url: str) -> None:
    missing = re.sub(r"/entrepot_test_\w+\?", "/no_such_database?", database_url)
    with pytest.raises(StartRefused, match="There is no such database"):
        await check_server(missing)


async def test_an_old_server_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate_module, "POSTGRESQL_MAJOR_MIN", 99)
    for attempt in (check_server, migrate):
        with pytest.raises(StartRefused, match="99 or newer is needed"):
            await attempt(database_url)


async def test_a_server_that_could_lose_orders_is_refused(database_url: str) -> None:
    name = database_url.partition("?")[0].rpartition("/")[2]
    await _execute(database_url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    for attempt in (check_server, migrate):
        with pytest.raises(StartRefused, match=r"\(synchronous_commit switched off\)"):
            await attempt(database_url)


async def test_what_the_server_refuses_is_told_in_its_words(empty_database_url: str) -> None:
    name = empty_database_url.partition("?")[0].rpartition("/")[2]
    statement = f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'
    await _execute(empty_database_url, statement)
    with pytest.raises(StartRefused, match=r"cannot be migrated.*read-only transaction"):
        await migrate(empty_database_url)


def test_a_server_is_described_without_its_credentials() -> None:
    described = {
        "postgresql://me:secret@host:5433/x?sslmode=require": "host:5433/x",
        "postgresql://me:secret@one:1,two:2/x": "one:1,two:2/x",
        "postgresql:///x": "localhost/x",
        "postgresql://entrepot@/x?host=/folder": "/folder/x",
    }
    assert {url: describe_server(url) for url in described} == described


def test_the_revisions_form_one_line_in_the_order_of_their_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts: Any = ScriptDirectory.from_config(config)
    line = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(line)) == known_revisions()
    assert scripts.get_heads() == [head_revision()]
