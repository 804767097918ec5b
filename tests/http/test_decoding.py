"""Bodies and queries: what is taken, and how the rest is refused."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from entrepot import limits
from entrepot.demo.seed import DemoWorld
from tests.http.raw import request_bytes, send
from tests.support.client import Answer, Client
from tests.support.serving import Service

KB = 1024
ORDER: dict[str, Any] = {
    "externalOrderId": "decoding-1",
    "itemsDelivery": [
        {
            "warehouseId": 1,
            "items": [
                {"offerId": "A", "count": 1, "price": {"value": 10.5, "currencyId": "RUR"}},
                {"offerId": "B", "count": 1, "price": {"value": 10.5, "currencyId": "RUR"}},
            ],
            "deliveryDateInterval": {"fromDate": "2030-01-01", "toDate": "2030-01-01"},
        }
    ],
    "destination": {"pickupDelivery": {"logisticPointId": 1}},
    "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"},
    "packaging": {},
    "paymentType": "PREPAID",
}
ITEM = "order.itemsDelivery[0].items[1]"


def changed(path: str, value: object) -> dict[str, Any]:
    """Give the body with one value replaced; `...` takes the field away."""
    body = json.loads(json.dumps({"order": ORDER}))
    *steps, last = (
        int(step) if step.isdecimal() else step
        for step in path.replace("[", ".").replace("]", "").split(".")
    )
    target = body
    for step in steps:
        target = target[step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return body


class Poster:
    """Posts bodies to createOrder."""

    def __init__(self, client: Client, campaign_id: int) -> None:
        self.client = client
        self.path = f"/v1/campaigns/{campaign_id}/orders/create"

    async def post(self, content: bytes | None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request("POST", self.path, content=content, headers=named)

    async def refusal(self, body: object) -> str:
        answer = await self.post(json.dumps(body).encode())
        assert answer.status == 400, answer.json
        return answer.message


@pytest.fixture
def poster(shared_client: Client, world: DemoWorld) -> Poster:
    return Poster(shared_client, world.first.campaign_id)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("order", ..., "order must not be null (rejected value: null)"),
        ("order", None, "order must not be null (rejected value: null)"),
        ("order", 5, "Illegal input at order: Expected object, got int (rejected value: 5)"),
        (f"{ITEM}.count", ..., f"{ITEM}.count must not be null (rejected value: null)"),
        (f"{ITEM}.count", None, f"{ITEM}.count must not be null (rejected value: null)"),
        (
            f"{ITEM}.count",
            0,
            f"{ITEM}.count must be greater than or equal to 1 (rejected value: 0)",
        ),
        (
            f"{ITEM}.count",
            1001,
            f"{ITEM}.count must be less than or equal to 1000 (rejected value: 1001)",
        ),
        (
            f"{ITEM}.count",
            10**30,
            f"{ITEM}.count must be less than or equal to 1000 (rejected value: {10**30})",
        ),
        (
            f"{ITEM}.count",
            1.5,
            f"Illegal input at {ITEM}.count: Expected int, got float (rejected value: 1.5)",
        ),
        (
            f"{ITEM}.count",
            True,
            f"Illegal input at {ITEM}.count: Expected int, got bool (rejected value: true)",
        ),
        (
            f"{ITEM}.count",
            "1",
            f"Illegal input at {ITEM}.count: Expected int, got str (rejected value: 1)",
        ),
        (
            f"{ITEM}.price.value",
            0,
            f"{ITEM}.price.value must be greater than 0 (rejected value: 0)",
        ),
        (f"{ITEM}.offerId", "", f"{ITEM}.offerId must not be empty (rejected value: )"),
        (
            f"{ITEM}.offerId",
            "x" * 256,
            f"{ITEM}.offerId size must be between 1 and 255 (rejected value: {'x' * 100}…)",
        ),
        (
            "order.customer.phone",
            "+7999-000",
            r"order.customer.phone must match ^\+[0-9]+$ (rejected value: +7999-000)",
        ),
        (
            "order.customer.phone",
            "+7",
            "order.customer.phone size must be between 5 and 16 (rejected value: +7)",
        ),
        (
            "order.paymentType",
            "CASH",
            "Illegal input at order.paymentType: expected one of PREPAID (rejected value: CASH)",
        ),
        (
            "order.itemsDelivery",
            [],
            "order.itemsDelivery size must be between 1 and 1000 (rejected size: 0)",
        ),
        (
            "order.itemsDelivery",
            [None],
            "order.itemsDelivery elements must be not null (rejected value: null)",
        ),
        (
            "order.itemsDelivery[0].items",
            ORDER["itemsDelivery"][0]["items"] * 501,
            "order.itemsDelivery[0].items size must be between 1 and 1000 (rejected size: 1002)",
        ),
        (
            "order.itemsDelivery[0].deliveryDateInterval.fromDate",
            "01-01-2030",
            (
                "Illegal input at order.itemsDelivery[0].deliveryDateInterval.fromDate: "
                "Invalid RFC3339 encoded date (rejected value: 01-01-2030)"
            ),
        ),
        (
            "order.itemsDelivery[0].warehouseId",
            2**63,
            (
                "order.itemsDelivery[0].warehouseId must be less than or equal to "
                "9223372036854775807 (rejected value: 9223372036854775808)"
            ),
        ),
        (
            "order.customer.firstName",
            "А\0Б",
            (
                "Illegal input at order.customer.firstName: U+0000 is not allowed "
                "(rejected value: А\\u0000Б)"
            ),
        ),
    ],
)
async def test_a_refusal_names_field_and_value(
    poster: Poster, path: str, value: object, message: str
) -> None:
    assert await poster.refusal(changed(path, value)) == message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Required request body is missing"),
        (b"", "Required request body is missing"),
        (b"{", "Unexpected end of content"),
        (b'{"order": ', "Unexpected end of content"),
        (b"{order}", "JSON: JSON is malformed: "),
        (b'{"order": {}} {}', "JSON: JSON is malformed: trailing characters"),
        (b'{"order": {"externalOrderId": 1}, rubbish', "JSON: JSON is malformed: "),
        (b'\xef\xbb\xbf{"order": {}}', "JSON: JSON is malformed: "),
        (b'{"order": NaN}', "JSON: JSON is malformed: "),
        (b'{"order": {"externalOrderId": "\xff"}}', "JSON: not UTF-8"),
        (b'{"order": {"externalOrderId": "a\0b"}}', "JSON: JSON is malformed: "),
        (b"[]", "Illegal input at body: Expected object, got array (rejected value: [])"),
        (b"null", "body must not be null (rejected value: null)"),
        (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON: nested too deeply"),
    ],
)
async def test_what_is_no_json_is_refused(
    poster: Poster, content: bytes | None, message: str
) -> None:
    answer = await poster.post(content)
    assert answer.status == 400
    assert answer.message.startswith(message)


async def test_of_a_repeated_name_the_last_value_counts(poster: Poster) -> None:
    content = json.dumps({"order": ORDER}).encode()
    repeated = content.replace(b'"count": 1', b'"count": 1, "count": 0', 1)
    answer = await poster.post(repeated)
    assert answer.message.startswith("order.itemsDelivery[0].items[0].count must be greater")


async def test_an_escaped_backslash_is_no_nul(poster: Poster) -> None:
    message = await poster.refusal(changed("order.externalOrderId", "a\\u0000b"))
    assert "U+0000" not in message


async def test_unknown_fields_mean_nothing(poster: Poster) -> None:
    message = await poster.refusal(changed("order.customer.nickname", "Аня"))
    assert not message.startswith("Illegal input")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'],
)
async def test_json_is_taken(poster: Poster, content_type: str) -> None:
    answer = await poster.post(b"{}", Content_Type=content_type)
    assert answer.message == "order must not be null (rejected value: null)"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/json; charset=windows-1251", "multipart/x", ""],
)
async def test_another_content_type_is_415(poster: Poster, content_type: str) -> None:
    answer = await poster.post(b"{}", Content_Type=content_type)
    assert (answer.status, answer.error) == (
        415,
        ("UNSUPPORTED_MEDIA_TYPE", f"Content type {content_type} not supported"),
    )


async def test_a_compressed_body_is_415(poster: Poster) -> None:
    answer = await poster.post(b"\x1f\x8b", Content_Encoding="gzip")
    assert answer.status == 415


async def test_a_body_without_a_type_is_json(shared_service: Service, world: DemoWorld) -> None:
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    request = request_bytes("POST", path, b"{}", Api_Key=world.first.api_key, Connection="close")
    assert b"order must not be null" in await send(shared_service.base_url, request)


async def test_a_body_in_pieces_is_put_together(shared_service: Service, world: DemoWorld) -> None:
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    body = json.dumps(changed(f"{ITEM}.count", 0)).encode()
    request = request_bytes("POST", path, body, Api_Key=world.first.api_key, Connection="close")
    answer = await send(shared_service.base_url, request[:-300], request[-300:], pause_s=0.05)
    assert f"{ITEM}.count must be greater".encode() in answer


@pytest.mark.parametrize("size", [512 * KB, 512 * KB + 1])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_may_have_512_kb(
    shared_service: Service, world: DemoWorld, size: int, chunked: bool
) -> None:
    body = json.dumps({"order": None}).encode().ljust(size)
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    words = {"Api_Key": world.first.api_key, "Connection": "close"}
    if chunked:
        words |= {"Transfer_Encoding": "chunked", "Content_Length": ""}
        parts = [body[at : at + 60_000] for at in range(0, size, 60_000)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        request = request_bytes("POST", path, **words) + framed
    else:
        request = request_bytes("POST", path, body, **words)
    answer = await send(shared_service.base_url, request)
    if size <= 512 * KB:
        assert b"order must not be null" in answer
    else:
        assert b"The request is too big: Maximum allowed request size must be less than" in answer
        assert b"512 KB, but passed 0.50 MB" in answer


async def test_a_size_that_is_only_declared_is_refused_at_once(
    shared_service: Service, world: DemoWorld
) -> None:
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    words = {"Api_Key": world.first.api_key, "Content_Length": str(10**9)}
    answer = await send(shared_service.base_url, request_bytes("POST", path, **words))
    assert b" 400 " in answer.partition(b"\r\n")[0]


async def test_a_body_that_stays_away_is_not_waited_for(
    shared_client: Client,
    shared_service: Service,
    world: DemoWorld,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "BODY_READ_S_MAX", 0.3)
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    words = {"Api_Key": world.first.api_key, "Content_Length": "100", "Connection": "close"}
    waiting = asyncio.create_task(
        send(shared_service.base_url, request_bytes("POST", path, **words))
    )
    assert (await shared_client.request("GET", "/readyz")).status == 200
    assert b"Unexpected end of content" in await waiting


@pytest.mark.parametrize("content", [None, b"", b"{}"])
@pytest.mark.parametrize("operation_id", ["getStocks", "getLogisticPoints", "getAuthTokenInfo"])
async def test_a_body_that_may_be_absent_may_be_absent(
    shared_client: Client, world: DemoWorld, operation_id: str, content: bytes | None
) -> None:
    paths = {
        "getStocks": f"/v2/campaigns/{world.first.campaign_id}/offers/stocks",
        "getLogisticPoints": f"/v1/businesses/{world.first.business_id}/logistics-points",
        "getAuthTokenInfo": "/v2/auth/token",
    }
    answer = await shared_client.request("POST", paths[operation_id], content=content)
    assert answer.status == 200, answer.json


async def test_a_get_has_no_body_whatever_it_says(shared_client: Client) -> None:
    answer = await shared_client.request(
        "GET", "/v2/campaigns", headers={"Content-Type": "text/html"}
    )
    assert answer.status == 200
    answer = await shared_client.request("GET", "/v2/campaigns", content=b"rubbish")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v2/regions", "Required request parameter name is not present"),
        ("/v2/regions?name=", "Required request parameter name is not present"),
        ("/v2/regions?name=Москва&limit=x", "Type mismatch: x"),
        ("/v2/regions?name=Москва&limit=1.5", "Type mismatch: 1.5"),
        ("/v2/regions?name=Москва&limit=null", "Type mismatch: null"),
        (
            "/v2/regions?name=Москва&limit=0",
            "limit must be greater than or equal to 1 (rejected value: 0)",
        ),
        (
            "/v2/regions?name=Москва&limit=21",
            "Parameter limit must be less than or equal to 20 (rejected value: 21)",
        ),
        ("/v2/regions?name=%00", "Illegal input at name: U+0000 is not allowed"),
        ("/v2/regions?name=Москва&pageToken=rubbish", "Bad page token"),
        ("/v2/regions?name=Москва&page_token=rubbish", "Bad page token"),
    ],
)
async def test_a_query_that_will_not_do_is_refused(
    shared_client: Client, path: str, message: str
) -> None:
    answer = await shared_client.request("GET", path)
    assert answer.status == 400
    assert answer.message.startswith(message)


@pytest.mark.parametrize(
    "query", ["orderIds=1,2", "orderIds=1&orderIds=2", "orderIds=1,&orderIds=,2", "orderIds="]
)
async def test_a_list_is_written_with_commas_or_by_repetition(
    shared_client: Client, world: DemoWorld, query: str
) -> None:
    path = f"/v2/campaigns/{world.first.campaign_id}/orders?{query}&limit=1000&fake="
    assert (await shared_client.request("GET", path)).status == 200


@pytest.mark.parametrize("query", ["pageSize={}&page=1", "limit={}"])
async def test_a_page_is_no_larger_than_the_contract_says(
    shared_client: Client, world: DemoWorld, query: str
) -> None:
    path = f"/v2/campaigns/{world.first.campaign_id}/orders?" + query.format(10**30)
    assert (await shared_client.request("GET", path)).status == 200


async def test_too_many_parameters_are_refused(shared_client: Client) -> None:
    answer = await shared_client.request("GET", "/v2/campaigns?" + "&".join(["a=1"] * 2_000))
    assert answer.message.startswith("Illegal input at query: too many parameters")


@pytest.mark.parametrize(
    "head",
    [
        b"RUBBISH\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v2/campaigns HTTP/9.9\r\n\r\n",
        b"POST /v2/campaigns HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v2/campaigns HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /v2/campaigns HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"BREW /v2/campaigns HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_http_is_refused(shared_service: Service, head: bytes) -> None:
    answer = await send(shared_service.base_url, head)
    told, _, body = answer.partition(b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 400 ")
    assert b"x-request-id: " in told
    assert b"content-type: application/json" in told
    assert json.loads(body) == {
        "status": "ERROR",
        "errors": [{"code": "BAD_REQUEST", "message": "Illegal input at request: not valid HTTP"}],
    }


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE"])
@pytest.mark.parametrize("path", ["/v2/campaigns", "/v2/campaigns.json", "/healthz"])
async def test_another_method_is_405(shared_client: Client, method: str, path: str) -> None:
    answer = await shared_client.request(method, path)
    assert answer.status == 405
    assert answer.error == ("METHOD_NOT_ALLOWED", f"Request method {method} not supported")
    assert "GET" in answer.headers["Allow"]


async def test_an_upgrade_is_not_taken_up(shared_service: Service, world: DemoWorld) -> None:
    request = request_bytes(
        "GET", "/v2/campaigns", Upgrade="websocket", Api_Key=world.first.api_key
    ).replace(b"Upgrade:", b"Connection: upgrade\r\nUpgrade:")
    assert (await send(shared_service.base_url, request)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("text", ["\\ud800", "a\\udc00b", "\\ud83d", "\\ud800\\ud800"])
async def test_half_a_character_is_refused(poster: Poster, text: str) -> None:
    content = json.dumps(changed("order.externalOrderId", "HERE")).replace("HERE", text).encode()
    answer = await poster.post(content)
    assert answer.status == 400
    assert answer.message.startswith(("JSON: JSON is malformed", "Unexpected end of content"))


@pytest.mark.parametrize("text", ["\\u0001", "\\u001f", "\\u007f", "\\u0085", "\\u202e"])
@pytest.mark.parametrize("path", ["order.externalOrderId", "order.customer.firstName"])
async def test_control_characters_are_no_fault(poster: Poster, path: str, text: str) -> None:
    content = json.dumps(changed(path, "aHEREb")).replace("HERE", text).encode()
    assert (await poster.post(content)).status == 400


@pytest.mark.parametrize(
    "number", ["1e400", "-1e400", "-0", "1E2", "1.0", "9" * 4000, "-" + "9" * 400, "0.1e-400"]
)
@pytest.mark.parametrize("path", [f"{ITEM}.count", f"{ITEM}.price.value", "order.customer"])
async def test_no_number_is_a_fault(poster: Poster, path: str, number: str) -> None:
    content = json.dumps(changed(path, "HERE")).replace('"HERE"', number).encode()
    assert (await poster.post(content)).status == 400


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
PATHS = (
    "order", "order.itemsDelivery", "order.itemsDelivery[0]", "order.itemsDelivery[0].items",
    f"{ITEM}", f"{ITEM}.count", f"{ITEM}.price", f"{ITEM}.price.value", f"{ITEM}.offerId",
    "order.customer.phone", "order.destination", "order.packaging", "order.draft",
    "order.itemsDelivery[0].deliveryDateInterval", "order.externalOrderId",
)  # fmt: skip


@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.sampled_from(PATHS), value=Json)
async def test_nothing_that_is_sent_is_a_fault(poster: Poster, path: str, value: object) -> None:
    answer = await poster.post(json.dumps(changed(path, value)).encode("utf-8", "surrogatepass"))
    assert answer.status in {200, 400}
