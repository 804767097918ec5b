"""Orders over HTTP to walk with: one piece to a logistic point or by courier."""

from entrepot.demo.network import demo_network
from tests.http.shopping import (
    Shop,
    courier_options,
    item,
    parcels,
    pickup_options,
    to_address,
    to_point,
)

POINT = demo_network().points[0].id
ADDRESS = "г. Москва, Тверская улица, д. 1"


async def place_to_point(shop: Shop, *, pieces: int = 1, draft: bool = False) -> int:
    """Order pieces of the first offer to a point; gives the order's id."""
    wanted = item(shop.business.offer_ids[0], pieces)
    (parcel, *_) = parcels(await shop.quote(wanted, points=[POINT]))
    (option, *_) = pickup_options(parcel)[POINT]
    placed = await shop.place(parcel["warehouseId"], option, to_point(POINT), wanted, draft=draft)
    return _order_id(placed.status, placed.json)


async def place_to_door(shop: Shop) -> int:
    """Order one piece by courier; gives the order's id."""
    (parcel, *_) = parcels(await shop.quote(address=ADDRESS))
    (option, *_) = courier_options(parcel)
    placed = await shop.place(parcel["warehouseId"], option, to_address(ADDRESS))
    return _order_id(placed.status, placed.json)


def _order_id(status: int, answer: dict[str, dict[str, list[dict[str, int]]]]) -> int:
    assert status == 200, answer
    return answer["result"]["orders"][0]["id"]
