"""Buyers who go on buying while everything is killed, and remember what they were told."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.races.buyer import Buyer, NoReplyError, NotSentError, Reply, order_body
from tests.races.world import NARROW_POINT, WIDE_POINT, Shop

RETRY_PAUSE_S = 0.05
SETTLED_S_MAX = 60.0
"""For an answer to be had at last, once everything is up again."""

Name = tuple[int, str]
"""A business and an external id."""


@dataclass
class Placed:
    """What is known of an external id under which there are orders."""

    parcels: int
    fake: bool
    draft: bool
    order_ids: tuple[int, ...] | None
    """None when the answer was lost: then only that they exist is known."""
    confirmed: bool = False
    cancelled: bool = False


@dataclass
class Ledger:
    """What the service has said; nothing in it may ever turn out otherwise."""

    placed: dict[Name, Placed] = field(default_factory=dict)
    refused: set[Name] = field(default_factory=set)
    answers: list[tuple[Shop, dict[str, Any], str, Reply]] = field(default_factory=list)
    """First answers under an `Idempotency-Key`."""
    told: Counter[str] = field(default_factory=Counter)
    """How many answers of each kind, and how many were never had."""


class Load:
    """Some buyers, who can be asked to pause."""

    def __init__(self, base_url: str, shops: tuple[Shop, ...], rolls: random.Random) -> None:
        self.ledger = Ledger()
        self._base_url = base_url
        self._shops = shops
        self._rolls = rolls
        self._numbers = count(1)
        self._open = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, buyers: int) -> None:
        """Have so many buyers buy until the pause."""
        self._open.set()
        for number in range(buyers):
            buyer = Buyer(self._base_url, self._shops[number % len(self._shops)])
            self._tasks.add(asyncio.create_task(self._buy(buyer)))

    async def pause(self) -> None:
        """Wait until each buyer knows what became of the last thing asked; buy nothing more."""
        self._open.clear()
        tasks, self._tasks = self._tasks, set()
        async with asyncio.timeout(SETTLED_S_MAX):
            await asyncio.gather(*tasks)

    def cancel(self) -> None:
        """Let the buyers go as they are."""
        for task in self._tasks:
            task.cancel()

    async def _buy(self, buyer: Buyer) -> None:
        try:
            while self._open.is_set():
                await self._buy_once(buyer)
        finally:
            buyer.hang_up()

    async def _buy_once(self, buyer: Buyer) -> None:
        roll = self._rolls.random()
        ledger = self.ledger
        if roll < 0.05 and ledger.answers:
            await self._ask_again(buyer, *self._rolls.choice(ledger.answers))
        elif roll < 0.1 and ledger.placed:
            await self._use_a_used_id(buyer)
        else:
            await self._order(buyer)

    async def _ask_again(
        self, buyer: Buyer, shop: Shop, body: dict[str, Any], key: str, first: Reply
    ) -> None:
        if shop != buyer.shop:
            return
        reply, _ = await self._settle(buyer, body, key)
        assert reply == first, "another answer under the same key"

    async def _use_a_used_id(self, buyer: Buyer) -> None:
        shop_id, external = self._rolls.choice(list(self.ledger.placed))
        if shop_id != buyer.shop.business_id:
            return
        reply, _ = await self._settle(buyer, order_body(external, {"apple": 1}), None)
        assert reply.word == "ORDER_ALREADY_EXISTS", reply

    async def _order(self, buyer: Buyer) -> None:
        rolls = self._rolls
        name = (buyer.shop.business_id, f"order {next(self._numbers)}")
        baskets = [{rolls.choice(("apple", "bread", "cup")): rolls.randint(1, 2)}]
        if rolls.random() < 0.3:
            baskets.append({"drum": 1})
        placed = Placed(len(baskets), rolls.random() < 0.1, rolls.random() < 0.4, None)
        point = NARROW_POINT if rolls.random() < 0.05 else WIDE_POINT
        body = order_body(name[1], *baskets, draft=placed.draft, fake=placed.fake, point=point)
        key = name[1] if rolls.random() < 0.4 else None
        reply, in_doubt = await self._settle(buyer, body, key)
        if key is not None:
            self.ledger.answers.append((buyer.shop, body, key, reply))
        if reply.word == "OK":
            placed.order_ids = reply.order_ids
            self.ledger.placed[name] = placed
        elif reply.word == "ORDER_ALREADY_EXISTS":
            assert in_doubt, "nobody else orders under this id"
            assert key is None, "the first answer is kept under the key"
            self.ledger.placed[name] = placed
        else:
            assert reply.word in {"NOT_ENOUGH_STOCK", "INVALID_DELIVERY_OPTION"}, reply
            self.ledger.refused.add(name)
        if placed.order_ids and placed.draft and not placed.fake and rolls.random() < 0.5:
            await self._change(placed, buyer.confirm)
            placed.confirmed = True
        if placed.order_ids and (placed.confirmed or not placed.draft) and rolls.random() < 0.3:
            await self._change(placed, buyer.cancel)
            placed.cancelled = True

    async def _change(self, placed: Placed, ask: Callable[[int], Awaitable[Reply]]) -> None:
        """Ask something of each order until it is granted."""
        assert placed.order_ids is not None
        for order_id in placed.order_ids:
            reply = None
            while reply is None or reply.status >= 500:
                try:
                    reply = await ask(order_id)
                except NoReplyError:
                    await asyncio.sleep(RETRY_PAUSE_S)
            assert reply.status == 200, reply

    async def _settle(
        self, buyer: Buyer, body: dict[str, Any], key: str | None
    ) -> tuple[Reply, bool]:
        """Ask until there is an answer; tells too whether it was in doubt before."""
        in_doubt = False
        while True:
            try:
                reply = await buyer.order(body, key=key)
            except NotSentError:
                self.ledger.told["not sent"] += 1
            except NoReplyError:
                in_doubt = True
                self.ledger.told["no reply"] += 1
            else:
                self.ledger.told[reply.word if reply.status < 500 else str(reply.status)] += 1
                if reply.status < 500:
                    return reply, in_doubt
                in_doubt = True
            await asyncio.sleep(RETRY_PAUSE_S)
