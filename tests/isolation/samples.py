"""Bodies and queries that carry given ids, made from the declared types."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect as shapes

from entrepot.demo.seed import DemoBusiness

Ids = Mapping[str, object]
"""An id for each kind that a business owns."""

_KINDS = {
    "orderId": "order",
    "orderIds": "order",
    "externalOrderIds": "external order",
    "campaignId": "campaign",
    "campaignIds": "campaign",
    "businessId": "business",
    "offerId": "offer",
    "offerIds": "offer",
    "operationIds": "operation",
    "returnId": "return",
    "subscriptionId": "subscription",
}
"""What a field or parameter of such a name holds."""

_TEXTS = ("x", "2031-01-01", "10:00", "+79990001122", "00000000-0000-0000-0000-000000000001")
_SAMPLES: dict[type[shapes.Type], object] = {
    shapes.FloatType: 10,
    shapes.DecimalType: 10,
    shapes.BoolType: False,
    shapes.DateType: "2031-01-01",
    shapes.DateTimeType: "2031-01-01T00:00:00Z",
}


def kind_of(name: str, area: str) -> str | None:
    """Tell whose id a name stands for; a plain `id` in orders is an order's."""
    return "order" if name == "id" and area == "orders" else _KINDS.get(name)


def kinds_in(shape: shapes.Type, area: str) -> Iterator[str]:
    """List the kinds of ids that a type can carry."""
    match shape:
        case shapes.StructType(fields=fields):
            for field in fields:
                yield from _kinds_at(field, area)
        case shapes.UnionType(types=types):
            for one in types:
                yield from kinds_in(one, area)
        case shapes.Metadata(type=inner):
            yield from kinds_in(inner, area)
        case shapes.ListType(item_type=item) | shapes.VarTupleType(item_type=item):
            yield from kinds_in(item, area)
        case _:
            return


def _kinds_at(field: shapes.Field, area: str) -> Iterator[str]:
    kind = kind_of(field.encode_name, area)
    if kind is None:
        yield from kinds_in(field.type, area)
    else:
        yield kind


def sample(shape: shapes.Type, area: str, ids: Ids) -> Any:
    """Make a value: what is required, and whatever can carry an id."""
    match shape:
        case shapes.StructType(fields=fields):
            return {
                field.encode_name: _field(field, area, ids)
                for field in fields
                if field.required or any(True for _ in _kinds_at(field, area))
            }
        case shapes.UnionType(types=types):
            declared = next(one for one in types if not isinstance(one, shapes.NoneType))
            return sample(declared, area, ids)
        case shapes.Metadata(type=inner):
            return sample(inner, area, ids)
        case shapes.ListType(item_type=item) | shapes.VarTupleType(item_type=item):
            return [sample(item, area, ids)]
        case _:
            return _plain(shape)


def _plain(shape: shapes.Type) -> object:
    match shape:
        case shapes.EnumType(cls=choices):
            return next(iter(choices)).value
        case shapes.StrType(pattern=pattern):
            return next(text for text in _TEXTS if re.search(pattern or "", text))
        case shapes.IntType(ge=least):
            return max(least or 1, 1)
        case _:
            return _SAMPLES[type(shape)]


def _field(field: shapes.Field, area: str, ids: Ids) -> object:
    kind = kind_of(field.encode_name, area)
    if kind is None:
        return sample(field.type, area, ids)
    return [ids[kind]] if _is_list(field.type) else ids[kind]


def _is_list(shape: shapes.Type) -> bool:
    if isinstance(shape, shapes.UnionType):
        return any(map(_is_list, shape.types))
    if isinstance(shape, shapes.Metadata):
        return _is_list(shape.type)
    return isinstance(shape, (shapes.ListType, shapes.VarTupleType))


def completed(operation_id: str, body: Any, business: DemoBusiness) -> Any:
    """Add what makes a body sensible, so that the ids in it are looked at."""
    return _merged(body, _sensible(business).get(operation_id))


def _sensible(business: DemoBusiness) -> dict[str, Any]:
    confirmation = {"status": "PROCESSING", "substatus": "STARTED"}
    point = business.logistic_point_ids[0]
    return {
        "createOrder": {
            "order": {
                "destination": {"pickupDelivery": {"logisticPointId": point}},
                "itemsDelivery": [{"warehouseId": business.warehouse_ids[0]}],
            }
        },
        "getDeliveryOptions": {
            "items": [{"warehouseId": business.warehouse_ids[0]}],
            "pickupDelivery": {"logisticPointsIds": [point]},
        },
        "updateOrder": {
            "order": {
                "customer": {"firstName": "Анна", "lastName": "Петрова", "phone": "+79990001122"}
            }
        },
        "updateOrderStatus": {"order": confirmation},
        "updateOrderStatuses": {"orders": [confirmation]},
    }


def _merged(one: Any, more: Any) -> Any:
    if isinstance(one, dict) and isinstance(more, dict):
        return {name: _merged(one.get(name), more.get(name)) for name in one.keys() | more.keys()}
    if isinstance(one, list) and isinstance(more, list):
        return list(map(_merged, one, more))
    return one if more is None else more
