"""What a process remembers of its callers, and for how long."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from entrepot import limits
from entrepot.db.accounts_cache import AccountsCache
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database, DatabaseUnavailable, open_database
from entrepot.demo.seed import DemoBusiness, DemoWorld
from entrepot.domain.accounts import ApiKey
from entrepot.domain.api_key import Token, parse_token
from tests.races.wire import Wire, wire_to
from tests.support.databases import Databases

ASKS_FOR_KEY = "SELECT id, name, scopes"


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Remembering:
    """A cache with its clock, and the key of a business."""

    def __init__(self, database: Database, business: DemoBusiness) -> None:
        self.database = database
        self.clock = Clock()
        self.cache = AccountsCache(database, self.clock)
        token = parse_token(business.api_key)
        assert isinstance(token, Token)
        self.token = token

    async def key(self) -> ApiKey | None:
        return await self.cache.key(self.token.hash, self.token.business_id)

    async def revoke(self) -> None:
        async def work(connection: Connection) -> None:
            await connection.execute("UPDATE api_key SET revoked_at = now()")

        await self.database.transaction(work)


@pytest.fixture
async def remembering(database_url: str, world: DemoWorld) -> AsyncIterator[Remembering]:
    database = await open_database(database_url)
    yield Remembering(database, world.first)
    await database.close()


async def test_a_revoked_key_stops_when_its_time_is_over(remembering: Remembering) -> None:
    key = await remembering.key()
    assert key is not None
    assert not key.revoked
    await remembering.revoke()
    remembering.clock.seconds += limits.ACCOUNT_CACHE_S - 0.001
    assert await remembering.key() is key
    remembering.clock.seconds += 0.001
    again = await remembering.key()
    assert again is not None
    assert again.revoked


async def test_what_follows_from_a_key_and_a_campaign_ends_with_the_first_of_them(
    remembering: Remembering, world: DemoWorld
) -> None:
    cache, clock = remembering.cache, remembering.clock
    business_id, campaign_id = world.first.business_id, world.first.campaign_id
    token_hash = remembering.token.hash
    key = await remembering.key()
    assert key is not None
    until = clock.seconds + limits.ACCOUNT_CACHE_S
    clock.seconds += 1
    campaign = await cache.campaign(business_id, campaign_id)
    assert campaign is not None
    assert cache.good_until(token_hash, key, campaign) == until
    clock.seconds = until
    again = await remembering.key()
    assert again is not None
    # What was let in with the older key ends, however long the newer one is good.
    assert not cache.is_good(cache.good_until(token_hash, key, campaign))
    assert cache.is_good(cache.good_until(token_hash, again, campaign))


async def test_nothing_is_used_beyond_its_time_without_a_database(
    remembering: Remembering, databases: Databases, database_url: str
) -> None:
    await remembering.key()
    databases.close_to_all(database_url)
    assert await remembering.key() is not None
    remembering.clock.seconds += limits.ACCOUNT_CACHE_S
    with pytest.raises(DatabaseUnavailable):
        await remembering.key()
    databases.open_to_all(database_url)
    assert await remembering.key() is not None


async def test_what_is_missing_is_remembered_apart_and_for_as_long(
    remembering: Remembering, world: DemoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ACCOUNT_CACHE_ENTRIES_MAX", 3)
    campaign = await remembering.cache.campaign(world.first.business_id, world.first.campaign_id)
    for campaign_id in range(1, 10):
        assert await remembering.cache.campaign(world.first.business_id, campaign_id) is None
    await remembering.database.close()
    assert campaign is await remembering.cache.campaign(
        world.first.business_id, world.first.campaign_id
    )
    assert await remembering.cache.campaign(world.first.business_id, 9) is None
    with pytest.raises(DatabaseUnavailable):
        await remembering.cache.campaign(world.first.business_id, 1)


async def test_one_question_serves_all_who_wait(database_url: str, world: DemoWorld) -> None:
    async with wire_to(database_url) as wire:
        remembering = Remembering(await open_database(wire.url), world.first)
        gate = wire.stop_before(ASKS_FOR_KEY)
        waiting = [asyncio.create_task(remembering.key()) for _ in range(50)]
        await gate.reached()
        waiting[0].cancel()  # the others get their answer all the same
        gate.release()
        keys = await asyncio.gather(*waiting[1:])
        assert len({key.id for key in keys if key is not None}) == 1
        assert questions(wire) == 1
        await remembering.database.close()


async def test_made_up_keys_do_not_take_every_connection(
    database_url: str, world: DemoWorld
) -> None:
    async with wire_to(database_url) as wire:
        remembering = Remembering(await open_database(wire.url), world.first)
        gates = [wire.stop_before(ASKS_FOR_KEY) for _ in range(limits.ACCOUNT_LOOKUPS_MAX)]
        tokens = [bytes([number]) * 32 for number in range(20)]
        waiting = [
            asyncio.create_task(remembering.cache.key(token, world.first.business_id))
            for token in tokens
        ]
        for gate in gates:
            await gate.reached()
        assert questions(wire) == limits.ACCOUNT_LOOKUPS_MAX
        assert await remembering.database.read(one) == 1
        for gate in gates:
            gate.release()
        assert await asyncio.gather(*waiting) == [None] * len(tokens)
        await remembering.database.close()


async def test_those_who_are_known_do_not_wait_behind_made_up_keys(
    database_url: str, world: DemoWorld
) -> None:
    async with wire_to(database_url) as wire:
        remembering = Remembering(await open_database(wire.url), world.first)
        assert await remembering.key() is not None
        remembering.clock.seconds += limits.ACCOUNT_CACHE_S
        gates = [wire.stop_before(ASKS_FOR_KEY) for _ in range(limits.ACCOUNT_LOOKUPS_MAX)]
        tokens = [bytes([number]) * 32 for number in range(20)]
        waiting = [
            asyncio.create_task(remembering.cache.key(token, world.first.business_id))
            for token in tokens
        ]
        for gate in gates:
            await gate.reached()
        assert await remembering.key() is not None
        for gate in gates:
            gate.release()
        await asyncio.gather(*waiting)
        await remembering.database.close()


async def test_the_last_use_of_a_key_is_written_once_a_minute(remembering: Remembering) -> None:
    async def last_used(connection: Connection) -> list[str | None]:
        rows = await connection.fetch(
            "SELECT last_used_at::text FROM api_key WHERE business_id = $1 AND token_hash = $2",
            remembering.token.business_id,
            remembering.token.hash,
        )
        return [row[0] for row in rows]

    async def use_and_write() -> str | None:
        remembering.clock.seconds += limits.ACCOUNT_CACHE_S
        assert await remembering.key() is not None
        await remembering.cache.uses.write(remembering.database)
        (moment,) = await remembering.database.read(last_used)
        return moment

    assert await remembering.database.read(last_used) == [None]
    first = await use_and_write()
    assert first is not None
    assert await use_and_write() == first
    remembering.clock.seconds += limits.KEY_USE_WRITTEN_S
    await remembering.database.transaction(long_ago)
    assert await use_and_write() > first
    assert await remembering.cache.uses.write(remembering.database, all_of_them=True) == 0


async def test_a_key_that_is_refused_is_not_in_use(remembering: Remembering) -> None:
    await remembering.revoke()
    assert (await remembering.key()) is not None
    assert await remembering.cache.uses.write(remembering.database, all_of_them=True) == 0


async def long_ago(connection: Connection) -> None:
    await connection.execute("UPDATE api_key SET last_used_at = last_used_at - interval '1 minute'")


async def one(connection: Connection) -> int:
    value: int = await connection.fetchval("SELECT 1")
    return value


def questions(wire: Wire) -> int:
    return sum(statement.lstrip().startswith(ASKS_FOR_KEY) for statement in wire.statements)
