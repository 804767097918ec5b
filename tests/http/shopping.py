"""A shop at work: it asks for delivery options and places orders from what it is offered."""

from itertools import count
from typing import Any

from entrepot.demo.seed import DemoBusiness
from tests.support.client import Answer, Client

Json = dict[str, Any]

_numbers = count(1)


class Shop:
    """Calls of one campaign."""

    def __init__(self, client: Client, business: DemoBusiness) -> None:
        self.client = client
        self.business = business

    async def quote(
        self,
        *items: Json,
        points: list[int] | None = None,
        address: str | None = None,
        **more: Any,
    ) -> Answer:
        """Ask for delivery options; without items for one piece of the first offer."""
        body: Json = {"items": list(items) or [item(self.business.offer_ids[0])], **more}
        if points is not None:
            body["pickupDelivery"] = {"logisticPointsIds": points}
        if address is not None:
            body["courierDelivery"] = {"fullAddress": address}
        return await self.client.call(
            "getDeliveryOptions", body, campaignId=self.business.campaign_id
        )

    async def place(
        self, warehouse_id: int, option: Json, destination: Json, *items: Json, draft: bool = False
    ) -> Answer:
        """Create an order of one parcel at a price of 100 roubles a piece."""
        wanted = items or (item(self.business.offer_ids[0]),)
        price = {"value": 100, "currencyId": "RUR"}
        entry: Json = {
            "warehouseId": warehouse_id,
            "items": [
                {"offerId": each["offerId"], "count": each["count"], "price": price}
                for each in wanted
            ],
            "deliveryDateInterval": option["deliveryDateInterval"],
        }
        if "deliveryTimeInterval" in option:
            entry["deliveryTimeInterval"] = option["deliveryTimeInterval"]
        order: Json = {
            "externalOrderId": f"shopping-{next(_numbers)}",
            "itemsDelivery": [entry],
            "destination": destination,
            "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
            "packaging": {},
            "paymentType": "PREPAID",
            "draft": draft,
        }
        return await self.client.call(
            "createOrder", {"order": order}, campaignId=self.business.campaign_id
        )


def item(offer_id: str, pieces: int = 1, warehouse_id: int | None = None) -> Json:
    """An item of a basket."""
    named = {} if warehouse_id is None else {"warehouseId": warehouse_id}
    return {"offerId": offer_id, "count": pieces, **named}


def parcels(answer: Answer) -> list[Json]:
    """What each warehouse would send."""
    assert answer.status == 200, answer.json
    found: list[Json] = answer.json["result"]["warehousesDeliveryOptions"]
    return found


def pickup_options(parcel: Json) -> dict[int, list[Json]]:
    """The options of each point."""
    return {
        each["logisticPointId"]: each["options"]
        for each in parcel["deliveryOptions"]["pickupDelivery"]["pickupOptions"]
    }


def courier_options(parcel: Json) -> list[Json]:
    """The options of the courier, if any."""
    found: list[Json] = (
        parcel["deliveryOptions"].get("courierDelivery", {}).get("courierDeliveryOptions", [])
    )
    return found


def days(options: list[Json]) -> list[str]:
    """The days of options, which are single ones."""
    assert all(
        option["deliveryDateInterval"]["fromDate"] == option["deliveryDateInterval"]["toDate"]
        for option in options
    )
    return [option["deliveryDateInterval"]["fromDate"] for option in options]


def to_point(point_id: int) -> Json:
    """Where a parcel to a point goes."""
    return {"pickupDelivery": {"logisticPointId": point_id}}


def to_address(line: str) -> Json:
    """Where a courier goes."""
    return {"courierDelivery": {"address": {"fullAddress": line}}}
