"""Whatever is sent, the answer is one that the contract allows; never a fault."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.demo.seed import DemoWorld
from entrepot.operations.openapi import openapi_document
from entrepot.operations.registry import CONTRACT, OPERATIONS, load_operations
from tests.conformance.comparing import Ours
from tests.conformance.requests import ANYTHING, queries, values
from tests.support.client import Client
from tests.support.contract import Contract

load_operations()

DOCUMENT = Ours(openapi_document(CONTRACT))


def bodies(operation_id: str) -> st.SearchStrategy[object]:
    """Make bodies of an operation, or none where it takes none."""
    declared = DOCUMENT.operations[operation_id].declared.get("requestBody")
    if declared is None:
        return st.none()
    schema = declared["content"]["application/json"]["schema"]
    return values(DOCUMENT, schema) | ANYTHING


@pytest.mark.parametrize("operation_id", sorted(OPERATIONS))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_no_request_is_a_fault(
    client: Client, world: DemoWorld, contract: Contract, operation_id: str, data: st.DataObject
) -> None:
    assert operation_id in contract.operations  # the client checks each answer against it
    operation = OPERATIONS[operation_id]
    ids = {
        "campaignId": world.first.campaign_id,
        "businessId": world.first.business_id,
        "orderId": data.draw(st.integers(1, 2**63 - 1)),
        "regionId": data.draw(st.sampled_from([213, 2, 225, 1]) | st.integers(1, 2**63 - 1)),
    }
    body = data.draw(bodies(operation_id))
    answer = await client.request(
        operation.method,
        operation.path.format(**ids),
        content=None if body is None else json.dumps(body).encode(),
        query=data.draw(queries(DOCUMENT, operation_id)),
    )
    assert answer.status in {200, 400, 403, 404}, answer.json
