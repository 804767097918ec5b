"""What carriers tell, and where it leads."""

import pytest

from entrepot.contract.enums import OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.domain.carrier_events import (
    OBSTACLES,
    REFUSALS,
    CarrierEvent,
    CarrierEventKind,
    stage_after,
)
from entrepot.domain.order_events import UnitsRefused
from entrepot.domain.order_moves import EDGES, STAGES, ActorKind, Stage, cancelled

REFUSED = (UnitsRefused("cup", 1),)


def event(kind: CarrierEventKind, **more: object) -> CarrierEvent:
    """An event of an order."""
    return CarrierEvent(business_id=1, order_id=2, kind=kind, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", CarrierEventKind)
def test_every_event_leads_where_a_carrier_may_move_an_order(kind: CarrierEventKind) -> None:
    refused = REFUSED if kind is CarrierEventKind.PARTLY_REFUSED else ()
    stage = stage_after(event(kind, refused=refused))
    assert isinstance(stage, Stage)
    assert stage in STAGES
    assert any(ActorKind.CARRIER in edge.actors for edge in EDGES if edge.target == stage)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        *((CarrierEventKind.REFUSED, reason) for reason in REFUSALS),
        *((CarrierEventKind.NOT_DELIVERED, reason) for reason in OBSTACLES),
    ],
)
def test_reasons_are_those_of_cancelled_orders(
    kind: CarrierEventKind, reason: OrderSubstatus
) -> None:
    stage = stage_after(event(kind, reason=reason))
    assert stage == cancelled(reason)
    assert stage in STAGES


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (event(CarrierEventKind.PARTLY_REFUSED), "refused goes with PARTLY_REFUSED"),
        (event(CarrierEventKind.DELIVERED, refused=REFUSED), "refused goes with PARTLY_REFUSED"),
        (event(CarrierEventKind.LOST, receive_code="1"), "receiveCode does not go with LOST"),
        (
            event(CarrierEventKind.LOST, reason=OrderSubstatus.USER_UNREACHABLE),
            "reason does not go with LOST",
        ),
        (
            event(CarrierEventKind.REFUSED, reason=OrderSubstatus.SHOP_FAILED),
            "reason of REFUSED is one of USER_REFUSED_DELIVERY",
        ),
    ],
)
def test_an_event_that_contradicts_itself_is_refused(wrong: CarrierEvent, message: str) -> None:
    outcome = stage_after(wrong)
    assert isinstance(outcome, Refusal)
    assert outcome.message.startswith(message)
