"""The database of a bench: made for it, filled, emptied before each run, checked after it."""

import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
from asyncpg.exceptions import InterfaceError, PostgresError

from entrepot.bench.processor_time import database_root
from entrepot.bench.shape import (
    DAYS,
    FIRST_OFFER,
    FIRST_POINT,
    LINES_PER_ORDER,
    OFFERS,
    POINTS,
    World,
)
from entrepot.bench.sources import statements
from entrepot.contract.enums import RegionType
from entrepot.contract.notifications import NotificationKind
from entrepot.contract.scopes import Scope
from entrepot.db.embedded import sibling_url
from entrepot.db.migrate import CONNECT_S_MAX, describe_server, migrate
from entrepot.db.network_editions import replace_network
from entrepot.db.start_refused import StartRefused
from entrepot.db.subscriptions import NewSubscription, create_subscription, switch_on
from entrepot.domain.api_key import ALPHABET, RANDOM_CHARS, make_token, token_hash
from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.delivery.goods import ItemLimits
from entrepot.domain.network import (
    DAYS_OF_WEEK,
    Gps,
    Lane,
    LogisticPoint,
    NetworkDescription,
    OpenHours,
    PointAddress,
    Tariff,
    Warehouse,
)
from entrepot.domain.regions import Region

PLENTY = 2_000_000_000
"""Pieces of an offer and parcels of a slot: nothing may run out, and it must fit an integer."""
BUSINESS_ID = 1_001
CAMPAIGN_ID = 50_001
WAREHOUSE_ID = 1
REGION_ID = 213
FIRST_DAY_AHEAD = 3
"""Beyond any cut-off, and still offered when the bench runs over midnight."""

_MOSCOW = Gps(55.75, 37.62)
_NO_LIMIT = ItemLimits(1_000_000, 10_000, 10_000, 10_000, 30_000)
_INSERT_KEY = """
    INSERT INTO api_key (business_id, name, scopes, token_hash) VALUES ($1, 'Bench', $2, $3)
"""
# Far beyond what can be measured: limits are counted, and nobody is refused.
_RAISE_LIMITS = """
    INSERT INTO own_limit (business_id, operation, amount, parallel, updated_at)
    VALUES ($1, $2, 1000000000, 100000, now())
"""


class Found(msgspec.Struct, frozen=True):
    """What is in the database after a run."""

    orders: int
    placements: int
    events: int
    lines: int
    pieces_sold: int
    pieces_held: int
    slots_held: int
    wrong_balances: int


class BenchDatabase:
    """A database of the bench's own."""

    def __init__(self, url: str, world: World, connection: Any) -> None:  # noqa: ANN401 - asyncpg
        self.url = url
        self.world = world
        self._connection = connection

    async def refill(self) -> None:
        """Begin anew: no orders, full stock, empty slots, nothing for PostgreSQL to catch up on."""
        await self._connection.execute(
            statements("fresh.sql").format(
                warehouse_id=WAREHOUSE_ID,
                fit=PLENTY,
                first_point=FIRST_POINT,
                points=POINTS,
                first_day=self.world.first_day,
                days=DAYS,
            )
        )
        for table in ("stock", "slot"):
            await self._connection.execute(f"VACUUM (ANALYZE) {table}")
        # Only some roles may; without it a checkpoint may fall into any of the runs.
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            await self._connection.execute("CHECKPOINT")

    async def find_faults(self, placed: int) -> tuple[str, ...]:
        """Compare what is there with how many orders were placed; each difference is a sentence."""
        row = await self._connection.fetchrow(statements("verify.sql"))
        found = Found(**{name: int(value) for name, value in row.items()})
        pieces = placed * LINES_PER_ORDER
        expected = Found(placed, placed, placed, pieces, pieces, pieces, placed, 0)
        return tuple(
            f"{name.replace('_', ' ')}: {getattr(found, name)}, not {getattr(expected, name)}"
            for name in Found.__struct_fields__
            if getattr(found, name) != getattr(expected, name)
        )

    async def subscribe(self, url: str) -> None:
        """Let somebody hear of every order; what was told before is forgotten."""
        wanted = NewSubscription(BUSINESS_ID, None, url, (NotificationKind.ORDER_CREATED,), None)
        subscription_id = await create_subscription(self._connection, wanted)
        assert subscription_id is not None
        now = datetime.now(UTC)
        await switch_on(self._connection, BUSINESS_ID, subscription_id, now)

    async def notifications_waiting(self) -> int:
        """How many notifications wait to be delivered."""
        return int(await self._connection.fetchval("SELECT count(*) FROM delivery"))

    async def version(self) -> str:
        """PostgreSQL's version."""
        return str(await self._connection.fetchval("SHOW server_version"))

    async def server_process(self) -> int | None:
        """The server's main process, when it runs on this machine."""
        return await server_process(self._connection)


@contextlib.asynccontextmanager
async def bench_database(server_url: str) -> AsyncIterator[BenchDatabase]:
    """Make a database with the bench's world in it; drop it after.

    Raises:
        StartRefused: no server there, or the role may not create databases.
    """
    async with database_of_its_own(server_url) as (url, connection):
        yield BenchDatabase(url, await _make_world(connection), connection)


@contextlib.asynccontextmanager
async def database_of_its_own(server_url: str) -> AsyncIterator[tuple[str, Any]]:
    """Make a database with the program's schema on a server, connect to it, drop it after.

    Raises:
        StartRefused: no server there, or the role may not create databases.
    """
    name = f"entrepot_bench_{os.getpid()}_{secrets.token_hex(3)}"
    server = await _connect(server_url)
    try:
        await server.execute(f"CREATE DATABASE {name}")
    except asyncpg.InsufficientPrivilegeError as error:
        await server.close()
        raise StartRefused(f"The bench needs a database of its own: {error}.") from error
    try:
        url = sibling_url(server_url, name)
        await migrate(url)
        connection = await _connect(url)
        try:
            yield url, connection
        finally:
            await connection.close()
    finally:
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await server.close()


async def server_process(connection: Any) -> int | None:  # noqa: ANN401 - asyncpg is untyped
    """Give the main process of the server behind a connection, when it runs on this machine."""
    return database_root(await connection.fetchval("SELECT pg_backend_pid()"))


async def _connect(url: str) -> Any:  # noqa: ANN401 - asyncpg is untyped
    try:
        return await asyncpg.connect(url, timeout=CONNECT_S_MAX)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, PostgresError, InterfaceError) as error:
        raise StartRefused(
            f"PostgreSQL at {describe_server(url)} cannot be reached: {error}."
        ) from error


async def _make_world(connection: Any) -> World:  # noqa: ANN401 - asyncpg is untyped
    api_key = make_token(
        BUSINESS_ID, "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARS))
    )
    await connection.execute(statements("world.sql").format(offers=OFFERS, first_offer=FIRST_OFFER))
    await connection.execute(
        _INSERT_KEY, BUSINESS_ID, [Scope.ALL_METHODS.value], token_hash(api_key)
    )
    await connection.execute(_RAISE_LIMITS, BUSINESS_ID, "createOrder")
    async with connection.transaction():
        await replace_network(connection, _network())
    await connection.execute(statements("baseline_network.sql"))
    today = datetime.now(UTC).date()
    return World(
        business_id=BUSINESS_ID,
        campaign_id=CAMPAIGN_ID,
        api_key=api_key,
        warehouse_id=WAREHOUSE_ID,
        region_id=REGION_ID,
        first_day=today + timedelta(days=FIRST_DAY_AHEAD),
    )


def _network() -> NetworkDescription:
    warehouse = Warehouse(
        id=WAREHOUSE_ID,
        name="Bench",
        region_id=REGION_ID,
        city="Москва",
        gps=_MOSCOW,
        time_zone="Europe/Moscow",
        cut_offs=(1_080,) * DAYS_OF_WEEK,
        handling_days=0,
        calendar_id=1,
    )
    return NetworkDescription(
        regions=(
            Region(225, None, "Россия", RegionType.COUNTRY, country_code="RU"),
            Region(REGION_ID, 225, "Москва", RegionType.CITY),
        ),
        calendars=(Calendar(1, "Every day"),),
        warehouses=(warehouse,),
        points=tuple(_point(number) for number in range(FIRST_POINT, FIRST_POINT + POINTS)),
        lanes=(Lane(WAREHOUSE_ID, REGION_ID, 1, 2, pickup=Tariff(15_000, 1_000)),),
    )


def _point(number: int) -> LogisticPoint:
    return LogisticPoint(
        id=number,
        address=PointAddress(f"Москва, Тверская улица, {number}", _MOSCOW, REGION_ID),
        time_zone="Europe/Moscow",
        calendar_id=1,
        hours=(OpenHours(480, 1_320),) * DAYS_OF_WEEK,
        daily_capacity=PLENTY,
        limits=_NO_LIMIT,
        storage_days=7,
        return_allowed=True,
    )
