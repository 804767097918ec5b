"""/healthz and /readyz tell the truth."""

import pytest

from entrepot import limits
from entrepot.settings import Settings
from tests.races.wire import wire_to
from tests.support.client import Client, new_session
from tests.support.serving import Service, serve_here


async def test_a_running_service_is_alive_and_ready(client: Client) -> None:
    assert (await client.request("GET", "/healthz")).json == {"status": "ok"}
    answer = await client.request("GET", "/readyz")
    assert (answer.status, answer.json["ready"]) == (200, True)


async def test_a_stopping_service_asks_for_no_more_requests(
    client: Client, service: Service
) -> None:
    service.app.life.stop_being_ready()
    answer = await client.request("GET", "/readyz")
    assert (answer.status, answer.json["checks"]["process"]) == (503, "stopping")
    assert (await client.request("GET", "/healthz")).status == 200


async def test_a_database_that_does_not_answer_is_not_waited_for(
    settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "READINESS_S_MAX", 0.2)
    async with (
        wire_to(database_url) as wire,
        serve_here(settings, wire.url) as service,
        new_session() as session,
    ):
        client = Client(session, service.base_url, None, None)
        gate = wire.stop_before("SELECT version_num")
        answer = await client.request("GET", "/readyz")
        assert (answer.status, answer.json["checks"]["database"]) == (503, "does not answer")
        gate.release()
        assert (await client.request("GET", "/readyz")).status == 200
