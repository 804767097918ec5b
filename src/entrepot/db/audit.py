"""The audit: every balance recomputed from its rows, and each row that disagrees named.

It goes through the tables in short statements, so that no snapshot is held for long, and may
run beside a busy service. What a statement finds is asked again before it is reported.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import msgspec

from entrepot import limits
from entrepot.db import audit_statements as statements
from entrepot.db.audit_life import OPERATION_CHECK
from entrepot.db.connection import Connection
from entrepot.db.locks import slot_columns
from entrepot.db.slot_keys import slot_key, slot_of_order
from entrepot.db.transaction import Database
from entrepot.domain.delivery.slot import SlotKey
from entrepot.domain.holds import TAKEN

Advance = Callable[[int], None]

_ID_MAX = 2**63 - 1
_PAGE = limits.AUDIT_ROWS_PER_STATEMENT_MAX


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """A row that disagrees with others: which promise it breaks, whose it is, and how."""

    check: str
    business_id: int | None
    row: str
    reason: str


class AuditReport(msgspec.Struct, frozen=True):
    """What an audit found, and how many rows it went through.

    `complete` is False when it stopped at as many findings as anybody will read.
    """

    findings: tuple[Finding, ...]
    rows_checked: int
    complete: bool


async def estimate_rows(database: Database) -> int:
    """Tell roughly how many rows an audit will go through."""
    return int(await database.read(lambda one: one.fetchval(statements.ESTIMATED_ROWS)))


async def audit(
    database: Database, *, business_id: int | None = None, advance: Advance = lambda _: None
) -> AuditReport:
    """Audit everything, or what belongs to one business alone (slots are shared by all).

    Args:
        database: where.
        business_id: only this business.
        advance: told how many more rows were gone through.

    Raises:
        DatabaseUnavailable: the database cannot be asked.
    """
    running = _Audit(database, advance)
    rows = await running.fetch(statements.BUSINESS_IDS)
    known = [row["id"] for row in rows]
    try:
        for each in known if business_id is None else [business_id]:
            await running.check_business(each)
        if business_id is None:
            await running.check_slots()
            await running.check_strangers(known)
    except _EnoughError:
        return AuditReport(tuple(running.findings), running.rows, complete=False)
    return AuditReport(tuple(running.findings), running.rows, complete=True)


class _EnoughError(Exception):
    """More findings than anybody will read."""


class _Audit:
    """One audit while it runs."""

    def __init__(self, database: Database, advance: Advance) -> None:
        self.findings: list[Finding] = []
        self.rows = 0
        self._database = database
        self._advance = advance
        self._orders_on_slots: Counter[SlotKey] = Counter()

    async def fetch(self, statement: str, *values: object) -> list[Any]:
        async def work(connection: Connection) -> list[Any]:
            return await connection.fetch(statement, *values)

        return await self._database.read(work)

    async def check_business(self, business_id: int) -> None:
        await self._check_stock(business_id)
        await self._check_orders(business_id)
        await self._check_placements(business_id)
        await self._check_operations(business_id)

    async def check_slots(self) -> None:
        """Compare slots with the orders counted on the way; what is odd, is counted again."""
        counted = self._orders_on_slots
        after: tuple[object, ...] = ("", 0, date.min, 0, 0)
        odd: list[SlotKey] = []
        while rows := await self.fetch(statements.SLOT_PAGE, *after, _PAGE):
            after = tuple(rows[-1][:5])
            for row in rows:
                key = slot_key(*row[:5])
                if counted.pop(key, 0) != row["held"]:
                    odd.append(key)
            self._gone_through(len(rows))
        odd.extend(counted)  # orders hold them, and they have no row
        for start in range(0, len(odd), limits.AUDIT_SLOTS_PER_STATEMENT_MAX):
            keys = odd[start : start + limits.AUDIT_SLOTS_PER_STATEMENT_MAX]
            await self._check("slot", None, statements.SLOT_CHECK, *slot_columns(keys))

    async def check_strangers(self, known: Sequence[int]) -> None:
        """Look for rows of businesses that do not exist."""
        bounds = [-_ID_MAX, *known, _ID_MAX]
        gaps = [(low, high) for low, high in pairwise(bounds) if high > low + 1]
        lows, highs = [low for low, _ in gaps], [high for _, high in gaps]
        for statement in statements.STRANGERS.values():
            await self._check("business", None, statement, lows, highs)

    async def _check_stock(self, business_id: int) -> None:
        after: tuple[int, str] = (0, "")
        size = limits.AUDIT_STOCK_PER_STATEMENT_MAX
        while rows := await self.fetch(statements.STOCK_PAGE, business_id, *after, size):
            after = tuple(rows[-1])
            warehouse_ids, offer_ids = [row[0] for row in rows], [row[1] for row in rows]
            statement = statements.STOCK_CHECK
            await self._check(
                "stock", business_id, statement, business_id, warehouse_ids, offer_ids
            )
            self._gone_through(len(rows))

    async def _check_orders(self, business_id: int) -> None:
        """Check ranges of ids without a gap between them, so that strays are met as well."""
        after = 0
        while after < _ID_MAX:
            rows = await self.fetch(statements.ORDER_PAGE, business_id, after, _PAGE)
            upto = rows[-1]["id"] if len(rows) == _PAGE else _ID_MAX
            for check, statement in statements.ORDER_CHECKS.items():
                await self._check(check, business_id, statement, business_id, after, upto)
            held = (row for row in rows if row["slot_hold"] in TAKEN)
            self._orders_on_slots.update(slot_of_order(row) for row in held)
            self._gone_through(len(rows))
            after = upto

    async def _check_placements(self, business_id: int) -> None:
        after = b""
        while rows := await self.fetch(statements.PLACEMENT_PAGE, business_id, after, _PAGE):
            hashes = [row[0] for row in rows]
            after = hashes[-1]
            statement = statements.PLACEMENT_CHECK
            await self._check("placement", business_id, statement, business_id, hashes)
            self._gone_through(len(rows))

    async def _check_operations(self, business_id: int) -> None:
        after = ""
        while rows := await self.fetch(statements.OPERATION_PAGE, business_id, after, _PAGE):
            ids = [row[0] for row in rows]
            after = ids[-1]
            statement = OPERATION_CHECK
            await self._check("operation", business_id, statement, business_id, ids)
            self._gone_through(len(rows))

    async def _check(
        self, check: str, business_id: int | None, statement: str, *values: object
    ) -> None:
        """Ask; what is found is asked again, and reported when it is found again."""
        suspected = {row[0] for row in await self.fetch(statement, *values)}
        if not suspected:
            return
        for named, reason in await self.fetch(statement, *values):
            if named not in suspected:
                continue
            if len(self.findings) == limits.AUDIT_FINDINGS_MAX:
                raise _EnoughError
            self.findings.append(Finding(check, business_id, named, reason))

    def _gone_through(self, rows: int) -> None:
        self.rows += rows
        self._advance(rows)
