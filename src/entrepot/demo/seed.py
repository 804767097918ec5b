"""Making the demo world: complete in a second, found again at the next start.

Everything is written in one transaction. The keys' tokens cannot be read from the database, so
they also lie in a file in the data folder that only its owner may read; a key whose token was
lost is replaced and revoked.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import msgspec

from entrepot.contract.scopes import Scope
from entrepot.db.accounts import (
    IssuedKey,
    create_business,
    create_campaign,
    create_key,
    list_businesses,
    list_campaigns,
    list_keys,
    revoke_key,
)
from entrepot.db.accounts_read import fetch_key
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.network import read_network
from entrepot.db.network_editions import hold_network, replace_network
from entrepot.db.offers import load_offers
from entrepot.db.start_refused import StartRefused
from entrepot.db.stock_corrections import Label, correct_stock
from entrepot.db.transaction import open_database
from entrepot.demo.goods import SMALL_OFFERS, household_offers, sports_offers, stock_of
from entrepot.demo.network import WAREHOUSE_IDS, demo_network, easy_point_ids
from entrepot.demo.operator_keys import OPERATOR_KEYS_FILE, seed_operator_keys
from entrepot.demo.regions import MOSCOW, SAINT_PETERSBURG
from entrepot.domain.accounts import Business
from entrepot.domain.api_key import Token, parse_token
from entrepot.domain.network import NetworkDescription
from entrepot.domain.network_build import build_network
from entrepot.domain.offers import Offer
from entrepot.domain.stock import StockKey
from entrepot.domain.stock_corrections import Correction, Pile, SetTo

KEYS_FILE = "demo-keys.json"
API_KEY, READ_ONLY_KEY = "all-methods", "read-only"

# Names of the demo's keys, and what each may do.
_KEYS: dict[str, tuple[Scope, ...]] = {
    API_KEY: (Scope.ALL_METHODS,),
    READ_ONLY_KEY: (Scope.ALL_METHODS_READ_ONLY,),
    "orders": (Scope.ORDERS,),
    "orders-read-only": (Scope.ORDERS_READ_ONLY,),
    "pricing": (Scope.PRICING,),
    "offers": (Scope.OFFERS,),
    "finance": (Scope.FINANCE,),
    "communication": (Scope.COMMUNICATION,),
}
_KEY_NAME_PREFIX = "demo: "


class DemoBusiness(msgspec.Struct, frozen=True):
    """One business of the demo world, with what a first order needs.

    The offers lie in every warehouse in thousands and fit every point; the points are open
    daily and take any number of parcels, those near the first warehouse come first.
    `keys` holds every key by its name, `api_key` and `read_only_key` among them.
    """

    business_id: int
    campaign_id: int
    api_key: str
    read_only_key: str
    keys: dict[str, str]
    warehouse_ids: tuple[int, ...]
    offer_ids: tuple[str, ...]
    logistic_point_ids: tuple[int, ...]


class DemoWorld(msgspec.Struct, frozen=True):
    """The two businesses of the demo world; they share warehouses and points.

    `operator_keys` are those of the operator's people, by role.
    """

    first: DemoBusiness
    second: DemoBusiness
    operator_keys: dict[str, str]


class _Plan(msgspec.Struct, frozen=True):
    """What a demo business is made of."""

    name: str
    campaign: str
    region_id: int
    offers: Callable[[], tuple[Offer, ...]]


class _Made(msgspec.Struct, frozen=True):
    """A demo business as it lies in the database."""

    business_id: int
    campaign_id: int


_FIRST = _Plan("Demo: Домашний уют", "Домашний уют", MOSCOW, household_offers)
_SECOND = _Plan("Demo: Спортмастерская", "Спортмастерская", SAINT_PETERSBURG, sports_offers)

_Keys = dict[int, dict[str, str]]  # by business, by name: the tokens in the file
_OperatorKeys = dict[str, str]  # by role: those in the other file
_Read = TypeVar("_Read", _Keys, _OperatorKeys)


async def seed_demo(database_url: str, data_dir: Path) -> DemoWorld:
    """Make the demo world in a migrated database, or find the one made before.

    Raises:
        StartRefused: the database has a network of its own, which the demo would replace.
    """
    described = demo_network()
    build_network(0, described)  # a fault of ours is told before anything is written
    known = _read_keys(data_dir / KEYS_FILE, _Keys) or {}
    operators = _read_keys(data_dir / OPERATOR_KEYS_FILE, _OperatorKeys) or {}
    database = await open_database(database_url, connections_max=1)

    async def work(connection: Connection) -> tuple[list[_Made], _Keys, _OperatorKeys]:
        made, keys = await _seed(connection, described, known)
        return (
            made,
            keys,
            await seed_operator_keys(connection, operators, warehouse_id=WAREHOUSE_IDS[0]),
        )

    try:
        made, keys, operator_keys = await database.transaction(work)
    finally:
        await database.close()
    if keys != known:
        _write_keys(data_dir / KEYS_FILE, keys)
    if operator_keys != operators:
        _write_keys(data_dir / OPERATOR_KEYS_FILE, operator_keys)
    points = easy_point_ids(described)
    first, second = (
        DemoBusiness(
            business_id=business.business_id,
            campaign_id=business.campaign_id,
            api_key=keys[business.business_id][API_KEY],
            read_only_key=keys[business.business_id][READ_ONLY_KEY],
            keys=keys[business.business_id],
            warehouse_ids=WAREHOUSE_IDS,
            offer_ids=tuple(offer.offer_id for offer in plan.offers()[:SMALL_OFFERS]),
            logistic_point_ids=points,
        )
        for plan, business in zip((_FIRST, _SECOND), made, strict=True)
    )
    return DemoWorld(first, second, operator_keys)


async def seed_network(database_url: str) -> NetworkDescription:
    """Put the demo world's network into a migrated database, without its businesses.

    Raises:
        StartRefused: the database has a network of its own.
    """
    described = demo_network()
    database = await open_database(database_url, connections_max=1)

    async def work(connection: Connection) -> None:
        await hold_network(connection)
        await _seed_network(connection, described)

    try:
        await database.transaction(work)
    finally:
        await database.close()
    return described


async def _seed(
    connection: Connection, described: NetworkDescription, known: _Keys
) -> tuple[list[_Made], _Keys]:
    await hold_network(connection)  # who seeds at the same moment waits here
    await _seed_network(connection, described)
    existing = {business.name: business for business in reversed(await list_businesses(connection))}
    made: list[_Made] = []
    keys: _Keys = {}
    for plan in (_FIRST, _SECOND):
        business = await _seed_business(connection, plan, existing.get(plan.name))
        made.append(business)
        keys[business.business_id] = await _seed_keys(
            connection, business.business_id, known.get(business.business_id, {})
        )
    return made, keys


async def _seed_network(connection: Connection, described: NetworkDescription) -> None:
    stored = (await read_network(connection)).described
    if stored == NetworkDescription():
        await replace_network(connection, described)
        return
    present = {warehouse.id for warehouse in stored.warehouses}
    if not present.issuperset(WAREHOUSE_IDS):
        raise StartRefused(
            "The database already has a delivery network of its own, "
            "which the demo world would replace: use another database for the demo."
        )


async def _seed_business(connection: Connection, plan: _Plan, existing: Business | None) -> _Made:
    if existing is not None:
        page = await list_campaigns(connection, existing.id, limit=1)
        return _Made(existing.id, page.campaigns[0].id)
    business = await create_business(connection, plan.name)
    campaign = await create_campaign(
        connection, business.id, plan.campaign, region_id=plan.region_id
    )
    assert campaign is not None
    offers = plan.offers()
    await load_offers(connection, business.id, offers)
    corrections = [
        Correction(StockKey(business.id, row.warehouse_id, row.offer_id), pile, SetTo(pieces))
        for row in stock_of(offers)
        for pile, pieces in (
            (Pile.FIT, row.fit),
            (Pile.DEFECT, row.defect),
            (Pile.QUARANTINE, row.quarantine),
        )
        if pieces or pile is Pile.FIT
    ]
    outcome = await correct_stock(
        connection,
        Clock(movable=True),
        business.id,
        corrections,
        label=Label("DEMO", uuid4()),
        repeated=False,
    )
    assert not outcome.objections
    return _Made(business.id, campaign.id)


async def _seed_keys(
    connection: Connection, business_id: int, known: dict[str, str]
) -> dict[str, str]:
    """Keep the keys whose tokens are known and in force; replace and revoke the others."""
    kept: dict[str, str] = {}
    kept_ids: set[int] = set()
    for name in _KEYS.keys() & known.keys():
        token = parse_token(known[name])
        if not isinstance(token, Token) or token.business_id != business_id:
            continue
        key = await fetch_key(connection, business_id, token.hash)
        if key is not None and not key.revoked:
            kept[name] = known[name]
            kept_ids.add(key.id)
    for listed in await list_keys(connection, business_id):
        ours = listed.key.name.startswith(_KEY_NAME_PREFIX)
        if ours and not listed.key.revoked and listed.key.id not in kept_ids:
            await revoke_key(connection, business_id, listed.key.id)
    for name, scopes in _KEYS.items():
        if name not in kept:
            issued = await create_key(connection, business_id, _KEY_NAME_PREFIX + name, scopes)
            assert isinstance(issued, IssuedKey)
            kept[name] = issued.token
    return {name: kept[name] for name in _KEYS}


def _read_keys(file: Path, kind: type[_Read]) -> _Read | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None  # lost or spoilt: new keys are made


def _write_keys(file: Path, keys: _Keys | _OperatorKeys) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(msgspec.json.format(msgspec.json.encode(keys), indent=2) + b"\n")
    unfinished.replace(file)
