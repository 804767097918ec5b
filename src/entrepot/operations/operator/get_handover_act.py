"""getHandoverAct: the act by which a carrier takes parcels over, as PDF."""

import asyncio
from datetime import datetime

from entrepot.contract import operator_errors as errors
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.handovers import HandedParcel, Handover, read_handover, read_rows
from entrepot.documents.handover_act import ActRow, HandoverAct, render_act
from entrepot.domain.carriers import CARRIERS
from entrepot.domain.network import Network
from entrepot.domain.operators import works_in
from entrepot.operations.operator.calls import IN_WAREHOUSE, OperatorCall
from entrepot.operations.registry import OPERATOR, Document, Method, operation


@operation(
    "getHandoverAct",
    Method.GET,
    "/operator/v1/businesses/{businessId}/handovers/{handoverId}/act",
    api=OPERATOR,
    roles=IN_WAREHOUSE,
    section="hand-over",
    produces="application/pdf",
)
async def get_handover_act(
    call: OperatorCall, business_id: int, handover_id: int
) -> Document | Refusal:
    """Print an act with every parcel on it, for both sides to sign; A4, with a Code 128.

    Until it is closed it says that nothing was handed over yet.
    """
    platform = call.platform
    business = await platform.accounts.business(business_id)

    async def read(
        connection: Connection,
    ) -> tuple[Handover | None, tuple[HandedParcel, ...], Network, datetime]:
        return (
            await read_handover(connection, business_id, handover_id),
            await read_rows(connection, business_id, handover_id),
            await platform.network.latest(connection),
            await platform.clock.now(connection),
        )

    handover, rows, network, now = await platform.database.read(read)
    if handover is None:
        return errors.NO_SUCH_HANDOVER(handover_id=handover_id)
    if not works_in(call.key, handover.warehouse_id):
        return errors.WAREHOUSE_NOT_ALLOWED(warehouse_id=handover.warehouse_id)
    sender = "" if business is None else business.name
    act = _act(handover, rows, network, sender)
    content = await asyncio.to_thread(render_act, act, now)
    return Document(f"act-{business_id}-{handover_id}.pdf", content)


def _act(
    handover: Handover, rows: tuple[HandedParcel, ...], network: Network, sender: str
) -> HandoverAct:
    warehouse = network.warehouses.get(handover.warehouse_id)
    carrier = CARRIERS.get(handover.carrier)
    taken_at = handover.closed_at
    if taken_at is not None and warehouse is not None:
        taken_at = taken_at.astimezone(network.clocks[warehouse.time_zone])
    return HandoverAct(
        business_id=handover.business_id,
        handover_id=handover.id,
        sender=sender,
        warehouse=str(handover.warehouse_id) if warehouse is None else warehouse.name,
        carrier=handover.carrier if carrier is None else carrier.name,
        taken_at=taken_at,
        rows=tuple(ActRow(row.key, row.external_order_id, row.weight_g) for row in rows),
    )
