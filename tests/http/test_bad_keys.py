"""Whoever tries keys is slowed down; whoever has one is not."""

import asyncio

import pytest

from entrepot import limits
from entrepot.demo.seed import DemoWorld
from entrepot.domain.api_key import make_token
from entrepot.http.bad_keys import BadKeys
from tests.support.client import Client


class Clock:
    """A monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_few_mistakes_cost_nothing_and_many_wait_in_line() -> None:
    clock = Clock()
    bad = BadKeys(clock)
    assert [bad.delay_s("a") for _ in range(limits.BAD_KEYS_FREE)] == [0.0] * limits.BAD_KEYS_FREE
    waits = [bad.delay_s("a") for _ in range(3)]
    assert waits == pytest.approx([limits.BAD_KEY_STEP_S * n for n in (1, 2, 3)])
    assert bad.delay_s("b") == 0
    for _ in range(1000):
        assert bad.delay_s("a") <= limits.BAD_KEY_WAIT_S_MAX


def test_what_is_long_ago_is_forgiven() -> None:
    clock = Clock()
    bad = BadKeys(clock)
    for _ in range(limits.BAD_KEYS_FREE + 1):
        bad.delay_s("a")
    clock.seconds += 2 * limits.BAD_KEY_FORGIVEN_S
    assert bad.delay_s("a") == 0


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BAD_KEY_ADDRESSES_MAX", 3)
    bad = BadKeys(Clock())
    for _ in range(limits.BAD_KEYS_FREE + 1):
        bad.delay_s("a")
    for address in "bcd":
        bad.delay_s(address)
    assert bad.delay_s("a") == 0  # forgotten: others came since


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (("192.0.2.1", 1), ("192.0.2.1", 2), True),
        (("192.0.2.1", 1), ("192.0.2.2", 1), False),
        (("2001:db8::1", 1), ("2001:db8::2", 1), True),
        (("2001:db8::1", 1), ("2001:db8:0:1::1", 1), False),
        (None, None, True),
    ],
)
async def test_an_address_is_what_its_owner_cannot_choose(
    monkeypatch: pytest.MonkeyPatch,
    one: tuple[str, int] | None,
    other: tuple[str, int] | None,
    together: bool,
) -> None:
    monkeypatch.setattr(limits, "BAD_KEY_STEP_S", 0.2)
    monkeypatch.setattr(limits, "BAD_KEYS_FREE", 1)
    bad = BadKeys()
    await bad.slow_down(one)
    waiting = asyncio.create_task(bad.slow_down(other))
    await asyncio.sleep(0.02)
    assert waiting.done() != together
    await waiting


async def test_refusals_wait_and_good_keys_do_not(
    client: Client, world: DemoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BAD_KEYS_FREE", 3)
    monkeypatch.setattr(limits, "BAD_KEY_STEP_S", 30.0)
    monkeypatch.setattr(limits, "BAD_KEY_WAIT_S_MAX", 3.0)
    monkeypatch.setattr(limits, "BAD_KEYS_WAITING_MAX", 2)
    strangers = [
        client.with_key(make_token(world.first.business_id, f"{number:029d}"))
        for number in range(6)
    ]
    assert (await client.call("getCampaigns")).status == 200
    tries = [asyncio.create_task(stranger.call("getCampaigns")) for stranger in strangers]
    # Three are free, two wait, and the last finds as many waiting as may.
    for answered in asyncio.as_completed(tries):
        await answered
        if sum(each.done() for each in tries) == 4:
            break
    assert (await client.call("getCampaigns")).status == 200
    assert sum(each.done() for each in tries) == 4
    assert {answer.message for answer in await asyncio.gather(*tries)} == {
        "Api-Key token is invalid"
    }
