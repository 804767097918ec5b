"""importCarrierEvents: many events at once, as carriers report them."""

from typing import Annotated

from msgspec import Meta

from entrepot import limits
from entrepot.contract.errors import ApiError, Refusal
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
from entrepot.operations.wire import Answer, PositiveId, Request


class ImportedEvent(CarrierEventFields):
    """An event of one of many orders."""

    businessId: PositiveId  # type: ignore[misc]  # fields are keywords, in any order
    orderId: PositiveId  # type: ignore[misc]


class ImportCarrierEventsRequest(Request):
    """Events; those of one order in the order in which they happened."""

    events: Annotated[
        tuple[ImportedEvent, ...], Meta(min_length=1, max_length=limits.IMPORTED_EVENTS_MAX)
    ]


class ImportedEventResult(Answer):
    """What became of an event: its result, or the error for which it was left out."""

    result: CarrierEventResult | None = None
    error: ApiError | None = None


class ImportCarrierEventsResponse(Answer):
    """A result for each event, in their order."""

    done: int
    failed: int
    results: tuple[ImportedEventResult, ...]


@operation(
    "importCarrierEvents",
    Method.POST,
    "/operator/v1/carrier-events",
    api=OPERATOR,
    roles=(Role.ADMIN, Role.CARRIER),
    section="carriers",
)
async def import_carrier_events(
    call: OperatorCall, body: ImportCarrierEventsRequest
) -> ImportCarrierEventsResponse:
    """Tell what became of many orders; each event has its own result, and none spoils the others.

    The same file may be sent again: what was done stays as it is.
    """
    events = [read_event(one, one.businessId, one.orderId) for one in body.events]
    platform = call.platform
    outcomes = await record_events(
        platform.database, platform.clock, events, call.actor, carrier=speaks_for(call.key)
    )
    shown = [show_outcome(event, outcome) for event, outcome in zip(events, outcomes, strict=True)]
    failed = sum(isinstance(one, Refusal) for one in shown)
    return ImportCarrierEventsResponse(
        done=len(shown) - failed,
        failed=failed,
        results=tuple(
            ImportedEventResult(error=ApiError(one.code, one.message))
            if isinstance(one, Refusal)
            else ImportedEventResult(result=one)
            for one in shown
        ),
    )
