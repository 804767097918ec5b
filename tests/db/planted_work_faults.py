"""Faults in the warehouse's tables, planted by plain SQL; with the words of `planted_faults`."""

from tests.db.planted_faults import Fault

_WORK = """
    WITH l AS (INSERT INTO pick_list (business_id, id, warehouse_id, made_by, made_at)
      VALUES ({business}, 1, {warehouse}, 'x', now()) RETURNING id)
    INSERT INTO order_work (business_id, order_id, pick_list_id, tote, step, updated_at)
    SELECT {business}, ORDER, id, 1, 'STEP', now() FROM l
"""


def work(order: str, step: str) -> str:
    """Plant work on an order."""
    return _WORK.replace("ORDER", order).replace("STEP", step)


WORK_FAULTS: dict[str, Fault] = {
    "work on no order": Fault(
        work("77", "PICKING"),
        "order_work 77",
        "there is no order",
    ),
    "work on a fake order": Fault(
        work("{fake}", "PICKING"),
        "order_work {fake}",
        "the order is fake",
    ),
    "work without a pick list": Fault(
        """
        INSERT INTO order_work (business_id, order_id, pick_list_id, tote, step, updated_at)
        VALUES ({business}, {order}, 404, 1, 'PICKING', now())""",
        "order_work {order}",
        "there is no pick list 404",
    ),
    "handed over and not shipped": Fault(
        work("{order}", "HANDED_OVER"),
        "order_work {order}",
        "is handed over, the order is PROCESSING/STARTED",
    ),
    "packed without being picked": Fault(
        work("{order}", "PACKED"),
        "order {order}, item 1",
        "0 of 2 pieces are picked, the order is PACKED",
    ),
    "packed without parcels": Fault(
        work("{order}", "PACKED"),
        "order {order}",
        "0 parcels, numbered - to -, 0 of them handed over; the order is PACKED",
    ),
    "a shortage of nobody": Fault(
        """
        INSERT INTO shortage VALUES ({business}, {order}, 1, 1, true, 'x', now())""",
        "shortage {order}/1",
        "1 are missing of 2, hold is HELD, the order is -",
    ),
    "a parcel of nobody on no act": Fault(
        """
        INSERT INTO parcel VALUES
          ({business}, {order}, 1, 1, 1, 1, 1, 'x', now(), 404, 'x', now())""",
        "parcel {order}/1",
        "nobody has begun with the order",
    ),
}
