"""`entrepot serve` as a process."""

import asyncio
from collections.abc import Callable

from entrepot.demo.seed import DemoWorld
from tests.support.client import Client, new_session
from tests.support.databases import Databases
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


async def test_while_the_database_is_away_the_log_says_so_in_sentences(
    start_server: Callable[..., Server],
    world: DemoWorld,
    databases: Databases,
    database_url: str,
) -> None:
    """Each part that waits for it says so about once a second, and none with a traceback."""
    server = start_server(limited=True)
    base_url = server.wait_until_ready()
    async with new_session() as session:
        client = Client(session, base_url, world.first.api_key, None)
        path = f"/v2/campaigns/{world.first.campaign_id}"
        assert (await client.request("GET", path)).status == 200
        databases.close_to_all(database_url)
        await asyncio.sleep(2.5)
        databases.open_to_all(database_url)
        async with asyncio.timeout(20):
            while (await client.request("GET", path)).status == 503:  # noqa: ASYNC110 - asks
                await asyncio.sleep(0.1)
    log = (server.folder / "server.log").read_text()
    assert "waits for the database" in log
    assert "Traceback" not in log
    assert log.count("request limits wait") <= 4
