"""getFulfillmentWarehouses: where the operator keeps goods."""

from entrepot.contract.errors import NO_ACCESS, Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.domain.network import Warehouse
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.views import GpsDTO
from entrepot.operations.wire import Answer, OkAnswer, PositiveId, Query


class GetFulfillmentWarehousesQuery(Query):
    """A campaign whose warehouses are wanted."""

    campaignId: PositiveId | None = None


class WarehouseAddressDTO(Answer):
    """Where a warehouse is."""

    city: str
    gps: GpsDTO
    street: str | None = None
    number: str | None = None
    building: str | None = None
    block: str | None = None


class FulfillmentWarehouseDTO(Answer):
    """A fulfilment warehouse."""

    id: int
    name: str
    address: WarehouseAddressDTO | None = None


class FulfillmentWarehousesDTO(Answer):
    """The warehouses."""

    warehouses: list[FulfillmentWarehouseDTO]


class GetFulfillmentWarehousesResponse(OkAnswer):
    """The warehouses."""

    result: FulfillmentWarehousesDTO


@operation(
    "getFulfillmentWarehouses",
    Method.GET,
    "/v2/warehouses",
    scopes=ANY_SCOPE,
    limit=per_hour(100),
)
async def get_fulfillment_warehouses(
    call: Call, query: GetFulfillmentWarehousesQuery
) -> GetFulfillmentWarehousesResponse | Refusal:
    """List the operator's fulfilment warehouses, ascending by id.

    Goods may lie in any of them, so `campaignId` of a campaign of the caller changes nothing;
    of any other it is refused.
    """
    if query.campaignId is not None:
        business_id = call.key.business_id
        if await call.platform.accounts.campaign(business_id, query.campaignId) is None:
            return NO_ACCESS(campaigns=query.campaignId)
    network = await call.platform.database.read(call.platform.network.latest)
    shown = [_show(warehouse) for warehouse in network.warehouses.values()]
    return GetFulfillmentWarehousesResponse(result=FulfillmentWarehousesDTO(warehouses=shown))


def _show(warehouse: Warehouse) -> FulfillmentWarehouseDTO:
    gps = GpsDTO(latitude=warehouse.gps.latitude, longitude=warehouse.gps.longitude)
    return FulfillmentWarehouseDTO(
        id=warehouse.id,
        name=warehouse.name,
        address=WarehouseAddressDTO(
            city=warehouse.city,
            gps=gps,
            street=warehouse.street,
            number=warehouse.number,
            building=warehouse.building,
            block=warehouse.block,
        ),
    )
