"""Request limits over HTTP: budgets by the window, places by what is in flight."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from entrepot.db.connection import Connection
from entrepot.demo.seed import DemoWorld
from entrepot.operations.registry import OPERATIONS, load_operations
from tests.limits.conftest import SetLimit, slow_calls
from tests.support.client import Answer, Client
from tests.support.serving import Service

HOUR_S = 3600

load_operations()


def told(answer: Answer) -> tuple[int, int, datetime]:
    """What the headers say: the limit, what remains, and until when."""
    headers = answer.headers
    return (
        int(headers["X-RateLimit-Resource-Limit"]),
        int(headers["X-RateLimit-Resource-Remaining"]),
        parsedate_to_datetime(headers["X-RateLimit-Resource-Until"]),
    )


async def test_every_answer_tells_of_the_window(client: Client, service: Service) -> None:
    first = await client.call("getCampaigns")
    limit, remaining, until = told(first)
    assert (limit, remaining) == (1000, 999)
    assert until.timestamp() % HOUR_S == 0
    now = await service.platform.database.read(service.platform.clock.now)
    assert timedelta(0) < until - now <= timedelta(hours=1)
    assert first.headers["X-RateLimit-Resource-Until"].endswith(" GMT")
    again = await client.call("getCampaigns")
    assert told(again) == (1000, 998, until)
    refused = await client.call("getCampaigns", query={"limit": "none"})
    assert refused.status == 400
    assert told(refused) == (1000, 997, until)


async def test_a_budget_that_is_used_up_is_told_and_begins_anew(
    client: Client, service: Service, set_limit: SetLimit, world: DemoWorld
) -> None:
    entity = f"businessId {world.first.business_id}"
    await set_limit("getCampaigns", amount=3)
    answers = [await client.call("getCampaigns") for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 420, 420]
    assert answers[3].error == (
        "REQUEST_LIMIT_EXCEEDED",
        f"Hit rate limit of 3 requests per hour for resource getCampaigns for {entity}",
    )
    limit, remaining, until = told(answers[3])
    assert (limit, remaining) == (3, 0)
    other = await client.call("getCampaign", campaignId=world.first.campaign_id)
    assert other.status == 200
    await service.advance_clock(HOUR_S)
    begun = await client.call("getCampaigns")
    assert begun.status == 200
    assert told(begun) == (3, 2, until + timedelta(hours=1))


async def test_what_others_used_of_a_window_counts_for_nobody_else(
    client: Client, set_limit: SetLimit, world: DemoWorld
) -> None:
    await set_limit("getCampaigns", amount=1)
    assert (await client.call("getCampaigns")).status == 200
    assert (await client.call("getCampaigns")).status == 420
    stranger = client.with_key(world.second.api_key)
    assert told(await stranger.call("getCampaigns"))[:2] == (1000, 999)
    again = client.with_key(world.first.read_only_key)
    assert (await again.call("getCampaigns")).status == 420


async def test_elements_of_an_answer_are_counted(client: Client) -> None:
    found = await client.call("searchRegionsByName", query={"name": "Москва"})
    count = len(found.json["regions"])
    assert count > 0
    limit, remaining, _ = told(found)
    assert (limit, remaining) == (50_000, 50_000 - count)
    await client.call("searchRegionsByName", query={"name": "nowhere at all"})
    assert told(await client.call("searchRegionsByName", query={"name": "Москва"}))[1] == (
        50_000 - 2 * count
    )


async def test_an_answer_that_counts_too_much_is_not_given(
    client: Client, set_limit: SetLimit
) -> None:
    await set_limit("searchRegionChildren", amount=3)
    few = await client.call("searchRegionChildren", regionId=1, query={"limit": 2})
    assert (few.status, told(few)[1]) == (200, 1)
    many = await client.call("searchRegionChildren", regionId=1, query={"limit": 2})
    assert (many.status, told(many)[1]) == (420, 1)
    assert many.message.startswith("Hit rate limit of 3 requests per hour for resource ")
    one = await client.call("searchRegionChildren", regionId=1, query={"limit": 1})
    assert (one.status, told(one)[1]) == (200, 0)
    none = await client.call("searchRegionChildren", regionId=1, query={"limit": 1})
    assert none.status == 420


async def test_a_fifth_request_at_once_is_refused(
    client: Client, service: Service, world: DemoWorld
) -> None:
    campaign_id, key = world.first.campaign_id, world.first.api_key
    path = f"/v1/campaigns/{campaign_id}/orders/create"
    async with slow_calls(service.base_url, path, key, 5) as calls:
        answers = {asyncio.create_task(call.answered()) for call in calls}
        done, waiting = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result().partition(b"\r\n")[0] for task in done] == [b"HTTP/1.1 420 "]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        full = await client.call("updateOrderStatus", {}, campaignId=campaign_id, orderId=1)
        assert full.error == (
            "REQUEST_LIMIT_EXCEEDED",
            f"Hit rate limit of 4 parallel requests for campaignId {campaign_id}",
        )
        assert told(full)[:2] == (10_000, 10_000)
        # An operation with a figure of its own, another entity and another business go on.
        options = await client.call("getDeliveryOptions", {}, campaignId=campaign_id)
        assert options.status == 400
        assert (await client.call("getCampaigns")).status == 200
        other = client.with_key(world.second.api_key)
        answer = await other.call("createOrder", {}, campaignId=world.second.campaign_id)
        assert answer.status == 400


async def test_places_are_free_again_however_a_request_ends(
    client: Client, service: Service, world: DemoWorld
) -> None:
    campaign_id, key = world.first.campaign_id, world.first.api_key
    path = f"/v1/campaigns/{campaign_id}/orders/create"
    async with slow_calls(service.base_url, path, key, 4) as calls:
        for call in calls[:2]:
            assert (await call.finish()).startswith(b"HTTP/1.1 400 ")
    for _ in range(100):  # those that hung up are noticed a moment later
        answers = await asyncio.gather(
            *(client.call("createOrder", {}, campaignId=campaign_id) for _ in range(4))
        )
        if [answer.status for answer in answers] == [400] * 4:
            return
        await asyncio.sleep(0.05)
    pytest.fail("places leak")


async def test_figures_of_a_business_of_its_own(
    client: Client, service: Service, set_limit: SetLimit, world: DemoWorld
) -> None:
    await set_limit("*", parallel=1)
    await set_limit("getCampaign", parallel=0)
    campaign_id, key = world.first.campaign_id, world.first.api_key
    path = f"/v1/campaigns/{campaign_id}/orders/create"
    async with slow_calls(service.base_url, path, key, 2) as calls:
        answers = {asyncio.create_task(call.answered()) for call in calls}
        done, waiting = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == 1
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    refused = await client.call("getCampaign", campaignId=campaign_id)
    assert refused.message == f"Hit rate limit of 0 parallel requests for campaignId {campaign_id}"


async def test_windows_follow_a_clock_that_stands_still(
    client: Client, service: Service, set_limit: SetLimit
) -> None:
    moment = datetime(2031, 5, 4, 8, 59, 59, 500_000, tzinfo=UTC)

    async def freeze(connection: Connection) -> None:
        await connection.execute("UPDATE clock SET frozen_at = $1", moment)

    await service.platform.database.transaction(freeze)
    await set_limit("getCampaigns", amount=2)
    for remaining in (1, 0):
        answer = await client.call("getCampaigns")
        assert told(answer) == (2, remaining, datetime(2031, 5, 4, 9, tzinfo=UTC))
        assert answer.headers["X-RateLimit-Resource-Until"] == "Sun, 04 May 2031 09:00:00 GMT"
    assert (await client.call("getCampaigns")).status == 420
    await service.advance_clock(1)
    assert told(await client.call("getCampaigns"))[1:] == (
        1,
        datetime(2031, 5, 4, 10, tzinfo=UTC),
    )


def test_what_cannot_be_undone_is_counted_before_it_is_done() -> None:
    """A refusal must leave nothing behind, so what changes something says how much it counts."""
    for operation in OPERATIONS.values():
        assert operation.limit is not None
        only_writes = not any(scope.endswith(":read-only") for scope in operation.scopes)
        if operation.limit.counted.startswith("resp.") and only_writes:
            assert operation.limit.foretold is not None, operation.id
