"""Keys, campaigns and settings over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from entrepot.contract.dates import MOSCOW as MOSCOW_TIME
from entrepot.contract.enums import ApiAvailability, PlacementType, VatRate
from entrepot.contract.scopes import Scope
from entrepot.db.accounts import IssuedKey, create_campaign, create_key
from entrepot.db.connection import Connection
from entrepot.demo.seed import DemoWorld
from entrepot.domain.accounts import Campaign
from entrepot.operations.call import Platform
from tests.support.client import Client

MOSCOW, RUSSIA = 213, 225


async def add_campaign(platform: Platform, business_id: int, name: str, **more: Any) -> int:
    async def work(connection: Connection) -> Campaign | None:
        return await create_campaign(connection, business_id, name, **more)

    made = await platform.database.transaction(work)
    assert made is not None
    return made.id


def ids(answer: Any) -> list[int]:
    return [campaign["id"] for campaign in answer.json["campaigns"]]


async def test_a_key_tells_its_name_and_scopes(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    asked = [Scope.SUPPLIES_READ_ONLY, Scope.ALL_METHODS_READ_ONLY, Scope.PRICING]

    async def work(connection: Connection) -> Any:
        return await create_key(connection, world.first.business_id, "Касса № 1", asked)

    issued = await platform.database.transaction(work)
    assert isinstance(issued, IssuedKey)
    answer = await client.with_key(issued.token).call("getAuthTokenInfo")
    assert answer.json == {
        "status": "OK",
        "result": {
            "apiKey": {
                "name": "Касса № 1",
                "authScopes": ["ALL_METHODS_READ_ONLY", "PRICING", "SUPPLIES_MANAGEMENT_READ_ONLY"],
            }
        },
    }


async def test_a_bearer_token_is_not_a_key(client: Client, world: DemoWorld) -> None:
    bearer = {"Authorization": f"Bearer {world.first.api_key}"}
    answer = await client.with_key(None).call("getAuthTokenInfo", headers=bearer)
    assert (answer.status, answer.error) == (
        401,
        ("UNAUTHORIZED", "Api-Key token is not specified"),
    )


async def test_a_campaign_is_shown(client: Client, world: DemoWorld) -> None:
    answer = await client.call("getCampaign", campaignId=world.first.campaign_id)
    assert answer.json == {
        "campaign": {
            "domain": "Домашний уют",
            "id": world.first.campaign_id,
            "business": {"id": world.first.business_id, "name": "Demo: Домашний уют"},
            "placementType": "LAAS",
            "apiAvailability": "AVAILABLE",
        }
    }


@pytest.mark.parametrize("operation", ["getCampaign", "getCampaignSettings"])
async def test_a_foreign_campaign_and_an_unknown_one_are_the_same(
    client: Client, world: DemoWorld, operation: str
) -> None:
    for campaign_id in (world.second.campaign_id, 404):
        answer = await client.call(operation, campaignId=campaign_id)
        assert answer.status == 403
        assert answer.error == ("FORBIDDEN", f"No access to campaigns: {campaign_id}")


async def test_campaigns_of_another_business_are_not_listed(
    client: Client, world: DemoWorld
) -> None:
    assert ids(await client.call("getCampaigns")) == [world.first.campaign_id]
    other = client.with_key(world.second.api_key)
    assert ids(await other.call("getCampaigns")) == [world.second.campaign_id]


async def test_campaigns_come_by_token(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    business_id = world.first.business_id
    expected = [world.first.campaign_id]
    expected += [await add_campaign(platform, business_id, f"Shop {n}") for n in range(4)]
    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer = await client.call("getCampaigns", query=query)
        assert "pager" not in answer.json
        seen += ids(answer)
        token = answer.json["paging"].get("nextPageToken")
        if token is None:
            break
        query = {"limit": 2, "page_token": token}
    assert seen == expected


async def test_campaigns_come_by_number(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    business_id = world.first.business_id
    expected = [world.first.campaign_id]
    expected += [await add_campaign(platform, business_id, f"Shop {n}") for n in range(4)]

    async def numbered(page: int) -> Any:
        return await client.call("getCampaigns", query={"page": page, "pageSize": 2})

    second = await numbered(2)
    assert ids(second) == expected[2:4]
    assert second.json["pager"] == {
        "total": 5,
        "from": 3,
        "to": 4,
        "currentPage": 2,
        "pagesCount": 3,
        "pageSize": 2,
    }
    # One may go on by token from any numbered page.
    token = second.json["paging"]["nextPageToken"]
    assert ids(await client.call("getCampaigns", query={"pageToken": token})) == expected[4:]
    last = await numbered(3)
    assert ids(last) == expected[4:]
    assert "paging" not in last.json
    beyond = (await numbered(4)).json
    assert beyond["campaigns"] == []
    assert (beyond["pager"]["from"], beyond["pager"]["to"], beyond["pager"]["total"]) == (0, 0, 5)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": 101}, "Parameter limit must be less than or equal to 100 (rejected value: 101)"),
        ({"limit": 0}, "limit must be greater than or equal to 1 (rejected value: 0)"),
        ({"page": 10001}, "page must be less than or equal to 10000 (rejected value: 10001)"),
        ({"pageSize": 101}, "pageSize must be less than or equal to 100 (rejected value: 101)"),
        ({"pageToken": "made-up"}, "Bad page token"),
    ],
)
async def test_wrong_paging_is_refused(client: Client, query: dict[str, Any], message: str) -> None:
    answer = await client.call("getCampaigns", query=query)
    assert (answer.status, answer.message) == (400, message)


async def test_a_page_token_is_of_one_business(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    await add_campaign(platform, world.first.business_id, "Second")
    token = (await client.call("getCampaigns", query={"limit": 1})).json["paging"]["nextPageToken"]
    other = client.with_key(world.second.api_key)
    answer = await other.call("getCampaigns", query={"pageToken": token})
    assert (answer.status, answer.message) == (400, "Bad page token")


async def test_settings_of_a_business(client: Client, world: DemoWorld) -> None:
    answer = await client.call("getBusinessSettings", businessId=world.first.business_id)
    assert answer.json == {
        "status": "OK",
        "result": {
            "info": {"id": world.first.business_id, "name": "Demo: Домашний уют"},
            "settings": {"onlyDefaultPrice": False, "currency": "RUR"},
            "subscriptionLevel": "NONE",
        },
    }
    foreign = await client.call("getBusinessSettings", businessId=world.second.business_id)
    assert foreign.status == 403


async def test_settings_of_a_campaign(client: Client, world: DemoWorld, platform: Platform) -> None:
    answer = await client.call("getCampaignSettings", campaignId=world.first.campaign_id)
    settings = answer.json["settings"]
    local = settings.pop("localRegion")
    assert settings == {
        "taxation": {"vat": "VAT_22"},
        "shopName": "Домашний уют",
        "showInContext": False,
        "showInPremium": False,
        "useOpenStat": False,
        "countryRegion": RUSSIA,
    }
    schedule = local.pop("delivery")["schedule"]
    assert local == {
        "id": MOSCOW,
        "name": "Москва",
        "type": "CITY",
        "deliveryOptionsSource": "WEB",
    }
    now = await platform.database.read(platform.clock.now)
    today = now.astimezone(MOSCOW_TIME).date()
    last = today + timedelta(days=platform.delivery_days_ahead)
    assert schedule["period"] == {
        "fromDate": today.strftime("%d-%m-%Y"),
        "toDate": last.strftime("%d-%m-%Y"),
    }
    assert set(schedule["totalHolidays"]) <= {
        (today + timedelta(days=n)).strftime("%d-%m-%Y") for n in range(15)
    }


async def test_a_campaign_without_a_region_has_no_schedule(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    for region_id in (None, 404):
        campaign_id = await add_campaign(
            platform,
            world.first.business_id,
            "Нигде",
            region_id=region_id,
            vat=VatRate.NO_VAT,
        )
        answer = await client.call("getCampaignSettings", campaignId=campaign_id)
        assert answer.json == {
            "settings": {
                "taxation": {"vat": "NO_VAT"},
                "shopName": "Нигде",
                "showInContext": False,
                "showInPremium": False,
                "useOpenStat": False,
            }
        }


async def test_a_campaign_that_is_off_or_not_of_laas_is_listed_all_the_same(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    await add_campaign(
        platform,
        world.first.business_id,
        "Off",
        placement_type=PlacementType.FBS,
        api_availability=ApiAvailability.MANUALLY_DISABLED,
    )
    listed = (await client.call("getCampaigns")).json["campaigns"][1]
    assert listed["placementType"] == "FBS"
    assert listed["apiAvailability"] == "MANUALLY_DISABLED"
