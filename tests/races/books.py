"""The books of a database: audited, and recomputed in SQL that shares nothing with the program."""

import asyncpg

from entrepot.db.audit import audit
from entrepot.db.transaction import open_database

# Each names what disagrees; none may give a row.
_CHECKS = {
    "held stock is not the sum of the holds": """
        SELECT s.business_id, s.warehouse_id, s.offer_id, s.held, h.pieces
        FROM stock s
        FULL JOIN (
          SELECT business_id, warehouse_id, offer_id, sum(count) AS pieces
          FROM order_item WHERE hold = 'HELD' GROUP BY 1, 2, 3
        ) h USING (business_id, warehouse_id, offer_id)
        WHERE coalesce(s.held, 0) <> coalesce(h.pieces, 0)
    """,
    "more is held than there is": "SELECT * FROM stock WHERE held > fit OR held < 0",
    "stock is not the sum of its movements": """
        SELECT s.business_id, s.warehouse_id, s.offer_id, s.fit, m.pieces
        FROM stock s
        LEFT JOIN (
          SELECT business_id, warehouse_id, offer_id, sum(delta) AS pieces
          FROM stock_movement WHERE pile = 'FIT' GROUP BY 1, 2, 3
        ) m USING (business_id, warehouse_id, offer_id)
        WHERE s.fit <> coalesce(m.pieces, 0)
    """,
    "a slot is not the sum of its holds": """
        SELECT *
        FROM slot s
        FULL JOIN (
          SELECT place_kind, place_id, slot_day AS day, slot_from_minute AS from_minute,
            slot_to_minute AS to_minute, count(*) AS parcels
          FROM orders WHERE slot_hold IN ('HELD', 'USED') GROUP BY 1, 2, 3, 4, 5
        ) h USING (place_kind, place_id, day, from_minute, to_minute)
        WHERE coalesce(s.held, 0) <> coalesce(h.parcels, 0)
    """,
    "orders and placements do not name each other": """
        SELECT *
        FROM (SELECT business_id, id, sha256(convert_to(external_order_id, 'UTF8')) AS hash
              FROM orders) o
        FULL JOIN (SELECT business_id, unnest(order_ids) AS id, external_id_hash AS hash
                   FROM placement) p USING (business_id, id, hash)
        WHERE o IS NULL OR p IS NULL
    """,
    "an order has not the events it counts": """
        SELECT o.business_id, o.id, o.event_seq, e.events
        FROM orders o
        LEFT JOIN (
          SELECT business_id, order_id AS id, count(*) AS events, max(seq) AS last
          FROM order_event GROUP BY 1, 2
        ) e USING (business_id, id)
        WHERE (e.events, e.last) IS DISTINCT FROM (o.event_seq::bigint, o.event_seq)
    """,
    "an order has no lines, or lines without an order": """
        SELECT o.business_id, o.id, i.order_id
        FROM orders o
        FULL JOIN (SELECT DISTINCT business_id, order_id FROM order_item) i
          ON i.business_id = o.business_id AND i.order_id = o.id
        WHERE o.id IS NULL OR i.order_id IS NULL
    """,
    "an order's standing and its holds disagree": """
        SELECT o.business_id, o.id, o.status, o.fake, o.slot_hold, i.hold
        FROM orders o JOIN order_item i ON i.business_id = o.business_id AND i.order_id = o.id
        WHERE i.hold <> CASE
            WHEN o.fake THEN 'NONE' WHEN o.shipped_at IS NOT NULL THEN 'SHIPPED'
            WHEN o.status = 'CANCELLED' THEN 'RELEASED' ELSE 'HELD' END
          OR o.slot_hold <> ALL (CASE
            WHEN o.fake THEN ARRAY['NONE']
            WHEN o.status IN ('PICKUP', 'DELIVERED') THEN ARRAY['USED']
            WHEN o.status = 'CANCELLED' AND o.shipped_at IS NULL THEN ARRAY['RELEASED']
            WHEN o.status = 'CANCELLED' THEN ARRAY['RELEASED', 'USED']
            ELSE ARRAY['HELD'] END)
    """,
    "what left with an order is not in the journal": """
        SELECT *
        FROM (
          SELECT business_id, order_id, sum(count) AS pieces
          FROM order_item WHERE hold = 'SHIPPED' GROUP BY 1, 2
        ) i
        FULL JOIN (
          SELECT business_id, order_id, -sum(delta) AS pieces
          FROM stock_movement WHERE order_id IS NOT NULL AND reason = 'SHIPPED' GROUP BY 1, 2
        ) m USING (business_id, order_id, pieces)
        WHERE i IS NULL OR m IS NULL
    """,
    "pieces that were turned down do not come back": """
        SELECT *
        FROM (
          SELECT business_id, order_id, sum(rejected) AS pieces
          FROM order_item WHERE rejected > 0 GROUP BY 1, 2
        ) i
        LEFT JOIN (
          SELECT r.business_id, r.order_id, sum(t.count) AS pieces
          FROM order_return r
          JOIN order_return_item t ON t.business_id = r.business_id AND t.return_id = r.id
          GROUP BY 1, 2
        ) r USING (business_id, order_id, pieces)
        WHERE r IS NULL
    """,
}


async def faults_in_books(url: str) -> list[str]:
    """Recompute everything; gives a sentence for each fault."""
    connection = await asyncpg.connect(url)
    try:
        return [
            f"{fault}: {dict(row)}"
            for fault, check in _CHECKS.items()
            for row in await connection.fetch(check)
        ]
    finally:
        await connection.close()


async def audit_findings(url: str) -> list[str]:
    """Run the program's own audit; gives a sentence for each finding."""
    database = await open_database(url, connections_max=1)
    try:
        report = await audit(database)
    finally:
        await database.close()
    assert report.complete
    return [f"{each.check}: {each.row}: {each.reason}" for each in report.findings]


async def assert_books_agree(url: str) -> None:
    """Everything adds up, whoever does the sum."""
    assert await faults_in_books(url) == []
    assert await audit_findings(url) == []
