"""getLabels: the shipping labels of an order, as PDF."""

import asyncio
from datetime import datetime

from entrepot.contract import operator_errors as errors
from entrepot.contract.dates import clock_text
from entrepot.contract.enums import OrderDelivery
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.personal_reads import What
from entrepot.documents.label import Label, LabelledParcel, render_labels
from entrepot.domain.carriers import CARRIERS, OWN_FLEET
from entrepot.domain.network import Network
from entrepot.domain.order import Order
from entrepot.domain.parcels import ParcelKey
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall, Purpose
from entrepot.operations.operator.full_orders import FullOrder, read_full_order
from entrepot.operations.operator.order_views import place_in_words
from entrepot.operations.registry import OPERATOR, Document, Method, operation
from entrepot.operations.wire import Query

PDF = "application/pdf"


class GetLabelsQuery(Query):
    """Why the labels are printed; stands on record."""

    purpose: Purpose | None = None


@operation(
    "getLabels",
    Method.GET,
    "/operator/v1/businesses/{businessId}/orders/{orderId}/labels",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="packing",
    produces=PDF,
)
async def get_labels(
    call: OperatorCall, business_id: int, order_id: int, query: GetLabelsQuery
) -> Document | Refusal:
    """Print the labels of an order's parcels: 100 by 150 mm, a page each, with a Code 128.

    The receive code is not on them. That the recipient was shown stands on record.
    """
    platform = call.platform
    business = await platform.accounts.business(business_id)
    sender = "" if business is None else business.name

    async def work(connection: Connection) -> tuple[FullOrder, Network, datetime] | Refusal:
        reader = call.reader(query.purpose)
        full = await read_full_order(connection, business_id, order_id, What.LABEL, reader)
        if isinstance(full, Refusal):
            return full
        network = await platform.network.latest(connection)
        return full, network, await platform.clock.now(connection)

    read = await platform.database.transaction(work)
    if isinstance(read, Refusal):
        return read
    full, network, now = read
    if full.work is None or not full.work.parcels:
        return errors.NOT_PACKED(order_id=order_id, standing=full.order.standing.stage)
    label = _label(full, network, sender)
    parcels = [
        LabelledParcel(ParcelKey(business_id, order_id, each.number), each.packed)
        for each in full.work.parcels
    ]
    # Drawing takes a tenth of a second of the processor, which other requests need not wait for.
    content = await asyncio.to_thread(render_labels, label, parcels, now)
    return Document(f"labels-{order_id}.pdf", content)


def _label(full: FullOrder, network: Network, sender: str) -> Label:
    order, recipient, work = full
    warehouse = network.warehouses.get(order.warehouse_id)
    carrier = CARRIERS.get((work and work.carrier) or OWN_FLEET.id, OWN_FLEET)
    return Label(
        carrier=carrier.name,
        sender=sender,
        warehouse=str(order.warehouse_id) if warehouse is None else warehouse.name,
        external_order_id=order.external_order_id,
        recipient=recipient.name,
        phone=recipient.phone or "",
        place=place_in_words(order, recipient, network),
        when=_when(order),
        notes=order.notes or "",
    )


def _when(order: Order) -> str:
    day = f"{order.slot.day:%d.%m.%Y}"
    if order.delivery is OrderDelivery.PICKUP:
        return day
    return f"{day}, {clock_text(order.slot.from_minute)}–{clock_text(order.slot.to_minute)}"
