"""`entrepot subscriptions`, beside a service that sends."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.settings import Settings
from tests.cli.conftest import Entrepot
from tests.races.world import Shop, command, order_id_of, process
from tests.support.background import BackgroundLoop
from tests.support.receiver import Receiver, accept, answer, receiver
from tests.support.serving import serve_here

WAIT_S_MAX = 20


class Beside:
    """A service that works, and a shop's server, in a thread of their own."""

    def __init__(self, loop: BackgroundLoop, url: str, folder: Path) -> None:
        self._loop = loop
        self._url = url
        self.server: Receiver = loop.enter(receiver())
        settings = Settings(sandbox=True, limits_enabled=False, data_dir=folder)
        loop.enter(serve_here(settings, url, works=True))

    def place(self, shop: Shop) -> int:
        """Place an order."""

        async def place() -> int:
            async with process(self._url) as buyer:
                await buyer.stock(shop, apple=9)
                (outcome,) = await buyer.place(command(shop, {"apple": 1}))
                return order_id_of(outcome)

        return self._loop.run(place())

    def until_heard(self, number: int) -> None:
        """Wait until so many notifications were heard, PINGs aside."""
        self._loop.run(self._until_heard(number))

    async def _until_heard(self, number: int) -> None:
        async with asyncio.timeout(WAIT_S_MAX):
            while len(self.server.told) < number:  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(0.02)


@pytest.fixture
def beside(url: str, tmp_path: Path) -> Iterator[Beside]:
    loop = BackgroundLoop()
    yield Beside(loop, url, tmp_path)
    loop.close()


def test_from_subscribing_to_sending_again(entrepot: Entrepot, beside: Beside, ours: Shop) -> None:
    mine = ("--business", ours.business_id, "--json")
    made = entrepot("subscriptions", "create", beside.server.url, "--signed", *mine)
    assert made.code == 0, made.err
    subscription = made.json
    assert subscription["state"] == "ON"
    assert subscription["secret"].startswith("whsec_")
    (listed,) = entrepot("subscriptions", "list", *mine).json
    assert listed == {**subscription, "secret": None}

    order_id = beside.place(ours)
    beside.until_heard(1)
    again = entrepot("subscriptions", "redeliver", listed["id"], "--order", order_id, *mine)
    assert again.json["queued"] == 1
    beside.until_heard(2)
    log = entrepot("subscriptions", "log", listed["id"], "--order", order_id, *mine).json
    assert {(line["kind"], line["outcome"]) for line in log} == {("ORDER_CREATED", "ACCEPTED")}
    assert entrepot("subscriptions", "log", listed["id"], "--failed", *mine).json == []


def test_off_and_on_and_gone(entrepot: Entrepot, beside: Beside, ours: Shop) -> None:
    mine = ("--business", ours.business_id, "--json")
    beside.server.behave = answer(200, b"{}")
    made = entrepot("subscriptions", "create", beside.server.url, "--kind", "ORDER_CREATED",
                    "--campaign", ours.campaign_id, *mine)  # fmt: skip
    assert (made.json["state"], made.json["offReason"]) == ("OFF", "PING_FAILED")
    number = made.json["id"]
    (line,) = entrepot("subscriptions", "log", number, *mine).json
    assert line["reason"] == "INVALID_RESPONSE/INVALID_DATA"
    told = entrepot("subscriptions", "enable", number, "--business", ours.business_id)
    assert "did not answer the PING" in told.err
    beside.server.behave = accept
    assert entrepot("subscriptions", "enable", number, *mine).json["state"] == "ON"
    assert entrepot("subscriptions", "disable", number, *mine).json["offReason"] == "BY_HAND"
    refused = entrepot("subscriptions", "redeliver", number, "--hours", 1, *mine)
    assert (refused.code, "enable it first" in refused.err) == (1, True)
    assert entrepot("subscriptions", "delete", number, *mine).json["state"] == "DELETED"
    assert entrepot("subscriptions", "list", *mine).json == []
    assert entrepot("subscriptions", "enable", number, *mine).code == 1


def test_without_a_service_a_server_is_asked_later(
    entrepot: Entrepot, ours: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrepot.cli.subscription_words.ASKED_S_MAX", 0.2)
    made = entrepot("subscriptions", "create", "http://127.0.0.1:9/", "--business",
                    ours.business_id)  # fmt: skip
    assert made.code == 0
    assert "CONNECTING" in made.out
    assert "a service that runs" in made.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("create", "ftp://shop.example/"), 2),
        (("create", "https://user:secret@shop.example/"), 2),
        (("create", "https://shop.example/", "--kind", "PING"), 2),
        (("create", "https://shop.example/", "--kind", "CHAT_CREATED"), 2),
        (("create", "https://shop.example/", "--campaign", 12345), 1),
        (("log", 12345), 1),
        (("redeliver", 12345), 2),
        (("redeliver", 12345, "--hours", 1), 1),
    ],
)
def test_what_cannot_be(
    entrepot: Entrepot, ours: Shop, arguments: tuple[object, ...], code: int
) -> None:
    said = entrepot("subscriptions", *arguments, "--business", ours.business_id)
    assert said.code == code
    assert said.err
