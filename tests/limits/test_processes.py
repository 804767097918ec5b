"""Limits of a service of four processes, one of which is killed, under a clock that is moved."""

import asyncio
import time
from collections import Counter
from pathlib import Path

from entrepot import limits
from entrepot.db.transaction import Database
from entrepot.demo.seed import DemoWorld
from entrepot.operations.registry import load_operations
from tests.limits.conftest import SetLimit
from tests.support.client import Client, new_session
from tests.support.contract import Contract
from tests.support.serving import Server, advance_clock

load_operations()

AMOUNT = 90
CONNECTIONS = 24
HOUR_S = 3600


async def use_up(client: Client, tries: int) -> Counter[int]:
    """Ask over many connections, so that every process is asked."""
    told: Counter[int] = Counter()

    async def ask() -> None:
        for _ in range(tries // CONNECTIONS):
            told[(await client.call("getCampaigns")).status] += 1

    await asyncio.gather(*(ask() for _ in range(CONNECTIONS)))
    return told


async def use_up_all(*clients: Client) -> int:
    """Ask until nothing has been left for longer than a process keeps what it does not use.

    One may have borrowed a little more than it was asked for, while the others refuse.
    """
    granted = 0
    last_granted_at = time.monotonic()
    while time.monotonic() - last_granted_at < 2 * limits.LEASE_IDLE_S:
        for client in clients:
            told = await use_up(client, 96)
            assert set(told) <= {200, 420}
            if told[200]:
                granted += told[200]
                last_granted_at = time.monotonic()
        await asyncio.sleep(0.1)
    return granted


async def test_four_processes_give_out_each_window_exactly(
    database_url: str,
    database: Database,
    set_limit: SetLimit,
    tmp_path: Path,
    world: DemoWorld,
    known_contract: Contract | None,
) -> None:
    await set_limit("getCampaigns", amount=AMOUNT)
    await set_limit("*", parallel=CONNECTIONS)
    for name in ("two", "four"):
        (tmp_path / name).mkdir()
    # Two services on one database: three processes and one, which is killed.
    servers = [
        Server(database_url, tmp_path / "two", "--workers", "3", limited=True),
        Server(database_url, tmp_path / "four", limited=True),
    ]
    try:
        urls = [server.wait_until_ready() for server in servers]
        async with new_session() as session:
            clients = [Client(session, url, world.first.api_key, known_contract) for url in urls]
            told = await asyncio.gather(*(use_up(client, 96) for client in clients))
            granted = sum(each[200] for each in told)
            assert granted + await use_up_all(*clients) == AMOUNT
            await advance_clock(database, HOUR_S)
            assert (await use_up(clients[1], 48))[200] == 48
            servers[1].kill()
            # What was borrowed and not used is lost with its process: a thirty-second at most.
            left = await use_up_all(clients[0])
            assert AMOUNT - 48 - AMOUNT // 32 <= left <= AMOUNT - 48
            await advance_clock(database, HOUR_S)
            assert await use_up_all(clients[0]) == AMOUNT
    finally:
        for server in servers:
            server.stop()
