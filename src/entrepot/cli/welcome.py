"""What `entrepot serve` tells once the service answers: on the terminal, and in the ready file."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from entrepot.cli.first_order import possible_order
from entrepot.db.start_refused import StartRefused
from entrepot.domain.operators import Role
from entrepot.settings import Settings
from entrepot.supervisor.listening import Listeners, base_url, reachable_address

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
    """The ready file of a demo world; `other` is its second business.

    `operator_key` is the key of the operator's administrator.
    """

    operator_key: str
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
        **_fields(address, world.first),
        operator_key=world.operator_keys[Role.ADMIN],
        other=ReadyBusiness(**_fields(address, world.second)),
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
    lines += [
        "The sandbox, /sandbox/v1: let an hour pass",
        f"  curl -sS '{address}/sandbox/v1/clock/advance' -H 'Api-Key: {world.first.api_key}' \\",
        """    -H 'Content-Type: application/json' -d '{"seconds": 3600}'""",
        "The operator's side, /operator/v1",
        f"  admin key  {world.operator_keys[Role.ADMIN]}",
    ]
    order = await possible_order(reachable_address(listeners), world.first)
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


def _print(lines: list[str]) -> None:
    # Not through Rich: a line to be pasted must not be wrapped.
    sys.stdout.write("\n".join(["", *lines, ""]))
    sys.stdout.flush()
