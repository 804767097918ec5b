"""Nobody waits for ever: calls end in time, and there are never more than can be worked on."""

import asyncio
from typing import Any, Self

import pytest
import structlog

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.operations.call import Platform
from tests.support.client import Answer, Client

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


async def test_who_is_not_answered_in_time_is_told_so(
    client: Client, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CALL_S_MAX", 0.1)
    with structlog.testing.capture_logs() as logged:
        async with Stuck(platform, "campaign"):
            answer = await client.request("GET", "/v2/campaigns")
    assert told(answer) == UNAVAILABLE
    (entry,) = (entry for entry in logged if entry["event"] == "a request took too long")
    assert entry["request_id"] == answer.headers["X-Request-Id"]
    monkeypatch.undo()
    assert (await client.request("GET", "/v2/campaigns")).status == 200


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
