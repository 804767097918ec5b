"""`entrepot serve` as a process."""

from collections.abc import Callable

from entrepot.demo.seed import DemoWorld
from tests.support.client import Client, new_session
from tests.support.serving import Server


async def test_several_workers_answer_on_one_port(
    start_server: Callable[..., Server], world: DemoWorld
) -> None:
    server = start_server("--workers", "2")
    base_url = server.wait_until_ready()
    answered = set()
    for _ in range(40):
        async with new_session() as session:  # a connection each time
            client = Client(session, base_url, world.first.api_key, None)
            answer = await client.request("GET", "/healthz")
            answered.add(answer.headers["X-Request-Id"].partition("-")[0])
    assert len(answered) == 2
