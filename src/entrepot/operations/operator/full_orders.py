"""Reading an order in full: with its recipient, which puts it on record, and its work."""

from typing import NamedTuple

from entrepot.contract.errors import ORDER_NOT_FOUND, Refusal
from entrepot.db.connection import Connection
from entrepot.db.order_work import OrderWork, read_work
from entrepot.db.orders_read import read_order
from entrepot.db.personal_reads import Reader, What, record_reads
from entrepot.db.recipients import Recipient, read_recipient
from entrepot.domain.order import Order


class FullOrder(NamedTuple):
    """An order, to whom it goes, and where the work on it stands."""

    order: Order
    recipient: Recipient
    work: OrderWork | None


async def read_full_order(
    connection: Connection, business_id: int, order_id: int, what: What, reader: Reader
) -> FullOrder | Refusal:
    """Read an order in full and put on record that it was read; needs a transaction."""
    order = await read_order(connection, business_id, None, order_id)
    recipient = await read_recipient(connection, business_id, order_id)
    if order is None or recipient is None:
        return ORDER_NOT_FOUND(order_id=order_id)
    work = await read_work(connection, business_id, [order_id])
    await record_reads(connection, business_id, [order_id], what, reader)
    return FullOrder(order, recipient, work.get(order_id))
