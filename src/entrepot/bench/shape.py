"""The world that a bench runs in and the orders it places; the same for every contender.

An order has two lines of one piece, of two different offers out of a thousand, from one
warehouse to one of 128 pickup points on one of eight days: 1,024 slots, so that slots are not
what orders queue for.
"""

import random
from datetime import date, timedelta
from itertools import accumulate

import msgspec

from entrepot.bench.plan import Offers

LINES_PER_ORDER = 2
ZIPF_EXPONENT = 1.1
OFFERS = 1_000
FIRST_OFFER = 1_001
POINTS = 128
FIRST_POINT = 1
DAYS = 8
PRICES_KOPECKS = (199_000, 50_050)

_DRAWS = 10_000
_SEED = 20_250_901
_NUMBER = "#########"  # the nine digits that differ from order to order


class World(msgspec.Struct, frozen=True):
    """What an order needs to know of the database it is placed in."""

    business_id: int
    campaign_id: int
    api_key: str
    warehouse_id: int
    region_id: int
    first_day: date


class Request(msgspec.Struct, frozen=True, gc=False):
    """A prepared HTTP request: what comes before and after the number of the order."""

    head: bytes
    tail: bytes

    def numbered(self, number: int) -> bytes:
        """Give the request with an external order id of its own."""
        return b"%b%09d%b" % (self.head, number, self.tail)


def prepared_requests(world: World, offers: Offers) -> list[Request]:
    """Draw orders and write each as the bytes to send; the same ones each time."""
    chance = random.Random(_SEED)  # noqa: S311 - reproducible, not secret
    weights = [1.0 if offers is Offers.UNIFORM else rank**-ZIPF_EXPONENT for rank in _ranks()]
    totals = list(accumulate(weights))
    drawn = chance.choices(range(OFFERS), cum_weights=totals, k=_DRAWS * LINES_PER_ORDER)
    requests = []
    for first, second in zip(drawn[::2], drawn[1::2], strict=True):
        # As in the script for pgbench: an offer drawn twice gives way to the next one.
        other = second if second != first else (first + 1) % OFFERS
        slot = chance.randrange(POINTS * DAYS)
        requests.append(_request(world, (first, other), slot))
    return requests


def _ranks() -> range:
    return range(1, OFFERS + 1)


def _request(world: World, offers: tuple[int, int], slot: int) -> Request:
    body = msgspec.json.encode(_order(world, offers, slot)).decode()
    head, tail = body.split(_NUMBER)
    start = (
        f"POST /v1/campaigns/{world.campaign_id}/orders/create HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        f"Api-Key: {world.api_key}\r\n"
        "User-Agent: entrepot-bench\r\n"
        "Accept: application/json\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body.encode())}\r\n\r\n"
    )
    return Request((start + head).encode(), tail.encode())


def _order(world: World, offers: tuple[int, int], slot: int) -> object:
    day = (world.first_day + timedelta(days=slot % DAYS)).isoformat()
    items = [
        {
            "offerId": str(FIRST_OFFER + offer),
            "count": 1,
            "price": {"value": kopecks / 100, "currencyId": "RUR"},
        }
        for offer, kopecks in zip(offers, PRICES_KOPECKS, strict=True)
    ]
    return {
        "order": {
            "externalOrderId": f"bench-{_NUMBER}",
            "itemsDelivery": [
                {
                    "warehouseId": world.warehouse_id,
                    "items": items,
                    "deliveryDateInterval": {"fromDate": day, "toDate": day},
                }
            ],
            "destination": {"pickupDelivery": {"logisticPointId": FIRST_POINT + slot // DAYS}},
            "customer": {"firstName": "Иван", "lastName": "Иванов", "phone": "+79990000000"},
            "packaging": {"packageType": "BRAND"},
            "paymentType": "PREPAID",
        }
    }
