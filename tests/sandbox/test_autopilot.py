"""The autopilot carries orders to the door, by the real moves, at its pace."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from entrepot.demo.seed import DemoWorld
from entrepot.settings import Settings, SettingsInvalid, load_settings
from tests.http.shopping import Shop
from tests.races.books import assert_books_agree
from tests.sandbox.placing import place_to_door, place_to_point
from tests.support.client import Client, new_session
from tests.support.contract import Contract
from tests.support.serving import serve_here

PACE_S = 60
HISTORY = """
    SELECT substatus, actor, happened_at FROM order_event WHERE order_id = $1 ORDER BY seq
"""


async def test_orders_reach_the_door_by_themselves(
    database_url: str, tmp_path: Path, world: DemoWorld, known_contract: Contract | None
) -> None:
    settings = Settings(sandbox=True, limits_enabled=False, data_dir=tmp_path, autopilot=PACE_S)
    async with serve_here(settings, database_url) as service, new_session() as session:
        client = Client(session, service.base_url, world.first.api_key, known_contract)
        shop = Shop(client, world.first)
        began = datetime.fromisoformat((await client.call("freezeClock")).json["now"])
        draft = await place_to_point(shop, draft=True)
        to_point, to_door = await place_to_point(shop), await place_to_door(shop)
        kept = await place_to_door(shop)
        await client.call("advanceOrder", {"to": "CANCELLED"}, orderId=kept)
        await client.call("advanceClock", {"seconds": PACE_S * 3 - 1})
        found = await service.platform.database.read(lambda one: one.fetch(HISTORY, to_door))
        assert [row["substatus"] for row in found][1:] == ["READY_TO_SHIP", "SHIPPED"]
        await client.call("advanceClock", {"seconds": 600})
        ways = {
            to_door: ["STARTED", "READY_TO_SHIP", "SHIPPED", "DELIVERY_SERVICE_RECEIVED"],
            to_point: [
                "STARTED", "READY_TO_SHIP", "SHIPPED", "DELIVERY_SERVICE_RECEIVED",
                "PICKUP_SERVICE_RECEIVED",
            ],
        }  # fmt: skip
        for order_id, way in ways.items():
            rows = await service.platform.database.read(
                lambda one, order_id=order_id: one.fetch(HISTORY, order_id)  # type: ignore[misc]
            )
            assert [row["substatus"] for row in rows] == [*way, "DELIVERY_SERVICE_DELIVERED"]
            moments = [began + n * timedelta(seconds=PACE_S) for n in range(len(rows))]
            assert [row["happened_at"] for row in rows] == moments
        for order_id, way in ((draft, ["AWAIT_CONFIRMATION"]), (kept, ["STARTED", "SHOP_FAILED"])):
            rows = await service.platform.database.read(
                lambda one, order_id=order_id: one.fetch(HISTORY, order_id)  # type: ignore[misc]
            )
            assert [row["substatus"] for row in rows] == way
    await assert_books_agree(database_url)


def test_only_a_sandbox_has_one() -> None:
    with pytest.raises(SettingsInvalid, match="only a sandbox has one"):
        load_settings({"autopilot": 5}, {})
    assert load_settings({"autopilot": 5, "demo": True}, {}).settings.autopilot == 5
