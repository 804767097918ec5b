"""Goods that come back: recorded when an order is cancelled outside or refused in part."""

from collections.abc import Sequence

from entrepot.contract.enums import ReturnKind, ReturnShipmentStatus
from entrepot.db.balances import require_rows
from entrepot.db.connection import Connection
from entrepot.domain.order_changes import Change

_INSERT = f"""
    INSERT INTO order_return
      (business_id, order_id, campaign_id, kind, shipment_status, created_at, updated_at)
    SELECT $1, k.order_id, k.campaign_id, '{ReturnKind.UNREDEEMED}',
      '{ReturnShipmentStatus.CREATED}', k.moment, k.moment
    FROM unnest($2::bigint[], $3::bigint[], $4::timestamptz[])
      AS k (order_id, campaign_id, moment)
    ORDER BY k.order_id
    ON CONFLICT (business_id, order_id) WHERE kind = '{ReturnKind.UNREDEEMED}' DO NOTHING
    RETURNING order_id, id
"""

_INSERT_ITEMS = """
    INSERT INTO order_return_item (business_id, return_id, position, offer_id, count)
    SELECT $1, k.*
    FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::integer[]) AS k
    ON CONFLICT (business_id, return_id, position) DO NOTHING
"""


async def insert_unredeemed(
    connection: Connection, business_id: int, changes: Sequence[Change]
) -> dict[int, int]:
    """Record what of changed orders comes back; gives the ids of the returns by order.

    Raises:
        LostRaceError: an order has such a return already.
    """
    coming = [change for change in changes if change.comes_back]
    if not coming:
        return {}
    rows = await connection.fetch(
        _INSERT,
        business_id,
        [change.order.id for change in coming],
        [change.order.campaign_id for change in coming],
        [change.updated_at for change in coming],
    )
    returns = {row[0]: row[1] for row in rows}
    require_rows(f"INSERT {len(rows)}", len(coming))
    items = [
        (returns[change.order.id], item.position, item.offer_id, count)
        for change in coming
        for item in change.order.items
        if (count := change.comes_back.get(item.position, 0))
    ]
    tag = await connection.execute(_INSERT_ITEMS, business_id, *map(list, zip(*items, strict=True)))
    require_rows(tag, len(items))
    return returns
