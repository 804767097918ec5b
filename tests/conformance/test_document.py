"""Our OpenAPI document says of each operation what the contract says."""

from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.operations.openapi import openapi_document
from entrepot.operations.registry import CONTRACT, OPERATIONS, load_operations
from tests.conformance.comparing import Comparison, Ours
from tests.support.contract import Contract

load_operations()

Schema = dict[str, Any]


@pytest.fixture(scope="module")
def ours() -> Ours:
    return Ours(openapi_document(CONTRACT))


@pytest.fixture(params=sorted(OPERATIONS))
def operation_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_it_is_found_where_the_contract_has_it(
    contract: Contract, ours: Ours, operation_id: str
) -> None:
    theirs = contract.operations[operation_id]
    mine = ours.operations[operation_id]
    assert (mine.method, mine.path) == (theirs.method, theirs.path)


@pytest.mark.parametrize(
    "word", ["x-auth-scopes", "x-resource-limit-config", "deprecated", "x-deprecation-config"]
)
def test_its_scopes_limits_and_deprecation_are_the_contracts(
    contract: Contract, ours: Ours, operation_id: str, word: str
) -> None:
    theirs = contract.operations[operation_id].declared.get(word)
    mine = ours.operations[operation_id].declared.get(word)
    if word == "x-auth-scopes":
        assert set(mine or ()) == set(theirs or ())
    else:
        assert mine == theirs


def test_its_parameters_are_the_contracts(
    contract: Contract, ours: Ours, operation_id: str
) -> None:
    theirs, mine = parameters(contract, operation_id), parameters(ours, operation_id)
    assert mine.keys() == theirs.keys()
    found = []
    for name, declared in theirs.items():
        if mine[name]["required"] != declared.get("required", False):
            found.append(f"{name}: required is {declared.get('required', False)}")
        comparison = Comparison(contract, ours, answer=False)
        found += comparison.differences(name, declared["schema"], mine[name]["schema"])
    assert found == []


def test_its_body_is_the_contracts(contract: Contract, ours: Ours, operation_id: str) -> None:
    theirs = contract.operations[operation_id].declared.get("requestBody")
    mine = ours.operations[operation_id].declared.get("requestBody")
    assert (mine is None) == (theirs is None)
    if theirs is None or mine is None:
        return
    assert mine["required"] == theirs["required"]
    comparison = Comparison(contract, ours, answer=False)
    assert list(comparison.differences("body", media(theirs), media(mine))) == []


def test_its_answer_is_the_contracts(contract: Contract, ours: Ours, operation_id: str) -> None:
    theirs = contract.operations[operation_id].declared["responses"]["200"]
    mine = ours.operations[operation_id].declared["responses"]["200"]
    assert media(mine)["$ref"] == media(theirs)["$ref"]
    comparison = Comparison(contract, ours, answer=True)
    assert list(comparison.differences("answer", media(theirs), media(mine))) == []


def test_its_refusals_have_the_contracts_shape(contract: Contract, ours: Ours) -> None:
    reference = {"$ref": "#/components/schemas/ApiErrorResponse"}
    comparison = Comparison(contract, ours, answer=True)
    assert list(comparison.differences("refusal", reference, reference)) == []


def test_every_schema_that_is_named_as_in_the_contract_is_there(
    contract: Contract, ours: Ours
) -> None:
    """So that a name of our own is a choice and not a slip."""
    theirs = contract.document["components"]["schemas"]
    unknown = set(ours.document["components"]["schemas"]) - set(theirs)
    assert unknown == set()


def parameters(document: Contract, operation_id: str) -> dict[str, Schema]:
    """Give what stands in the path and in the query, by name."""

    def declared() -> Iterator[Schema]:
        for parameter in document.operations[operation_id].declared.get("parameters", ()):
            yield document.resolve(parameter)

    return {one["name"]: one for one in declared() if one["in"] in {"path", "query"}}


def media(declared: Schema) -> Schema:
    schema: Schema = declared["content"]["application/json"]["schema"]
    return schema
