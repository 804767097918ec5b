"""A createOrder body that will be accepted: made of what the service offers at this moment."""

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from entrepot.supervisor.readiness import HTTP_OK, ask

if TYPE_CHECKING:
    from entrepot.demo.seed import DemoBusiness

POINTS_ASKED = 5


async def possible_order(address: tuple[str, int], business: "DemoBusiness") -> str | None:
    """Ask getDeliveryOptions as a shop would, and order for the first day offered.

    Returns:
        The JSON body; None when no delivery is offered.
    """
    item = {"offerId": business.offer_ids[0], "count": 1}
    asked = {
        "items": [{**item, "warehouseId": business.warehouse_ids[0]}],
        "pickupDelivery": {"logisticPointsIds": list(business.logistic_point_ids[:POINTS_ASKED])},
    }
    try:
        answer = await ask(
            address,
            "POST",
            f"/v1/campaigns/{business.campaign_id}/delivery-options",
            headers={"Api-Key": business.api_key, "Content-Type": "application/json"},
            body=msgspec.json.encode(asked),
        )
    except OSError:
        return None
    if answer.status != HTTP_OK:
        return None
    for parcel in msgspec.json.decode(answer.body)["result"]["warehousesDeliveryOptions"]:
        points = parcel["deliveryOptions"].get("pickupDelivery", {}).get("pickupOptions", [])
        for point in points:
            return _order(parcel["warehouseId"], item, point)
    return None


def _order(warehouse_id: int, item: dict[str, Any], point: dict[str, Any]) -> str:
    order = {
        # Another one at every start: an external id is never free again.
        "externalOrderId": f"first-order-{secrets.token_hex(4)}",
        "itemsDelivery": [
            {
                "warehouseId": warehouse_id,
                "items": [{**item, "price": {"value": 990, "currencyId": "RUR"}}],
                "deliveryDateInterval": point["options"][0]["deliveryDateInterval"],
            }
        ],
        "destination": {"pickupDelivery": {"logisticPointId": point["logisticPointId"]}},
        "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
        "packaging": {},
        "paymentType": "PREPAID",
    }
    return msgspec.json.encode({"order": order}).decode()
