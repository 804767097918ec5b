"""The audit: silent about a sound database, and naming the row of each planted fault."""

import asyncio

import pytest

from entrepot import limits
from entrepot.db import audit_statements
from entrepot.db.audit import AuditReport, Finding, audit, estimate_rows
from entrepot.db.connection import Connection
from entrepot.db.transaction import Database
from entrepot.domain.placement import Placed
from entrepot.fulfilment.release import release_overdue
from tests.db.planted_faults import FAULTS
from tests.db.planted_work_faults import WORK_FAULTS
from tests.domain.networks import MOSCOW_WAREHOUSE
from tests.races.world import HOUR, Process, Shop, command, order_id_of, process


async def furnish(placing: Process, ours: Shop, theirs: Shop) -> int:
    """Place one order of each kind for both shops; gives the first of ours, of two items."""
    everything = {"apple": 50, "bread": 50}
    for shop in (ours, theirs):
        await placing.stock(shop, **everything)
        await placing.stock(shop, "novosibirsk", **everything)
    first = order_id_of(await placing.place_one(command(ours, {"apple": 2, "bread": 1})))
    for shop in (ours, theirs):
        await placing.place_one(command(shop, {"apple": 2}, {"bread": 3}))
        await placing.place_one(command(shop, {"apple": 9}, fake=True))
        await placing.place_one(command(shop, {"apple": 1}, draft=True))
        draft = await placing.place_one(command(shop, {"bread": 1}, draft=True))
        await placing.confirm(shop, order_id_of(draft))
    return first


async def execute(database: Database, statement: str, *values: object) -> None:
    await database.transaction(lambda connection: connection.execute(statement, *values))


async def end_drafts(placing: Process, *shops: Shop) -> None:
    """Let every draft run out, and release it."""
    await placing.advance(HOUR)
    for shop in shops:

        async def drafts(connection: Connection, shop: Shop = shop) -> list[int]:
            rows = await connection.fetch(
                "SELECT id FROM orders WHERE business_id = $1 AND status = 'RESERVED'",
                shop.business_id,
            )
            return [row["id"] for row in rows]

        order_ids = await placing.database.read(drafts)
        await release_overdue(placing.database, placing.clock, shop.business_id, order_ids)


async def test_an_empty_database_is_sound(database: Database) -> None:
    assert await audit(database) == AuditReport((), 0, complete=True)


async def test_a_used_database_is_sound(placing: Process, ours: Shop, theirs: Shop) -> None:
    await furnish(placing, ours, theirs)
    first = await audit(placing.database)
    assert first.findings == ()
    assert first.rows_checked > 30
    # Drafts run out, unnoticed at first, then released.
    await placing.advance(HOUR)
    assert (await audit(placing.database)).findings == ()
    await end_drafts(placing, ours, theirs)
    assert (await audit(placing.database)).findings == ()
    assert (await audit(placing.database, business_id=ours.business_id)).findings == ()


ALL_FAULTS = {**FAULTS, **WORK_FAULTS}


@pytest.mark.parametrize("fault", ALL_FAULTS)
async def test_a_planted_fault_is_named(
    placing: Process, ours: Shop, theirs: Shop, fault: str
) -> None:
    planted = ALL_FAULTS[fault]
    first = await furnish(placing, ours, theirs)
    words = await words_of(placing.database, ours, first)
    await execute(placing.database, planted.statement.format(**words))
    findings = (await audit(placing.database)).findings
    named = [each for each in findings if each.row == planted.row.format(**words)]
    reason = planted.reason.format(**words)
    assert any(each.reason.startswith(reason) for each in named), findings
    assert {each.business_id for each in named} <= {ours.business_id, None}


async def words_of(database: Database, shop: Shop, order_id: int) -> dict[str, object]:
    """Give what the statements and the expected findings are filled in with."""

    async def read(connection: Connection) -> dict[str, object]:
        order = await connection.fetchrow(
            "SELECT external_order_id, encode(sha256(convert_to(external_order_id, 'UTF8')), 'hex')"
            " AS hash, place_id, slot_day FROM orders WHERE id = $1",
            order_id,
        )
        fake = await connection.fetchval(
            "SELECT id FROM orders WHERE business_id = $1 AND fake", shop.business_id
        )
        return {
            "business": shop.business_id,
            "warehouse": MOSCOW_WAREHOUSE,
            "order": order_id,
            "fake": fake,
            "external": order["external_order_id"],
            "hash": order["hash"],
            "slot": f"slot of logistic point {order['place_id']} on {order['slot_day']},"
            " minutes 0 to 1440",
        }

    return await database.read(read)


async def test_one_fault_is_one_finding(placing: Process, ours: Shop, theirs: Shop) -> None:
    await furnish(placing, ours, theirs)
    await execute(
        placing.database,
        "UPDATE stock SET held = held + 1 WHERE business_id = $1 AND offer_id = 'apple'"
        " AND warehouse_id = $2",
        ours.business_id,
        MOSCOW_WAREHOUSE,
    )
    row = f"stock of offer apple in warehouse {MOSCOW_WAREHOUSE}"
    expected = (Finding("stock", ours.business_id, row, "held is 6, orders hold 5"),)
    assert (await audit(placing.database)).findings == expected
    assert (await audit(placing.database, business_id=ours.business_id)).findings == expected
    assert (await audit(placing.database, business_id=theirs.business_id)).findings == ()


async def test_orders_that_ended_may_outlive_their_places(
    placing: Process, ours: Shop, theirs: Shop
) -> None:
    await furnish(placing, ours, theirs)
    await end_drafts(placing, ours, theirs)
    await execute(placing.database, "UPDATE orders SET region_id = 78 WHERE status = 'CANCELLED'")
    assert (await audit(placing.database)).findings == ()


async def test_pages_join_without_a_gap(
    placing: Process, ours: Shop, theirs: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrepot.db.audit._PAGE", 2)
    monkeypatch.setattr(limits, "AUDIT_STOCK_PER_STATEMENT_MAX", 1)
    await furnish(placing, ours, theirs)
    seen: list[int] = []
    whole = await audit(placing.database, advance=seen.append)
    assert whole.findings == ()
    assert sum(seen) == whole.rows_checked
    await execute(placing.database, "DELETE FROM order_event WHERE seq = 1")
    findings = (await audit(placing.database)).findings
    # Every order has lost its first event, and each is named once.
    assert len({each.row for each in findings if each.check == "order events"}) == 11
    strays = "UPDATE order_item SET order_id = order_id + 5000000000 WHERE position = 1"
    await execute(placing.database, strays)
    stray = [each for each in (await audit(placing.database)).findings if "order_item" in each.row]
    assert len(stray) == 11


async def test_it_stops_at_as_many_as_anybody_reads(
    placing: Process, ours: Shop, theirs: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "AUDIT_FINDINGS_MAX", 3)
    await furnish(placing, ours, theirs)
    await execute(placing.database, "DELETE FROM order_event")
    report = await audit(placing.database)
    assert len(report.findings) == 3
    assert not report.complete


async def test_no_false_alarm_while_orders_are_placed(
    placing: Process, ours: Shop, theirs: Shop, url: str
) -> None:
    """Two processes place, confirm and let run out on hot offers; audits run all the while."""
    for shop in (ours, theirs):
        await placing.stock(shop, apple=5_000, bread=5_000)
        await placing.stock(shop, "novosibirsk", bread=5_000)
    stopping = asyncio.Event()
    placed = 0

    async def buy(process: Process, number: int) -> None:
        nonlocal placed
        shop = ours if number % 2 else theirs
        while not stopping.is_set():
            draft = number % 3 == 0
            outcome = await process.order(
                command(shop, {"apple": 1, "bread": 2}, {"bread": 1}, draft=draft)
            )
            if isinstance(outcome, Placed):
                placed += 1
                if draft and number % 6 == 0:
                    await process.confirm(shop, outcome.order_ids[0])
            if number == 0:
                await placing.stock(shop, apple=5_000 + placed)

    async def expire() -> None:
        while not stopping.is_set():
            await end_drafts(placing, ours, theirs)
            await asyncio.sleep(0.05)

    async with process(url) as other:
        buyers = [buy(each, number) for each in (placing, other) for number in range(12)]
        working = asyncio.gather(*buyers, expire())
        findings: list[Finding] = []
        audits = 0
        deadline = asyncio.get_running_loop().time() + 4
        while asyncio.get_running_loop().time() < deadline:
            findings += (await audit(placing.database)).findings
            audits += 1
        stopping.set()
        await working
    assert findings == []
    assert audits >= 3
    assert placed >= 100
    assert (await audit(placing.database)).findings == ()


async def test_every_table_of_a_tenant_is_looked_at(database: Database) -> None:
    async def tables(connection: Connection) -> set[str]:
        rows = await connection.fetch(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'business_id' AND table_schema = 'public'"
        )
        return {row["table_name"] for row in rows}

    assert await database.read(tables) == set(audit_statements.TENANT_TABLES)


async def test_the_number_of_rows_is_estimated(placing: Process, ours: Shop, theirs: Shop) -> None:
    await furnish(placing, ours, theirs)
    await execute(placing.database, "ANALYZE")
    rows = (await audit(placing.database)).rows_checked
    assert await estimate_rows(placing.database) == pytest.approx(rows, abs=3)
