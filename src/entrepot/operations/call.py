"""What an operation is called with: the platform it works on, and the request around it."""

from datetime import timedelta

import msgspec

from entrepot.contract.paging import PageTokens
from entrepot.db.accounts_cache import AccountsCache
from entrepot.db.clock import Clock
from entrepot.db.network_cache import NetworkCache
from entrepot.db.order_ids import OrderIds
from entrepot.db.request_limiter import RequestLimiter
from entrepot.db.transaction import Database
from entrepot.domain.accounts import ApiKey
from entrepot.figures import Family, WorkFigures
from entrepot.fulfilment.group_commit import GroupCommit
from entrepot.work.duty import Duty


class Platform(msgspec.Struct, frozen=True):
    """Everything an operation may reach; built once per process by `entrepot.app`.

    Orders are placed over connections of their own, `placing_database`. `limiter` is None where
    request limits are switched off.
    """

    database: Database
    placing_database: Database
    clock: Clock
    network: NetworkCache
    accounts: AccountsCache
    placing: GroupCommit
    order_ids: OrderIds
    page_tokens: PageTokens
    working: WorkFigures
    delivery_days_ahead: int
    interval_changes_max: int
    operations_take: timedelta
    limiter: RequestLimiter | None
    duties: tuple[Duty, ...]

    def figures(self) -> list[Family]:
        """Tell what its parts have counted."""
        return [
            *self.placing.figures_told(),
            *self.database.figures_told(),
            *self.placing_database.figures_told(),
            *self.working.told(),
        ]


class Call(msgspec.Struct, frozen=True, gc=False):
    """One authenticated request.

    `raw_body` is the body as received; `idempotency_key` the header of that name, if any.
    """

    platform: Platform
    key: ApiKey
    path: str
    raw_body: bytes
    idempotency_key: str | None
    by_bearer: bool = False
