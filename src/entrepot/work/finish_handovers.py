"""Hand-overs that were left in the middle of being closed are brought to their end."""

from datetime import datetime

from entrepot import limits
from entrepot.db import handovers
from entrepot.db.clock import Clock
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.order_events import Actor, Source
from entrepot.domain.order_moves import ActorKind
from entrepot.fulfilment.hand_over import close_handover
from entrepot.work.duty import Duty


async def finish_handovers(database: Database, clock: Clock) -> int:
    """Close what somebody began to close a minute ago and did not; gives how many.

    In the name of whoever began it: their process may have been killed after the carrier left.
    """

    async def abandoned(connection: Connection) -> list[tuple[int, int, str | None]]:
        return await handovers.find_abandoned(
            connection, limits.HANDOVER_CLOSING_S_MAX, limits.HANDOVERS_CLOSED_AT_ONCE_MAX
        )

    found = await database.read(abandoned)
    for business_id, handover_id, closed_by in found:
        actor = Actor(ActorKind.WAREHOUSE, closed_by, Source.OPERATOR_API)
        await close_handover(database, clock, business_id, handover_id, actor)
    return len(found)


async def _next_due(connection: Connection) -> datetime | None:
    return await handovers.next_abandoned(connection, limits.HANDOVER_CLOSING_S_MAX)


FINISH_HANDOVERS = Duty("finish hand-overs", finish_handovers, _next_due)
