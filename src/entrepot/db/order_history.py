"""The history of orders: events as they are written with a change, and as they are read."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.db.balances import require_rows
from entrepot.db.connection import Connection
from entrepot.db.fan_out import fan_out
from entrepot.domain.order_changes import Change
from entrepot.domain.order_events import Actor, Event, EventDetail, EventKind, Source
from entrepot.domain.order_moves import ActorKind, Stage

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(EventDetail).decode
_NOTHING = EventDetail()

_INSERT = f"""
    WITH written AS (
      INSERT INTO order_event
        (business_id, order_id, seq, kind, status, substatus, actor, actor_name, source,
         happened_at, detail)
      SELECT $1, k.*
      FROM unnest($2::bigint[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[],
          $8::text[], $9::text[], $10::timestamptz[], $11::text[]::json[]) AS k
      ON CONFLICT (business_id, order_id, seq) DO NOTHING
      RETURNING business_id, order_id, seq, kind, status, happened_at
    ), told AS (
      SELECT w.*, o.campaign_id
      FROM written w
      JOIN unnest($12::bigint[], $13::bigint[]) AS o (id, campaign_id) ON o.id = w.order_id
    ), queued AS (
      {fan_out("told")}
    )
    SELECT count(*) FROM written
"""

_READ = """
    SELECT e.seq, e.kind, e.status, e.substatus, e.actor, e.actor_name, e.source, e.happened_at,
      e.detail::text
    FROM order_event e
    WHERE e.business_id = $1 AND e.order_id = $2
    ORDER BY e.seq
"""


async def insert_events(
    connection: Connection,
    business_id: int,
    changes: Sequence[Change],
    returns: Mapping[int, int],
) -> None:
    """Write the events of changes behind those that the orders have; their rows are locked.

    Raises:
        LostRaceError: an order has more events than was read.
    """
    rows = []
    for change in changes:
        order = change.order
        for seq, event in enumerate(change.events, start=order.event_seq + 1):
            detail = event.detail
            if event.kind is EventKind.RETURN_CREATED:
                detail = msgspec.structs.replace(detail, return_id=returns[order.id])
            text = None if detail == _NOTHING else _encode(detail).decode()
            actor = event.actor
            who = (actor.kind, actor.name, actor.source)
            rows.append((order.id, seq, event.kind, *event.stage, *who, event.happened_at, text))
    written = await connection.fetchval(
        _INSERT,
        business_id,
        *map(list, zip(*rows, strict=True)),
        [change.order.id for change in changes],
        [change.order.campaign_id for change in changes],
    )
    require_rows(f"INSERT {written}", len(rows))


async def read_history(
    connection: Connection, business_id: int, order_id: int
) -> tuple[Event, ...]:
    """Read the history of an order from its beginning; empty when there is no such order."""
    rows = await connection.fetch(_READ, business_id, order_id)
    return tuple(
        Event(
            seq=row[0],
            kind=EventKind(row[1]),
            stage=Stage(OrderStatus(row[2]), OrderSubstatus(row[3])),
            # Of what was written before there were names, only the kind is known.
            actor=Actor(
                ActorKind(row[4]), row[5], Source(row[6]) if row[6] else _usual_source(row[4])
            ),
            happened_at=row[7],
            detail=None if row[8] is None else _decode(row[8]),
        )
        for row in rows
    )


def _usual_source(actor: str) -> Source:
    return Source.TIMER if actor == ActorKind.TIMER else Source.API
