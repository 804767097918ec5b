"""A small world to race in: two businesses, a network with scarce slots, a clock that stands.

A `Process` is what one worker process places with: its own connections, caches, ids and queue.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import Any, NamedTuple

import asyncpg
import msgspec

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.contract.scopes import Scope
from entrepot.db import clock as db_clock
from entrepot.db.accounts import IssuedKey, create_business, create_campaign, create_key
from entrepot.db.clock import Clock
from entrepot.db.network_cache import NetworkCache
from entrepot.db.network_editions import replace_network
from entrepot.db.offers import load_offers
from entrepot.db.order_ids import OrderIds
from entrepot.db.transaction import Database, open_database
from entrepot.domain.destination import Destination, ToPoint
from entrepot.domain.network import NetworkDescription
from entrepot.domain.offers import Offer
from entrepot.domain.order import external_id_hash
from entrepot.domain.order_events import Actor, Source
from entrepot.domain.order_moves import ActorKind
from entrepot.domain.order_operations import NewInterval, NewOperation, NewRecipient
from entrepot.domain.placement import (
    Customer,
    Outcome,
    PlaceCommand,
    Placed,
    RetryKey,
    WantedItem,
    WantedParcel,
)
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import Correction, Pile, SetTo
from entrepot.fulfilment.correct_stock import correct_stock
from entrepot.fulfilment.finish_operations import Finisher, finish_operations
from entrepot.fulfilment.group_commit import GroupCommit
from entrepot.fulfilment.place_batch import PlaceBatch
from entrepot.fulfilment.shop_requests import Granted, StageWanted, move_for_shop
from entrepot.fulfilment.update_orders import Rules, UpdateWanted, update_for_shop
from entrepot.operations.orders.create_order import encode_outcome
from tests.domain import networks
from tests.domain.networks import MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE

START = networks.at("2026-06-02 10:00")
ARRIVES = networks.day("06-09")
NARROW_POINT = 110
"""A point that takes three parcels a day."""
NARROW_CAPACITY = 3
WIDE_POINT = 111
"""A point that is never full; where a test does not care."""
OFFERS = ("apple", "bread", "cup", "drum")
CLOCK = Clock(movable=True)
PRODUCTION = Clock(movable=False)
"""A clock that nobody can hold: it goes on while others decide."""
HOUR = timedelta(hours=1)
WAREHOUSES = {"moscow": MOSCOW_WAREHOUSE, "novosibirsk": NOVOSIBIRSK_WAREHOUSE}

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""

_order_ids = count(7_000_000_001)
_numbers = count(1)

Basket = Mapping[str, int]


class Shop(NamedTuple):
    """A business, its campaign, and a key to everything of it."""

    business_id: int
    campaign_id: int
    api_key: str


class World(msgspec.Struct, frozen=True):
    """The two shops of the world, which share its network."""

    ours: Shop
    theirs: Shop


def described() -> NetworkDescription:
    """Give the network: that of the planner's tests, and points with little and much room."""
    network = networks.described()
    narrow = networks.point(NARROW_POINT, networks.MOSCOW, capacity=NARROW_CAPACITY)
    wide = networks.point(WIDE_POINT, networks.MOSCOW, capacity=10**6)
    return msgspec.structs.replace(network, points=(*network.points, narrow, wide))


async def make_world(url: str, network: NetworkDescription | None = None) -> World:
    """Fill a migrated database: network, shops, offers; no stock. Its clock stands at START."""
    network = network or described()
    database = await open_database(url, connections_max=1)
    try:

        async def work(connection: Any) -> World:
            await replace_network(connection, network)
            await connection.execute("UPDATE clock SET frozen_at = $1", START)
            return World(await _shop(connection, "Наш"), await _shop(connection, "Чужой"))

        return await database.transaction(work)
    finally:
        await database.close()


async def _shop(connection: Any, name: str) -> Shop:
    business = await create_business(connection, name)
    campaign = await create_campaign(connection, business.id, name)
    assert campaign is not None
    goods = [Offer(offer, offer.title(), 500, 100, 100, 100) for offer in OFFERS]
    await load_offers(connection, business.id, goods)
    key = await create_key(connection, business.id, "all", [Scope.ALL_METHODS])
    assert isinstance(key, IssuedKey)
    return Shop(business.id, campaign.id, key.token)


def command(
    shop: Shop,
    *baskets: Basket,
    external: str | None = None,
    key: str | None = None,
    body: str = "",
    draft: bool = False,
    fake: bool = False,
    to: Destination | None = None,
    first_name: str = "Анна",
    days_later: tuple[int, ...] = (0, 0),
    sources: tuple[str, ...] = ("moscow", "novosibirsk"),
) -> PlaceCommand:
    """Ask for baskets, one from each source, to arrive so many days later than usual.

    `body` stands for what the request said, for the fingerprint of an idempotency key.
    """
    external = external or f"order {next(_numbers)}"
    parcels = tuple(
        WantedParcel(
            WAREHOUSES[source],
            tuple(WantedItem(offer, pieces, 100_00) for offer, pieces in basket.items()),
            ARRIVES + timedelta(days=days),
            0,
            1440,
        )
        for source, basket, days in zip(sources, baskets, days_later, strict=False)
    )
    return PlaceCommand(
        business_id=shop.business_id,
        campaign_id=shop.campaign_id,
        external_order_id=external,
        external_id_hash=external_id_hash(external),
        parcels=parcels,
        destination=to or ToPoint(WIDE_POINT),
        customer=Customer(first_name, "Петрова", None, "+79990000000"),
        package_type=None,
        draft=draft,
        fake=fake,
        retry_key=None if key is None else retry_key(key, body),
        order_ids=tuple(next(_order_ids) for _ in parcels),
        receive_codes=("123456",) * len(parcels),
    )


def retry_key(key: str, body: str) -> RetryKey:
    """Give an idempotency key that came with a request."""
    return RetryKey(
        hashlib.sha256(key.encode()).digest(), hashlib.sha256(body.encode()).digest(), key
    )


SECOND = timedelta(seconds=1)
RULES = Rules(days_ahead=14, interval_changes_max=3, operations_take=SECOND)
SHOP = Actor(ActorKind.SHOP, "test", Source.API)


class Process:
    """One worker process's share of the world."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.network = NetworkCache()
        self.order_ids = OrderIds(database)
        self.batch = PlaceBatch(
            database, clock, self.network, self.order_ids, encode_outcome, days_ahead=14
        )
        self.queue = GroupCommit(self.batch.place)

    async def place(self, *commands: PlaceCommand) -> list[Outcome | Exception]:
        """Place commands as one batch, without the queue."""
        return await self.batch.place(commands)

    async def place_one(self, wanted: PlaceCommand) -> Outcome:
        """Place one command as a batch of its own."""
        (outcome,) = await self.batch.place([wanted])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def order(self, wanted: PlaceCommand) -> Outcome:
        """Place one command through the queue, as a request does."""
        return await self.queue.place(wanted, 1_000)

    async def confirm(self, shop: Shop, order_id: int) -> Granted | Refusal:
        """Confirm a draft, as updateOrderStatus does."""
        return await self.ask(shop, order_id, OrderStatus.PROCESSING, OrderSubstatus.STARTED)

    async def cancel(self, shop: Shop, order_id: int) -> Granted | Refusal:
        """Begin to cancel an order, as updateOrderStatus does."""
        return await self.ask(shop, order_id, OrderStatus.CANCELLED, OrderSubstatus.SHOP_FAILED)

    async def ask(
        self, shop: Shop, order_id: int, status: OrderStatus, substatus: OrderSubstatus | None
    ) -> Granted | Refusal:
        """Ask for a status, as updateOrderStatus does."""
        wish = StageWanted(shop.business_id, shop.campaign_id, order_id, status, substatus)
        (outcome,) = await move_for_shop(
            self.database, self.clock, [wish], actor=SHOP, operations_take=SECOND
        )
        return outcome

    async def update(
        self,
        shop: Shop,
        order_id: int,
        recipient: NewRecipient | None = None,
        interval: NewInterval | None = None,
    ) -> tuple[NewOperation, ...] | Refusal:
        """Begin to change an order, as updateOrder does."""
        wanted = UpdateWanted(shop.business_id, shop.campaign_id, order_id, recipient, interval)
        return await update_for_shop(
            self.database, self.clock, self.network, wanted, actor=SHOP, rules=RULES
        )

    async def finish(self) -> int:
        """End the operations whose time has come."""
        return await finish_operations(Finisher(self.database, self.clock, self.network, 14))

    async def advance(self, by: timedelta) -> None:
        """Move the clock."""

        async def work(connection: Any) -> None:
            await db_clock.advance(connection, by.total_seconds())

        await self.database.transaction(work)

    async def stock(self, shop: Shop, warehouse: str = "moscow", **pieces: int) -> None:
        """Set how many sound pieces lie in a warehouse."""
        corrections = [
            Correction(
                StockKey(shop.business_id, WAREHOUSES[warehouse], offer), Pile.FIT, SetTo(number)
            )
            for offer, number in pieces.items()
        ]
        moved = await correct_stock(
            self.database, self.clock, shop.business_id, corrections, reason="test"
        )
        assert isinstance(moved, tuple), moved


@contextlib.asynccontextmanager
async def process(url: str, *, clock: Clock = CLOCK) -> AsyncIterator[Process]:
    """Start what a worker process places with, its queue too."""
    database = await open_database(url)
    made = Process(database, clock)
    made.queue.start()
    try:
        yield made
        await made.queue.close()
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def outsider(url: str) -> AsyncIterator[Any]:
    """Lend a plain connection: a person with psql, or a program that knows no better."""
    connection = await asyncpg.connect(url, server_settings={"lock_timeout": "0"})
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


async def until_waiting_for_lock(watcher: Any, backends: int = 1) -> None:
    """Wait until so many backends of the database wait for a lock."""
    async with asyncio.timeout(10):
        while await watcher.fetchval(_WAITING) < backends:  # noqa: ASYNC110 - the server's event
            await asyncio.sleep(0.005)


def order_id_of(outcome: Outcome | Exception) -> int:
    """Give the one order that was placed."""
    assert isinstance(outcome, Placed), outcome
    (order_id,) = outcome.order_ids
    return order_id


def told(outcome: Outcome | Exception) -> str:
    """Tell an outcome in a word: its type, or the code of a refusal."""
    return outcome.code.value if isinstance(outcome, Refusal) else type(outcome).__name__


def moment(text: str) -> datetime:
    """Give a moment of the day on which the clock stands, `11:00`."""
    return networks.at(f"2026-06-02 {text}")
