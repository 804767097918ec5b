"""`entrepot business|campaign|keys`."""

import asyncio
from typing import Any

import pytest

from entrepot.db.accounts_read import fetch_key
from entrepot.db.transaction import open_database
from entrepot.domain.accounts import ApiKey
from entrepot.domain.api_key import Token, parse_token
from tests.cli.conftest import Entrepot
from tests.domain.networks import MOSCOW
from tests.races.world import Shop


def stored_key(url: str, token: str) -> ApiKey | None:
    parsed = parse_token(token)
    assert isinstance(parsed, Token)

    async def read() -> ApiKey | None:
        database = await open_database(url, connections_max=1)
        try:
            return await database.read(lambda one: fetch_key(one, parsed.business_id, parsed.hash))
        finally:
            await database.close()

    return asyncio.run(read())


def test_a_business_is_created_and_listed(entrepot: Entrepot) -> None:
    made = entrepot("business", "create", "Лавка [1]", "--subscription", "MEDIUM", "--json")
    assert made.code == 0
    business = made.json
    assert business == {
        "id": business["id"],
        "name": "Лавка [1]",
        "currency": "RUR",
        "subscriptionLevel": "MEDIUM",
    }
    assert business in entrepot("business", "list", "--json").json
    table = entrepot("business", "list").out
    assert "Лавка [1]" in table
    assert "subscription level" in table


@pytest.mark.parametrize("name", ["", "  ", "x" * 256, "two\nlines", "nul\0"])
def test_a_name_must_be_one(entrepot: Entrepot, name: str) -> None:
    assert entrepot("business", "create", name).code == 2


def test_a_campaign_is_created_and_listed(entrepot: Entrepot, ours: Shop, theirs: Shop) -> None:
    arguments = ("campaign", "create", "Shop", "--business", ours.business_id)
    made = entrepot(*arguments, "--region", MOSCOW, "--vat", "NO_VAT", "--json")
    assert made.code == 0
    campaign = made.json
    assert campaign["placementType"] == "LAAS"
    assert (campaign["regionId"], campaign["vat"]) == (MOSCOW, "NO_VAT")

    def listed(*options: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = entrepot("campaign", "list", "--json", *options).json
        return found

    assert [each["id"] for each in listed("--business", ours.business_id)] == [
        ours.campaign_id,
        campaign["id"],
    ]
    assert {each["businessId"] for each in listed()} == {ours.business_id, theirs.business_id}


def test_a_campaign_needs_its_business_and_region(entrepot: Entrepot, ours: Shop) -> None:
    said = entrepot("campaign", "create", "Shop", "--business", 404)
    assert said.code == 1
    assert said.err == (
        "Error: There is no business 404; `entrepot business list` shows those there are.\n"
    )
    said = entrepot("campaign", "create", "Shop", "--business", ours.business_id, "--region", 404)
    assert (said.code, said.err) == (1, "Error: The network has no region 404.\n")


def test_the_only_business_need_not_be_named(
    entrepot: Entrepot, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = entrepot("keys", "list")
    assert said.err == (
        "Error: There are 2 businesses: say which with --business;"
        " `entrepot business list` shows them.\n"
    )
    monkeypatch.setenv("ENTREPOT_DATABASE_URL", empty_database_url)
    assert entrepot("migrate").code == 0
    said = entrepot("campaign", "create", "Shop")
    assert (said.code, said.err) == (
        1,
        "Error: There is no business yet; `entrepot business create` makes one.\n",
    )
    business = entrepot("business", "create", "Only", "--json").json
    campaign = entrepot("campaign", "create", "Shop", "--json").json
    assert campaign["businessId"] == business["id"]
    assert entrepot("keys", "create", "k", "--scope", "pricing").code == 0
    assert len(entrepot("keys", "list", "--json").json) == 1


def test_a_key_works_until_it_is_revoked(entrepot: Entrepot, ours: Shop, url: str) -> None:
    business = ("--business", ours.business_id)
    scopes = ("--scope", "pricing", "--scope", "all-methods:read-only")
    made = entrepot("keys", "create", "till", *business, *scopes, "--days", 30, "--json")
    assert made.code == 0
    assert made.err == "Keep the token now: it cannot be shown again.\n"
    token = made.json["token"]
    assert made.json["scopes"] == ["all-methods:read-only", "pricing"]
    found = stored_key(url, token)
    assert found is not None
    assert not found.revoked
    listed = entrepot("keys", "list", *business)
    assert token not in listed.out
    assert "in force" in listed.out
    said = entrepot("keys", "revoke", made.json["id"], *business)
    assert (said.code, said.err) == (0, "")
    assert "within 5 seconds" in said.out
    found = stored_key(url, token)
    assert found is not None
    assert found.revoked
    keys = entrepot("keys", "list", *business, "--json").json
    (shown,) = (key for key in keys if key["id"] == made.json["id"])
    assert shown["state"] == "revoked"
    again = entrepot("keys", "revoke", made.json["id"], *business, "--json")
    assert again.json == {**again.json, "id": made.json["id"], "state": "revoked"}


def test_keys_of_others_cannot_be_revoked(entrepot: Entrepot, ours: Shop, theirs: Shop) -> None:
    made = entrepot(
        "keys", "create", "k", "--business", ours.business_id, "--scope", "pricing", "--json"
    )
    said = entrepot("keys", "revoke", made.json["id"], "--business", theirs.business_id)
    assert said.code == 1
    assert said.err.startswith(f"Error: Business {theirs.business_id} has no key")


def test_keys_need_a_scope_a_name_and_a_business(entrepot: Entrepot, ours: Shop) -> None:
    business = ("--business", ours.business_id)
    assert entrepot("keys", "create", "k", *business).code == 2
    assert entrepot("keys", "create", "k", *business, "--scope", "everything").code == 2
    assert entrepot("keys", "create", "x" * 101, *business, "--scope", "pricing").code == 2
    assert entrepot("keys", "create", "k", *business, "--scope", "pricing", "--days", 0).code == 2
    said = entrepot("keys", "create", "k", "--business", 404, "--scope", "pricing")
    assert said.code == 1
    assert entrepot("keys", "list", "--business", 404).code == 1


def test_the_thirty_first_key_is_refused(entrepot: Entrepot, ours: Shop) -> None:
    create = ("keys", "create", "k", "--business", ours.business_id, "--scope", "pricing")
    for _ in range(29):  # the shop has one already
        assert entrepot(*create).code == 0
    said = entrepot(*create)
    assert said.code == 1
    assert said.err == "Error: Not created: a business has at most 30 keys in force.\n"
