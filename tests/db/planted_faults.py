"""Faults to plant by plain SQL, and the finding that must name each.

In braces: `order`, the first order of business `business`, of two apples and a bread from
`warehouse`, placed under `external` whose hash is `hash`; `fake`, a fake order; `slot`, the slot
that every order of the world holds.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """A statement that breaks a promise; the row that must be named, and how."""

    statement: str
    row: str
    reason: str


FAULTS: dict[str, Fault] = {
    "held too low": Fault(
        (
            """
            UPDATE stock SET held = held - 1 WHERE business_id = {business} AND offer_id = 'apple'
              AND warehouse_id = {warehouse}"""
        ),
        "stock of offer apple in warehouse {warehouse}",
        "held is 4, orders hold 5",
    ),
    "an item's hold forgotten": Fault(
        (
            """
            UPDATE order_item SET hold = 'RELEASED' WHERE order_id = {order} AND position = 1"""
        ),
        "order {order}, item 1",
        "hold is RELEASED, the order is PROCESSING/STARTED",
    ),
    "a fake order that holds": Fault(
        (
            """
            UPDATE order_item SET hold = 'HELD' WHERE business_id = {business} AND order_id IN
              (SELECT id FROM orders WHERE business_id = {business} AND fake)"""
        ),
        "order {fake}, item 1",
        "hold is HELD, the order is fake",
    ),
    "sound pieces out of nothing": Fault(
        (
            """
            UPDATE stock SET fit = fit + 1 WHERE business_id = {business} AND offer_id = 'bread'
              AND warehouse_id = {warehouse}"""
        ),
        "stock of offer bread in warehouse {warehouse}",
        "fit is 51, the journal says 50",
    ),
    "a broken piece out of nothing": Fault(
        (
            """
            UPDATE stock SET defect = 7 WHERE business_id = {business} AND offer_id = 'bread'
              AND warehouse_id = {warehouse}"""
        ),
        "stock of offer bread in warehouse {warehouse}",
        "defect is 7, the journal says 0",
    ),
    "a movement of nothing": Fault(
        (
            """
            INSERT INTO stock_movement
              (business_id, warehouse_id, offer_id, pile, delta, reason, moved_at)
            VALUES ({business}, 77, 'drum', 'FIT', 1, 'x', now())"""
        ),
        "stock of offer drum in warehouse 77",
        "the journal has movements, there is no stock row; there is no such warehouse",
    ),
    "stock of no offer": Fault(
        (
            """
            INSERT INTO stock (business_id, warehouse_id, offer_id)
            VALUES ({business}, {warehouse}, 'ghost')"""
        ),
        "stock of offer ghost in warehouse {warehouse}",
        "the business has no such offer",
    ),
    "held stock without a row": Fault(
        (
            """
            DELETE FROM stock WHERE business_id = {business} AND offer_id = 'apple'
              AND warehouse_id = {warehouse}"""
        ),
        "order {order}, item 1",
        "holds offer apple, which has no stock in warehouse {warehouse}",
    ),
    "a slot's place lost": Fault(
        "UPDATE slot SET held = held - 1",
        "{slot}",
        "held is 8, 9 orders hold it",
    ),
    "a slot without a row": Fault(
        "DELETE FROM slot",
        "{slot}",
        "held is -, 9 orders hold it",
    ),
    "a slot nobody holds": Fault(
        "INSERT INTO slot VALUES ('Z', 5, '2026-07-01', 600, 720, 1)",
        "slot of courier zone 5 on 2026-07-01, minutes 600 to 720",
        "held is 1, 0 orders hold it",
    ),
    "a slot hold forgotten": Fault(
        "UPDATE orders SET slot_hold = 'NONE' WHERE id = {order}",
        "order {order}",
        "slot_hold is NONE, the order is PROCESSING/STARTED",
    ),
    "an order cancelled by hand": Fault(
        "UPDATE orders SET status = 'CANCELLED' WHERE id = {order}",
        "order {order}, item 2",
        "hold is HELD, the order is CANCELLED/STARTED",
    ),
    "a status no event tells of": Fault(
        "UPDATE orders SET substatus = 'PACKAGING' WHERE id = {order}",
        "order {order}",
        "is PROCESSING/PACKAGING, its last event says PROCESSING/STARTED",
    ),
    "a gap in the events": Fault(
        "UPDATE order_event SET seq = 2 WHERE order_id = {order}",
        "order {order}",
        "event_seq is 1, there are 1 events from 2 to 2",
    ),
    "an order without events": Fault(
        "DELETE FROM order_event WHERE order_id = {order}",
        "order {order}",
        "event_seq is 1, there are 0 events from - to -",
    ),
    "an order without items": Fault(
        "DELETE FROM order_item WHERE order_id = {order}",
        "order {order}",
        "0 items, at positions - to -",
    ),
    "a gap in the items": Fault(
        ("UPDATE order_item SET position = 3 WHERE order_id = {order} AND position = 2"),
        "order {order}",
        "2 items, at positions 1 to 3",
    ),
    "a total that does not add up": Fault(
        "UPDATE orders SET items_total_kopecks = 29999 WHERE id = {order}",
        "order {order}",
        "items_total_kopecks is 29999, the items sum up to 30000",
    ),
    "an item in another warehouse": Fault(
        "UPDATE orders SET warehouse_id = 77 WHERE id = {order}",
        "order {order}, item 1",
        "in warehouse {warehouse}, the order in 77",
    ),
    "an order from no warehouse": Fault(
        "UPDATE orders SET warehouse_id = 77, region_id = 78 WHERE id = {order}",
        "order {order}",
        "no warehouse 77, no region 78",
    ),
    "an order to no point": Fault(
        "UPDATE orders SET place_id = 79 WHERE id = {order}",
        "order {order}",
        "no logistic point 79",
    ),
    "an order to no zone": Fault(
        "UPDATE orders SET place_kind = 'Z', place_id = 79 WHERE id = {order}",
        "order {order}",
        "no courier zone 79",
    ),
    "an order of no campaign": Fault(
        "UPDATE orders SET campaign_id = 80 WHERE id = {order}",
        "order {order}",
        "the business has no campaign 80",
    ),
    "an item that is no offer": Fault(
        (
            """
            DELETE FROM offer WHERE business_id = {business} AND offer_id = 'bread'"""
        ),
        "order {order}, item 2",
        "the business has no offer bread",
    ),
    "an order under no external id": Fault(
        "DELETE FROM placement WHERE {order} = ANY(order_ids)",
        "order {order}",
        "no placement of external id {external} names it",
    ),
    "an external id changed": Fault(
        "UPDATE orders SET external_order_id = 'other' WHERE id = {order}",
        "placement {hash}",
        "names orders that do not exist or have another external id: {order}",
    ),
    "an order named by two": Fault(
        (
            """
            INSERT INTO placement VALUES
              ({business}, sha256('again'), ARRAY[{order}]::bigint[], now())"""
        ),
        "placement b4c9e14061c2fd453b36700e3b0da008db2189c711ac629f0f583089164e267d",
        "names orders that do not exist or have another external id: {order}",
    ),
    "an order named twice": Fault(
        (
            """
            UPDATE placement SET order_ids = order_ids || {order}::bigint
            WHERE {order} = ANY(order_ids)"""
        ),
        "placement {hash}",
        "names an order twice",
    ),
    "a lost order": Fault(
        "DELETE FROM orders WHERE id = {order}",
        "placement {hash}",
        "names orders that do not exist or have another external id: {order}",
    ),
    "an item of no order": Fault(
        (
            """
            INSERT INTO order_item VALUES ({business}, 9999999999, 1, 1, 'apple', 1, 1, 'NONE')"""
        ),
        "order_item 9999999999/1",
        "there is no order",
    ),
    "an event of no order": Fault(
        (
            """
            INSERT INTO order_event VALUES ({business}, 1, 1, 'x', 'x', 'x', 'x', now())"""
        ),
        "order_event 1/1",
        "there is no order",
    ),
    "an operation on no order": Fault(
        (
            """
            INSERT INTO operation VALUES
              ({business}, 'done', 'ORDER_STATUS_UPDATE', 'DONE', 81, now(), now())"""
        ),
        "operation done",
        "is DONE, there is no order 81",
    ),
    "a key of no business": Fault(
        (
            """
            INSERT INTO api_key (business_id, name, scopes, token_hash)
            VALUES (3, 'x', ARRAY['pricing'], 'x')"""
        ),
        "a row of api_key",
        "there is no business 3",
    ),
    "a campaign of no business": Fault(
        "INSERT INTO campaign (business_id, name) VALUES (900000, 'x')",
        "a row of campaign",
        "there is no business 900000",
    ),
}
