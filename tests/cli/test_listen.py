"""`entrepot listen`: a program on this machine hears what happens to orders."""

import asyncio
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from entrepot.demo.seed import DemoWorld
from tests.http.shopping import Shop
from tests.sandbox.placing import place_to_door
from tests.support.client import Client, new_session
from tests.support.contract import Contract
from tests.support.receiver import answer, receiver
from tests.support.serving import Server

PROGRAM = [sys.executable, "-c", "from entrepot.cli.entry import main; main()"]
LINE_S_MAX = 60.0
END_S_MAX = 30


class Listening:
    """`entrepot listen --json` as a process of its own; its lines as they come."""

    def __init__(self, database_url: str, *arguments: str) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ENTREPOT_")}
        self.process = subprocess.Popen(
            [*PROGRAM, "listen", "--json", *arguments],
            env={**environment, "ENTREPOT_DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def next(self) -> dict[str, Any]:
        """The next notification; waits for it."""
        heard: dict[str, Any] = json.loads(self._lines.get(timeout=LINE_S_MAX))
        return heard

    def stop(self, number: signal.Signals = signal.SIGINT) -> str:
        """End it; gives what it said on stderr."""
        self.process.send_signal(number)
        self.process.wait(END_S_MAX)
        self._reading.join()
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return said


@pytest.fixture
def listen(database_url: str) -> Iterator[Callable[..., Listening]]:
    """Starts to listen for the first demo business."""
    started: list[Listening] = []

    def start(*arguments: str) -> Listening:
        started.append(Listening(database_url, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)


async def test_what_happens_is_shown_and_passed_on(
    start_server: Callable[..., Server],
    listen: Callable[..., Listening],
    database_url: str,
    world: DemoWorld,
    known_contract: Contract | None,
) -> None:
    base_url = start_server().wait_until_ready()
    business = str(world.first.business_id)
    async with receiver() as program, new_session() as session:
        heard = listen("--business", business, "--forward", program.url)
        shop = Shop(Client(session, base_url, world.first.api_key, known_contract), world.first)
        ping = await _next(heard)
        assert ping["notification"]["notificationType"] == "PING"
        order_id = await place_to_door(shop)
        created = await _next(heard)
        assert created["notification"]["notificationType"] == "ORDER_CREATED"
        assert created["notification"]["orderId"] == order_id
        assert created["answer"]["status"] == 200
        assert created["answer"]["body"]["name"] == "Shop"
        program.behave = answer(400, b'{"error": {"type": "WRONG_EVENT_FORMAT"}}')
        await shop.client.call("advanceOrder", {"to": "CANCELLED"}, orderId=order_id)
        changed = await _next(heard)
        assert changed["notification"]["orderId"] == order_id
        assert changed["answer"]["status"] == 400
        assert [one["orderId"] for one in map(_json, program.told)][:2] == [order_id, order_id]
        said = heard.stop()
        assert heard.process.returncode == 0
        assert "Unsubscribed." in said
        assert _subscriptions(database_url, business) == []
        # One that is killed leaves its subscription; the next one clears it away.
        killed = listen("--business", business)
        await _next(killed)
        killed.stop(signal.SIGKILL)
        assert len(_subscriptions(database_url, business)) == 1
        last = listen("--business", business)
        await _next(last)
        assert len(_subscriptions(database_url, business)) == 1
        last.stop(signal.SIGTERM)
        assert _subscriptions(database_url, business) == []


async def _next(heard: Listening) -> dict[str, Any]:
    return await asyncio.to_thread(heard.next)


def _json(heard: Any) -> Any:
    return heard.json


def _subscriptions(database_url: str, business: str) -> list[dict[str, Any]]:
    done = subprocess.run(
        [*PROGRAM, "subscriptions", "list", "--business", business, "--json"],
        env={**os.environ, "ENTREPOT_DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
