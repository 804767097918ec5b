"""A service that enforces request limits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from entrepot.contract.request_limits import OwnLimit
from entrepot.db.own_limits import set_own_limit
from entrepot.db.transaction import Database, open_database
from entrepot.demo.seed import DemoWorld
from entrepot.settings import Settings
from tests.http.raw import connect, request_bytes

SetLimit = Callable[..., Awaitable[None]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A sandbox, with request limits."""
    return msgspec.structs.replace(settings, limits_enabled=True)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The test's database, beside the service."""
    opened = await open_database(database_url, connections_max=2)
    yield opened
    await opened.close()


@pytest.fixture
def set_limit(database: Database, world: DemoWorld) -> SetLimit:
    """Give the first business a figure of its own; before the service has heard of it."""

    async def change(
        operation: str, amount: int | None = None, parallel: int | None = None
    ) -> None:
        figures = OwnLimit(amount, parallel)
        business_id = world.first.business_id
        await database.transaction(lambda one: set_own_limit(one, business_id, operation, figures))

    return change


class SlowCall:
    """A request whose body has not all arrived: it is in flight for as long as that."""

    def __init__(self, base_url: str, path: str, key: str) -> None:
        self._base_url = base_url
        self._request = request_bytes(
            "POST", path, b"{}", Api_Key=key, Content_Type="application/json"
        )

    async def begin(self) -> None:
        """Send all but the last byte."""
        self._reader, self._writer = await connect(self._base_url)
        self._writer.write(self._request[:-1])
        await self._writer.drain()

    async def answered(self) -> bytes:
        """Wait for the head of an answer."""
        async with asyncio.timeout(10):
            return await self._reader.readuntil(b"\r\n\r\n")

    async def finish(self) -> bytes:
        """Send the last byte; gives the head of the answer."""
        self._writer.write(self._request[-1:])
        return await self.answered()

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@contextlib.asynccontextmanager
async def slow_calls(
    base_url: str, path: str, key: str, count: int
) -> AsyncIterator[list[SlowCall]]:
    """Requests in flight."""
    calls = [SlowCall(base_url, path, key) for _ in range(count)]
    for call in calls:
        await call.begin()
    yield calls
    for call in calls:
        call.close()
