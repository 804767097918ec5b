"""What the audit asks about work in the warehouse: pieces, shortages, parcels and hand-overs."""

_RANGE = "w.business_id = $1 AND w.order_id > $2 AND w.order_id <= $3"
_ORDER = "orders o ON o.business_id = w.business_id AND o.id = w.order_id AND o.business_id = $1"
_DONE = "('PICKED', 'PACKED', 'HANDED_OVER')"

WORK_TABLES = (
    "pick_list",
    "order_work",
    "picked_item",
    "pick_scan",
    "shortage",
    "parcel",
    "handover",
    "personal_read",
    "receive_attempt",
    "offer_barcode",
    "shelf",
)

# Of a business ($1) and the order ids above $2 up to $3.
WORK_CHECKS: dict[str, str] = {
    "order work": f"""
        SELECT format('order_work %s', w.order_id),
          concat_ws('; ',
            CASE WHEN o.id IS NULL THEN 'there is no order' END,
            CASE WHEN o.fake THEN 'the order is fake' END,
            CASE WHEN l.id IS NULL THEN format('there is no pick list %s', w.pick_list_id) END,
            CASE WHEN l.warehouse_id <> o.warehouse_id
              THEN format('the pick list is of warehouse %s, the order of %s', l.warehouse_id,
                o.warehouse_id) END,
            CASE WHEN w.step = 'HANDED_OVER' AND (w.carrier IS NULL
                OR (o.status, o.substatus) IN (('PROCESSING', 'STARTED'),
                  ('PROCESSING', 'READY_TO_SHIP')))
              THEN format('is handed over, the order is %s/%s', o.status, o.substatus) END
          )
        FROM order_work w
        LEFT JOIN {_ORDER}
        LEFT JOIN pick_list l ON l.business_id = w.business_id AND l.id = w.pick_list_id
          AND l.business_id = $1
        WHERE {_RANGE}
          AND (o.id IS NULL OR o.fake OR l.id IS NULL OR l.warehouse_id <> o.warehouse_id
            OR (w.step = 'HANDED_OVER' AND (w.carrier IS NULL
              OR (o.status, o.substatus) IN (('PROCESSING', 'STARTED'),
                ('PROCESSING', 'READY_TO_SHIP')))))
    """,
    "picked pieces": f"""
        SELECT format('order %s, item %s', w.order_id, i.position),
          format('%s of %s pieces are picked, the order is %s', coalesce(p.picked, 0), i.count,
            w.step)
        FROM order_work w
        JOIN order_item i ON i.business_id = w.business_id AND i.order_id = w.order_id
          AND i.business_id = $1
        LEFT JOIN picked_item p ON p.business_id = i.business_id AND p.order_id = i.order_id
          AND p.position = i.position AND p.business_id = $1
        WHERE {_RANGE}
          AND (coalesce(p.picked, 0) > i.count
            OR (w.step IN {_DONE} AND coalesce(p.picked, 0) <> i.count))
    """,
    "shortages": f"""
        SELECT format('shortage %s/%s', w.order_id, w.position),
          format('%s are missing of %s, hold is %s, the order is %s', w.missing,
            coalesce(i.count, 0), coalesce(i.hold, '-'), coalesce(k.step, '-'))
        FROM shortage w
        LEFT JOIN {_ORDER}
        LEFT JOIN order_item i ON i.business_id = w.business_id AND i.order_id = w.order_id
          AND i.position = w.position AND i.business_id = $1
        LEFT JOIN order_work k ON k.business_id = w.business_id AND k.order_id = w.order_id
          AND k.business_id = $1
        WHERE {_RANGE}
          AND (i.order_id IS NULL OR k.order_id IS NULL OR w.missing > i.count
            OR (o.status = 'PROCESSING'
              AND (k.step <> 'ASIDE' OR w.released <> (i.hold = 'RELEASED'))))
    """,
    "parcels": f"""
        SELECT format('order %s', w.order_id),
          format('%s parcels, numbered %s to %s, %s of them handed over; the order is %s',
            count(p.number), coalesce(min(p.number)::text, '-'),
            coalesce(max(p.number)::text, '-'), count(p.handover_id), w.step)
        FROM order_work w
        LEFT JOIN parcel p ON p.business_id = w.business_id AND p.order_id = w.order_id
          AND p.business_id = $1
        WHERE {_RANGE}
        GROUP BY w.business_id, w.order_id, w.step
        HAVING coalesce(max(p.number), 0) <> count(p.number)
          OR (w.step IN ('PACKED', 'HANDED_OVER') AND count(p.number) = 0)
          OR (w.step = 'HANDED_OVER' AND count(p.handover_id) <> count(p.number))
          OR (w.step IN ('PICKING', 'PICKED', 'ASIDE', 'PUT_BACK')
            AND count(p.handover_id) > 0)
    """,
    "parcel act": f"""
        SELECT format('parcel %s/%s', w.order_id, w.number),
          CASE WHEN k.order_id IS NULL THEN 'nobody has begun with the order'
            ELSE format('there is no hand-over %s', w.handover_id) END
        FROM parcel w
        LEFT JOIN order_work k ON k.business_id = w.business_id AND k.order_id = w.order_id
          AND k.business_id = $1
        LEFT JOIN handover h ON h.business_id = w.business_id AND h.id = w.handover_id
          AND h.business_id = $1
        WHERE {_RANGE}
          AND (k.order_id IS NULL OR (w.handover_id IS NOT NULL AND h.id IS NULL))
    """,
}
