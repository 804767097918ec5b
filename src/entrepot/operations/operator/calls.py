"""What an operation of the operator's API is called with, and who its callers are to an order."""

from typing import Annotated

import msgspec
from msgspec import Meta

from entrepot.db.personal_reads import Reader
from entrepot.domain.operators import OperatorKey, Role
from entrepot.domain.order_events import Actor, Source
from entrepot.domain.order_moves import ActorKind
from entrepot.operations.call import Platform

EVERYBODY = tuple(Role)
IN_WAREHOUSE = (Role.ADMIN, Role.WAREHOUSE)

_ACTORS = {
    Role.ADMIN: ActorKind.OPERATOR,
    Role.SUPPORT: ActorKind.OPERATOR,
    Role.WAREHOUSE: ActorKind.WAREHOUSE,
    Role.CARRIER: ActorKind.CARRIER,
}

# Why somebody looks at a recipient; stands in the record of such reads.
Purpose = Annotated[str, Meta(min_length=1, max_length=200)]


class OperatorCall(msgspec.Struct, frozen=True, gc=False):
    """One authenticated request of the operator's people or of a carrier."""

    platform: Platform
    key: OperatorKey

    @property
    def actor(self) -> Actor:
        """Who an order's history says that it was."""
        return Actor(_ACTORS[self.key.role], self.key.name, Source.OPERATOR_API)

    def reader(self, purpose: str | None) -> Reader:
        """Who the record of reads of personal data says that it was."""
        return Reader(self.key.id, self.key.name, self.key.role, purpose)
