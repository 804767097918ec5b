"""What shops ask `getDeliveryOptions` in a bench: two kinds of questions, drawn from a network."""

import random
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from entrepot.bench.shape import Request
from entrepot.contract.enums import RegionType
from entrepot.domain.destination import Place, ToAddress, find_place
from entrepot.domain.network import Network

POINTS_ASKED = 20
ITEMS_ASKED = 20
ITEMS_BY_COURIER = 3

_DRAWN = 2_000
_PIECES_MAX = 3
_SEED = 20_260_601


class Question(StrEnum):
    """What is asked. No item names a warehouse: the platform chooses among all."""

    PICKUP = "pickup"
    """Twenty items to twenty points, the most that the contract allows."""
    COURIER = "courier"
    """Three items to an address."""


class Shop(msgspec.Struct, frozen=True):
    """Who asks, and the offers that are asked about."""

    campaign_id: int
    api_key: str
    offer_ids: tuple[str, ...]


def prepared_questions(
    network: Network, shop: Shop, question: Question, point_ids: Sequence[int]
) -> tuple[Request, ...]:
    """Draw questions and write each as the bytes to send; the same ones each time."""
    chance = random.Random(_SEED)  # noqa: S311 - reproducible, not secret
    addresses = () if question is Question.PICKUP else _addresses(network)
    requests = []
    for _ in range(_DRAWN):
        if question is Question.PICKUP:
            points = chance.sample(point_ids, POINTS_ASKED)
            where: dict[str, object] = {"pickupDelivery": {"logisticPointsIds": points}}
            items = _items(shop, chance, ITEMS_ASKED)
        else:
            line = f"{chance.choice(addresses)}, ул. Ленина, д. {chance.randint(1, 99)}"
            where = {"courierDelivery": {"fullAddress": line}}
            items = _items(shop, chance, ITEMS_BY_COURIER)
        requests.append(_request(shop, {"items": items, **where}))
    return tuple(requests)


def _items(shop: Shop, chance: random.Random, count: int) -> list[dict[str, object]]:
    return [
        {"offerId": offer_id, "count": chance.randint(1, _PIECES_MAX)}
        for offer_id in chance.sample(shop.offer_ids, count)
    ]


def _addresses(network: Network) -> tuple[str, ...]:
    """Write the towns to which couriers go."""
    lines = []
    for region_id in network.zone_by_region:
        region = network.regions.by_id[region_id]
        if region.type is not RegionType.CITY:
            continue
        above = network.regions.chain(region_id)[1]
        line = f"{above.name}, г. {region.name}"
        if isinstance(find_place(network, ToAddress(line)), Place):
            lines.append(line)
    return tuple(lines)


def _request(shop: Shop, body: dict[str, object]) -> Request:
    written = msgspec.json.encode(body)
    head = (
        f"POST /v1/campaigns/{shop.campaign_id}/delivery-options HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        f"Api-Key: {shop.api_key}\r\n"
        "User-Agent: entrepot-bench\r\n"
        "Accept: application/json\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(written)}\r\n"
        "X-Request-Id: "
    )
    return Request(head.encode(), b"\r\n\r\n" + written)
