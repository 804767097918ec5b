"""getOperations: how far asynchronous changes are."""

from typing import Any

import pytest

from entrepot.db.connection import Connection
from entrepot.demo.seed import DemoWorld
from entrepot.operations.call import Platform
from tests.support.client import Answer, Client

WRITE = """
    INSERT INTO operation (business_id, id, kind, status, created_at, due_at, finished_at)
    VALUES ($1, $2, $3, $4, now(), now(), CASE WHEN $4 <> 'IN_PROGRESS' THEN now() END)
"""
STATUS, RECIPIENT = "ORDER_STATUS_UPDATE", "ORDER_RECIPIENT_UPDATE"


@pytest.fixture(autouse=True)
async def _written(platform: Platform, world: DemoWorld) -> None:
    mine, other = world.first.business_id, world.second.business_id

    async def work(connection: Connection) -> None:
        for row in (
            (mine, "running", STATUS, "IN_PROGRESS"),
            (mine, "done", STATUS, "DONE"),
            (mine, "failed", STATUS, "FAILED"),
            (mine, "recipient", RECIPIENT, "DONE"),
            (other, "foreign", STATUS, "DONE"),
            (other, "done", STATUS, "FAILED"),
        ):
            await connection.execute(WRITE, *row)

    await platform.database.transaction(work)


async def ask(client: Client, world: DemoWorld, **body: Any) -> Answer:
    return await client.call("getOperations", body, businessId=world.first.business_id)


async def test_operations_of_the_type_in_the_order_asked(client: Client, world: DemoWorld) -> None:
    asked = ["failed", "recipient", "unknown", "done", "foreign", "running", "x" * 1000]
    answer = await ask(client, world, operationType=STATUS, operationIds=asked)
    assert answer.json == {
        "status": "OK",
        "result": {
            "operations": [
                {"id": "failed", "type": STATUS, "status": "FAILED"},
                {"id": "done", "type": STATUS, "status": "DONE"},
                {"id": "running", "type": STATUS, "status": "IN_PROGRESS"},
            ]
        },
    }


async def test_nothing_found_is_an_empty_list(client: Client, world: DemoWorld) -> None:
    answer = await ask(client, world, operationType="RETURN_CANCELLATION", operationIds=["done"])
    assert answer.json == {"status": "OK", "result": {"operations": []}}


async def test_same_id_twice_is_shown_once(client: Client, world: DemoWorld) -> None:
    answer = await ask(client, world, operationType=STATUS, operationIds=["done", "done"])
    assert len(answer.json["result"]["operations"]) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"operationIds": ["done"]}, "operationType must not be null (rejected value: null)"),
        ({"operationType": STATUS}, "operationIds must not be null (rejected value: null)"),
        (
            {"operationType": STATUS, "operationIds": []},
            "operationIds size must be between 1 and 100 (rejected size: 0)",
        ),
        (
            {"operationType": STATUS, "operationIds": ["x"] * 101},
            "operationIds size must be between 1 and 100 (rejected size: 101)",
        ),
        ({"operationType": STATUS, "operationIds": [""]}, "operationIds[0] "),
        ({"operationType": STATUS, "operationIds": ["x" * 1001]}, "operationIds[0] "),
        ({"operationType": "MAGIC", "operationIds": ["x"]}, "Illegal input at operationType"),
    ],
)
async def test_what_is_wrong_is_named(
    client: Client, world: DemoWorld, body: dict[str, Any], message: str
) -> None:
    answer = await ask(client, world, **body)
    assert answer.status == 400
    assert answer.message.startswith(message)


async def test_any_scope_will_do(client: Client, world: DemoWorld) -> None:
    for key in world.first.keys.values():
        caller = client.with_key(key)
        answer = await ask(caller, world, operationType=STATUS, operationIds=["done"])
        assert answer.status == 200
    foreign = await client.call(
        "getOperations",
        {"operationType": STATUS, "operationIds": ["foreign"]},
        businessId=world.second.business_id,
    )
    assert foreign.status == 403
