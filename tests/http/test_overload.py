"""Nobody waits for ever: calls end in time, and there are never more than can be worked on."""

import asyncio
import json
from collections import Counter
from typing import Any, Self

import pytest
import structlog

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.demo.seed import DemoWorld
from entrepot.figures import Family, Numbers, Spreads
from entrepot.operations.call import Platform
from tests.http.raw import request_bytes, send
from tests.http.shopping import Json, Shop, parcels, pickup_options, to_point
from tests.races.books import audit_findings
from tests.support.client import Answer, Client
from tests.support.serving import Service

UNAVAILABLE = (503, "Service temporarily unavailable. Please, try again later")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.message


class Stuck:
    """Holds a lock on a table: whoever reads it waits."""

    def __init__(self, platform: Platform, table: str) -> None:
        self._platform = platform
        self._table = table
        self._let_go = asyncio.Event()
        self._holding = asyncio.Event()
        self._task: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._platform.database.transaction_once(self._hold))
        holding = asyncio.create_task(self._holding.wait())
        await asyncio.wait([self._task, holding], return_when=asyncio.FIRST_COMPLETED)
        assert holding.done(), self._task.result()
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._let_go.set()
        assert self._task is not None
        await self._task

    async def _hold(self, connection: Connection) -> None:
        await connection.execute(f"LOCK TABLE {self._table} IN ACCESS EXCLUSIVE MODE")
        self._holding.set()
        await self._let_go.wait()


@pytest.mark.parametrize("connection", ["keep-alive", "close"])
async def test_who_is_not_answered_in_time_is_told_so(
    client: Client, platform: Platform, monkeypatch: pytest.MonkeyPatch, connection: str
) -> None:
    monkeypatch.setattr(limits, "CALL_S_MAX", 0.1)
    headers = {"Connection": connection}
    with structlog.testing.capture_logs() as logged:
        async with Stuck(platform, "campaign"), asyncio.timeout(10):
            answer = await client.request("GET", "/v2/campaigns", headers=headers)
    assert told(answer) == UNAVAILABLE
    (entry,) = (entry for entry in logged if entry["event"] == "a request took too long")
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    monkeypatch.undo()
    assert (await client.request("GET", "/v2/campaigns")).status == 200


async def test_the_wait_for_a_slow_body_is_no_time_of_ours(
    service: Service, platform: Platform, world: DemoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is who sends it slowly told 503, nor may we take longer for what comes after it."""
    monkeypatch.setattr(limits, "CALL_S_MAX", 0.5)
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    whole = request_bytes("POST", path, b"{}", Api_Key=world.first.api_key)
    answer = await send(service.base_url, whole[:-1], whole[-1:], pause_s=2)
    assert answer.startswith(b"HTTP/1.1 400 ")
    path = f"/v2/campaigns/{world.first.campaign_id}/offers/stocks"
    whole = request_bytes("POST", path, b"{}", Api_Key=world.first.api_key)
    with structlog.testing.capture_logs() as logged:
        async with Stuck(platform, "stock"):
            answer = await send(service.base_url, whole[:-1], whole[-1:], pause_s=0.1)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert "a request took too long" in {entry["event"] for entry in logged}


async def test_more_than_can_be_worked_on_are_refused_at_once(
    client: Client, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REQUESTS_AT_ONCE_MAX", 3)
    async with Stuck(platform, "campaign"):
        asking = [asyncio.create_task(client.request("GET", "/v2/campaigns")) for _ in range(4)]
        refused, waiting = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    assert [told(await one) for one in refused] == [UNAVAILABLE]
    assert {(await one).status for one in waiting} == {200}
    assert (await client.request("GET", "/v2/campaigns")).status == 200


async def test_of_more_orders_than_can_be_placed_the_rest_is_refused_and_nothing_is_lost(
    client: Client,
    service: Service,
    database_url: str,
    world: DemoWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "BATCH_COMMANDS_MAX", 2)
    monkeypatch.setattr(limits, "QUEUE_COMMANDS_MAX", 4)
    buyers = Buyers(client, world)
    await buyers.look()
    first = await buyers.order(range(60))
    assert first.keys() == {200, 503}, first
    waiting = set(range(60))
    rounds = 0
    while waiting:  # every client tries again until it knows
        answers = await asyncio.gather(*(buyers.place(number) for number in waiting))
        for number, answer in zip(list(waiting), answers, strict=True):
            if answer.status != 503:
                assert answer.status == 200 or answer.error[0] == "ORDER_ALREADY_EXISTS"
                waiting.discard(number)
        rounds += 1
        assert rounds < 60
    assert await orders(service.platform) == 60
    assert await audit_findings(database_url) == []
    told = numbers(service.app.figures())
    assert told["entrepot_placing_outcomes", "Placed"] == 60
    assert told["entrepot_placing_turned_away", "too many commands wait"] >= first[503]
    assert told["entrepot_requests", "createOrder", "503"] >= first[503]


async def test_what_was_done_is_counted(client: Client, service: Service, world: DemoWorld) -> None:
    buyers = Buyers(client, world)
    await buyers.look()
    assert (await buyers.order(range(3)))[200] == 3
    assert (await buyers.place(0)).error[0] == "ORDER_ALREADY_EXISTS"
    assert (await client.with_key(None).request("GET", "/v2/campaigns")).status == 401
    told = numbers(service.app.figures())
    assert told["entrepot_requests", "createOrder", "200"] == 3
    assert told["entrepot_requests", "createOrder", "400"] == 1
    assert told["entrepot_requests", "getCampaigns", "401"] == 1
    assert told["entrepot_request_seconds", "createOrder"] == 4
    assert told["entrepot_placing_outcomes", "Placed"] == 3
    assert told["entrepot_placing_outcomes", "ORDER_ALREADY_EXISTS"] == 1
    assert told["entrepot_placing_wait_seconds",] == 4
    assert 2 <= told["entrepot_placing_batch_commands",] <= 4
    for pool in ("placing", "general"):
        assert told["entrepot_database_commit_seconds", pool] >= 1
        assert told["entrepot_database_transactions", pool, "committed"] >= 1
        assert told["entrepot_database_connections", pool] >= 1
    assert told["entrepot_requests_in_progress",] == 0


class Buyers:
    """Clients that order one piece each, all at once."""

    def __init__(self, client: Client, world: DemoWorld) -> None:
        self._shop = Shop(client, world.first)
        self._entry: Json = {}
        self._to: Json = {}

    async def look(self) -> None:
        """See what can be had."""
        business = self._shop.business
        (parcel,) = parcels(await self._shop.quote(points=[business.logistic_point_ids[0]]))
        ((point_id, options),) = pickup_options(parcel).items()
        price = {"value": 100, "currencyId": "RUR"}
        self._to = to_point(point_id)
        self._entry = {
            "warehouseId": parcel["warehouseId"],
            "items": [{"offerId": business.offer_ids[0], "count": 1, "price": price}],
            "deliveryDateInterval": options[0]["deliveryDateInterval"],
        }

    async def place(self, number: int) -> Answer:
        """Place one order; a number is an order for ever."""
        order = {
            "externalOrderId": f"overload-{number}",
            "itemsDelivery": [self._entry],
            "destination": self._to,
            "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
            "packaging": {},
            "paymentType": "PREPAID",
        }
        path = f"/v1/campaigns/{self._shop.business.campaign_id}/orders/create"
        content = json.dumps({"order": order}).encode()
        return await self._shop.client.request("POST", path, content=content)

    async def order(self, numbers: range) -> Counter[int]:
        """Place many at once; counts the answers by status."""
        return Counter(answer.status for answer in await asyncio.gather(*map(self.place, numbers)))


def numbers(families: list[Family]) -> dict[tuple[str, ...], float]:
    """Give what was counted by name and labels; of a spread how many values it has."""
    found: dict[tuple[str, ...], float] = {}
    for family in families:
        match family:
            case Numbers():
                found |= {(family.name, *labels): value for labels, value in family.samples}
            case Spreads():
                found |= {(family.name, *labels): sum(n) for labels, n, _ in family.samples}
    return found


async def orders(platform: Platform) -> int:
    async def read(connection: Connection) -> int:
        found: int = await connection.fetchval("SELECT count(*) FROM orders")
        return found

    return await platform.database.read(read)
