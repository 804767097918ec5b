"""What orders say about recipients is in no log, whatever goes wrong."""

import json
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
import structlog

from entrepot.demo.seed import DemoWorld
from entrepot.operations.registry import load_operations
from entrepot.supervisor.fault_text import fault_text
from entrepot.supervisor.masking import mask_event, mask_text
from tests.http.shopping import Json, Shop, courier_options, parcels, to_address
from tests.support.client import Client, new_session
from tests.support.serving import Server

load_operations()

ADDRESS = "г. Москва, Канареечная улица, 7"
CANARIES = {
    "firstName": "Канарейка",
    "lastName": "Zebrafinch",
    "middleName": "Чижовна",
    "phone": "+79995550123",
    "street": "Канареечная",
    "entrance": "подъезд-кенар",
    "apartment": "кв-снегирь",
    "notes": "canary sings at noon",
}
BREAKING = (
    # Refused by a check, whose error quotes the whole row.
    "ALTER TABLE orders ADD CHECK (first_name <> 'Канарейка') NOT VALID",
    # Refused as data that cannot be stored.
    "ALTER TABLE orders ALTER COLUMN notes TYPE varchar(3) USING left(notes, 3)",
    # A statement that fails whatever it is given.
    "ALTER TABLE orders RENAME COLUMN phone TO telephone",
)


async def test_no_log_holds_a_recipient(
    start_server: Callable[..., Server], database_url: str, world: DemoWorld
) -> None:
    server = start_server("--log-level", "debug", "--log-format", "json")
    base_url = server.wait_until_ready()
    async with new_session() as session:
        client = Client(session, base_url, world.first.api_key, None)
        order = await an_order(client, world)
        path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"

        async def post(order: Json) -> int:
            content = json.dumps({"order": order}).encode()
            return (await client.request("POST", path, content=content)).status

        assert await post(order) == 200
        assert await post(order) == 400  # used already
        for name, canary in CANARIES.items():
            assert await post(order | {"customer": {**order["customer"], "phone": canary + "x"}})
            assert await post(order | {"paymentType": canary}) == 400
            assert await post(order | {name: canary, "destination": canary}) == 400
            await client.request("GET", f"/v2/regions?name={canary}&pageToken={canary}")
            await client.request("GET", f"/{canary}")
            broken = json.dumps(order, ensure_ascii=False).encode()[:-9]
            await client.request("POST", path, content=broken)
            wrong = {"Content-Type": canary.encode().decode("latin-1")}
            await client.request("POST", path, content=broken, headers=wrong)
            await client.with_key(canary.encode().decode("latin-1")).request("GET", path)
        for number, statement in enumerate(BREAKING):
            await run(database_url, statement)
            assert await post(order | {"externalOrderId": f"broken-{number}"}) in {500, 503}
    server.stop()
    logged = (server.folder / "server.log").read_text()
    assert '"operation": "createOrder"' in logged, "it does log"
    assert "placing failed" in logged
    for canary in CANARIES.values():
        assert canary not in logged
        assert json.dumps(canary)[1:-1] not in logged


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("called +79990001122 twice", "called +… twice"),
        ("ENTR:0000000000G9E0c5UemDfbFtJ:1fa32b29 is revoked", "ENTR:… is revoked"),
        ("signed by whsec_c2VjcmV0IHNlY3JldA== here", "signed by whsec_… here"),
        ("postgresql://me:secret@host/entrepot", "postgresql://me:…@host/entrepot"),
        ("duplicate key\nDETAIL:  Key (name)=(Анна)", "duplicate key"),
        ("order 1001122 took 3 ms", "order 1001122 took 3 ms"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def test_what_is_called_personal_is_masked_at_any_depth() -> None:
    event = {
        "event": "seen",
        "phone": 79990001122,
        "order": {"id": 5, "firstName": "Анна", "to": ["+79990001122", {"address": "Москва"}]},
    }
    assert mask_event(structlog.get_logger(), "info", event) == {
        "event": "seen",
        "phone": "…",
        "order": {"id": 5, "firstName": "…", "to": ["+…", {"address": "…"}]},
    }


def test_what_libraries_quote_is_not_written() -> None:
    name = CANARIES["firstName"]
    with pytest.raises(ValueError, match=name) as caught:
        int(name)
    text = fault_text((caught.type, caught.value, caught.tb))
    assert name not in text
    assert "ValueError: invalid literal for int() with base 10: …" in text


async def an_order(client: Client, world: DemoWorld) -> Json:
    """Make the body of an order to a door."""
    shop = Shop(client, world.first)
    (parcel, *_) = parcels(await shop.quote(address=ADDRESS))
    option = courier_options(parcel)[0]
    price = {"value": 100, "currencyId": "RUR"}
    destination: dict[str, Any] = to_address(ADDRESS)
    courier = destination["courierDelivery"]
    courier["notes"] = CANARIES["notes"]
    courier["address"] |= {name: CANARIES[name] for name in ("entrance", "apartment")}
    return {
        "externalOrderId": "personal-1",
        "itemsDelivery": [
            {
                "warehouseId": parcel["warehouseId"],
                "items": [{"offerId": shop.business.offer_ids[0], "count": 1, "price": price}],
                "deliveryDateInterval": option["deliveryDateInterval"],
                "deliveryTimeInterval": option["deliveryTimeInterval"],
            }
        ],
        "destination": destination,
        "customer": {
            name: CANARIES[name] for name in ("firstName", "lastName", "middleName", "phone")
        },
        "packaging": {},
        "paymentType": "PREPAID",
    }


async def run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
