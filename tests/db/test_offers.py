import asyncio

import msgspec

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.db.offers import OffersLoaded, load_offers, read_offers
from entrepot.db.transaction import Database
from entrepot.domain.offers import Offer
from tests.races.world import OFFERS, Shop


def offer(offer_id: str, name: str = "Чашка") -> Offer:
    return Offer(offer_id, name, weight_g=300, length_mm=100, width_mm=90, height_mm=80)


async def load(database: Database, business_id: int, offers: list[Offer]) -> OffersLoaded:
    async def work(connection: Connection) -> OffersLoaded:
        return await load_offers(connection, business_id, offers)

    return await database.transaction(work)


async def test_offers_are_read_as_they_were_loaded(
    database: Database, ours: Shop, theirs: Shop
) -> None:
    # Sorted bytewise, and with everything that an id may hold.
    ids = ["b", "a", "B", "ё 'x'", "日本", 'quo"te', "\\", "a;b,c"]
    offers = [offer(offer_id) for offer_id in ids]
    assert await load(database, ours.business_id, offers) == OffersLoaded(created=len(ids))
    wanted = [*ids, "nothing"]
    found = await database.read(lambda one: read_offers(one, ours.business_id, wanted))
    assert found == {each.offer_id: each for each in offers}
    assert await database.read(lambda one: read_offers(one, theirs.business_id, wanted)) == {}


async def test_a_load_tells_what_it_did(database: Database, ours: Shop) -> None:
    first = [offer("a"), offer("b")]
    assert await load(database, ours.business_id, first) == OffersLoaded(created=2)
    assert await load(database, ours.business_id, first) == OffersLoaded(unchanged=2)
    changed = msgspec.structs.replace(offer("a"), archived=True)
    second = [changed, offer("b"), offer("c")]
    done = await load(database, ours.business_id, second)
    assert done == OffersLoaded(created=1, changed=1, unchanged=1)
    assert done + done == OffersLoaded(created=2, changed=2, unchanged=2)
    found = await database.read(lambda one: read_offers(one, ours.business_id, ["a"]))
    assert found == {"a": changed}
    assert await load(database, ours.business_id, []) == OffersLoaded()


async def test_a_large_load_takes_a_statement_for_each_thousand(
    database: Database, ours: Shop
) -> None:
    many = [offer(f"N{number}") for number in range(2 * limits.LOADED_ROWS_PER_STATEMENT_MAX + 1)]
    asked: list[str] = []

    async def work(connection: Connection) -> OffersLoaded:
        return await load_offers(Counted(connection, asked), ours.business_id, many)

    assert await database.transaction(work) == OffersLoaded(created=len(many))
    assert len(asked) == 3


async def test_loads_of_the_same_offers_do_not_deadlock(database: Database, ours: Shop) -> None:
    forwards = [offer(f"N{number}") for number in range(300)]
    backwards = [offer(each.offer_id, "Кружка") for each in reversed(forwards)]
    await asyncio.gather(
        *(load(database, ours.business_id, each) for each in [forwards, backwards] * 4)
    )
    found = await database.read(
        lambda one: read_offers(one, ours.business_id, [each.offer_id for each in forwards])
    )
    assert len({each.name for each in found.values()}) == 1


async def test_loading_leaves_other_offers_alone(database: Database, ours: Shop) -> None:
    before = await database.read(lambda one: read_offers(one, ours.business_id, OFFERS))
    await load(database, ours.business_id, [offer("new")])
    assert await database.read(lambda one: read_offers(one, ours.business_id, OFFERS)) == before


class Counted:
    """A connection that remembers what was fetched over it."""

    def __init__(self, connection: Connection, asked: list[str]) -> None:
        self._connection = connection
        self._asked = asked
        self.execute = connection.execute
        self.executemany = connection.executemany
        self.fetchrow = connection.fetchrow
        self.fetchval = connection.fetchval

    async def fetch(self, statement: str, *values: object) -> list[object]:
        self._asked.append(statement)
        return await self._connection.fetch(statement, *values)
