"""Asynchronous operations as they are read."""

from collections.abc import Sequence

import msgspec

from entrepot.contract.enums import OperationKind, OperationStatus
from entrepot.db.connection import Connection

_READ = """
    SELECT o.id, o.status
    FROM operation o
    WHERE o.business_id = $1 AND o.kind = $2 AND o.id = ANY($3::text[])
"""


class OperationState(msgspec.Struct, frozen=True, gc=False):
    """How far an operation is."""

    id: str
    kind: OperationKind
    status: OperationStatus


async def read_operations(
    connection: Connection, business_id: int, kind: OperationKind, operation_ids: Sequence[str]
) -> tuple[OperationState, ...]:
    """Read operations of one kind in the order asked; those that are not of it are left out."""
    rows = await connection.fetch(_READ, business_id, kind, list(operation_ids))
    found = {row[0]: OperationStatus(row[1]) for row in rows}
    asked = dict.fromkeys(operation_ids)
    return tuple(OperationState(one, kind, found[one]) for one in asked if one in found)
