"""Regions, warehouses and logistic points over HTTP."""

from typing import Any

import pytest

from entrepot.db.connection import Connection
from entrepot.db.network_editions import replace_network
from entrepot.demo.network import WAREHOUSE_IDS, demo_network
from entrepot.demo.seed import DemoWorld
from entrepot.operations.call import Platform
from tests.domain.networks import MOSCOW_POINT, described
from tests.support.client import Client

NETWORK = demo_network()
MOSCOW, MOSCOW_REGION, RUSSIA, NOVOSIBIRSK, VILLAGE = 213, 1, 225, 65, 900205
SIBERIA, NOVOSIBIRSK_REGION, BAGAN = 59, 11316, 900103


def chain(region: dict[str, Any] | None) -> list[int]:
    found = []
    while region is not None:
        found.append(region["id"])
        region = region.get("parent")
    return found


async def test_a_region_is_shown_with_its_parents_up_to_the_country(client: Client) -> None:
    answer = await client.call("searchRegionsById", regionId=VILLAGE)
    assert answer.status == 200
    region = answer.json["region"]
    assert (region["name"], region["type"]) == ("Ивановка", "VILLAGE")
    assert chain(region) == [VILLAGE, BAGAN, NOVOSIBIRSK_REGION, SIBERIA, RUSSIA]
    assert answer.json["regions"] == [region]


async def test_an_unknown_region_is_not_found(client: Client) -> None:
    for operation in ("searchRegionsById", "searchRegionChildren"):
        answer = await client.call(operation, regionId=404)
        assert (answer.status, answer.error) == (404, ("NOT_FOUND", "Region 404 not found."))


@pytest.mark.parametrize("name", ["Москва", "москва"])
async def test_regions_are_found_by_name(client: Client, name: str) -> None:
    answer = await client.call("searchRegionsByName", query={"name": name})
    assert [region["id"] for region in answer.json["regions"]] == [MOSCOW, 900212]
    assert answer.json["paging"] == {}


async def test_namesakes_come_in_pages(client: Client) -> None:
    found: list[int] = []
    query: dict[str, Any] = {"name": "Ивановка", "limit": 1}
    for _ in range(3):
        answer = await client.call("searchRegionsByName", query=query)
        found += [region["id"] for region in answer.json["regions"]]
        query["page_token"] = answer.json["paging"].get("nextPageToken")
    assert found == [900205, 900206, 900207]
    assert query["page_token"] is None


async def test_a_token_belongs_to_its_name(client: Client) -> None:
    first = await client.call("searchRegionsByName", query={"name": "Ивановка", "limit": 1})
    token = first.json["paging"]["nextPageToken"]
    for query in ({"name": "Кольцово", "pageToken": token}, {"name": "Ивановка", "pageToken": "x"}):
        assert (await client.call("searchRegionsByName", query=query)).message == "Bad page token"


async def test_a_search_needs_a_name_and_a_modest_limit(client: Client) -> None:
    assert (await client.call("searchRegionsByName")).error[0] == "MISSING_PARAM"
    large = await client.call("searchRegionsByName", query={"name": "Москва", "limit": 21})
    assert large.message.startswith("Parameter limit must be less than or equal to 20")
    none = await client.call("searchRegionsByName", query={"name": "Атлантида"})
    assert none.json["regions"] == []


async def test_children_come_by_token(client: Client) -> None:
    found: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        answer = await client.call("searchRegionChildren", query=query, regionId=RUSSIA)
        assert answer.json["regions"]["id"] == RUSSIA
        found += [child["name"] for child in answer.json["regions"]["children"]]
        query["pageToken"] = answer.json["paging"].get("nextPageToken")
        if query["pageToken"] is None:
            break
    assert len(found) == 7
    assert found == sorted(found)
    assert "pager" not in answer.json


async def test_children_come_by_number(client: Client) -> None:
    query = {"page": 2, "pageSize": 4}
    answer = await client.call("searchRegionChildren", query=query, regionId=RUSSIA)
    assert len(answer.json["regions"]["children"]) == 3
    assert answer.json["pager"] == {
        "total": 7,
        "from": 5,
        "to": 7,
        "currentPage": 2,
        "pagesCount": 2,
        "pageSize": 4,
    }


async def test_a_limit_beyond_the_most_children_is_cut_down(client: Client) -> None:
    answer = await client.call(
        "searchRegionChildren", query={"limit": 1000}, regionId=MOSCOW_REGION
    )
    assert answer.status == 200
    assert MOSCOW in {child["id"] for child in answer.json["regions"]["children"]}


async def test_a_village_has_no_children(client: Client) -> None:
    answer = await client.call("searchRegionChildren", regionId=VILLAGE)
    assert "children" not in answer.json["regions"]
    assert answer.json["pager"]["total"] == 0


async def test_countries_have_codes(client: Client) -> None:
    answer = await client.call("getRegionsCodes")
    codes = {each["region"]["name"]: each["countryCode"] for each in answer.json["countries"]}
    assert codes["Россия"] == "RU"
    assert len(codes) == 8


async def test_warehouses(client: Client, world: DemoWorld) -> None:
    answer = await client.call("getFulfillmentWarehouses")
    shown = answer.json["result"]["warehouses"]
    assert [each["id"] for each in shown] == list(WAREHOUSE_IDS)
    assert shown[1]["address"] == {
        "city": "Санкт-Петербург",
        "street": "Московское шоссе",
        "number": "70",
        "block": "4",
        "gps": {"latitude": 59.8, "longitude": 30.38},
    }
    query = {"campaignId": world.first.campaign_id}
    assert (await client.call("getFulfillmentWarehouses", query=query)).json == answer.json


@pytest.mark.parametrize("whose", ["other", "nobody"])
async def test_warehouses_of_a_foreign_campaign(
    client: Client, world: DemoWorld, whose: str
) -> None:
    campaign_id = world.second.campaign_id if whose == "other" else 404
    answer = await client.call("getFulfillmentWarehouses", query={"campaignId": campaign_id})
    assert answer.status == 403
    assert answer.message == f"No access to campaigns: {campaign_id}"


async def test_all_points_come_in_pages(client: Client, world: DemoWorld) -> None:
    found: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 30}
    while True:
        answer = await client.call(
            "getLogisticPoints", query=query, businessId=world.first.business_id
        )
        found += answer.json["result"]["logisticPoints"]
        query["pageToken"] = answer.json["result"]["paging"].get("nextPageToken")
        if query["pageToken"] is None:
            break
    assert [point["logisticPointId"] for point in found] == [point.id for point in NETWORK.points]


async def test_a_point_is_shown_as_the_contract_has_it(client: Client, world: DemoWorld) -> None:
    answer = await client.call("getLogisticPoints", businessId=world.first.business_id)
    shown = {each["logisticPointId"]: each for each in answer.json["result"]["logisticPoints"]}
    for point in NETWORK.points:
        wire = shown[point.id]
        open_days = [each["day"] for each in wire["workingSchedule"]["schedule"]]
        assert len(open_days) == sum(hours is not None for hours in point.hours)
        assert wire["workingSchedule"]["holidays"][0] == "2025-01-01"
        assert wire["deliveryRestrictions"]["dimensionsRestrictions"] == {
            "weight": point.limits.weight_g,
            "length": point.limits.length_mm // 10,
            "width": point.limits.width_mm // 10,
            "height": point.limits.height_mm // 10,
            "dimensionsSum": point.limits.sides_sum_mm // 10,
        }
        assert wire.get("features") == (["RETURN_ALLOWED"] if point.return_allowed else None)
        assert wire["paymentTypes"] == ["PREPAID"]
        assert wire["storagePeriod"] == point.storage_days
        assert wire["address"]["regionId"] == point.address.region_id


async def test_a_page_of_points_is_bounded(client: Client, world: DemoWorld) -> None:
    answer = await client.call(
        "getLogisticPoints", query={"limit": 501}, businessId=world.first.business_id
    )
    assert answer.message.startswith("Parameter limit must be less than or equal to 500")
    theirs = await client.call("getLogisticPoints", businessId=world.second.business_id)
    assert theirs.status == 403


async def test_a_network_that_is_replaced_is_seen_at_once(
    client: Client, world: DemoWorld, platform: Platform
) -> None:
    async def replace(connection: Connection) -> int:
        return await replace_network(connection, described())

    business_id = world.first.business_id
    before = await client.call("getLogisticPoints", businessId=business_id)
    assert len(before.json["result"]["logisticPoints"]) == len(NETWORK.points)
    await platform.database.transaction(replace)
    after = await client.call("getLogisticPoints", businessId=business_id)
    ids = [point["logisticPointId"] for point in after.json["result"]["logisticPoints"]]
    assert ids == [MOSCOW_POINT, MOSCOW_POINT + 1, MOSCOW_POINT + 2]
    assert (await client.call("searchRegionsById", regionId=NOVOSIBIRSK)).status == 200
    assert (await client.call("searchRegionsById", regionId=VILLAGE)).status == 404


async def test_every_scope_may_ask(client: Client, world: DemoWorld) -> None:
    for token in world.first.keys.values():
        caller = client.with_key(token)
        assert (await caller.call("searchRegionsById", regionId=MOSCOW)).status == 200
        assert (await caller.call("getFulfillmentWarehouses")).status == 200
