"""A caller that gives up gives up: its connection goes, its cancellation arrives."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database, DatabaseUnavailable, open_database
from tests.races.wire import Wire, wire_to


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    async with wire_to(database_url) as made:
        yield made


@pytest.fixture
async def database(wire: Wire) -> AsyncIterator[Database]:
    opened = await open_database(wire.url)
    yield opened
    await opened.close()


async def test_a_read_that_is_given_up_is_not_repeated(wire: Wire, database: Database) -> None:
    gate = wire.stop_before("SELECT 1")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await database.read(one)
    gate.release()
    assert wire.statements.count("SELECT 1") == 1
    assert await database.read(one) == 1


@pytest.mark.parametrize("statement", ["BEGIN", "SELECT 1", "COMMIT"])
async def test_a_transaction_that_is_given_up_is_not_repeated(
    wire: Wire, database: Database, statement: str
) -> None:
    gate = wire.stop_before(statement)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await database.transaction(one)
    gate.release()
    assert wire.statements.count("BEGIN ISOLATION LEVEL READ COMMITTED") == 1
    assert await database.transaction(one) == 1


async def test_who_waits_in_vain_for_a_connection_takes_none_with_him(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = await open_database(database_url, connections_max=1)
    monkeypatch.setattr(limits, "POOL_ACQUIRE_S_MAX", 0.1)
    async with narrow.connection():
        with pytest.raises(DatabaseUnavailable):
            await narrow.read(one)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await narrow.read(one)
    assert await narrow.read(one) == 1
    await narrow.close()


async def one(connection: Connection) -> int:
    value: int = await connection.fetchval("SELECT 1")
    return value
