"""What goes wrong inside is logged and told to nobody; nothing begun is left half done."""

import asyncio
import json

import pytest
import structlog
from asyncpg.exceptions import DataError, UniqueViolationError

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.demo.seed import DemoWorld
from entrepot.operations.call import Platform
from entrepot.settings import Settings
from entrepot.supervisor.fault_text import fault_text
from tests.http.raw import connect, request_bytes
from tests.http.shopping import Shop, parcels, pickup_options, to_point
from tests.races.books import audit_findings
from tests.races.wire import wire_to
from tests.support.client import Client, new_session
from tests.support.databases import Databases
from tests.support.serving import Service, serve_here

NAME = "Анна Петрова"


async def test_a_fault_is_in_the_log_under_its_request_id(
    client: Client, platform: Platform
) -> None:
    await run(platform, "ALTER TABLE campaign RENAME TO elsewhere")
    with structlog.testing.capture_logs() as logged:
        answer = await client.request("GET", "/v2/campaigns")
    assert (answer.status, answer.error) == (500, ("INTERNAL_ERROR", "Internal server error"))
    (entry,) = (entry for entry in logged if entry["log_level"] == "error")
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    assert (entry["operation"], entry["event"]) == ("getCampaigns", "a request failed")


async def test_the_log_holds_no_personal_data(platform: Platform, world: DemoWorld) -> None:
    insert = "INSERT INTO business (id, name) VALUES ($1, 'Анна Петрова')"
    with pytest.raises(UniqueViolationError) as caught:
        await run(platform, insert, world.first.business_id)
    assert "Key (id)=(1001)" in str(caught.value), "PostgreSQL quotes the row"
    text = fault_text((caught.type, caught.value, caught.tb))
    assert "23505 duplicate key" in text
    assert "(1001)" not in text


async def test_a_driver_that_quotes_values_is_not_quoted(platform: Platform) -> None:
    with pytest.raises(DataError, match=NAME) as caught:
        await run(platform, "SELECT $1::int", NAME)
    assert NAME not in fault_text((caught.type, caught.value, caught.tb))


async def test_without_a_database_the_answer_is_503_until_it_is_back(
    client: Client, databases: Databases, database_url: str
) -> None:
    assert (await client.request("GET", "/v2/campaigns")).status == 200
    databases.close_to_all(database_url)
    answer = await client.request("GET", "/v2/campaigns")
    assert answer.status == 503
    assert answer.message == "Service temporarily unavailable. Please, try again later"
    ready = await client.request("GET", "/readyz")
    assert (ready.status, ready.json["checks"]["database"]) == (503, "does not answer")
    assert (await client.request("GET", "/healthz")).status == 200
    databases.open_to_all(database_url)
    assert (await client.request("GET", "/v2/campaigns")).status == 200
    assert (await client.request("GET", "/readyz")).status == 200


async def test_a_database_without_room_is_unavailable_and_nothing_is_half_done(
    client: Client,
    platform: Platform,
    database_url: str,
    world: DemoWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The caller knows by 503 that the same call may succeed later; and so it does."""
    monkeypatch.setattr(limits, "UNKNOWN_OUTCOME_S_MAX", 0.3)
    shop = Shop(client, world.first)
    content = await order_content(shop)
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    await run(
        platform,
        """
        CREATE FUNCTION be_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER be_full AFTER INSERT ON order_item EXECUTE FUNCTION be_full()
        """,
    )
    answer = await client.request("POST", path, content=content)
    assert answer.status == 503
    assert answer.message == "Service temporarily unavailable. Please, try again later"
    assert await audit_findings(database_url) == []
    await run(platform, "DROP TRIGGER be_full ON order_item")
    assert (await client.request("POST", path, content=content)).status == 200
    assert await audit_findings(database_url) == []


async def test_who_hangs_up_does_not_undo_an_order(
    settings: Settings, database_url: str, world: DemoWorld
) -> None:
    async with (
        wire_to(database_url) as wire,
        serve_here(settings, wire.url) as service,
        new_session() as session,
    ):
        shop = Shop(Client(session, service.base_url, world.first.api_key, None), world.first)
        content = await order_content(shop)
        path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
        commit = wire.stop_before("COMMIT")
        _, writer = await connect(service.base_url)
        writer.write(request_bytes("POST", path, content, Api_Key=world.first.api_key))
        await commit.reached()
        writer.transport.abort()
        await asyncio.sleep(0.05)
        commit.release()
        again = await shop.client.request("POST", path, content=content)
        assert again.error[0] == "ORDER_ALREADY_EXISTS"
        assert await orders(service.platform) == 1


async def test_who_hangs_up_in_the_middle_of_a_body_is_forgotten(
    client: Client, service: Service, world: DemoWorld
) -> None:
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    _, writer = await connect(service.base_url)
    key = world.first.api_key
    writer.write(request_bytes("POST", path, b"{" * 10, Api_Key=key)[:-5])
    await writer.drain()
    writer.transport.abort()
    assert (await client.request("GET", "/readyz")).status == 200


async def order_content(shop: Shop) -> bytes:
    """Give the body of an order that can be placed."""
    quoted = await shop.quote(points=[shop.business.logistic_point_ids[0]])
    (parcel,) = parcels(quoted)
    ((point_id, options),) = pickup_options(parcel).items()
    price = {"value": 100, "currencyId": "RUR"}
    entry = {
        "warehouseId": parcel["warehouseId"],
        "items": [{"offerId": shop.business.offer_ids[0], "count": 1, "price": price}],
        "deliveryDateInterval": options[0]["deliveryDateInterval"],
    }
    order = {
        "externalOrderId": "faults-1",
        "itemsDelivery": [entry],
        "destination": to_point(point_id),
        "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
        "packaging": {},
        "paymentType": "PREPAID",
    }
    return json.dumps({"order": order}).encode()


async def orders(platform: Platform) -> int:
    async def count(connection: Connection) -> int:
        found: int = await connection.fetchval("SELECT count(*) FROM orders")
        return found

    return await platform.database.read(count)


async def run(platform: Platform, statement: str, *values: object) -> None:
    async def work(connection: Connection) -> None:
        await connection.execute(statement, *values)

    await platform.database.transaction(work)
