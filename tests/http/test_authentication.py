"""Who may ask what: keys, tenants, scopes."""

import asyncio
import re
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest

from entrepot import limits
from entrepot.db.connection import Connection
from entrepot.demo.seed import DemoWorld
from entrepot.domain.api_key import make_token
from entrepot.operations.call import Platform
from entrepot.operations.registry import OPERATIONS
from tests.support.client import Answer, Client

UNKNOWN = make_token(1001, "0" * 29)
CAMPAIGNS = "/v2/campaigns"


async def ask(client: Client, **headers: str) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.with_key(None).request("GET", CAMPAIGNS, headers=sent)


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({}, 401, "Credentials are not specified"),
        ({"Api_Key": ""}, 401, "Api-Key token is not specified"),
        ({"Api_Key": UNKNOWN}, 401, "Api-Key token is invalid"),
        ({"Api_Key": UNKNOWN[:-1] + "!"}, 401, "Api-Key token is invalid"),
        ({"Api_Key": "ENTR:short"}, 401, "Api-Key token length invalid"),
        ({"Api_Key": f"Bearer {UNKNOWN}"}, 401, "Api-Key token prefix invalid"),
        ({"Api_Key": UNKNOWN.replace(":", ";", 2)}, 401, "Api-Key token prefix invalid"),
        ({"Api_Key": UNKNOWN.replace("0", "-", 1)}, 401, "Api-Key token format invalid"),
        ({"Authorization": "Basic abc"}, 401, "Authorization header has invalid syntax"),
        ({"Authorization": ""}, 401, "Authorization header has invalid syntax"),
        ({"Authorization": "Bearer"}, 401, "OAuth token is not specified"),
        ({"Authorization": "OAuth"}, 401, "OAuth credentials are not specified"),
        ({"Authorization": "OAuth rubbish"}, 401, "Authorization header has invalid syntax"),
        ({"Authorization": 'OAuth oauth_client_id="a"'}, 401, "OAuth token is not specified"),
        ({"Authorization": 'OAuth oauth_token=""'}, 401, "OAuth token is not specified"),
        ({"Authorization": 'OAuth oauth_token="a"'}, 401, "OAuth client id is not specified"),
        (
            {"Authorization": f'OAuth oauth_token="{UNKNOWN}", oauth_client_id="a"'},
            403,
            "OAuth token is invalid",
        ),
        ({"Authorization": f"Bearer {UNKNOWN}"}, 403, "OAuth token is invalid"),
        ({"Authorization": "Bearer rubbish"}, 403, "OAuth token is invalid"),
    ],
)
async def test_bad_credentials_are_told_what_is_wrong(
    shared_client: Client, headers: dict[str, str], status: int, message: str
) -> None:
    answer = await ask(shared_client, **headers)
    assert (answer.status, answer.message) == (status, message)
    assert answer.error[0] == {401: "UNAUTHORIZED", 403: "FORBIDDEN"}[status]


async def test_both_forms_of_credentials_are_taken(shared_client: Client, world: DemoWorld) -> None:
    key = world.first.api_key
    assert (await ask(shared_client, Api_Key=key)).status == 200
    assert (await ask(shared_client, Authorization=f"Bearer {key}")).status == 200
    assert (await ask(shared_client, Authorization=f"bearer  {key}")).status == 200
    older = f'OAuth oauth_token="{key}", oauth_client_id="shop"'
    assert (await ask(shared_client, Authorization=older)).status == 200


async def test_a_bearer_token_has_the_one_scope_that_opens_everything(
    shared_client: Client, world: DemoWorld
) -> None:
    for name in ("read-only", "orders", "pricing"):
        answer = await ask(shared_client, Authorization=f"Bearer {world.first.keys[name]}")
        assert (answer.status, answer.message) == (403, "Scope is invalid")
        assert (await ask(shared_client, Api_Key=world.first.keys[name])).status == 200


async def test_the_contracts_header_wins(shared_client: Client, world: DemoWorld) -> None:
    key = world.first.api_key
    both = await ask(shared_client, Api_Key=key, Authorization="Bearer rubbish")
    assert both.status == 200
    both = await ask(shared_client, Api_Key="rubbish", Authorization=f"Bearer {key}")
    assert both.status == 401


async def test_a_revoked_and_an_expired_key_stop(
    client: Client, platform: Platform, world: DemoWorld
) -> None:
    await change(
        platform,
        "UPDATE api_key SET revoked_at = now() WHERE business_id = $1 AND name LIKE '%pricing'",
        world.first.business_id,
    )
    await change(
        platform,
        "UPDATE api_key SET expires_at = now() WHERE business_id = $1 AND name LIKE '%finance'",
        world.first.business_id,
    )
    for name in ("pricing", "finance"):
        answer = await ask(client, Api_Key=world.first.keys[name])
        assert (answer.status, answer.message) == (401, "Api-Key token is revoked")
        answer = await ask(client, Authorization=f"Bearer {world.first.keys[name]}")
        assert (answer.status, answer.message) == (403, "OAuth token is invalid")


async def test_who_was_let_in_before_is_still_asked_for_everything(
    client: Client, platform: Platform, world: DemoWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another token, another business, another operation; and a key that is revoked."""
    monkeypatch.setattr(limits, "ACCOUNT_CACHE_S", 0.2)
    campaign = f"/v2/campaigns/{world.first.campaign_id}"
    create = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    headers = {"Api-Key": world.first.keys["read-only"]}
    anonymous = client.with_key(None)

    async def status(**other: str) -> int:
        sent = headers | {name.replace("_", "-"): value for name, value in other.items()}
        return (await anonymous.request("GET", campaign, headers=sent)).status

    async def eventually(expected: int) -> None:
        for _ in range(100):
            if await status() == expected:
                return
            await asyncio.sleep(0.02)
        pytest.fail(f"{expected} was never answered")

    for _ in range(2):
        assert await status() == 200
        assert await status(Api_Key=UNKNOWN) == 401
        assert await status(Api_Key=world.second.api_key) == 403
        assert await status(X_Business_Id=str(world.second.business_id)) == 403
        assert (
            await anonymous.request("POST", create, headers=headers, content=b"{}")
        ).status == 403
    await change(
        platform,
        "UPDATE api_key SET revoked_at = now() WHERE business_id = $1 AND name LIKE '%only'",
        world.first.business_id,
    )
    await eventually(401)
    await change(
        platform,
        "UPDATE api_key SET revoked_at = NULL WHERE business_id = $1",
        world.first.business_id,
    )
    await eventually(200)


async def test_what_is_remembered_of_callers_does_not_grow_with_their_headers(
    shared_client: Client, world: DemoWorld
) -> None:
    """A good key may come with sixty thousand spaces, and fifty thousand callers are remembered."""
    campaign = f"/v2/campaigns/{world.first.campaign_id}"
    padded = shared_client.with_key(None)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1, 101):
            spaces = " " * (20_000 + number)
            headers = {
                "Api-Key": f"{world.first.api_key}{spaces}",
                "X-Business-Id": f"{world.first.business_id}{spaces}",
            }
            assert (await padded.request("GET", campaign, headers=headers)).status == 200
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000_000


async def test_what_is_foreign_looks_like_what_does_not_exist(
    shared_client: Client, world: DemoWorld
) -> None:
    def without_id(answer: Answer) -> tuple[int, str]:
        return answer.status, re.sub(r"\d+", "N", answer.message)

    foreign = await shared_client.call("getCampaign", campaignId=world.second.campaign_id)
    unknown = await shared_client.call("getCampaign", campaignId=999_999)
    assert without_id(foreign) == without_id(unknown) == (403, "No access to campaigns: N")
    foreign = await shared_client.call("getBusinessSettings", businessId=world.second.business_id)
    unknown = await shared_client.call("getBusinessSettings", businessId=999_999)
    assert without_id(foreign) == without_id(unknown) == (403, "No access to campaigns: N")


async def test_a_missing_scope_is_told_what_would_do(
    shared_client: Client, world: DemoWorld
) -> None:
    reader = shared_client.with_key(world.first.read_only_key)
    answer = await reader.call("createOrder", {}, campaignId=world.first.campaign_id)
    assert answer.status == 403
    assert answer.message == (
        "Token does not have any of the scopes to access the API method: "
        "all-methods, inventory-and-order-processing"
    )
    foreign = await reader.call("createOrder", {}, campaignId=world.second.campaign_id)
    assert foreign.message.startswith("No access to campaigns")


@pytest.mark.parametrize("operation_id", ["createOrder", "getStocks", "getBusinessOrders"])
async def test_each_key_reaches_what_its_scopes_allow(
    shared_client: Client, world: DemoWorld, operation_id: str
) -> None:
    operation = OPERATIONS[operation_id]
    ids = {"campaignId": world.first.campaign_id, "businessId": world.first.business_id}
    path_parameters = {name: ids[name] for name in operation.path_parameters}
    keys = {"all-methods": "all-methods", "orders": "inventory-and-order-processing"}
    keys |= {"pricing": "pricing", "offers": "offers-and-cards-management"}
    keys |= {"finance": "finance-and-accounting", "communication": "communication"}
    for name, scope in keys.items():
        caller = shared_client.with_key(world.first.keys[name])
        answer = await caller.call(operation_id, {}, **path_parameters)
        assert (answer.status != 403) == (scope in {*operation.scopes}), name


@pytest.mark.parametrize(
    ("area", "sent", "status", "message"),
    [
        ("campaign", "own", 200, None),
        ("business", "own", 200, None),
        ("none", "own", 200, None),
        ("none", "abc", 400, "Incorrect X-Business-Id header value: abc"),
        ("none", "-5", 400, "Incorrect X-Business-Id header value: -5"),
        ("none", "other", 403, "Access denied"),
        ("business", "other", 400, "URL businessId (1001) does not match businessId in"),
        ("campaign", "other", 403, "businessId in X-Business-Id header (1002) does not match"),
    ],
)
async def test_the_business_header_must_fit(
    shared_client: Client, world: DemoWorld, area: str, sent: str, status: int, message: str | None
) -> None:
    ids = {"own": world.first.business_id, "other": world.second.business_id}
    headers = {"X-Business-Id": str(ids.get(sent, sent))}
    call: dict[str, Callable[[], Awaitable[Answer]]] = {
        "campaign": lambda: shared_client.call(
            "getCampaign", campaignId=world.first.campaign_id, headers=headers
        ),
        "business": lambda: shared_client.call(
            "getBusinessSettings", businessId=world.first.business_id, headers=headers
        ),
        "none": lambda: shared_client.call("getCampaigns", headers=headers),
    }
    answer = await call[area]()
    assert answer.status == status
    assert message is None or answer.message.startswith(message)


async def test_a_campaign_that_is_off_is_only_shown(
    client: Client, platform: Platform, world: DemoWorld
) -> None:
    campaign_id = world.first.campaign_id
    await change(
        platform,
        "UPDATE campaign SET api_availability = 'MANUALLY_DISABLED' WHERE id = $1",
        campaign_id,
    )
    answer = await client.call("createOrder", {}, campaignId=campaign_id)
    assert answer.error == ("API_DISABLED", f"API for campaign {campaign_id} manually disabled")
    shown = await client.call("getCampaign", campaignId=campaign_id)
    assert shown.json["campaign"]["apiAvailability"] == "MANUALLY_DISABLED"


async def test_a_business_whose_campaigns_are_all_off_is_only_shown(
    client: Client, platform: Platform, world: DemoWorld
) -> None:
    business_id = world.first.business_id
    await change(
        platform,
        "UPDATE campaign SET api_availability = 'DISABLED_BY_INACTIVITY' WHERE business_id = $1",
        business_id,
    )
    refused = (
        "API_DISABLED",
        f"API for business {business_id} disabled because it has only disabled partners",
    )
    assert (await client.call("getBusinessOrders", {}, businessId=business_id)).error == refused
    assert (await client.call("getRegionsCodes")).error == refused
    answer = await client.call("createOrder", {}, campaignId=world.first.campaign_id)
    assert answer.message.endswith("disabled due to inactivity")
    for shown in ("getBusinessSettings", "getCampaigns"):
        ids = {"businessId": business_id} if shown == "getBusinessSettings" else {}
        assert (await client.call(shown, **ids)).status == 200
    other = client.with_key(world.second.api_key)
    assert (await other.call("getRegionsCodes")).status == 200


@pytest.mark.parametrize(
    ("availability", "reason"),
    [
        ("DISABLED_BY_INACTIVITY", "disabled due to inactivity"),
        (
            "DISABLED_BY_NO_ACTIVE_CONTRACT",
            "disabled because there are no active contracts with Market",
        ),
        ("DISABLED_BY_NO_PLACEMENT_TYPE", "disabled because it has no placement program"),
        ("MANUALLY_DISABLED", "manually disabled"),
    ],
)
async def test_a_campaign_that_is_off_says_why(
    client: Client, platform: Platform, world: DemoWorld, availability: str, reason: str
) -> None:
    campaign_id = world.first.campaign_id
    await change(
        platform,
        "UPDATE campaign SET api_availability = $1 WHERE id = $2",
        availability,
        campaign_id,
    )
    answer = await client.call("getStocks", {}, campaignId=campaign_id)
    assert answer.error == ("API_DISABLED", f"API for campaign {campaign_id} {reason}")


async def test_an_operation_that_is_withdrawn_says_so(
    shared_client: Client, world: DemoWorld
) -> None:
    campaign_id = world.first.campaign_id
    answer = await shared_client.call("getOrders", campaignId=campaign_id)
    assert answer.headers["Deprecation"] == "@1800230400"
    assert answer.headers["Sunset"] == "Mon, 12 Apr 2027 00:00:00 GMT"
    refused = await shared_client.with_key(None).call("getOrders", campaignId=campaign_id)
    assert refused.headers["Sunset"] == answer.headers["Sunset"]
    other = await shared_client.call("getCampaign", campaignId=campaign_id)
    assert "Deprecation" not in other.headers


async def test_a_campaign_of_another_model_places_no_orders(
    client: Client, platform: Platform, world: DemoWorld
) -> None:
    await change(
        platform,
        "UPDATE campaign SET placement_type = 'FBS' WHERE id = $1",
        world.first.campaign_id,
    )
    answer = await client.call("createOrder", {}, campaignId=world.first.campaign_id)
    assert answer.error == (
        "CAMPAIGN_TYPE_NOT_SUPPORTED",
        "Campaign type is not allowed. Allowed campaign types: LAAS",
    )


async def change(platform: Platform, statement: str, *values: object) -> None:
    async def work(connection: Connection) -> None:
        await connection.execute(statement, *values)

    await platform.database.transaction(work)
