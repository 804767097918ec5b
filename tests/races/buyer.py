"""Buyers: each speaks raw HTTP over a connection of its own, and knows when it knows nothing."""

import asyncio
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.races.world import ARRIVES, WAREHOUSES, WIDE_POINT, Basket, Shop

ANSWER_S_MAX = 30.0


class Reply(NamedTuple):
    """What came back."""

    status: int
    content: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.content)

    @property
    def word(self) -> str:
        """Tell the answer in a word: OK, or the code of the refusal."""
        if self.status == 200:
            return "OK"
        return str(self.json["errors"][0]["code"])

    @property
    def order_ids(self) -> tuple[int, ...]:
        """The orders that were created."""
        return tuple(order["id"] for order in self.json["result"]["orders"])


class NoReplyError(Exception):
    """The connection ended before the answer was complete: nobody knows what happened."""


class NotSentError(NoReplyError):
    """There was nobody to send the request to."""


class Buyer:
    """One buyer of a shop."""

    def __init__(self, base_url: str, shop: Shop) -> None:
        parts = urllib.parse.urlsplit(base_url)
        assert parts.hostname is not None
        self._address = (parts.hostname, parts.port)
        self.shop = shop
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def order(self, wanted: Mapping[str, Any], *, key: str | None = None) -> Reply:
        """Create an order."""
        headers = {} if key is None else {"Idempotency-Key": key}
        path = f"/v1/campaigns/{self.shop.campaign_id}/orders/create"
        return await self.ask("POST", path, wanted, headers)

    async def confirm(self, order_id: int) -> Reply:
        """Confirm a draft."""
        return await self._set_status(order_id, "PROCESSING", "STARTED")

    async def cancel(self, order_id: int) -> Reply:
        """Begin to cancel an order."""
        return await self._set_status(order_id, "CANCELLED", "SHOP_FAILED")

    async def _set_status(self, order_id: int, status: str, substatus: str) -> Reply:
        path = f"/v2/campaigns/{self.shop.campaign_id}/orders/{order_id}/status"
        asked = {"order": {"status": status, "substatus": substatus}}
        return await self.ask("PUT", path, asked)

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request over the buyer's connection.

        Raises:
            NoReplyError: it ended without a complete answer.
            NotSentError: there is no connection.
        """
        content = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: entrepot",
            f"Api-Key: {self.shop.api_key}",
            "Content-Type: application/json",
            f"Content-Length: {len(content)}",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        request = "\r\n".join([*lines, "", ""]).encode() + content
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                return await self._exchange(request)
        except (OSError, EOFError, TimeoutError) as error:
            self.hang_up()
            raise NoReplyError(repr(error)) from error

    def hang_up(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None

    async def connect(self) -> None:
        """Open the connection, if it is not."""
        if self._streams is None:
            try:
                self._streams = await asyncio.open_connection(*self._address)
            except OSError as error:
                raise NotSentError(repr(error)) from error

    async def _exchange(self, request: bytes) -> Reply:
        await self.connect()
        assert self._streams is not None
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        content = await reader.readexactly(length)
        if "connection: close" in head:
            self.hang_up()
        return Reply(int(head.split(" ", 2)[1]), content)


def order_body(
    external: str,
    *baskets: Basket,
    sources: tuple[str, ...] = ("moscow", "novosibirsk"),
    point: int = WIDE_POINT,
    draft: bool = False,
    fake: bool = False,
) -> dict[str, Any]:
    """Write a createOrder for pickup, one parcel a basket."""
    price = {"value": 100, "currencyId": "RUR"}
    day = ARRIVES.isoformat()
    return {
        "order": {
            "externalOrderId": external,
            "itemsDelivery": [
                {
                    "warehouseId": WAREHOUSES[source],
                    "items": [
                        {"offerId": offer, "count": pieces, "price": price}
                        for offer, pieces in basket.items()
                    ],
                    "deliveryDateInterval": {"fromDate": day, "toDate": day},
                }
                for source, basket in zip(sources, baskets, strict=False)
            ],
            "destination": {"pickupDelivery": {"logisticPointId": point}},
            "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
            "packaging": {},
            "paymentType": "PREPAID",
            "draft": draft,
            "fake": fake,
        }
    }
