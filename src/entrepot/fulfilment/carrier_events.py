"""What carriers tell of parcels moves their orders; one event, or a file of them."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from entrepot import limits
from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import RECEIVE_CODE_WRONG, Refusal
from entrepot.db import order_work, receive_attempts
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.order_work import OrderWork
from entrepot.db.transaction import Database
from entrepot.domain.carrier_events import HANDED_OUT, CarrierEvent, stage_after
from entrepot.domain.carriers import OWN_FLEET
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.order_changes import LockedOrder, Move
from entrepot.domain.order_events import Actor
from entrepot.domain.order_moves import DELIVERED, Stage
from entrepot.fulfilment.change_orders import Moved, Outcome, move_orders


class _Told(msgspec.Struct, frozen=True):
    """Checks beside the moves of events, one for each order: whose parcel, and which code.

    `carrier` is whose key it was; None for the operator's own people, who speak of all.
    """

    events: Mapping[tuple[int, int], CarrierEvent]
    carrier: str | None

    async def check(
        self, connection: Connection, orders: Mapping[int, LockedOrder]
    ) -> Mapping[int, Refusal]:
        business_id = next((order.business_id for order in orders.values()), 0)
        works = await order_work.read_work(connection, business_id, orders)
        failed = await receive_attempts.read_attempts(connection, business_id, orders)
        refused: dict[int, Refusal] = {}
        guesses: list[int] = []
        for order in orders.values():
            event = self.events[order.business_id, order.id]
            objection = self._not_its(order, works.get(order.id))
            if objection is None and event.kind in HANDED_OUT and _needs_code(order):
                objection = self._wrong_code(order, event.receive_code, failed[order.id])
                if event.receive_code is not None and objection is not None:
                    guesses.append(order.id)
            if objection is not None:
                refused[order.id] = objection
        await receive_attempts.add_attempts(connection, business_id, guesses)
        return refused

    async def write(self, connection: Connection, moved: Sequence[Moved]) -> None:
        """Nothing of ours changes with a carrier's event."""

    def _not_its(self, order: LockedOrder, work: OrderWork | None) -> Refusal | None:
        # What was sent without scanning went with the operator's own people.
        carrier = OWN_FLEET.id if work is None or work.carrier is None else work.carrier
        if self.carrier in (None, carrier):
            return None
        return errors.NOT_ITS_CARRIER(order_id=order.id, carrier=self.carrier)

    def _wrong_code(self, order: LockedOrder, told: str | None, failed: int) -> Refusal | None:
        if told is None:
            return errors.RECEIVE_CODE_MISSING(order_id=order.id)
        # Nobody may find a code by trying them all, also not who has the parcel in hand.
        if self.carrier is not None and failed >= limits.RECEIVE_CODE_TRIES_MAX:
            return errors.RECEIVE_CODE_TRIES(order_id=order.id)
        return None if told == order.receive_code else RECEIVE_CODE_WRONG(order_id=order.id)


async def record_events(
    database: Database,
    clock: Clock,
    events: Sequence[CarrierEvent],
    actor: Actor,
    *,
    carrier: str | None,
) -> list[Outcome]:
    """Carry out what carriers tell; an outcome for each event, in their order.

    Events of one order are carried out one after the other. An event that fails leaves those
    before it done; all may be sent again.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    outcomes: dict[int, Outcome] = {}
    stages: dict[int, Stage] = {}
    for number, event in enumerate(events):
        stage = stage_after(event)
        if isinstance(stage, Refusal):
            outcomes[number] = stage
        else:
            stages[number] = stage
    for numbers in _rounds(events, list(stages)):
        moves = [_move(events[number], stages[number], actor) for number in numbers]
        told = _Told(
            {(events[n].business_id, events[n].order_id): events[n] for n in numbers}, carrier
        )
        moved = await move_orders(database, clock, moves, told)
        outcomes.update(zip(numbers, moved, strict=True))
    return [outcomes[number] for number in range(len(events))]


def _move(event: CarrierEvent, stage: Stage, actor: Actor) -> Move:
    return Move(
        business_id=event.business_id,
        order_id=event.order_id,
        actor=actor,
        target=stage,
        refused=event.refused,
        receive_code=event.receive_code,
    )


def _needs_code(order: LockedOrder) -> bool:
    at_point = order.slot.place_kind is PlaceKind.POINT
    return at_point and order.receive_code is not None and order.stage != DELIVERED


def _rounds(events: Sequence[CarrierEvent], numbers: list[int]) -> Iterator[list[int]]:
    """Cut events into rounds that name each order once."""
    left = numbers
    while left:
        now: dict[tuple[int, int], int] = {}
        later = []
        for number in left:
            key = (events[number].business_id, events[number].order_id)
            if key in now:
                later.append(number)
            else:
                now[key] = number
        yield list(now.values())
        left = later
