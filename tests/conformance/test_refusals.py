"""Refusals that no other test gets over HTTP: each by the request of one who errs in one thing."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from entrepot.contract import errors
from entrepot.contract.errors import Template
from entrepot.db.connection import Connection
from entrepot.db.network import read_network
from entrepot.db.network_editions import replace_network
from entrepot.demo.seed import DemoWorld
from entrepot.domain.delivery.goods import ItemLimits, ParcelLimits
from entrepot.domain.network import NetworkDescription
from entrepot.operations.call import Platform
from entrepot.settings import Settings
from tests.http.shopping import (
    Json,
    Shop,
    courier_options,
    parcels,
    pickup_options,
    to_address,
    to_point,
)
from tests.http.test_order_changes import Merchant
from tests.support.client import Answer, Client, new_session
from tests.support.evidence import ROOT, Fits, Told, read_evidence, templates
from tests.support.serving import Service, serve_here

ADDRESS = "г. Москва, ул. Малая Тайная, д. 7"
TINY = ItemLimits(weight_g=1, length_mm=1, width_mm=1, height_mm=1, sides_sum_mm=3)
LIGHT = ParcelLimits(weight_g=1)
CHEAP = ParcelLimits(value_kopecks=1)
PRICE = {"value": 100, "currencyId": "RUR"}


class Buyer:
    """Orders one piece, by courier or at a point, as it was offered when it looked."""

    def __init__(self, client: Client, world: DemoWorld) -> None:
        self._shop = Shop(client, world.first)
        self.offer_id = world.first.offer_ids[0]
        self.point_id = world.first.logistic_point_ids[0]

    async def order(self, *, by_courier: bool = False) -> Json:
        """Write an order that can be placed."""
        if by_courier:
            (parcel, *_) = parcels(await self._shop.quote(address=ADDRESS))
            option = courier_options(parcel)[0]
        else:
            (parcel, *_) = parcels(await self._shop.quote(points=[self.point_id]))
            option = pickup_options(parcel)[self.point_id][0]
        times = {name: option[name] for name in ("deliveryTimeInterval",) if name in option}
        entry = {
            "warehouseId": parcel["warehouseId"],
            "items": [{"offerId": self.offer_id, "count": 1, "price": PRICE}],
            "deliveryDateInterval": option["deliveryDateInterval"],
            **times,
        }
        return {
            "externalOrderId": "refusals-1",
            "itemsDelivery": [entry],
            "destination": to_address(ADDRESS) if by_courier else to_point(self.point_id),
            "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
            "packaging": {},
            "paymentType": "PREPAID",
        }

    async def place(self, order: Json, **headers: str) -> Answer:
        """Place an order."""
        return await self._shop.client.call(
            "createOrder",
            {"order": order},
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            campaignId=self._shop.business.campaign_id,
        )

    async def set_status(self, order_id: int, status: str, substatus: str | None = None) -> Answer:
        """Ask for a status."""
        wanted = {"status": status} | ({} if substatus is None else {"substatus": substatus})
        return await self._shop.client.call(
            "updateOrderStatus",
            {"order": wanted},
            campaignId=self._shop.business.campaign_id,
            orderId=order_id,
        )


@pytest.fixture
def buyer(client: Client, world: DemoWorld) -> Buyer:
    return Buyer(client, world)


def refused(answer: Answer, template: Template) -> None:
    """Check that an answer was made from a template."""
    assert Fits(template)(Told(answer.status, *answer.error)), answer.json


Spoil = Callable[[Json], Any]


def entry(order: Json) -> Json:
    found: Json = order["itemsDelivery"][0]
    return found


@pytest.mark.parametrize(
    ("template", "spoil", "by_courier"),
    [
        (
            errors.WRONG_CURRENCY,
            lambda order: entry(order)["items"][0].update(price=PRICE | {"currencyId": "USD"}),
            False,
        ),
        (
            errors.PRICE_TOO_FINE,
            lambda order: entry(order)["items"][0].update(price=PRICE | {"value": 0.001}),
            False,
        ),
        (
            errors.DUPLICATE_WAREHOUSE,
            lambda order: order["itemsDelivery"].append(entry(order)),
            False,
        ),
        (
            errors.TIME_INTERVAL_REQUIRED,
            lambda order: entry(order).pop("deliveryTimeInterval"),
            True,
        ),
    ],
    ids=["currency", "kopecks", "warehouse-twice", "no-interval"],
)
async def test_an_order_that_errs_in_one_thing(
    buyer: Buyer, template: Template, spoil: Spoil, by_courier: bool
) -> None:
    order = await buyer.order(by_courier=by_courier)
    spoil(order)
    refused(await buyer.place(order), template)


async def test_a_retry_key_is_for_one_request(buyer: Buyer) -> None:
    order = await buyer.order()
    assert (await buyer.place(order, Idempotency_Key="one")).status == 200
    assert (await buyer.place(order, Idempotency_Key="one")).status == 200
    other = order | {"externalOrderId": "refusals-2"}
    refused(await buyer.place(other, Idempotency_Key="one"), errors.IDEMPOTENCY_KEY_REUSED)


async def test_a_retry_key_is_plain_and_short(buyer: Buyer) -> None:
    order = await buyer.order()
    refused(await buyer.place(order, Idempotency_Key="x" * 300), errors.IDEMPOTENCY_KEY_MALFORMED)


async def test_a_status_that_no_shop_may_ask_for(buyer: Buyer) -> None:
    placed = await buyer.place(await buyer.order() | {"draft": True})
    (created,) = placed.json["result"]["orders"]
    refused(await buyer.set_status(created["id"], "PLACING"), errors.STATUS_NOT_ALLOWED)


async def test_a_status_that_is_not_the_shops_to_give(buyer: Buyer) -> None:
    placed = await buyer.place(await buyer.order())
    (created,) = placed.json["result"]["orders"]
    answer = await buyer.set_status(created["id"], "PROCESSING", "READY_TO_SHIP")
    refused(answer, errors.TRANSITION_NOT_ALLOWED)


async def test_a_cancellation_for_a_reason_that_is_not_the_shops(buyer: Buyer) -> None:
    placed = await buyer.place(await buyer.order())
    (created,) = placed.json["result"]["orders"]
    answer = await buyer.set_status(created["id"], "CANCELLED", "PICKUP_EXPIRED")
    refused(answer, errors.CANCELLATION_SUBSTATUS)


async def test_an_interval_that_may_not_be_changed_again(
    settings: Settings, database_url: str, world: DemoWorld
) -> None:
    strict = msgspec.structs.replace(settings, interval_changes_max=0)
    async with serve_here(strict, database_url) as service, new_session() as session:
        client = Client(session, service.base_url, world.first.api_key, None)
        merchant = Merchant(client, world, service)
        order_id, options = await merchant.by_courier()
        named = ("deliveryDateInterval", "deliveryTimeInterval")
        wanted = {name: options[1][name] for name in named}
        answer = await merchant.update(order_id, deliveryInterval=wanted)
    refused(answer, errors.INTERVAL_CHANGES_SPENT)


async def test_a_status_that_cannot_follow(buyer: Buyer, service: Service) -> None:
    placed = await buyer.place(await buyer.order() | {"draft": True})
    (created,) = placed.json["result"]["orders"]
    await service.advance_clock(3600)
    confirmed = await buyer.set_status(created["id"], "PROCESSING", "STARTED")
    refused(confirmed, errors.NO_TRANSITION)


def changed(network: NetworkDescription, **fields: Any) -> NetworkDescription:
    """Change every point, zone or warehouse: `points={"limits": ...}`."""
    return msgspec.structs.replace(
        network,
        **{
            kind: tuple(msgspec.structs.replace(one, **changes) for one in getattr(network, kind))
            for kind, changes in fields.items()
        },
    )


@pytest.mark.parametrize(
    ("template", "fields", "by_courier"),
    [
        (errors.TOO_LARGE_FOR_POINT, {"points": {"limits": TINY}}, False),
        (errors.TOO_LARGE_FOR_COURIER, {"zones": {"limits": TINY}}, True),
        (errors.PARCEL_TOO_LARGE_FOR_POINT, {"points": {"parcel_limits": LIGHT}}, False),
        (errors.PARCEL_TOO_LARGE_FOR_COURIER, {"zones": {"parcel_limits": LIGHT}}, True),
        (errors.PARCEL_TOO_VALUABLE_FOR_POINT, {"points": {"parcel_limits": CHEAP}}, False),
        (errors.PARCEL_TOO_VALUABLE_FOR_COURIER, {"zones": {"parcel_limits": CHEAP}}, True),
        (errors.KIND_NOT_SENT, {"warehouses": {"goods_kinds": frozenset({"ICE"})}}, False),
    ],
    ids=[
        "item-point", "item-courier", "parcel-point", "parcel-courier", "value-point",
        "value-courier", "kind",
    ],
)  # fmt: skip
async def test_an_order_that_the_network_does_not_carry_any_more(
    buyer: Buyer,
    platform: Platform,
    template: Template,
    fields: dict[str, Any],
    by_courier: bool,
) -> None:
    """What was offered when the buyer looked is not possible when the order comes."""
    order = await buyer.order(by_courier=by_courier)
    await load(platform, lambda network: changed(network, **fields))
    refused(await buyer.place(order), template)


async def test_a_courier_who_does_not_come_there_any_more(buyer: Buyer, platform: Platform) -> None:
    order = await buyer.order(by_courier=True)
    await load(platform, lambda network: msgspec.structs.replace(network, zones=()))
    refused(await buyer.place(order), errors.NO_COURIER_TO_ADDRESS)


async def load(
    platform: Platform, change: Callable[[NetworkDescription], NetworkDescription]
) -> None:
    """Put a changed network in the place of the one in force."""

    async def work(connection: Connection) -> None:
        stored = await read_network(connection)
        await replace_network(connection, change(stored.described))

    await platform.database.transaction(work)


def test_every_message_is_produced_by_some_test() -> None:
    """A new message wants a test, and `python -m tests.support.evidence` to note which."""
    assert templates().keys() - read_evidence().keys() == set()


def test_every_test_that_is_named_is_there() -> None:
    for test in read_evidence().values():
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(), test


def test_what_is_claimed_is_still_a_message() -> None:
    assert read_evidence().keys() - templates().keys() == set()
