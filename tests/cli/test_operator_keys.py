"""`entrepot operator keys`."""

import asyncio

import pytest

from entrepot import limits
from entrepot.db.operator_keys import fetch_operator_key
from entrepot.db.transaction import open_database
from entrepot.domain.api_key import parse_operator_token
from entrepot.domain.operators import OperatorKey, Role
from tests.cli.conftest import Entrepot
from tests.races.world import MOSCOW_WAREHOUSE


def stored_key(url: str, token: str) -> OperatorKey | None:
    hashed = parse_operator_token(token)
    assert isinstance(hashed, bytes)

    async def read() -> OperatorKey | None:
        database = await open_database(url, connections_max=1)
        try:
            return await database.read(lambda one: fetch_operator_key(one, hashed))
        finally:
            await database.close()

    return asyncio.run(read())


def test_a_key_works_until_it_is_revoked(entrepot: Entrepot, url: str) -> None:
    warehouse = MOSCOW_WAREHOUSE
    made = entrepot(
        *("operator", "keys", "create", "Зоя, смена 2", "--role", "WAREHOUSE"),
        *("--warehouse", warehouse, "--days", 30, "--json"),
    )
    assert made.code == 0
    assert made.err == "Keep the token now: it cannot be shown again.\n"
    token = made.json["token"]
    assert (made.json["role"], made.json["warehouseIds"]) == ("WAREHOUSE", [warehouse])
    found = stored_key(url, token)
    assert found is not None
    assert not found.revoked
    assert (found.role, found.warehouse_ids) == (Role.WAREHOUSE, {warehouse})
    listed = entrepot("operator", "keys", "list")
    assert token not in listed.out
    assert "in force" in listed.out
    said = entrepot("operator", "keys", "revoke", made.json["id"])
    assert "within 5 seconds" in said.out
    found = stored_key(url, token)
    assert found is not None
    assert found.revoked
    (shown,) = entrepot("operator", "keys", "list", "--json").json
    assert shown["state"] == "revoked"
    again = entrepot("operator", "keys", "revoke", made.json["id"], "--json")
    assert again.json == {"id": made.json["id"], "state": "revoked"}


def test_a_key_is_bound_as_its_role_allows(entrepot: Entrepot) -> None:
    create = ("operator", "keys", "create", "k", "--json")
    assert entrepot(*create).code == 2
    assert entrepot(*create, "--role", "KING").code == 2
    assert entrepot(*create, "--role", "ADMIN", "--warehouse", MOSCOW_WAREHOUSE).code == 2
    assert entrepot(*create, "--role", "SUPPORT", "--carrier", "OWN").code == 2
    assert entrepot(*create, "--role", "CARRIER", "--carrier", "NOBODY").code == 2
    assert entrepot(*create, "--role", "CARRIER").json["carrier"] == "OWN"
    said = entrepot(*create, "--role", "WAREHOUSE", "--warehouse", 404)
    assert (said.code, said.err) == (1, "Error: The network has no warehouse 404.\n")
    assert entrepot(*create, "--role", "WAREHOUSE").json["warehouseIds"] is None


def test_an_unknown_key_cannot_be_revoked(entrepot: Entrepot) -> None:
    said = entrepot("operator", "keys", "revoke", 404)
    assert (said.code, said.err) == (1, "Error: There is no operator key 404.\n")


def test_there_is_a_bound_on_keys(entrepot: Entrepot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIVE_OPERATOR_KEYS_MAX", 1)
    create = ("operator", "keys", "create", "k", "--role", "ADMIN")
    assert entrepot(*create).code == 0
    said = entrepot(*create)
    assert said.code == 1
    assert said.err.startswith("Error: Not created: there are at most")
