"""/healthz and /readyz tell the truth."""

from tests.support.client import Client
from tests.support.serving import Service


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
