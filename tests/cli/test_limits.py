"""`entrepot limits`, and what changes of accounts do to what is in force."""

import pytest

from tests.cli.conftest import Entrepot
from tests.races.world import Shop


def shown(entrepot: Entrepot, shop: Shop, operation: str) -> dict[str, object]:
    said = entrepot("limits", "show", "--business", shop.business_id, "--json")
    assert said.code == 0
    (found,) = (each for each in said.json if each["operation"] == operation)
    assert isinstance(found, dict)
    return found


def test_limits_are_the_contracts_until_they_are_changed(
    entrepot: Entrepot, ours: Shop, theirs: Shop
) -> None:
    business = ("--business", ours.business_id)
    contracts = {
        "operation": "createOrder",
        "amount": 10_000,
        "period": "hour",
        "counted": "resp",
        "parallel": 4,
        "own": False,
    }
    assert shown(entrepot, ours, "createOrder") == contracts
    said = entrepot("limits", "set", "createOrder", *business, "--amount", 50_000, "--json")
    assert (said.code, said.err) == (0, "It is in force everywhere within 5 seconds.\n")
    assert said.json == contracts | {"amount": 50_000, "own": True}
    entrepot("limits", "set", "createOrder", *business, "--parallel", 20)
    assert shown(entrepot, ours, "createOrder") == contracts | {
        "amount": 50_000, "parallel": 20, "own": True,
    }  # fmt: skip
    assert shown(entrepot, theirs, "createOrder") == contracts
    assert entrepot("limits", "reset", "createOrder", *business).code == 0
    assert shown(entrepot, ours, "createOrder") == contracts


def test_operations_share_a_figure_of_what_is_in_flight(entrepot: Entrepot, ours: Shop) -> None:
    business = ("--business", ours.business_id)
    assert entrepot("limits", "set", "all", *business, "--parallel", 9).code == 0
    assert shown(entrepot, ours, "createOrder")["parallel"] == 9
    assert shown(entrepot, ours, "getDeliveryOptions")["parallel"] == 10
    said = entrepot("limits", "reset", *business, "--json")
    assert said.json == {"businessId": ours.business_id, "operations": ["all"]}
    said = entrepot("limits", "reset", *business)
    assert said.out == "They were the contract's already.\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("set", "createOrder"), 2),
        (("set", "all", "--amount", 5), 2),
        (("set", "createOrder", "--amount", -1), 2),
        (("set", "createOrders", "--amount", 5), 1),
        (("reset", "createOrders"), 1),
        (("show", "--business", 404), 1),
    ],
)
def test_what_cannot_be_is_told(
    entrepot: Entrepot, ours: Shop, arguments: tuple[object, ...], code: int
) -> None:
    business = () if "--business" in arguments else ("--business", ours.business_id)
    assert entrepot("limits", *arguments, *business).code == code


def test_a_subscription_changes_the_limits(entrepot: Entrepot, ours: Shop) -> None:
    said = entrepot(
        "business", "change", "--business", ours.business_id, "--subscription", "MEDIUM", "--json"
    )
    assert said.json["subscriptionLevel"] == "MEDIUM"
    assert shown(entrepot, ours, "createOrder")["amount"] == 10_000


def test_a_campaign_is_switched_off_and_on(entrepot: Entrepot, ours: Shop, theirs: Shop) -> None:
    change = ("campaign", "change", ours.campaign_id, "--business", ours.business_id)
    for availability in ("MANUALLY_DISABLED", "AVAILABLE"):
        said = entrepot(*change, "--availability", availability, "--json")
        assert said.json["apiAvailability"] == availability
    said = entrepot(
        "campaign", "change", theirs.campaign_id, "--business", ours.business_id,
        "--availability", "MANUALLY_DISABLED",
    )  # fmt: skip
    assert said.err == f"Error: Business {ours.business_id} has no campaign {theirs.campaign_id}.\n"


def test_a_key_is_changed_while_it_is_in_force(entrepot: Entrepot, ours: Shop) -> None:
    business = ("--business", ours.business_id)
    made = entrepot("keys", "create", "till", *business, "--scope", "pricing", "--json").json
    change = ("keys", "change", made["id"], *business)
    said = entrepot(*change, "--scope", "all-methods", "--name", "shop", "--json")
    assert (said.json["name"], said.json["scopes"]) == ("shop", ["all-methods"])
    assert said.json["lastUsedAt"] is None
    said = entrepot(*change, "--name", "till 2", "--json")
    assert (said.json["name"], said.json["scopes"]) == ("till 2", ["all-methods"])
    assert entrepot(*change).code == 2
    assert entrepot(*change, "--name", " ").code == 2
    assert entrepot("keys", "revoke", made["id"], *business).code == 0
    said = entrepot(*change, "--scope", "pricing")
    assert said.err == f"Error: Business {ours.business_id} has no key {made['id']} in force.\n"
