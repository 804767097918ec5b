import asyncio
from datetime import timedelta

from entrepot import limits
from entrepot.contract.enums import SubscriptionLevel, VatRate
from entrepot.contract.scopes import Scope
from entrepot.db.accounts import (
    IssuedKey,
    KeyRefused,
    count_campaigns,
    create_business,
    create_campaign,
    create_key,
    list_all_campaigns,
    list_businesses,
    list_campaigns,
    list_keys,
    revoke_key,
)
from entrepot.db.accounts_read import fetch_business, fetch_campaign, fetch_key
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.accounts import Business
from entrepot.domain.api_key import Token, parse_token, token_hash
from tests.races.world import START, Process, Shop


async def issue(database: Database, business_id: int, **options: object) -> IssuedKey | KeyRefused:
    async def work(connection: Connection) -> IssuedKey | KeyRefused:
        return await create_key(connection, business_id, "key", [Scope.PRICING], **options)  # type: ignore[arg-type]

    return await database.transaction(work)


async def test_a_business_is_read_as_it_was_created(database: Database) -> None:
    made = await database.transaction(
        lambda connection: create_business(
            connection, "Ёлка & Co", subscription_level=SubscriptionLevel.MEDIUM
        )
    )
    assert made == Business(made.id, "Ёлка & Co", "RUR", SubscriptionLevel.MEDIUM)
    assert await database.read(lambda one: fetch_business(one, made.id)) == made
    assert made in await database.read(list_businesses)


async def test_a_campaign_belongs_to_one_business(
    database: Database, ours: Shop, theirs: Shop
) -> None:
    async def work(connection: Connection) -> None:
        made = await create_campaign(
            connection, ours.business_id, "Второй", region_id=213, vat=VatRate.NO_VAT
        )
        assert made is not None
        assert await fetch_campaign(connection, ours.business_id, made.id) == made
        assert await fetch_campaign(connection, theirs.business_id, made.id) is None
        assert made in await list_all_campaigns(connection)
        assert await create_campaign(connection, 99, "Ничей") is None

    await database.transaction(work)


async def test_campaigns_come_in_pages_without_loss(database: Database, ours: Shop) -> None:
    async def work(connection: Connection) -> None:
        # One transaction, and a clock that stands: all were created at the same moment.
        for number in range(6):
            await create_campaign(connection, ours.business_id, f"shop {number}")

    await database.transaction(work)

    async def read(connection: Connection) -> None:
        whole = await list_campaigns(connection, ours.business_id)
        assert whole.next is None
        assert len(whole.campaigns) == await count_campaigns(connection, ours.business_id) == 7
        seen = []
        after = None
        while True:
            page = await list_campaigns(connection, ours.business_id, after=after, limit=3)
            seen.extend(page.campaigns)
            after = page.next
            if after is None:
                break
        assert tuple(seen) == whole.campaigns
        skipped = await list_campaigns(connection, ours.business_id, skipped=5, limit=5)
        assert skipped.campaigns == whole.campaigns[5:]

    await database.read(read)


async def test_only_the_hash_of_a_token_is_stored(database: Database, ours: Shop) -> None:
    issued = await issue(database, ours.business_id)
    assert isinstance(issued, IssuedKey)
    assert parse_token(issued.token) == Token(ours.business_id, token_hash(issued.token))

    async def stored(connection: Connection) -> str:
        text: str = await connection.fetchval("SELECT string_agg(k::text, ' ') FROM api_key k")
        return text

    body = issued.token.split(":")[1]
    assert body not in await database.read(stored)
    found = await database.read(
        lambda one: fetch_key(one, ours.business_id, token_hash(issued.token))
    )
    assert found == issued.key


async def test_a_key_is_unknown_to_another_business(
    database: Database, ours: Shop, theirs: Shop
) -> None:
    issued = await issue(database, ours.business_id)
    assert isinstance(issued, IssuedKey)
    stranger = token_hash(issued.token)
    assert await database.read(lambda one: fetch_key(one, theirs.business_id, stranger)) is None
    revoked = await database.transaction(
        lambda one: revoke_key(one, theirs.business_id, issued.key.id)
    )
    assert not revoked
    assert await issue(database, 99) is KeyRefused.NO_SUCH_BUSINESS


async def test_a_key_is_revoked_once_and_for_ever(
    database: Database, placing: Process, ours: Shop
) -> None:
    issued = await issue(database, ours.business_id)
    assert isinstance(issued, IssuedKey)
    for _ in range(2):
        assert await database.transaction(
            lambda one: revoke_key(one, ours.business_id, issued.key.id)
        )
        await placing.advance(timedelta(hours=1))
    keys = await database.read(lambda one: list_keys(one, ours.business_id))
    (listed,) = (one for one in keys if one.key.id == issued.key.id)
    assert listed.revoked_at == START
    assert listed.key.revoked


async def test_a_key_runs_out_by_the_database_s_clock(
    database: Database, placing: Process, ours: Shop
) -> None:
    issued = await issue(database, ours.business_id, expires_at=START + timedelta(hours=1))
    assert isinstance(issued, IssuedKey)

    async def runs_out(connection: Connection) -> bool:
        found = await fetch_key(connection, ours.business_id, token_hash(issued.token))
        assert found is not None
        return found.revoked

    assert not await database.read(runs_out)
    await placing.advance(timedelta(hours=1))
    assert await database.read(runs_out)


async def test_a_business_has_at_most_thirty_keys_in_force(database: Database, ours: Shop) -> None:
    room = limits.LIVE_KEYS_PER_BUSINESS_MAX - 1  # the shop has one already
    made = await asyncio.gather(*(issue(database, ours.business_id) for _ in range(room + 10)))
    assert sum(isinstance(each, IssuedKey) for each in made) == room
    assert made.count(KeyRefused.TOO_MANY) == 10


async def test_keys_no_longer_in_force_make_room(
    database: Database, placing: Process, ours: Shop
) -> None:
    soon = START + timedelta(minutes=1)
    for number in range(limits.LIVE_KEYS_PER_BUSINESS_MAX - 1):  # the shop has one already
        issued = await issue(database, ours.business_id, expires_at=soon if number == 0 else None)
    assert isinstance(issued, IssuedKey)
    assert await issue(database, ours.business_id) is KeyRefused.TOO_MANY
    last = issued.key.id
    await database.transaction(lambda one: revoke_key(one, ours.business_id, last))
    assert isinstance(await issue(database, ours.business_id), IssuedKey)
    assert await issue(database, ours.business_id) is KeyRefused.TOO_MANY
    await placing.advance(timedelta(minutes=1))
    assert isinstance(await issue(database, ours.business_id), IssuedKey)
