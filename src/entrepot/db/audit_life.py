"""What the audit asks about the life of orders: their pieces, what comes back, what is under way.

Each is of a business ($1) and the order ids above $2 up to $3, like `audit_statements`.
"""

from entrepot.contract.enums import OperationKind, OrderStatus
from entrepot.domain.order_moves import EDGES, LOST, OUTSIDE, UnitsEffect

_RANGE = "o.business_id = $1 AND o.id > $2 AND o.id <= $3"
_STAGE = "(o.status, o.substatus)"


def _listed(stages: object) -> str:
    return ", ".join(
        f"('{status}', '{substatus}')"
        for status, substatus in sorted(set(stages))  # type: ignore[call-overload]
    )


_REJECTED = _listed(edge.target for edge in EDGES if edge.units is UnitsEffect.REJECT)
_LOST = _listed([LOST])
_OUTSIDE = _listed(OUTSIDE)
_WITH_BUYER = ", ".join(
    f"'{status}'"
    for status in (OrderStatus.DELIVERED, OrderStatus.PARTIALLY_RETURNED, OrderStatus.RETURNED)
)

LIFE_CHECKS: dict[str, str] = {
    "item units": f"""
        SELECT format('order %s, item %s', o.id, i.position),
          format('%s of %s turned down, %s lost, the order is %s/%s', i.rejected, i.count, i.lost,
            o.status, o.substatus)
        FROM orders o
        JOIN order_item i ON i.business_id = o.business_id AND i.order_id = o.id
          AND i.business_id = $1
        WHERE {_RANGE} AND NOT CASE
          WHEN {_STAGE} IN ({_LOST}) THEN i.lost = i.count AND i.rejected = 0
          WHEN {_STAGE} IN ({_REJECTED}) THEN i.rejected = i.count AND i.lost = 0
          WHEN o.status IN ({_WITH_BUYER}) THEN i.lost = 0
          ELSE i.rejected = 0 AND i.lost = 0 END
    """,
    "shipped": f"""
        SELECT format('order %s', o.id),
          format('%s, the order is %s/%s', CASE WHEN o.shipped_at IS NULL
            THEN 'has not left' ELSE 'has left' END, o.status, o.substatus)
        FROM orders o
        WHERE {_RANGE} AND o.status <> 'CANCELLED'
          AND (o.shipped_at IS NOT NULL)
            <> ({_STAGE} IN ({_OUTSIDE}) OR o.status IN ({_WITH_BUYER}))
    """,
    "item shipped": f"""
        SELECT format('order %s, item %s', o.id, i.position),
          format('hold is %s, the order %s', i.hold, CASE WHEN o.shipped_at IS NULL
            THEN 'has not left' ELSE 'has left' END)
        FROM orders o
        JOIN order_item i ON i.business_id = o.business_id AND i.order_id = o.id
          AND i.business_id = $1
        WHERE {_RANGE} AND NOT o.fake AND (i.hold = 'SHIPPED') <> (o.shipped_at IS NOT NULL)
    """,
    "unredeemed": f"""
        SELECT format('order %s, item %s', o.id, i.position),
          format('%s of %s come back, recorded are %s', w.pieces, i.count, coalesce(t.count, 0))
        FROM orders o
        JOIN order_item i ON i.business_id = o.business_id AND i.order_id = o.id
          AND i.business_id = $1
        CROSS JOIN LATERAL (
          SELECT CASE
            WHEN {_STAGE} IN ({_LOST}) THEN 0
            WHEN o.status = 'CANCELLED' AND o.shipped_at IS NOT NULL THEN i.count
            ELSE i.rejected END AS pieces
        ) w
        LEFT JOIN order_return r ON r.business_id = o.business_id AND r.order_id = o.id
          AND r.kind = 'UNREDEEMED' AND r.business_id = $1
        LEFT JOIN order_return_item t ON t.business_id = r.business_id AND t.return_id = r.id
          AND t.position = i.position AND t.offer_id = i.offer_id AND t.business_id = $1
        WHERE {_RANGE} AND w.pieces <> coalesce(t.count, 0)
    """,
    "cancellation": f"""
        SELECT format('order %s', o.id),
          format('operation %s is to cancel it and is not under way', o.cancellation)
        FROM orders o
        LEFT JOIN operation p ON p.business_id = o.business_id AND p.id = o.cancellation
          AND p.order_id = o.id AND p.business_id = $1
        WHERE {_RANGE} AND o.cancellation IS NOT NULL AND p.status IS DISTINCT FROM 'IN_PROGRESS'
    """,
    "stray returns": """
        SELECT format('order_return %s', r.id), format('there is no order %s', r.order_id)
        FROM order_return r
        WHERE r.business_id = $1 AND r.order_id > $2 AND r.order_id <= $3
          AND NOT EXISTS (
            SELECT FROM orders o WHERE o.business_id = $1 AND o.business_id = r.business_id
              AND o.id = r.order_id
          )
    """,
}

# Of a business ($1) and these operations ($2).
OPERATION_CHECK = f"""
    SELECT format('operation %s', p.id),
      CASE
        WHEN o.id IS NULL
          THEN format('is %s, there is no order %s', p.status, coalesce(p.order_id::text, '-'))
        WHEN p.status <> 'IN_PROGRESS' THEN format('is %s and keeps what was wanted', p.status)
        ELSE 'is to cancel an order that does not know of it'
      END
    FROM operation p
    LEFT JOIN orders o ON o.business_id = p.business_id AND o.id = p.order_id
      AND o.business_id = $1
    WHERE p.business_id = $1 AND p.id = ANY($2::text[])
      AND (
        o.id IS NULL
        OR (p.status <> 'IN_PROGRESS' AND p.wanted IS NOT NULL)
        OR (
          p.status = 'IN_PROGRESS' AND p.kind = '{OperationKind.ORDER_STATUS_UPDATE}'
          AND o.cancellation IS DISTINCT FROM p.id
        )
      )
"""
