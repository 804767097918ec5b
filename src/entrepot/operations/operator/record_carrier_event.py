"""recordCarrierEvent: what a carrier tells of an order."""

from entrepot.contract.errors import Refusal
from entrepot.domain.operators import Role
from entrepot.fulfilment.carrier_events import record_events
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.operator.carrier_event_views import (
    CarrierEventFields,
    CarrierEventResult,
    read_event,
    show_outcome,
    speaks_for,
)
from entrepot.operations.registry import OPERATOR, Method, operation


class RecordCarrierEventRequest(CarrierEventFields):
    """An event of one order."""


@operation(
    "recordCarrierEvent",
    Method.POST,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/carrier-events",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.CARRIER),
    section="carriers",
)
async def record_carrier_event(
    call: OperatorCall, business_id: int, order_id: int, body: RecordCarrierEventRequest
) -> CarrierEventResult | Refusal:
    """Tell what became of an order's parcels: arrived, delivered, refused, lost, not fetched.

    At a logistic point a parcel is handed out against its receive code only. Of what was refused
    or not fetched the goods come back unredeemed. An event that is sent again changes nothing. A
    carrier speaks of the orders whose parcels it was given.
    """
    event = read_event(body, business_id, order_id)
    platform = call.platform
    (outcome,) = await record_events(
        platform.database, platform.clock, [event], call.actor, carrier=speaks_for(call.key)
    )
    return show_outcome(event, outcome)
