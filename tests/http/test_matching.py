"""Paths and methods."""

from typing import NamedTuple

import pytest

from entrepot.http.matching import Matched, OtherMethod, RouteTable
from tests.support.client import Client


class Route(NamedTuple):
    method: str
    path: str


ORDERS = Route("GET", "/v2/campaigns/{campaignId}/orders")
ORDER = Route("GET", "/v2/campaigns/{campaignId}/orders/{orderId}")
STATUS = Route("PUT", "/v2/campaigns/{campaignId}/orders/{orderId}/status")
COUNTRIES = Route("POST", "/v2/regions/countries")
REGION = Route("GET", "/v2/regions/{regionId}")
REGION_POSTED = Route("POST", "/v2/regions/{regionId}")
TABLE = RouteTable([ORDERS, ORDER, STATUS, COUNTRIES, REGION, REGION_POSTED])


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/v2/campaigns/5/orders", Matched(ORDERS, ("5",))),
        ("GET", "/v2/campaigns/5/orders.json", Matched(ORDERS, ("5",))),
        ("GET", "/v2/campaigns/5/orders/7", Matched(ORDER, ("5", "7"))),
        ("GET", "/v2/campaigns/5/orders/7.json", Matched(ORDER, ("5", "7"))),
        ("PUT", "/v2/campaigns/5/orders/7/status", Matched(STATUS, ("5", "7"))),
        ("POST", "/v2/regions/countries", Matched(COUNTRIES, ())),
        ("POST", "/v2/regions/213", Matched(REGION_POSTED, ("213",))),
        ("DELETE", "/v2/regions/213", OtherMethod(("GET", "POST"))),
        ("GET", "/v2/regions/countries", OtherMethod(("POST",))),
        ("GET", "/v2/campaigns", None),
        ("GET", "/v2/campaigns/5", None),
        ("GET", "/v2/campaigns//orders", None),
        ("GET", "/v2/campaigns/5/orders/", None),
        ("GET", "/v2/campaigns/5/orders/7/status/x", None),
        ("GET", "", None),
        ("GET", "/", None),
        ("GET", ".json", None),
    ],
)
def test_a_path_leads_to_its_operation(
    method: str, path: str, found: Matched[Route] | OtherMethod | None
) -> None:
    assert TABLE.match(method, path) == found


def test_two_operations_may_not_share_method_and_path() -> None:
    with pytest.raises(ValueError, match="two operations answer GET"):
        RouteTable([REGION, Route("GET", "/v2/regions/{other}")])


async def test_an_unknown_path_is_404_for_everybody(shared_client: Client) -> None:
    for path in ("/v2", "/v2/campaigns/1/nothing", "/v3/campaigns", "/v2/campaigns%00"):
        answer = await shared_client.with_key(None).request("GET", path)
        assert (answer.status, answer.error) == (404, ("NOT_FOUND", "Resource not found"))


async def test_another_method_is_told_what_there_is(shared_client: Client) -> None:
    answer = await shared_client.request("DELETE", "/v2/regions/countries")
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert answer.error == ("METHOD_NOT_ALLOWED", "Request method DELETE not supported")
    answer = await shared_client.request("POST", "/healthz")
    assert (answer.status, answer.json["status"]) == (405, "ERROR")


@pytest.mark.parametrize("sent", ["abc", "0", "-1", "1.5", "9223372036854775808", "%00", "٣"])
async def test_an_id_that_is_none_is_refused(shared_client: Client, sent: str) -> None:
    answer = await shared_client.request("GET", f"/v2/campaigns/{sent}")
    assert answer.status == 400
    assert answer.message.startswith("Type mismatch: ")


async def test_every_answer_has_its_own_request_id(shared_client: Client) -> None:
    ids = set()
    for path in ("/v2/campaigns", "/v2/campaigns/x", "/nowhere", "/healthz", "/readyz"):
        ids.add((await shared_client.request("GET", path)).headers["X-Request-Id"])
    assert len(ids) == 5
