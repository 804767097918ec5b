"""No operation tells or changes anything of another business, nor without the scope.

Derived from the registry: an operation added later is called too, with every id that its path,
query and body can carry. What is another's looks like what does not exist.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any, NamedTuple

import asyncpg
import pytest
from msgspec import inspect as shapes

from entrepot.contract.enums import OperationKind
from entrepot.contract.scopes import Scope
from entrepot.db.accounts import IssuedKey, create_key
from entrepot.db.connection import Connection
from entrepot.demo.seed import DemoBusiness, DemoWorld
from entrepot.operations.registry import CONTRACT, OPERATOR, SANDBOX, Operation, load_operations
from entrepot.settings import Settings
from tests.isolation.samples import Ids, completed, kind_of, kinds_in, sample
from tests.support.background import BackgroundLoop
from tests.support.client import Answer, Client, new_session
from tests.support.contract import Contract
from tests.support.orders import OrderBook
from tests.support.serving import Service, serve_here

load_operations()

OPERATIONS = {one.id: one for api in (CONTRACT, SANDBOX) for one in api.operations.values()}
"""All that the key of a business opens."""

UNKNOWN: Ids = {
    "order": 4_000_000_777,
    "external order": "no-such-order",
    "campaign": 987_654,
    "business": 987_654,
    "offer": "NO-SUCH-OFFER",
    "operation": "00000000-0000-0000-0000-00000000dead",
    "return": 987_654,
    "subscription": 987_654,
}
_INSERT_OPERATION = """
    INSERT INTO operation (business_id, id, kind, status, order_id, created_at, finished_at)
    VALUES ($1, $2, $5, 'DONE', $3, $4, $4)
"""
_INSERT_RETURN = """
    INSERT INTO order_return
      (business_id, order_id, campaign_id, kind, shipment_status, created_at, updated_at)
    VALUES ($1, $2, $3, 'RETURN', 'CREATED', $4, $4) RETURNING id
"""


class Shop(NamedTuple):
    """A business of the demo world, and an id of each kind of what is its own."""

    business: DemoBusiness
    ids: Ids


class Isolated(NamedTuple):
    """A service with two businesses, and a key of the first for each scope."""

    url: str
    service: Service
    ours: Shop
    theirs: Shop
    keys: dict[Scope, str]


async def _fill(service: Service, business: DemoBusiness) -> Shop:
    book = OrderBook(service.platform.database, business.business_id, business.campaign_id)
    moment = datetime.now(UTC)
    order = await book.order(moment, external_order_id=f"theirs-{business.business_id}")
    draft = await book.draft(moment)
    operation_id = f"00000000-0000-0000-0000-{business.business_id:012d}"

    async def work(connection: Connection) -> int:
        await connection.execute(
            _INSERT_OPERATION,
            business.business_id,
            operation_id,
            order.id,
            moment,
            next(iter(OperationKind)),
        )
        return_id: int = await connection.fetchval(
            _INSERT_RETURN, business.business_id, order.id, business.campaign_id, moment
        )
        return return_id

    return_id = await service.platform.database.transaction(work)
    ids: Ids = {
        "order": order.id,
        "draft": draft.id,
        "external order": order.external_order_id,
        "campaign": business.campaign_id,
        "business": business.business_id,
        "offer": business.offer_ids[0],
        "operation": operation_id,
        "return": return_id,
        "subscription": UNKNOWN["subscription"],
    }
    return Shop(business, ids)


async def _keys(service: Service, business: DemoBusiness) -> dict[Scope, str]:
    keys = {}
    for scope in Scope:

        async def work(connection: Connection, scope: Scope = scope) -> IssuedKey | object:
            return await create_key(connection, business.business_id, scope, [scope])

        issued = await service.platform.database.transaction(work)
        assert isinstance(issued, IssuedKey)
        keys[scope] = issued.token
    return keys


@pytest.fixture(scope="module")
def isolated(
    databases: Any, world: DemoWorld, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Isolated]:
    """One for all tests: no call of theirs may change anything."""
    url = databases.create()
    settings = Settings(
        sandbox=True, limits_enabled=False, data_dir=tmp_path_factory.mktemp("isolated")
    )
    loop = BackgroundLoop()
    service = loop.enter(serve_here(settings, url))

    async def fill() -> Isolated:
        ours = await _fill(service, world.first)
        theirs = await _fill(service, world.second)
        return Isolated(url, service, ours, theirs, await _keys(service, world.first))

    yield loop.run(fill())
    loop.close()
    databases.drop(url)


@pytest.fixture
async def caller(isolated: Isolated, known_contract: Contract | None) -> AsyncIterator[Client]:
    """The first business, with a key that may do everything."""
    async with new_session() as session:
        key = isolated.keys[Scope.ALL_METHODS]
        yield Client(session, isolated.service.base_url, key, known_contract)


async def call(
    client: Client,
    operation: Operation,
    path_ids: Ids,
    body_ids: Ids,
    business: DemoBusiness | None = None,
) -> Answer:
    """Call an operation with whatever ids its path, its query and its body can carry."""
    path = {
        name: path_ids.get(kind_of(name, operation.area) or "", 1)
        for name in operation.path_parameters
    }
    body = query = None
    if operation.body is not None:
        body = sample(shapes.type_info(operation.body.type), operation.area, body_ids)
        if business is not None:
            body = completed(operation.id, body, business)
    if operation.query is not None:
        query = sample(shapes.type_info(operation.query), operation.area, body_ids)
    return await client.call(operation.id, body, query=query, **path)


def carried(operation: Operation) -> set[str]:
    """Tell which kinds of ids a query or a body can carry."""
    declared = [operation.query, operation.body and operation.body.type]
    shown = (shapes.type_info(one) for one in declared if one is not None)
    return {kind for shape in shown for kind in kinds_in(shape, operation.area)}


def names_a_tenant(operation: Operation) -> bool:
    return bool(operation.path_parameters.keys() & {"campaignId", "businessId"})


def names_what_is_owned(operation: Operation) -> bool:
    named = {kind_of(name, operation.area) for name in operation.path_parameters}
    return bool(carried(operation) | named - {None, "campaign", "business"})


def each(operations: Iterable[Operation]) -> pytest.MarkDecorator:
    """Run a test for each of these operations."""
    chosen = sorted(operations, key=lambda one: one.id)
    assert chosen
    return pytest.mark.parametrize("operation", chosen, ids=lambda one: one.id)


def seen(answer: Answer, *worlds: Ids) -> tuple[int, str]:
    """Give what an answer says, ids that it only repeats taken out."""
    text = answer.content.decode()
    for ids in worlds:
        for value in sorted(map(str, ids.values()), key=len, reverse=True):
            text = text.replace(value, "ID")
    return answer.status, text


async def theirs_now(isolated: Isolated) -> dict[str, str | None]:
    """Sum up every row of the other business."""
    connection = await asyncpg.connect(isolated.url)  # type: ignore[no-untyped-call]
    try:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'business_id'"
        )
        return {
            name: await connection.fetchval(
                f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} t"  # noqa: S608
                " WHERE business_id = $1",
                isolated.theirs.business.business_id,
            )
            for (name,) in tables
        }
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("operation_id", "shown"),
    [
        ("getOrder", "order"),
        ("getOrders", "order"),
        ("getBusinessOrders", "order"),
        ("getOperations", "operation"),
        ("getStocks", "offer"),
        ("getCampaign", "campaign"),
    ],
)
async def test_the_ids_are_good_ones(
    caller: Client, isolated: Isolated, world: DemoWorld, operation_id: str, shown: str
) -> None:
    """So that what follows says something: their owner reaches them by just these calls."""
    ids = isolated.theirs.ids
    owner = caller.with_key(world.second.api_key)
    answer = await call(owner, OPERATIONS[operation_id], ids, ids)
    assert answer.status == 200
    assert str(ids[shown]) in answer.content.decode()


@each(filter(names_a_tenant, OPERATIONS.values()))
async def test_the_path_of_another_business_leads_nowhere(
    caller: Client, isolated: Isolated, operation: Operation
) -> None:
    before = await theirs_now(isolated)
    theirs = isolated.theirs.ids
    foreign = await call(caller, operation, theirs, theirs)
    unknown = await call(caller, operation, UNKNOWN, UNKNOWN)
    assert foreign.status == 403
    assert foreign.message.startswith("No access to campaigns: ")
    assert seen(foreign, theirs) == seen(unknown, UNKNOWN)
    assert await theirs_now(isolated) == before


@each(filter(names_what_is_owned, OPERATIONS.values()))
async def test_ids_of_another_business_are_like_those_that_do_not_exist(
    caller: Client, isolated: Isolated, operation: Operation
) -> None:
    """In the path below the campaign, in the query and in the body."""
    before = await theirs_now(isolated)
    ours, theirs = isolated.ours.ids, isolated.theirs.ids
    own = {"campaign": ours["campaign"], "business": ours["business"]}
    shop = isolated.ours.business
    for order, named_own in product(("order", "draft"), ({}, own)):
        theirs_named = {**theirs, "order": theirs[order]}
        foreign = await call(
            caller, operation, {**theirs_named, **own}, {**theirs_named, **named_own}, shop
        )
        unknown = await call(caller, operation, {**UNKNOWN, **own}, {**UNKNOWN, **named_own}, shop)
        assert seen(foreign, theirs, own) == seen(unknown, UNKNOWN, own)
    assert await theirs_now(isolated) == before


@each(OPERATIONS.values())
async def test_every_scope_that_does_not_do_is_refused(
    caller: Client, isolated: Isolated, operation: Operation
) -> None:
    ours = isolated.ours.ids
    would_do = ", ".join(scope for scope in Scope if scope in operation.scopes)
    for scope, key in isolated.keys.items():
        if scope in operation.scopes:
            continue
        answer = await call(caller.with_key(key), operation, ours, ours)
        assert answer.error == (
            "FORBIDDEN",
            f"Token does not have any of the scopes to access the API method: {would_do}",
        ), scope


@each(CONTRACT.operations.values())  # a sandbox's act on whatever they are sent
async def test_every_scope_that_does_opens_the_operation(
    caller: Client, isolated: Isolated, operation: Operation
) -> None:
    ours = isolated.ours.ids
    path = {
        name: ours[kind_of(name, operation.area) or ""]
        for name in operation.path_parameters
        if kind_of(name, operation.area) in ours
    }
    path = {name: path.get(name, 213) for name in operation.path_parameters}
    for scope in operation.scopes:
        answer = await caller.with_key(isolated.keys[scope]).call(operation.id, {}, **path)
        assert answer.status in {200, 400, 404}, (scope, answer.content)


def test_every_id_in_a_path_is_somebodys_on_purpose() -> None:
    """So that the id of something new is called with another's, too."""
    shared = {"regionId", "reportId", "categoryId"}
    for one in OPERATIONS.values():
        for name in one.path_parameters.keys() - shared:
            assert kind_of(name, one.area) in UNKNOWN, f"{one.id}: {name}"


async def test_keys_of_one_kind_open_nothing_of_the_other(
    caller: Client, isolated: Isolated, world: DemoWorld
) -> None:
    ours = isolated.ours.ids
    for one in OPERATOR.operations.values():
        path = dict.fromkeys(one.path_parameters, 1)
        answer = await caller.call(one.id, **path)
        assert answer.status == 401, one.id
    for one in OPERATIONS.values():
        for key in world.operator_keys.values():
            answer = await call(caller.with_key(key), one, ours, ours)
            assert answer.status == 401, one.id


async def test_every_role_that_does_not_do_is_refused(caller: Client, world: DemoWorld) -> None:
    for one in OPERATOR.operations.values():
        path = dict.fromkeys(one.path_parameters, 1)
        for role, key in world.operator_keys.items():
            if role not in one.roles:
                answer = await caller.with_key(key).call(one.id, **path)
                assert answer.status == 403, (one.id, role)
