"""The operator's API over HTTP: who may what, a day in the warehouse, reads on record."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from entrepot.db.audit import audit
from entrepot.demo.seed import DemoWorld
from entrepot.domain.operators import Role
from entrepot.fulfilment.erase_orders import Erased, erase_orders
from entrepot.operations.call import Platform
from entrepot.operations.openapi import openapi_document
from entrepot.operations.registry import OPERATOR, Method, load_operations
from tests.documents.reading import read_pages
from tests.http.shopping import (
    Shop,
    courier_options,
    item,
    parcels,
    pickup_options,
    to_address,
    to_point,
)
from tests.support.client import Answer, Client
from tests.support.contract import Contract

load_operations()
WAREHOUSE = 501  # the one of the demo's WAREHOUSE key
OTHER_WAREHOUSE = 502
Json = dict[str, Any]
As = Callable[[Role], Client]


class Checking(Client):
    """Holds every answer of the operator's API against its own document."""

    own: Contract

    def _check(self, method: str, path: str, answer: Answer) -> None:
        super()._check(method, path, answer)
        if answer.headers["Content-Type"] == "application/json":
            operation_id = self.own.operation_of(method, path.partition("?")[0])
            assert self.own.check(operation_id, answer.status, answer.json) == []


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """The document of the operator's API, as a contract to be held against."""
    file = tmp_path_factory.mktemp("operator") / "openapi.json"
    file.write_text(json.dumps(openapi_document(OPERATOR)))
    return Contract(file)


@pytest.fixture
def people(client: Client, world: DemoWorld, document: Contract) -> As:
    """The operator's people, by role."""

    def person(role: Role) -> Client:
        checking = Checking(client._session, client._base_url, world.operator_keys[role], None)
        checking.own = document
        return checking

    return person


class Day:
    """A day in the warehouse of the first demo business, by the person with one key."""

    def __init__(self, client: Client, world: DemoWorld, people: As) -> None:
        self.shop = Shop(client, world.first)
        self.business = world.first.business_id
        self.picker = people(Role.WAREHOUSE)
        self.carrier = people(Role.CARRIER)

    async def order(self, *items: Json, warehouse_id: int = WAREHOUSE) -> int:
        """Place an order to a point."""
        point = self.shop.business.logistic_point_ids[0]
        wanted = items or (item(self.shop.business.offer_ids[0], 2),)
        named = [{**each, "warehouseId": warehouse_id} for each in wanted]
        (parcel,) = parcels(await self.shop.quote(*named, points=[point]))
        option = pickup_options(parcel)[point][-1]
        answer = await self.shop.place(warehouse_id, option, to_point(point), *wanted)
        assert answer.status == 200, answer.json
        (order,) = answer.json["result"]["orders"]
        return int(order["id"])

    async def at_order(
        self, who: Client, operation_id: str, order_id: int, body: Any = None
    ) -> Answer:
        """Call an operation on an order."""
        return await who.call(operation_id, body, businessId=self.business, orderId=order_id)

    async def pick(self) -> Json:
        """Make a pick list and scan all that is on it."""
        made = await self.picker.call("makePickList", {}, warehouseId=WAREHOUSE)
        assert made.status == 200, made.json
        listed: Json = made.json
        for stop in listed["stops"]:
            for n, tote in enumerate(stop["totes"]):
                body = {
                    "scanId": f"{stop['offerId']}-{n}",
                    "code": stop["offerId"],
                    "count": tote["count"],
                    "orderId": tote["orderId"],
                }
                answer = await self.scan(listed["pickListId"], body)
                assert answer.status == 200, answer.json
        return listed

    async def scan(self, list_id: int, body: Json) -> Answer:
        """Scan a piece."""
        return await self.picker.call(
            "scanPiece", body, businessId=self.business, pickListId=list_id
        )

    async def pack(self, order_id: int) -> str:
        """Pack an order into a box; gives its parcel's code."""
        box = {"weightG": 1200, "lengthMm": 300, "widthMm": 200, "heightMm": 100}
        answer = await self.at_order(self.picker, "packOrder", order_id, {"parcels": [box]})
        assert answer.status == 200, answer.json
        (code,) = answer.json["codes"]
        assert isinstance(code, str)
        return code

    async def hand_over(self, code: str) -> int:
        """Scan a parcel at the gate and close the act; gives its id."""
        scanned = await self.picker.call("scanParcel", {"code": code}, warehouseId=WAREHOUSE)
        assert scanned.status == 200, scanned.json
        closed = await self.picker.call("closeHandovers", {}, warehouseId=WAREHOUSE)
        (act,) = closed.json["handovers"]
        assert act["notShipped"] == []
        return int(scanned.json["handoverId"])

    async def send(self) -> int:
        """Bring an order on its way."""
        order_id = await self.order()
        await self.pick()
        await self.hand_over(await self.pack(order_id))
        return order_id

    async def tell(self, order_id: int, **event: Any) -> Answer:
        """Tell what became of an order."""
        return await self.at_order(self.carrier, "recordCarrierEvent", order_id, event)


@pytest.fixture
def day(client: Client, world: DemoWorld, people: As) -> Day:
    """A day in the warehouse."""
    return Day(client, world, people)


async def audited(platform: Platform) -> None:
    """Check that the books agree."""
    assert (await audit(platform.database)).findings == ()


@pytest.mark.parametrize("operation_id", sorted(OPERATOR.operations))
async def test_each_role_may_what_is_declared_and_no_more(
    operation_id: str, shared_client: Client, world: DemoWorld
) -> None:
    operation = OPERATOR.operations[operation_id]
    path = dict.fromkeys(operation.path_parameters, 404)
    body = None if operation.method is Method.GET else {}
    for role in Role:
        answer = await shared_client.with_key(world.operator_keys[role]).call(
            operation_id, body, **path
        )
        refused = answer.status == 403 and answer.error[0] == "ROLE_NOT_ALLOWED"
        assert refused == (role not in operation.roles), (role, answer.content)


async def test_it_has_a_page_and_a_document(shared_client: Client) -> None:
    page = await shared_client.request("GET", "/docs/operator")
    assert page.status == 200
    assert b"makePickList" in page.content
    document = await shared_client.request("GET", "/operator/v1/openapi.json")
    declared = document.json["paths"]["/operator/v1/personal-reads"]["get"]
    assert declared["x-roles"] == ["ADMIN"]


async def test_only_an_operators_key_opens_it(shared_client: Client, world: DemoWorld) -> None:
    path = {"warehouseId": WAREHOUSE}
    shop = await shared_client.call("getWorkQueue", **path)
    assert (shop.status, shop.message) == (401, "Api-Key token prefix invalid")
    nobody = await shared_client.with_key(None).call("getWorkQueue", **path)
    assert (nobody.status, nobody.message) == (401, "Credentials are not specified")
    token = world.operator_keys[Role.ADMIN]
    bearer = shared_client.with_key(None)
    headers = {"Authorization": f"Bearer {token}"}
    assert (await bearer.call("getWorkQueue", headers=headers, **path)).status == 200
    mistyped = await shared_client.with_key(token[:-1] + "x").call("getWorkQueue", **path)
    assert (mistyped.status, mistyped.message) == (401, "Api-Key token is invalid")
    # And an operator's key is no shop's.
    contract = await shared_client.with_key(token).call("getCampaigns")
    assert (contract.status, contract.message) == (401, "Api-Key token prefix invalid")


async def test_a_key_is_bound_to_its_warehouse(day: Day, people: As) -> None:
    queue = await day.picker.call("getWorkQueue", warehouseId=OTHER_WAREHOUSE)
    assert (queue.status, queue.error[0]) == (403, "WAREHOUSE_NOT_ALLOWED")
    order_id = await day.order(warehouse_id=OTHER_WAREHOUSE)
    for operation_id in ("resumeOrder", "getLabels", "getOrderHistory", "unpackOrder"):
        answer = await day.at_order(day.picker, operation_id, order_id)
        assert (answer.status, answer.error[0]) == (403, "WAREHOUSE_NOT_ALLOWED")
    admin = people(Role.ADMIN)
    made = await admin.call("makePickList", {}, warehouseId=OTHER_WAREHOUSE)
    path = {"businessId": day.business, "pickListId": made.json["pickListId"]}
    seen = await day.picker.call("getPickList", **path)
    assert (seen.status, seen.error[0]) == (403, "WAREHOUSE_NOT_ALLOWED")
    scanned = await day.picker.call("scanPiece", {"scanId": "1", "code": "x"}, **path)
    assert (scanned.status, scanned.error[0]) == (403, "WAREHOUSE_NOT_ALLOWED")


async def test_what_is_not_there_is_told_apart(day: Day, people: As) -> None:
    admin = people(Role.ADMIN)
    assert (await admin.call("getWorkQueue", warehouseId=404)).message == "Warehouse not found: 404"
    path = {"businessId": 404, "orderId": 1}
    assert (await admin.call("getFullOrder", **path)).message == "Business not found: 404"
    missing = await day.at_order(admin, "getFullOrder", 404)
    assert (missing.status, missing.message) == (404, "Order not found: 404")
    act = await admin.call("getHandoverAct", businessId=day.business, handoverId=404)
    assert (act.status, act.message) == (404, "Hand-over not found: 404")


async def test_a_whole_day(day: Day, people: As, platform: Platform) -> None:
    first, second = await day.order(), await day.order()
    queue = (await day.picker.call("getWorkQueue", warehouseId=WAREHOUSE)).json
    assert [each["orderId"] for each in queue["orders"]] == [first, second]
    assert sum(each["waiting"] for each in queue["cutOffs"]) == 2
    page = await day.picker.call("getWorkQueue", query={"limit": 1}, warehouseId=WAREHOUSE)
    token = page.json["paging"]["nextPageToken"]
    rest = await day.picker.call("getWorkQueue", query={"pageToken": token}, warehouseId=WAREHOUSE)
    assert page.json["orders"] + rest.json["orders"] == queue["orders"]
    assert (rest.json["cutOffs"], rest.json["paging"]) == ([], {})
    listed = await day.pick()
    assert {tote["orderId"] for tote in listed["totes"]} == {first, second}
    (stop,) = listed["stops"]
    assert stop["left"] == 4
    after = await day.picker.call(
        "getPickList", businessId=day.business, pickListId=listed["pickListId"]
    )
    assert (after.json["left"], {tote["step"] for tote in after.json["totes"]}) == (0, {"PICKED"})
    code = await day.pack(first)
    labels = await day.at_order(day.picker, "getLabels", first)
    assert labels.headers["Content-Type"] == "application/pdf"
    (label,) = read_pages(labels.content)
    assert label.codes == [code]
    assert "Петрова Анна" in label.lines
    handover_id = await day.hand_over(code)
    act = await day.picker.call("getHandoverAct", businessId=day.business, handoverId=handover_id)
    (page,) = read_pages(act.content)
    assert page.codes == [f"A{day.business}-{handover_id}"]
    assert any(code in line for line in page.lines)
    queue = (await day.picker.call("getWorkQueue", warehouseId=WAREHOUSE)).json
    assert [(each["orderId"], each["step"]) for each in queue["orders"]] == [(second, "PICKED")]
    arrived = await day.tell(first, type="ARRIVED")
    assert (arrived.json["status"], arrived.json["changed"]) == ("PICKUP", True)
    again = await day.tell(first, type="ARRIVED")
    assert again.json["changed"] is False
    missing = await day.tell(first, type="DELIVERED")
    assert missing.error[0] == "RECEIVE_CODE"
    read = await day.shop.client.call(
        "getOrder", campaignId=day.shop.business.campaign_id, orderId=first
    )
    receive_code = read.json["order"]["delivery"]["receiveCode"]
    wrong = "000000" if receive_code != "000000" else "111111"
    assert (await day.tell(first, type="DELIVERED", receiveCode=wrong)).status == 400
    delivered = await day.tell(first, type="DELIVERED", receiveCode=receive_code)
    assert delivered.json["status"] == "DELIVERED"
    history = (await day.at_order(people(Role.SUPPORT), "getOrderHistory", first)).json["events"]
    assert [(each["kind"], each["substatus"]) for each in history] == [
        ("CREATED", "STARTED"),
        ("PICKED", "STARTED"),
        ("STATUS_CHANGED", "READY_TO_SHIP"),
        ("STATUS_CHANGED", "SHIPPED"),
        ("STATUS_CHANGED", "DELIVERY_SERVICE_RECEIVED"),
        ("STATUS_CHANGED", "PICKUP_SERVICE_RECEIVED"),
        ("STATUS_CHANGED", "DELIVERY_SERVICE_DELIVERED"),
    ]
    assert [each["actor"] for each in history[1:]] == ["WAREHOUSE"] * 4 + ["CARRIER"] * 2
    assert {each.get("name") for each in history[1:5]} == {"demo: warehouse"}
    await audited(platform)


async def test_every_read_of_a_recipient_is_on_record(day: Day, people: As) -> None:
    order_id = await day.order()
    support, admin = people(Role.SUPPORT), people(Role.ADMIN)
    path = {"businessId": day.business, "orderId": order_id}
    full = await support.call("getFullOrder", query={"purpose": "звонок 17"}, **path)
    assert full.json["recipient"]["lastName"] == "Петрова"
    assert full.json["recipient"]["phone"] == "+79990001122"
    found = await support.call("findOrders", {"phone": "8 (999) 000-11-22", "purpose": "?"})
    assert [each["orderId"] for each in found.json["orders"]] == [order_id]
    await day.pick()
    await day.pack(order_id)
    await day.at_order(day.picker, "getLabels", order_id)
    reads = (await admin.call("getPersonalReads", query={"orderId": order_id})).json["reads"]
    assert [(each["what"], each["role"], each.get("purpose")) for each in reads] == [
        ("LABEL", "WAREHOUSE", None),
        ("SEARCH", "SUPPORT", "?"),
        ("ORDER", "SUPPORT", "звонок 17"),
    ]
    assert reads[0]["reader"] == "demo: warehouse"
    page = (await admin.call("getPersonalReads", query={"limit": 2})).json
    rest = await admin.call(
        "getPersonalReads", query={"limit": 2, "pageToken": page["paging"]["nextPageToken"]}
    )
    assert page["reads"] + rest.json["reads"] == reads
    assert rest.json["paging"] == {}


async def test_orders_are_found_by_what_is_known_of_them(day: Day, people: As) -> None:
    first, second = await day.order(), await day.order()
    support = people(Role.SUPPORT)
    full = (await day.at_order(support, "getFullOrder", first)).json

    async def found(**body: Any) -> list[int]:
        answer = await support.call("findOrders", body)
        assert answer.status == 200, answer.json
        return [each["orderId"] for each in answer.json["orders"]]

    assert await found(orderIds=[first, 404]) == [first]
    assert await found(externalOrderIds=[full["externalOrderId"]]) == [first]
    assert await found(lastName="ПЕТРОВА", firstName="анна") == [second, first]
    assert await found(lastName="Петрова", firstName="Ольга") == []
    assert await found(lastName="Петрова", statuses=["CANCELLED"]) == []
    assert await found(lastName="Петрова", warehouseIds=[OTHER_WAREHOUSE]) == []
    created = full["createdAt"][:10]
    assert set(await found(businessId=day.business, createdFrom=created)) >= {first}
    assert await found(businessId=1, orderIds=[first]) == []
    page = await support.call("findOrders", {"lastName": "Петрова"}, query={"limit": 1})
    token = page.json["paging"]["nextPageToken"]
    rest = await support.call("findOrders", {"lastName": "Петрова"}, query={"pageToken": token})
    assert [each["orderId"] for each in rest.json["orders"]] == [first]
    for wide in ({}, {"statuses": ["DELIVERED"]}, {"createdFrom": created}):
        assert (await support.call("findOrders", wide)).error[0] == "SEARCH_TOO_WIDE"
    short = await support.call("findOrders", {"phone": "123"})
    assert short.message == "phone has ten digits at least"
    long = {"lastName": "x", "createdFrom": "2020-01-01", "createdTo": "2026-01-01"}
    assert (await support.call("findOrders", long)).error[0] == "BAD_FIELD"


async def test_a_carrier_speaks_of_what_it_was_given(day: Day) -> None:
    order_id = await day.order()
    early = await day.at_order(day.carrier, "getFullOrder", order_id)
    assert (early.status, early.error[0]) == (403, "ROLE_NOT_ALLOWED")
    await day.pick()
    await day.hand_over(await day.pack(order_id))
    full = await day.at_order(day.carrier, "getFullOrder", order_id)
    assert full.json["work"]["carrier"] == "OWN"
    assert full.json["recipient"]["phone"] == "+79990001122"


async def test_nobody_finds_a_receive_code_by_trying(day: Day, people: As) -> None:
    order_id = await day.send()
    await day.tell(order_id, type="ARRIVED")
    path = {"campaignId": day.shop.business.campaign_id, "orderId": order_id}
    read = (await day.shop.client.call("getOrder", **path)).json
    receive_code = read["order"]["delivery"]["receiveCode"]
    wrong = "000000" if receive_code != "000000" else "111111"
    said = [await day.tell(order_id, type="DELIVERED", receiveCode=wrong) for _ in range(10)]
    assert {each.message for each in said} == {f"The receive code is not that of order {order_id}"}
    late = await day.tell(order_id, type="DELIVERED", receiveCode=receive_code)
    assert late.error[0] == "RECEIVE_CODE"
    event = {"type": "DELIVERED", "receiveCode": receive_code}
    at_desk = await day.at_order(people(Role.ADMIN), "recordCarrierEvent", order_id, event)
    assert at_desk.json["status"] == "DELIVERED"


@pytest.mark.parametrize(
    ("event", "status", "substatus", "comes_back"),
    [
        ({"type": "REFUSED"}, "CANCELLED", "USER_REFUSED_DELIVERY", True),
        ({"type": "LOST"}, "CANCELLED", "DELIVERY_SERVICE_LOST", False),
        (
            {"type": "NOT_DELIVERED", "reason": "USER_UNREACHABLE"},
            "CANCELLED", "USER_UNREACHABLE", True,
        ),
    ],
)  # fmt: skip
async def test_what_does_not_reach_its_buyer(
    day: Day,
    platform: Platform,
    event: Json,
    status: str,
    substatus: str,
    comes_back: bool,
) -> None:
    order_id = await day.send()
    answer = await day.tell(order_id, **event)
    assert (answer.json["status"], answer.json["substatus"]) == (status, substatus)
    assert ("returnId" in answer.json) == comes_back
    assert (await day.tell(order_id, **event)).json["changed"] is False
    await audited(platform)


async def test_many_events_at_once_each_with_its_result(day: Day, platform: Platform) -> None:
    first, second = await day.order(), await day.order()
    await day.pick()
    await day.hand_over(await day.pack(first))
    at = {"businessId": day.business, "orderId": first}
    events = [
        {**at, "type": "ARRIVED"},
        {"businessId": day.business, "orderId": second, "type": "ARRIVED"},
        {"businessId": day.business, "orderId": 404, "type": "LOST"},
        {**at, "type": "STORED_TOO_LONG"},
        {**at, "type": "LOST", "receiveCode": "1"},
    ]
    answer = await day.carrier.call("importCarrierEvents", {"events": events})
    assert (answer.json["done"], answer.json["failed"]) == (2, 3)
    results = answer.json["results"]
    assert results[0]["result"]["status"] == "PICKUP"
    assert results[1]["error"]["code"] == "STATUS_NOT_ALLOWED"
    assert results[2]["error"]["code"] == "NOT_FOUND"
    assert results[3]["result"]["substatus"] == "PICKUP_EXPIRED"
    assert results[4]["error"]["code"] == "BAD_FIELD"
    again = await day.carrier.call("importCarrierEvents", {"events": events[:1]})
    assert again.json["results"][0]["error"]["code"] == "STATUS_NOT_ALLOWED"
    await audited(platform)


async def test_a_shortage_and_what_comes_after(day: Day, platform: Platform) -> None:
    order_id = await day.order()
    made = await day.picker.call("makePickList", {"ordersMax": 1}, warehouseId=WAREHOUSE)
    offer_id = day.shop.business.offer_ids[0]
    body = {"offerId": offer_id, "missing": 1}
    short = await day.at_order(day.picker, "reportShortage", order_id, body)
    assert (short.json["step"], short.json["released"]) == ("ASIDE", False)
    queue = await day.picker.call("getWorkQueue", query={"step": "ASIDE"}, warehouseId=WAREHOUSE)
    assert [each["orderId"] for each in queue.json["orders"]] == [order_id]
    assert (await day.at_order(day.picker, "resumeOrder", order_id)).status == 200
    scan = {"scanId": "1", "code": offer_id}
    assert (await day.scan(made.json["pickListId"], scan)).status == 200
    cancelled = await day.at_order(day.picker, "cancelAtDesk", order_id, {"reason": "BROKEN_ITEM"})
    assert cancelled.json["substatus"] == "BROKEN_ITEM"
    (back,) = (await day.picker.call("getPutBacks", warehouseId=WAREHOUSE)).json["orders"]
    assert (back["orderId"], back["items"][0]["count"]) == (order_id, 1)
    for _ in range(2):
        assert (await day.at_order(day.picker, "putBack", order_id)).status == 200
    assert (await day.picker.call("getPutBacks", warehouseId=WAREHOUSE)).json["orders"] == []
    await audited(platform)


async def test_shelves_and_bar_codes_lead_the_picker(day: Day) -> None:
    one, two = day.shop.business.offer_ids[:2]
    goods = [
        {"offerId": one, "shelf": "B-1", "barcodes": ["460001"]},
        {"offerId": two, "shelf": "A-1"},
    ]
    described = await day.picker.call(
        "describeGoods", {"businessId": day.business, "goods": goods}, warehouseId=WAREHOUSE
    )
    assert described.json == {"barcodes": 1, "shelves": 2}
    await day.order(item(one), item(two))
    made = (await day.picker.call("makePickList", {}, warehouseId=WAREHOUSE)).json
    assert [(stop["shelf"], stop["offerId"]) for stop in made["stops"]] == [
        ("A-1", two),
        ("B-1", one),
    ]
    scanned = await day.scan(made["pickListId"], {"scanId": "1", "code": "460001"})
    assert (scanned.json["offerId"], scanned.json["lineLeft"]) == (one, 0)
    unknown = {"businessId": day.business, "goods": [{"offerId": "ghost", "shelf": "A"}]}
    refused = await day.picker.call("describeGoods", unknown, warehouseId=WAREHOUSE)
    assert refused.message == "Offers not found for SKUs: ghost"


async def test_a_parcel_whose_order_was_cancelled_is_not_given_away(
    day: Day, people: As, platform: Platform
) -> None:
    first, second = await day.order(), await day.order()
    await day.pick()
    for order_id in (first, second):
        code = await day.pack(order_id)
        scanned = await day.picker.call("scanParcel", {"code": code}, warehouseId=WAREHOUSE)
    cancelled = await day.at_order(
        people(Role.ADMIN), "cancelAtDesk", first, {"reason": "USER_CHANGED_MIND"}
    )
    assert "returnId" in cancelled.json
    (act,) = (await day.picker.call("getHandovers", warehouseId=WAREHOUSE)).json["handovers"]
    assert (act["handover"]["parcels"], act["cancelled"]) == (2, [first])
    closed = await day.picker.call("closeHandovers", {}, warehouseId=WAREHOUSE)
    (act,) = closed.json["handovers"]
    assert (act["handover"]["parcels"], act["notShipped"]) == (1, [first])
    path = {"businessId": day.business, "handoverId": scanned.json["handoverId"]}
    (page,) = read_pages((await day.picker.call("getHandoverAct", **path)).content)
    assert "Всего мест: 1, заказов: 1, вес: 1,200 кг" in page.lines
    assert await status_of(day, second) == "DELIVERY"
    assert (await day.picker.call("getHandovers", warehouseId=WAREHOUSE)).json["handovers"] == []
    await audited(platform)


async def test_an_order_whose_recipient_was_erased_is_read_and_printed(
    day: Day, people: As, platform: Platform
) -> None:
    address = "г. Москва, ул. Малая Тайная, д. 7"
    wanted = {**item(day.shop.business.offer_ids[0], 1), "warehouseId": WAREHOUSE}
    (parcel,) = parcels(await day.shop.quote(wanted, address=address))
    option = courier_options(parcel)[0]
    placed = await day.shop.place(WAREHOUSE, option, to_address(address), wanted)
    (brought,) = [int(order["id"]) for order in placed.json["result"]["orders"]]
    orders = [brought, await day.order()]
    await day.pick()
    admin = people(Role.ADMIN)
    for order_id in orders:
        await day.pack(order_id)
        await day.at_order(admin, "cancelAtDesk", order_id, {"reason": "USER_CHANGED_MIND"})
    erased = await erase_orders(platform.database, platform.clock, day.business, orders)
    assert isinstance(erased, Erased)
    for order_id in orders:
        for operation_id in ("getFullOrder", "getLabels", "getOrderHistory"):
            answer = await day.at_order(admin, operation_id, order_id)
            assert answer.status == 200, (operation_id, answer.content)
            assert "Малая".encode() not in answer.content
    found = await admin.call("findOrders", {"orderIds": orders})
    assert {one["orderId"] for one in found.json["orders"]} == set(orders)
    put_backs = await day.picker.call("getPutBacks", warehouseId=WAREHOUSE)
    assert put_backs.status == 200
    await audited(platform)


async def test_what_was_left_while_closing_is_brought_to_its_end(
    day: Day, platform: Platform, service: Any
) -> None:
    order_id = await day.order()
    await day.pick()
    code = await day.pack(order_id)
    scanned = await day.picker.call("scanParcel", {"code": code}, warehouseId=WAREHOUSE)
    # As a process leaves it that is killed right after its first transaction.
    await platform.database.transaction(
        lambda connection: connection.execute(
            "UPDATE handover SET state = 'CLOSING', closed_at = now(), closed_by = 'x'"
            " WHERE id = $1",
            scanned.json["handoverId"],
        )
    )
    await service.do_what_is_due()
    assert await status_of(day, order_id) == "PROCESSING"
    await service.advance_clock(120)
    await service.do_what_is_due()
    assert await status_of(day, order_id) == "DELIVERY"
    await audited(platform)


async def status_of(day: Day, order_id: int) -> str:
    """Tell where the shop sees an order."""
    path = {"campaignId": day.shop.business.campaign_id, "orderId": order_id}
    status: str = (await day.shop.client.call("getOrder", **path)).json["order"]["status"]
    return status
