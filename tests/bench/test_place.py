"""`entrepot bench place`, for real and briefly: all contenders, on one database."""

import json
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from entrepot.bench import services
from entrepot.bench.measured import Best, Measured, find_best, find_ratios, foreign_cores
from entrepot.bench.plan import Contender, Offers, Run, full_plan
from entrepot.bench.services import require_fastapi
from entrepot.bench.world import BenchDatabase, bench_database
from entrepot.db.start_refused import StartRefused

COMMAND = (sys.executable, "-c", "from entrepot.cli.entry import main; main()", "bench", "place")


def test_all_contenders_place_orders_and_the_database_agrees(empty_database_url: str) -> None:
    done = subprocess.run(
        [*COMMAND, "--quick", "--json", "--database-url", empty_database_url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    kinds = {(run["run"]["contender"], run["run"]["offers"]) for run in report["runs"]}
    assert kinds == {
        ("pgbench", "uniform"),
        ("pgbench", "zipf"),
        ("fastapi", "uniform"),
        ("entrepot", "uniform"),
        ("entrepot", "zipf"),
    }
    for run in report["runs"]:
        assert run["placed"] > 0
        assert run["ordersPerSecond"] > 0
        assert 0 < run["p50Ms"] <= run["p99Ms"]
        assert run["generatorCpuUs"] > 0
    assert set(report["ratios"]) == {"pgbenchUniform", "pgbenchZipf", "fastapiUniform"}
    assert all(ratio > 0 for ratio in report["ratios"].values())


async def test_the_bench_leaves_no_database_behind(empty_database_url: str) -> None:
    async with bench_database(empty_database_url) as database:
        name = database.url.partition("?")[0].rpartition("/")[2]
        assert await _exists(empty_database_url, name)
    assert not await _exists(empty_database_url, name)


async def test_what_the_database_does_not_confirm_is_named(empty_database_url: str) -> None:
    async with bench_database(empty_database_url) as database:
        await database.refill()
        assert await database.find_faults(0) == ()
        assert await database.find_faults(1) == (
            "orders: 0, not 1",
            "placements: 0, not 1",
            "events: 0, not 1",
            "lines: 0, not 2",
            "pieces sold: 0, not 2",
            "pieces held: 0, not 2",
            "slots held: 0, not 1",
        )
        await _hold_a_piece(database)
        assert await database.find_faults(0) == (
            "pieces held: 1, not 0",
            "wrong balances: 1, not 0",
        )


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_FASTAPI_PACKAGES", ("fastapi", "no_such_package"))
    with pytest.raises(StartRefused, match=r"needs no_such_package: .* entrepot\[bench\]"):
        require_fastapi()


async def test_a_server_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="cannot be reached"):
        async with bench_database(f"postgresql://somebody@/bench?host={tmp_path}"):
            pass


def test_best_is_the_fastest_run_of_the_fastest_configuration() -> None:
    slow, fast = Run(Contender.PGBENCH, Offers.ZIPF, 8), Run(Contender.PGBENCH, Offers.ZIPF, 32)
    runs = [_measured(slow, 900), *(_measured(fast, speed) for speed in (800, 1_000, 1_500))]
    (best,) = find_best(runs)
    assert (best.run, best.runs) == (fast, 3)
    assert (best.orders_per_second, best.median, best.slowest) == (1_500, 1_000, 800)


def test_ratios_compare_like_with_like() -> None:
    best = (
        _best(Contender.PGBENCH, Offers.UNIFORM, 1_000),
        _best(Contender.PGBENCH, Offers.ZIPF, 500),
        _best(Contender.ENTREPOT, Offers.UNIFORM, 3_000),
        _best(Contender.ENTREPOT, Offers.ZIPF, 4_000),
    )
    ratios = find_ratios(best)
    assert (ratios.pgbench_uniform, ratios.pgbench_zipf, ratios.fastapi_uniform) == (3, 8, None)


def test_what_others_take_of_the_machine_is_told_when_everything_is_known() -> None:
    assert foreign_cores(8.0, (1.0, 5.0), 4.0) == 0.5
    assert foreign_cores(5.9, (1.0, 5.0), 4.0) == 0
    assert foreign_cores(8.0, (1.0, None), 4.0) is None
    assert foreign_cores(None, (1.0, 5.0), 4.0) is None


def test_contenders_take_turns() -> None:
    plan = full_plan(seconds=4, repeats=3)
    assert [run.contender for run in plan.runs[:4]] == [
        Contender.PGBENCH,
        Contender.FASTAPI,
        Contender.ENTREPOT,
        Contender.PGBENCH,
    ]
    assert len(set(plan.runs)) == len(plan.runs) == 16


def test_a_plan_can_leave_contenders_out() -> None:
    plan = full_plan(seconds=4, repeats=3)
    alone = plan.only(Contender.ENTREPOT)
    assert {run.contender for run in alone.runs} == {Contender.ENTREPOT}
    assert len(alone.runs) == 8
    assert alone.seconds == plan.seconds
    both = plan.only(Contender.PGBENCH, Contender.ENTREPOT)
    assert both.runs == tuple(r for r in plan.runs if r.contender is not Contender.FASTAPI)


async def _exists(url: str, database: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database)
    finally:
        await connection.close()
    return found is not None


async def _hold_a_piece(database: BenchDatabase) -> None:
    connection = await asyncpg.connect(database.url)
    await connection.execute("UPDATE stock SET held = 1 WHERE offer_id = '1001'")
    await connection.close()


def _measured(run: Run, speed: float) -> Measured:
    return Measured(
        run=run,
        placed=1,
        orders_per_second=speed,
        p50_ms=1.0,
        p99_ms=2.0,
        generator_cpu_us=None,
        generator_cores=0.1,
        service_cpu_us=None,
        database_cpu_us=None,
        foreign_cores=None,
    )


def _best(contender: Contender, offers: Offers, speed: float) -> Best:
    (best,) = find_best([_measured(Run(contender, offers, 8), speed)])
    return best
