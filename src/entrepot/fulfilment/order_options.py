"""To which slots an order may be moved at this moment: what is offered, and what is accepted."""

from datetime import datetime

from entrepot.db.connection import Connection
from entrepot.db.slots import read_held_now
from entrepot.domain.delivery.moving import place_to_move_in, slots_to_move_to
from entrepot.domain.delivery.offering import OfferedSlot
from entrepot.domain.network import Network
from entrepot.domain.order import Order


async def open_slots(
    connection: Connection, network: Network, order: Order, *, now: datetime, days_ahead: int
) -> tuple[OfferedSlot, ...]:
    """Give the slots that have room for an order, earliest first; none if it cannot be moved."""
    place = place_to_move_in(network, order)
    if place is None:
        return ()
    held = await read_held_now(
        connection, network, place.kind, [place.target.id], now=now, days_ahead=days_ahead
    )
    return slots_to_move_to(network, order, place, held, now=now, days_ahead=days_ahead)
