"""Examples of requests and answers, made from their schemas."""

from typing import Any

from entrepot.console.schema_rows import Json, Schemas

# What reads better than a placeholder, by the name of the field: goods and places are the demo
# world's, so that an example says something there.
_TEXTS = {
    "externalOrderId": "order-1001",
    "offerId": "HOME-0001",
    "offerIds": "HOME-0001",
    "firstName": "Анна",
    "lastName": "Петрова",
    "phone": "+79990001122",
    "fullAddress": "Москва, Тверская улица, 1",
    "fromTime": "10:00",
    "toTime": "14:00",
    "apartment": "12",
    "entrance": "2",
    "pageToken": "eyJ…",
    "nextPageToken": "eyJ…",
    "name": "Москва",
    "code": "BAD_REQUEST",
    "message": "…",
    "status": "PROCESSING",
    "substatus": "STARTED",
    "currencyId": "RUR",
    "currency": "RUR",
}
_NUMBERS = {
    "warehouseId": 501,
    "logisticPointId": 10001,
    "logisticPointsIds": 10001,
    "campaignId": 50001,
    "businessId": 1001,
    "orderId": 1001000,
    "regionId": 213,
    "id": 1001000,
    "count": 1,
    "value": 990,
    "latitude": 55.75,
    "longitude": 37.61,
}
_FORMATS = {
    "date": "2026-12-01",
    "date-time": "2026-12-01T12:00:00+03:00",
    "date-dd-MM-yyyy": "01-12-2026",
    "date-dd-MM-yyyy-HH-mm-ss": "01-12-2026 12:00:00",
    "time": "10:00",
}
# One of these or the other, or what goes with some values of another field only: where they are
# optional, an example shows one or none.
_LEFT_OUT = {
    "courierDelivery",
    "draft",
    "fake",
    "middleName",
    "notes",
    "parent",
    "prevPageToken",
    "reason",
    "receiveCode",
    "refused",
}


def example(schemas: Schemas, schema: Json, name: str = "", depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Make an example of a schema: what is required, and what is optional near the top."""
    _, resolved = schemas.resolve(schema)
    match resolved.get("type"):
        case "object":
            required = set(resolved.get("required", ()))
            return {
                field: example(schemas, declared, field, depth + 1)
                for field, declared in resolved.get("properties", {}).items()
                if field in required or ((depth <= 1 or not required) and field not in _LEFT_OUT)
            }
        case "array":
            return [example(schemas, resolved["items"], name, depth + 1)]
        case "boolean":
            return bool(resolved.get("default", False))
        case "integer" | "number":
            return _NUMBERS.get(name, resolved.get("minimum", 1) or 1)
        case _:
            return _text(name, resolved)


def _text(name: str, schema: Json) -> str:
    values = schema.get("enum")
    known = _TEXTS.get(name)
    if values:
        return known if known is not None and known in values else str(values[0])
    return _FORMATS.get(schema.get("format", ""), known or "…")
