"""What the two forms of an order show, as they are encoded: every field, and no other."""

import json
from datetime import timedelta
from typing import Any

import msgspec

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.domain.network import Gps, PointAddress
from entrepot.domain.order import Order, Standing
from entrepot.operations.orders.views import show_legacy_order
from entrepot.operations.orders.views_business import show_business_order
from tests.domain import networks, orders
from tests.domain.orders import CREATED_AT

ADDRESS = PointAddress(
    "Россия, Москва, Тверская улица, дом 12, строение 3, корпус 1",
    Gps(55.76, 37.6),
    networks.MOSCOW,
    city="Москва",
    street="Тверская улица",
    house="12",
    building="3",
    block="1",
)
NETWORK = networks.network(
    points=(
        msgspec.structs.replace(networks.point(71, networks.MOSCOW), address=ADDRESS),
        networks.point(72, networks.TVER),
    )
)
MOSCOW = {
    "id": networks.MOSCOW,
    "name": "Москва",
    "type": "CITY",
    "parent": {
        "id": networks.MOSCOW_REGION,
        "name": "Москва и Московская область",
        "type": "REPUBLIC",
        "parent": {"id": networks.COUNTRY, "name": "Россия", "type": "COUNTRY"},
    },
}
POINT_ADDRESS = {
    "country": "Россия",
    "city": "Москва",
    "street": "Тверская улица",
    "house": "12",
    "block": "1",
    "gps": {"latitude": 55.76, "longitude": 37.6},
}


def legacy(order: Order) -> Any:
    return json.loads(msgspec.json.encode(show_legacy_order(order, NETWORK)))


def business(order: Order) -> Any:
    return json.loads(msgspec.json.encode(show_business_order(order, NETWORK)))


def test_older_form_of_an_order_to_a_point() -> None:
    assert legacy(orders.order()) == {
        "id": 2001,
        "externalOrderId": "shop-1",
        "status": "PROCESSING",
        "substatus": "STARTED",
        "creationDate": "31-03-2026 23:59:59",
        "updatedAt": "31-03-2026 23:59:59",
        "currency": "RUR",
        "itemsTotal": 3000.5,
        "deliveryTotal": 199,
        "buyerItemsTotalBeforeDiscount": 3000.5,
        "paymentType": "PREPAID",
        "paymentMethod": "UNKNOWN",
        "fake": False,
        "items": [
            {
                "id": 1,
                "offerId": "SKU-1",
                "offerName": "Чайник",
                "price": 1000,
                "buyerPrice": 1000,
                "buyerPriceBeforeDiscount": 1000,
                "count": 2,
                "partnerWarehouseId": "301",
            },
            {
                "id": 2,
                "offerId": "SKU-2",
                "offerName": "Кружка",
                "price": 1000.5,
                "buyerPrice": 1000.5,
                "buyerPriceBeforeDiscount": 1000.5,
                "count": 1,
                "partnerWarehouseId": "301",
            },
        ],
        "delivery": {
            "type": "PICKUP",
            "serviceName": "Entrepot",
            "deliveryPartnerType": "YANDEX_MARKET",
            "dates": {"fromDate": "03-04-2026", "toDate": "03-04-2026"},
            "deliveryServiceId": 1,
            "region": MOSCOW,
            "address": {**POINT_ADDRESS, "building": "3"},
            "dispatchType": "MARKET_BRANDED_OUTLET",
            "shipments": [{"shipmentDate": "01-04-2026"}],
            "receiveCode": "012345",
        },
        "buyer": {"type": "PERSON"},
        "taxSystem": "UNKNOWN_VALUE",
    }


def test_newer_form_of_an_order_to_a_point() -> None:
    assert business(orders.order()) == {
        "orderId": 2001,
        "campaignId": 50001,
        "programType": "LAAS",
        "externalOrderId": "shop-1",
        "status": "PROCESSING",
        "substatus": "STARTED",
        "creationDate": "2026-03-31T23:59:59.999+03:00",
        "updateDate": "2026-03-31T23:59:59.999+03:00",
        "paymentType": "PREPAID",
        "paymentMethod": "UNKNOWN",
        "fake": False,
        "items": [
            {
                "id": 1,
                "offerId": "SKU-1",
                "offerName": "Чайник",
                "count": 2,
                "prices": {"payment": {"value": 2000, "currencyId": "RUR"}},
                "itemStatuses": [{"status": "CREATED", "count": 2}],
            },
            {
                "id": 2,
                "offerId": "SKU-2",
                "offerName": "Кружка",
                "count": 1,
                "prices": {"payment": {"value": 1000.5, "currencyId": "RUR"}},
                "itemStatuses": [{"status": "CREATED", "count": 1}],
            },
        ],
        "prices": {"payment": {"value": 3000.5, "currencyId": "RUR"}},
        "delivery": {
            "type": "PICKUP",
            "serviceName": "Entrepot",
            "deliveryServiceId": 1,
            "warehouseId": "301",
            "deliveryPartnerType": "YANDEX_MARKET",
            "dispatchType": "MARKET_BRANDED_OUTLET",
            "dates": {"fromDate": "2026-04-03", "toDate": "2026-04-03"},
            "shipment": {"shipmentDate": "2026-04-01"},
            "pickup": {"address": POINT_ADDRESS, "region": MOSCOW, "logisticPointId": 71},
            "receiveCode": "012345",
            "receiveBarcode": "012345",
        },
        "sourcePlatform": "OTHER",
    }


def test_courier_order_shows_its_interval_and_what_was_given_of_the_door() -> None:
    order = orders.courier_order(notes="Позвонить за час")
    door = {
        "country": "Россия",
        "city": "Москва",
        "entrance": "2",
        "floor": "-1",
        "apartment": "14",
    }
    older = legacy(order)
    assert older["notes"] == "Позвонить за час"
    assert older["delivery"]["type"] == "DELIVERY"
    assert older["delivery"]["dispatchType"] == "BUYER"
    assert older["delivery"]["address"] == door
    assert older["delivery"]["dates"] == {
        "fromDate": "02-04-2026",
        "toDate": "02-04-2026",
        "fromTime": "10:00",
        "toTime": "14:00",
    }
    assert "receiveCode" not in older["delivery"]
    newer = business(order)
    assert newer["notes"] == "Позвонить за час"
    assert newer["delivery"]["courier"] == {"address": door, "region": MOSCOW}
    assert newer["delivery"]["dates"] == {
        "fromDate": "2026-04-02",
        "toDate": "2026-04-02",
        "fromTime": "10:00",
        "toTime": "14:00",
    }
    assert newer["delivery"].keys().isdisjoint({"pickup", "receiveCode", "receiveBarcode"})


def test_settlement_within_another_is_the_city_shown() -> None:
    order = orders.courier_order(region_id=networks.VILLAGE)
    shown = legacy(order)["delivery"]
    assert shown["address"]["city"] == "Ивакино"
    assert shown["region"]["parent"]["name"] == "Химки"


def test_open_draft_shows_when_it_ends() -> None:
    until = CREATED_AT + timedelta(hours=1)
    draft = orders.order(standing=orders.RESERVED, reserved_until=until)
    assert legacy(draft)["expiryDate"] == "01-04-2026 00:59:59"


def test_ended_draft_shows_no_end_any_more() -> None:
    until = CREATED_AT + timedelta(hours=1)
    ended = Standing(OrderStatus.CANCELLED, OrderSubstatus.RESERVATION_EXPIRED, until)
    draft = orders.order(standing=ended, reserved_until=until)
    shown = legacy(draft)
    assert (shown["status"], shown["substatus"]) == ("CANCELLED", "RESERVATION_EXPIRED")
    assert shown["updatedAt"] == "01-04-2026 00:59:59"
    assert "expiryDate" not in shown


def test_place_that_the_network_has_lost_is_left_out() -> None:
    order = orders.order(slot=orders.TO_POINT._replace(place_id=999), region_id=999_999)
    assert legacy(order)["delivery"].keys().isdisjoint({"region", "address"})
    assert business(order)["delivery"]["pickup"] == {"logisticPointId": 999}
