"""The clock over HTTP."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from entrepot.app import open_platform
from entrepot.db.start_refused import StartRefused
from entrepot.demo.seed import DemoWorld
from entrepot.settings import Settings
from tests.http.shopping import Shop
from tests.sandbox.placing import place_to_point
from tests.support.client import Client, new_session
from tests.support.serving import Service, serve_here


def moment(answer_now: str) -> datetime:
    """Read the clock of an answer."""
    return datetime.fromisoformat(answer_now)


async def test_time_passes_and_a_draft_ends(client: Client, shop: Shop, world: DemoWorld) -> None:
    frozen = await client.call("freezeClock")
    assert frozen.status == 200
    assert frozen.json["frozen"] is True
    order_id = await place_to_point(shop, draft=True)
    moved = await client.call("advanceClock", {"seconds": 3600})
    assert moved.status == 200
    passed = moment(moved.json["now"]) - moment(frozen.json["now"])
    assert passed == timedelta(hours=1)
    order = await client.call("getOrder", campaignId=world.first.campaign_id, orderId=order_id)
    assert order.json["order"]["status"] == "CANCELLED"
    assert order.json["order"]["substatus"] == "RESERVATION_EXPIRED"


async def test_it_is_set_and_goes_on(client: Client) -> None:
    now = moment((await client.call("readClock")).json["now"])
    wanted = now + timedelta(days=3)
    there = await client.call("setClock", {"now": wanted.isoformat()})
    assert there.status == 200
    assert there.json["frozen"] is False
    assert there.json["aheadSeconds"] > 2 * 24 * 3600
    assert moment(there.json["now"]) >= wanted
    back = await client.call("setClock", {"now": now.isoformat()})
    assert back.status == 400
    assert back.error[0] == "CLOCK_BACKWARD"
    stands = (await client.call("freezeClock")).json["now"]
    assert (await client.call("readClock")).json["now"] == stands
    goes = await client.call("resumeClock")
    assert goes.json["frozen"] is False
    assert moment(goes.json["now"]) > moment(stands)
    assert moment(goes.json["now"]).tzinfo == UTC


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"seconds": -1}, "seconds"),
        ({"seconds": "1"}, "seconds"),
        ({"seconds": 10**12}, "seconds"),
        ({}, "seconds"),
    ],
)
async def test_bad_input_is_named(shared_client: Client, body: object, field: str) -> None:
    refused = await shared_client.call("advanceClock", body)
    assert refused.status == 400
    assert field in refused.message


async def test_who_may(shared_client: Client) -> None:
    nobody = shared_client.with_key(None)
    assert (await nobody.call("readClock")).status == 401
    assert (await nobody.call("advanceClock", {"seconds": 1})).status == 401


async def test_there_is_no_sandbox_without_the_flag(
    database_url: str, tmp_path: Path, world: DemoWorld
) -> None:
    settings = Settings(data_dir=tmp_path, limits_enabled=False)
    async with serve_here(settings, database_url) as service, new_session() as session:
        client = Client(session, service.base_url, world.first.api_key, None)
        for method, path in (
            ("GET", "/sandbox/v1/clock"),
            ("POST", "/sandbox/v1/clock/advance"),
            ("GET", "/sandbox/v1/openapi.json"),
            ("GET", "/docs/sandbox"),
        ):
            answer = await client.request(method, path)
            assert (answer.status, answer.message) == (404, "Resource not found"), path
        assert b"sandbox" not in (await client.request("GET", "/docs")).content
    # And a database that has been in production is no sandbox's any more.
    with pytest.raises(StartRefused, match="is in production"):
        async with open_platform(Settings(data_dir=tmp_path, sandbox=True), database_url):
            pass


async def test_a_sandbox_does_not_go_into_production(
    service: Service, database_url: str, settings: Settings
) -> None:
    assert service.platform.clock.movable
    with pytest.raises(StartRefused, match="is a sandbox's"):
        async with open_platform(Settings(data_dir=settings.data_dir), database_url):
            pass


async def test_its_document_and_its_page(shared_client: Client) -> None:
    document = (await shared_client.request("GET", "/sandbox/v1/openapi.json")).json
    assert "/sandbox/v1/clock/advance" in document["paths"]
    assert not any(
        path.startswith("/sandbox")
        for path in (await shared_client.request("GET", "/openapi.json")).json["paths"]
    )
    page = await shared_client.request("GET", "/docs/sandbox")
    assert page.status == 200
    assert b"advanceClock" in page.content
    assert b'href="/docs/sandbox"' in (await shared_client.request("GET", "/docs")).content
