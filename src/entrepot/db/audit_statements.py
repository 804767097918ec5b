"""What the audit asks, one statement for each promise.

Each statement sees one snapshot, and everything that must agree is written by one transaction:
so what disagrees within a statement's answer is wrong, however much is being written meanwhile.
Every check answers with the row it names and what is wrong with it.
"""

from collections.abc import Iterable

from entrepot.db.audit_life import LIFE_CHECKS
from entrepot.db.audit_work import WORK_CHECKS, WORK_TABLES
from entrepot.db.locks import SLOT_ARRAYS
from entrepot.domain.holds import ENDED, TAKEN
from entrepot.domain.order_moves import HOLDS

_RANGE = "o.business_id = $1 AND o.id > $2 AND o.id <= $3"
_ITEMS = (
    "order_item i ON i.business_id = o.business_id AND i.order_id = o.id AND i.business_id = $1"
)
_ENDED = ", ".join(f"'{status}'" for status in sorted(ENDED))


_TAKEN = ", ".join(f"'{hold}'" for hold in sorted(TAKEN))


def _allowed(kind: str, hold: str) -> str:
    """Say in SQL which holds go with the stage of an order `o`."""
    of_stages: dict[str, list[str]] = {}
    for stage, holds in HOLDS.items():
        allowed: Iterable[str] = getattr(holds, kind)
        of_stages.setdefault(", ".join(f"'{each}'" for each in sorted(allowed)), []).append(
            f"('{stage.status}', '{stage.substatus}')"
        )
    cases = " ".join(
        f"WHEN (o.status, o.substatus) IN ({', '.join(stages)}) THEN {hold} IN ({allowed_holds})"
        for allowed_holds, stages in of_stages.items()
    )
    return f"CASE WHEN o.fake THEN {hold} = 'NONE' {cases} ELSE false END"


def _in_network(kind: str, expression: str) -> str:
    """Say in SQL that the network in force has a row of this kind and id.

    Not by EXISTS: that may be planned as a table of all regions, made again for every page.
    """
    return f"""(
      SELECT n.id FROM network_row n
      WHERE n.version = (SELECT version FROM network_version) AND n.kind = '{kind}'
        AND n.id = {expression} AND n.to_id = 0
    ) IS NOT NULL"""


# An order that lacks pieces gave the whole item back, until there are enough of them.
_GIVEN_BACK = """(
      (o.status, o.substatus) = ('PROCESSING', 'STARTED') AND i.hold = 'RELEASED'
      AND EXISTS (
        SELECT FROM shortage h WHERE h.business_id = $1 AND h.business_id = o.business_id
          AND h.order_id = o.id AND h.position = i.position AND h.released
      )
    )"""

# Of a business ($1) and the order ids above $2 up to $3.
ORDER_CHECKS: dict[str, str] = {
    **LIFE_CHECKS,
    "order items": f"""
        SELECT format('order %s', o.id),
          format('%s items, at positions %s to %s', count(i.position),
            coalesce(min(i.position)::text, '-'), coalesce(max(i.position)::text, '-'))
        FROM orders o LEFT JOIN {_ITEMS}
        WHERE {_RANGE}
        GROUP BY o.business_id, o.id
        HAVING count(i.position) = 0 OR min(i.position) <> 1
          OR max(i.position) <> count(i.position)
    """,
    "order total": f"""
        SELECT format('order %s', o.id),
          format('items_total_kopecks is %s, the items sum up to %s', o.items_total_kopecks,
            coalesce(sum(i.count::bigint * i.price_kopecks), 0))
        FROM orders o LEFT JOIN {_ITEMS}
        WHERE {_RANGE}
        GROUP BY o.business_id, o.id
        HAVING o.items_total_kopecks <> coalesce(sum(i.count::bigint * i.price_kopecks), 0)
    """,
    "item warehouse": f"""
        SELECT format('order %s, item %s', o.id, i.position),
          format('in warehouse %s, the order in %s', i.warehouse_id, o.warehouse_id)
        FROM orders o JOIN {_ITEMS}
        WHERE {_RANGE} AND i.warehouse_id <> o.warehouse_id
    """,
    "item hold": f"""
        SELECT format('order %s, item %s', o.id, i.position),
          format('hold is %s, the order is %s', i.hold,
            CASE WHEN o.fake THEN 'fake' ELSE o.status || '/' || o.substatus END)
        FROM orders o JOIN {_ITEMS}
        WHERE {_RANGE} AND NOT {_allowed("items", "i.hold")} AND NOT {_GIVEN_BACK}
    """,
    "slot hold": f"""
        SELECT format('order %s', o.id),
          format('slot_hold is %s, the order is %s', o.slot_hold,
            CASE WHEN o.fake THEN 'fake' ELSE o.status || '/' || o.substatus END)
        FROM orders o
        WHERE {_RANGE} AND NOT {_allowed("slot", "o.slot_hold")}
    """,
    "order events": f"""
        SELECT format('order %s', o.id),
          format('event_seq is %s, there are %s events from %s to %s', o.event_seq, count(e.seq),
            coalesce(min(e.seq)::text, '-'), coalesce(max(e.seq)::text, '-'))
        FROM orders o
        LEFT JOIN order_event e ON e.business_id = o.business_id AND e.order_id = o.id
          AND e.business_id = $1
        WHERE {_RANGE}
        GROUP BY o.business_id, o.id
        HAVING count(e.seq) <> o.event_seq OR min(e.seq) <> 1 OR max(e.seq) <> o.event_seq
    """,
    "last event": f"""
        SELECT format('order %s', o.id),
          format('is %s/%s, its last event says %s/%s', o.status, o.substatus, e.status,
            e.substatus)
        FROM orders o
        JOIN order_event e ON e.business_id = o.business_id AND e.order_id = o.id
          AND e.seq = o.event_seq AND e.business_id = $1
        WHERE {_RANGE} AND (e.status, e.substatus) <> (o.status, o.substatus)
    """,
    "order placement": f"""
        SELECT format('order %s', o.id),
          format('no placement of external id %s names it', o.external_order_id)
        FROM orders o
        LEFT JOIN placement p ON p.business_id = o.business_id AND p.business_id = $1
          AND p.external_id_hash = sha256(convert_to(o.external_order_id, 'UTF8'))
        WHERE {_RANGE} AND (o.id = ANY(p.order_ids)) IS NOT TRUE
    """,
    "order campaign": f"""
        SELECT format('order %s', o.id),
          format('the business has no campaign %s', o.campaign_id)
        FROM orders o
        LEFT JOIN campaign c ON c.business_id = o.business_id AND c.id = o.campaign_id
          AND c.business_id = $1
        WHERE {_RANGE} AND c.id IS NULL
    """,
    "item offer": f"""
        SELECT format('order %s, item %s', o.id, i.position),
          format('the business has no offer %s', i.offer_id)
        FROM orders o JOIN {_ITEMS}
        LEFT JOIN offer f ON f.business_id = i.business_id AND f.offer_id = i.offer_id
          AND f.business_id = $1
        WHERE {_RANGE} AND f.offer_id IS NULL
    """,
    "item stock": f"""
        SELECT format('order %s, item %s', o.id, i.position),
          format('holds offer %s, which has no stock in warehouse %s', i.offer_id, i.warehouse_id)
        FROM orders o JOIN {_ITEMS}
        LEFT JOIN stock s ON s.business_id = i.business_id AND s.warehouse_id = i.warehouse_id
          AND s.offer_id = i.offer_id AND s.business_id = $1
        WHERE {_RANGE} AND i.hold = 'HELD' AND s.offer_id IS NULL
    """,
    # The network is replaced as a whole; orders that have ended may outlive their places.
    "order place": f"""
        SELECT format('order %s', o.id), n.missing
        FROM orders o
        CROSS JOIN LATERAL (
          SELECT concat_ws(', ',
            CASE WHEN NOT ({_in_network("WAREHOUSE", "o.warehouse_id")})
              THEN format('no warehouse %s', o.warehouse_id) END,
            CASE WHEN NOT ({_in_network("REGION", "o.region_id")})
              THEN format('no region %s', o.region_id) END,
            CASE WHEN o.place_kind = 'P'
                AND NOT ({_in_network("POINT", "o.place_id")})
              THEN format('no logistic point %s', o.place_id) END,
            CASE WHEN o.place_kind = 'Z'
                AND NOT ({_in_network("ZONE", "o.place_id")})
              THEN format('no courier zone %s', o.place_id) END
          ) AS missing
        ) n
        WHERE {_RANGE} AND o.status NOT IN ({_ENDED}) AND n.missing <> ''
    """,
    **WORK_CHECKS,
    "stray items": """
        SELECT format('order_item %s/%s', i.order_id, i.position), 'there is no order'
        FROM order_item i
        WHERE i.business_id = $1 AND i.order_id > $2 AND i.order_id <= $3
          AND NOT EXISTS (
            SELECT FROM orders o WHERE o.business_id = $1 AND o.business_id = i.business_id
              AND o.id = i.order_id
          )
    """,
    "stray events": """
        SELECT format('order_event %s/%s', e.order_id, e.seq), 'there is no order'
        FROM order_event e
        WHERE e.business_id = $1 AND e.order_id > $2 AND e.order_id <= $3
          AND NOT EXISTS (
            SELECT FROM orders o WHERE o.business_id = $1 AND o.business_id = e.business_id
              AND o.id = e.order_id
          )
    """,
}

ORDER_PAGE = """
    SELECT o.id, o.place_kind, o.place_id, o.slot_day, o.slot_from_minute, o.slot_to_minute,
      o.slot_hold
    FROM orders o WHERE o.business_id = $1 AND o.id > $2 ORDER BY o.id LIMIT $3
"""

# Of a business ($1) and the external ids of these hashes ($2).
PLACEMENT_CHECK = """
    SELECT format('placement %s', encode(p.external_id_hash, 'hex')),
      CASE
        WHEN count(DISTINCT k.order_id) <> cardinality(p.order_ids)
          THEN format('names an order twice: %s', p.order_ids::text)
        ELSE 'names orders that do not exist or have another external id: '
          || string_agg(k.order_id::text, ', ') FILTER (WHERE o.id IS NULL)
      END
    FROM placement p
    CROSS JOIN LATERAL unnest(p.order_ids) AS k (order_id)
    LEFT JOIN orders o ON o.business_id = p.business_id AND o.id = k.order_id
      AND o.business_id = $1
      AND sha256(convert_to(o.external_order_id, 'UTF8')) = p.external_id_hash
    WHERE p.business_id = $1 AND p.external_id_hash = ANY($2::bytea[])
    GROUP BY p.business_id, p.external_id_hash
    HAVING count(o.id) < count(*) OR count(DISTINCT k.order_id) <> cardinality(p.order_ids)
"""
PLACEMENT_PAGE = """
    SELECT external_id_hash FROM placement
    WHERE business_id = $1 AND external_id_hash > $2 ORDER BY external_id_hash LIMIT $3
"""

OPERATION_PAGE = """
    SELECT id FROM operation WHERE business_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""

# Keys of stock and of its journal: what was journalled must have a row.
STOCK_PAGE = """
    SELECT k.warehouse_id, k.offer_id FROM (
      (SELECT warehouse_id, offer_id FROM stock
       WHERE business_id = $1 AND (warehouse_id, offer_id) > ($2, $3)
       ORDER BY warehouse_id, offer_id LIMIT $4)
      UNION
      (SELECT DISTINCT warehouse_id, offer_id FROM stock_movement
       WHERE business_id = $1 AND (warehouse_id, offer_id) > ($2, $3)
       ORDER BY warehouse_id, offer_id LIMIT $4)
    ) k
    ORDER BY k.warehouse_id, k.offer_id LIMIT $4
"""
# A row of zeros may outlive its warehouse.
_THERE = """(
    s.offer_id IS NULL
    OR greatest(s.fit, s.held, s.defect, s.quarantine, s.expired, s.utilization) > 0
)"""
STOCK_CHECK = f"""
    SELECT c.named, c.reason FROM (
    SELECT
      format('stock of offer %s in warehouse %s', k.offer_id, k.warehouse_id) AS named,
      concat_ws('; ',
        CASE WHEN s.offer_id IS NULL THEN 'the journal has movements, there is no stock row' END,
        CASE WHEN s.held <> h.pieces
          THEN format('held is %s, orders hold %s', s.held, h.pieces) END,
        CASE WHEN s.fit <> j.fit THEN format('fit is %s, the journal says %s', s.fit, j.fit) END,
        CASE WHEN s.defect <> j.defect
          THEN format('defect is %s, the journal says %s', s.defect, j.defect) END,
        CASE WHEN s.quarantine <> j.quarantine
          THEN format('quarantine is %s, the journal says %s', s.quarantine, j.quarantine) END,
        CASE WHEN s.expired <> j.expired
          THEN format('expired is %s, the journal says %s', s.expired, j.expired) END,
        CASE WHEN s.utilization <> j.utilization
          THEN format('utilization is %s, the journal says %s', s.utilization, j.utilization) END,
        CASE WHEN NOT EXISTS (
            SELECT FROM offer f WHERE f.business_id = $1 AND f.offer_id = k.offer_id
          ) THEN 'the business has no such offer' END,
        CASE WHEN {_THERE} AND NOT ({_in_network("WAREHOUSE", "k.warehouse_id")})
          THEN 'there is no such warehouse' END
      ) AS reason
    FROM unnest($2::bigint[], $3::text[]) AS k (warehouse_id, offer_id)
    LEFT JOIN stock s ON s.business_id = $1 AND s.warehouse_id = k.warehouse_id
      AND s.offer_id = k.offer_id
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(i.count), 0) AS pieces FROM order_item i
      WHERE i.business_id = $1 AND i.offer_id = k.offer_id AND i.warehouse_id = k.warehouse_id
        AND i.hold = 'HELD'
    ) h
    CROSS JOIN LATERAL (
      SELECT
        coalesce(sum(m.delta) FILTER (WHERE m.pile = 'FIT'), 0) AS fit,
        coalesce(sum(m.delta) FILTER (WHERE m.pile = 'DEFECT'), 0) AS defect,
        coalesce(sum(m.delta) FILTER (WHERE m.pile = 'QUARANTINE'), 0) AS quarantine,
        coalesce(sum(m.delta) FILTER (WHERE m.pile = 'EXPIRED'), 0) AS expired,
        coalesce(sum(m.delta) FILTER (WHERE m.pile = 'UTILIZATION'), 0) AS utilization
      FROM stock_movement m
      WHERE m.business_id = $1 AND m.warehouse_id = k.warehouse_id AND m.offer_id = k.offer_id
    ) j
    ) c
    WHERE c.reason <> ''
"""

SLOT_PAGE = """
    SELECT place_kind, place_id, day, from_minute, to_minute, held FROM slot
    WHERE (place_kind, place_id, day, from_minute, to_minute) > ($1, $2, $3, $4, $5)
    ORDER BY place_kind, place_id, day, from_minute, to_minute
    LIMIT $6
"""
# Slots are shared by all businesses, so their orders are counted over all of them at once.
SLOT_CHECK = f"""
    SELECT format('slot %s %s on %s, minutes %s to %s', CASE k.place_kind
        WHEN 'P' THEN 'of logistic point' ELSE 'of courier zone' END, k.place_id, k.day,
        k.from_minute, k.to_minute),
      format('held is %s, %s orders hold it', coalesce(s.held::text, '-'), count(o.id))
    FROM unnest({SLOT_ARRAYS})
      AS k (place_kind, place_id, day, from_minute, to_minute)
    LEFT JOIN slot s ON s.place_kind = k.place_kind AND s.place_id = k.place_id
      AND s.day = k.day AND s.from_minute = k.from_minute AND s.to_minute = k.to_minute
    LEFT JOIN orders o ON o.place_kind = k.place_kind AND o.place_id = k.place_id
      AND o.slot_day = k.day AND o.slot_from_minute = k.from_minute
      AND o.slot_to_minute = k.to_minute AND o.slot_hold IN ({_TAKEN})
    GROUP BY k.place_kind, k.place_id, k.day, k.from_minute, k.to_minute, s.held
    HAVING count(o.id) <> coalesce(s.held, 0)
"""

TENANT_TABLES = (
    "campaign",
    "api_key",
    "offer",
    "stock",
    "stock_movement",
    "placement",
    "orders",
    "order_item",
    "order_event",
    "order_return",
    "order_return_item",
    *WORK_TABLES,
    "operation",
    "stored_answer",
    "subscription",
    "delivery",
    "delivery_attempt",
    "delivery_lane",
    "own_limit",
    "parallel_hold",
    "request_budget",
)
# Rows of businesses that do not exist: looked for between the ids of those that do.
STRANGERS = {
    table: f"""
        SELECT 'a row of {table}', format('there is no business %s', t.business_id)
        FROM unnest($1::bigint[], $2::bigint[]) AS g (low, high)
        CROSS JOIN LATERAL (
          SELECT x.business_id FROM {table} x
          WHERE x.business_id > g.low AND x.business_id < g.high
          ORDER BY x.business_id LIMIT 1
        ) t
        WHERE NOT EXISTS (SELECT FROM business b WHERE b.id = t.business_id)
    """
    for table in TENANT_TABLES
}

BUSINESS_IDS = "SELECT id FROM business ORDER BY id"
ESTIMATED_ROWS = """
    SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class
    WHERE relname = ANY(ARRAY['orders', 'placement', 'operation', 'stock', 'slot'])
      AND relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
"""
