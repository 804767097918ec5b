"""What `entrepot serve` tells once the service answers: on the terminal, and in the ready file."""

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from entrepot.db.start_refused import StartRefused
from entrepot.settings import Settings
from entrepot.supervisor.listening import Listeners, base_url, reachable_address
from entrepot.supervisor.readiness import HTTP_OK, ask

if TYPE_CHECKING:
    from entrepot.demo.seed import DemoBusiness, DemoWorld


class ReadyAddress(msgspec.Struct, frozen=True, rename="camel"):
    """The ready file of a service without a demo world."""

    base_url: str


class ReadyBusiness(ReadyAddress, frozen=True, rename="camel"):
    api_key: str
    read_only_key: str
    business_id: int
    campaign_id: int
    warehouse_ids: tuple[int, ...]
    offer_ids: tuple[str, ...]
    logistic_point_ids: tuple[int, ...]


class ReadyWorld(ReadyBusiness, frozen=True, rename="camel"):
    """The ready file of a demo world; `other` is its second business."""

    other: ReadyBusiness


@contextlib.contextmanager
def fresh_ready_file(path: Path | None) -> Iterator[None]:
    """Let the file exist only while the service answers: one of an earlier run goes first.

    Raises:
        StartRefused: the file could not be written.
    """
    if path is None:
        yield
        return
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise StartRefused(f"The ready file {path} cannot be written: is its folder there?")
    path.unlink(missing_ok=True)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


async def announce(settings: Settings, listeners: Listeners, world: "DemoWorld | None") -> None:
    """Write the ready file, then tell the terminal."""
    address = base_url(listeners)
    if settings.ready_file is not None:
        _write_whole(settings.ready_file, _ready(address, world))
    lines = [
        f"Entrepot answers at {address}",
        f"  API page   {address}/docs",
        f"  health     {address}/healthz, {address}/readyz",
        f"  data       {settings.data_dir if settings.database_url is None else 'your database'}",
    ]
    if world is None:
        lines += ["", "No order without a business and a key: entrepot business create --help"]
    else:
        lines += await _demo_lines(address, listeners, world)
    _print([*lines, "", "Stop with Ctrl-C."])


def _ready(address: str, world: "DemoWorld | None") -> ReadyAddress:
    if world is None:
        return ReadyAddress(address)
    return ReadyWorld(
        **_fields(address, world.first), other=ReadyBusiness(**_fields(address, world.second))
    )


def _fields(address: str, business: "DemoBusiness") -> dict[str, Any]:
    return {
        "base_url": address,
        "api_key": business.api_key,
        "read_only_key": business.read_only_key,
        "business_id": business.business_id,
        "campaign_id": business.campaign_id,
        "warehouse_ids": business.warehouse_ids,
        "offer_ids": business.offer_ids,
        "logistic_point_ids": business.logistic_point_ids,
    }


def _write_whole(path: Path, ready: ReadyAddress) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    # It holds keys.
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(ready), indent=2) + b"\n")
    unfinished.replace(path)


async def _demo_lines(address: str, listeners: Listeners, world: "DemoWorld") -> list[str]:
    lines = [""]
    for name, business in (("Demo", world.first), ("Other demo", world.second)):
        lines += [
            f"{name} business {business.business_id}, campaign {business.campaign_id}",
            f"  key        {business.api_key}",
            f"  read only  {business.read_only_key}",
        ]
    order = await _possible_order(listeners, world.first)
    if order is None:
        return [*lines, "", "No delivery can be offered now, so there is no order to paste."]
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    return [
        *lines,
        "",
        "A first order, ready to paste:",
        "",
        f"curl -sS '{address}{path}' \\",
        f"  -H 'Api-Key: {world.first.api_key}' -H 'Content-Type: application/json' \\",
        f"  -d '{order}'",
    ]


async def _possible_order(listeners: Listeners, business: "DemoBusiness") -> str | None:
    """A createOrder body that will be accepted: the first date really offered at a pickup point."""
    items = [{"offerId": business.offer_ids[0], "count": 1}]
    points = list(business.logistic_point_ids[:5])
    asked = {
        "items": [{**items[0], "warehouseId": business.warehouse_ids[0]}],
        "pickupDelivery": {"logisticPointsIds": points},
    }
    try:
        answer = await ask(
            reachable_address(listeners),
            "POST",
            f"/v1/campaigns/{business.campaign_id}/delivery-options",
            headers={"Api-Key": business.api_key, "Content-Type": "application/json"},
            body=msgspec.json.encode(asked),
        )
    except OSError:
        return None
    if answer.status != HTTP_OK:
        return None
    offered = msgspec.json.decode(answer.body, type=_Offered)
    for warehouse in offered.result.warehouses_delivery_options:
        for point in warehouse.delivery_options.pickup_delivery.pickup_options:
            return _order(warehouse.warehouse_id, point, items)
    return None


class _PickupDay(msgspec.Struct, rename="camel"):
    delivery_date_interval: dict[str, str]


class _PickupPoint(msgspec.Struct, rename="camel"):
    logistic_point_id: int
    options: list[_PickupDay]


class _Pickup(msgspec.Struct, rename="camel"):
    pickup_options: list[_PickupPoint] = []


class _Options(msgspec.Struct, rename="camel"):
    pickup_delivery: _Pickup = _Pickup()


class _Warehouse(msgspec.Struct, rename="camel"):
    warehouse_id: int
    delivery_options: _Options


class _Result(msgspec.Struct, rename="camel"):
    warehouses_delivery_options: list[_Warehouse]


class _Offered(msgspec.Struct):
    """What is read of an answer to getDeliveryOptions."""

    result: _Result


def _order(warehouse_id: int, point: _PickupPoint, items: list[dict[str, Any]]) -> str:
    price = {"price": {"value": 990, "currencyId": "RUR"}}
    order = {
        # Another one at every start: an external id is never free again.
        "externalOrderId": f"first-order-{secrets.token_hex(4)}",
        "itemsDelivery": [
            {
                "warehouseId": warehouse_id,
                "items": [{**item, **price} for item in items],
                "deliveryDateInterval": point.options[0].delivery_date_interval,
            }
        ],
        "destination": {"pickupDelivery": {"logisticPointId": point.logistic_point_id}},
        "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
        "packaging": {},
        "paymentType": "PREPAID",
    }
    return msgspec.json.encode({"order": order}).decode()


def _print(lines: list[str]) -> None:
    # Not through Rich: a line to be pasted must not be wrapped.
    sys.stdout.write("\n".join(["", *lines, ""]))
    sys.stdout.flush()
