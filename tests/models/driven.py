"""The service that a model is compared with: the real one, over HTTP, on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
from aiohttp import ClientSession

from entrepot.db.offers import load_offers
from entrepot.domain.network import CourierInterval, CourierZone, NetworkDescription
from entrepot.domain.offers import Offer
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import Correction, Pile, SetTo
from entrepot.fulfilment.correct_stock import correct_stock
from entrepot.settings import Settings
from tests.domain import networks
from tests.models.shop_model import (
    HOURS,
    POINTS,
    ROOM,
    TOO_LARGE_FOR_POINTS,
    To,
    Wish,
)
from tests.races.books import assert_books_agree
from tests.races.world import Shop, World, described, make_world
from tests.support.background import BackgroundLoop
from tests.support.client import Answer, Client, new_session
from tests.support.contract import Contract
from tests.support.databases import Databases
from tests.support.serving import Service, serve_here

Json = dict[str, Any]


def model_network() -> NetworkDescription:
    """Give the races' network, with little room in the courier zone of Moscow."""
    network = described()
    week = (
        CourierInterval(600, 840, ROOM[To.MORNING]),
        CourierInterval(1080, 1320, ROOM[To.EVENING]),
    )
    zones = tuple(
        msgspec.structs.replace(zone, week=(week,) * 6 + ((),)) if _is_moscow(zone) else zone
        for zone in network.zones
    )
    return msgspec.structs.replace(network, zones=zones)


async def make_model_world(url: str) -> World:
    """Fill a migrated database."""
    return await make_world(url, model_network())


def _is_moscow(zone: CourierZone) -> bool:
    return zone.id == networks.MOSCOW_ZONE


class Driven:
    """One run: a database of its own, a service on it, and the calls that a model predicts."""

    def __init__(
        self, databases: Databases, template: tuple[str, World], contract: Contract | None
    ) -> None:
        self._databases = databases
        self._url = databases.clone(template[0])
        self.shops: tuple[Shop, Shop] = (template[1].ours, template[1].theirs)
        self._background = BackgroundLoop()
        settings = Settings(sandbox=True, limits_enabled=False)
        self._service: Service = self._background.enter(serve_here(settings, self._url))
        session = self._background.enter(_session())
        self._clients = tuple(
            Client(session, self._service.base_url, shop.api_key, contract) for shop in self.shops
        )

    def close(self) -> None:
        """End the run; the books must agree."""
        try:
            self._background.run(assert_books_agree(self._url))
        finally:
            self._background.close()
            self._databases.drop(self._url)

    def create(self, wish: Wish) -> Answer:
        """Send a createOrder."""
        headers = {} if wish.key is None else {"Idempotency-Key": wish.key}
        return self._call("createOrder", wish.shop, {"order": order_of(wish)}, headers=headers)

    def confirm(self, shop: int, order_id: int) -> Answer:
        """Confirm a draft."""
        asked = {"order": {"status": "PROCESSING"}}
        return self._call("updateOrderStatus", shop, asked, orderId=order_id)

    def order(self, shop: int, order_id: int) -> Answer:
        """Read an order."""
        return self._call("getOrder", shop, orderId=order_id)

    def stocks(self, shop: int) -> dict[tuple[int, str], dict[str, int]]:
        """Read the pieces of each type, by warehouse and offer."""
        answer = self._call("getStocks", shop, {})
        assert answer.status == 200, answer.content
        return {
            (warehouse["warehouseId"], offer["offerId"]): {
                stock["type"]: stock["count"] for stock in offer["stocks"]
            }
            for warehouse in answer.json["result"]["warehouses"]
            for offer in warehouse["offers"]
        }

    def business_orders(self, shop: int, **filters: Any) -> dict[int, tuple[str, str]]:
        """Search orders; gives status and substatus by id, page after page."""
        found: dict[int, tuple[str, str]] = {}
        query: Json = {"limit": 3}
        while True:
            answer = self._run(
                self._clients[shop].call(
                    "getBusinessOrders",
                    filters,
                    query=query,
                    businessId=self.shops[shop].business_id,
                )
            )
            assert answer.status == 200, answer.content
            page = {
                order["orderId"]: (order["status"], order["substatus"])
                for order in answer.json["orders"]
            }
            assert not page.keys() & found.keys(), "an order is on one page"
            found |= page
            token = answer.json["paging"].get("nextPageToken")
            if token is None:
                return found
            query["pageToken"] = token

    def count_stock(self, shop: int, warehouse: int, offer: str, pieces: int) -> bool:
        """Set how many sound pieces there are; tells whether that was allowed."""
        platform = self._service.platform
        key = StockKey(self.shops[shop].business_id, warehouse, offer)
        outcome = self._run(
            correct_stock(
                platform.database,
                platform.clock,
                key.business_id,
                [Correction(key, Pile.FIT, SetTo(pieces))],
                reason="counted",
            )
        )
        return isinstance(outcome, tuple)

    def advance(self, by: timedelta) -> None:
        """Move the clock; nothing that became due is done by that."""
        self._run(self._service.advance_clock(by.total_seconds()))

    def sweep(self) -> None:
        """Do whatever is due."""
        self._run(self._service.do_what_is_due())

    def add_large_offer(self) -> None:
        """Let both shops sell something that no point takes."""
        wardrobe = Offer(TOO_LARGE_FOR_POINTS, "Wardrobe", 40_000, 1_500, 600, 600)

        async def load(connection: Any) -> None:
            for shop in self.shops:
                await load_offers(connection, shop.business_id, [wardrobe])

        self._run(self._service.platform.database.transaction(load))

    def _call(self, operation: str, shop: int, body: Json | None = None, **more: Any) -> Answer:
        campaign_id = self.shops[shop].campaign_id
        return self._run(self._clients[shop].call(operation, body, campaignId=campaign_id, **more))

    def _run(self, work: Any) -> Any:
        return self._background.run(work)


@asynccontextmanager
async def _session() -> AsyncIterator[ClientSession]:
    async with new_session() as session:  # made in the loop that it is used in
        yield session


def order_of(wish: Wish) -> Json:
    """Write a wish as the contract has it."""
    return {
        "externalOrderId": wish.external,
        "itemsDelivery": [
            {
                "warehouseId": parcel.warehouse,
                "items": [
                    {
                        "offerId": offer,
                        "count": pieces,
                        "price": {"value": 9.9, "currencyId": "RUR"},
                    }
                    for offer, pieces in parcel.items
                ],
                "deliveryDateInterval": {"fromDate": parcel.day, "toDate": parcel.day},
                **_hours(wish.to),
            }
            for parcel in wish.parcels
        ],
        "destination": _destination(wish.to),
        "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
        "packaging": {},
        "paymentType": "PREPAID",
        "draft": wish.draft,
        "fake": wish.fake,
    }


def _hours(to: To) -> Json:
    if to not in HOURS:
        return {}
    from_time, to_time = HOURS[to]
    return {"deliveryTimeInterval": {"fromTime": from_time, "toTime": to_time}}


def _destination(to: To) -> Json:
    if to in POINTS:
        return {"pickupDelivery": {"logisticPointId": POINTS[to]}}
    line = "Атлантида" if to is To.NO_SUCH_ADDRESS else "Москва, улица Ленина, 1"
    return {"courierDelivery": {"address": {"fullAddress": line}}}
