"""Who works for the operator: the keys of its people and carriers, and what each role is for.

A key is one person's, or one device's: what is on record about reads of personal data names it.
"""

from datetime import datetime
from enum import StrEnum

import msgspec


class Role(StrEnum):
    """What somebody is there for.

    ADMIN may do everything. WAREHOUSE picks, packs and hands over, in its warehouses. CARRIER
    tells what became of parcels, those that its carrier was given. SUPPORT reads and searches
    orders, and moves none.
    """

    ADMIN = "ADMIN"
    WAREHOUSE = "WAREHOUSE"
    CARRIER = "CARRIER"
    SUPPORT = "SUPPORT"


class OperatorKey(msgspec.Struct, frozen=True):
    """What is known of an operator's key; its token is known to its owner alone.

    `warehouse_ids` binds a WAREHOUSE key; None is every warehouse. `carrier` is that of a CARRIER
    key, and of no other. `expires_at` is a moment of the database's clock.
    """

    id: int
    name: str
    role: Role
    warehouse_ids: frozenset[int] | None
    carrier: str | None
    expires_at: datetime | None
    revoked: bool


def works_in(key: OperatorKey, warehouse_id: int) -> bool:
    """Tell whether a key's work reaches into a warehouse."""
    return key.warehouse_ids is None or warehouse_id in key.warehouse_ids


def works_for(key: OperatorKey, carrier: str | None) -> bool:
    """Tell whether a key may speak of a parcel that a carrier has; None is a parcel of nobody."""
    return key.role is not Role.CARRIER or carrier == key.carrier
