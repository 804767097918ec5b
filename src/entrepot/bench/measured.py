"""What a run measured, and what all of them together say."""

from collections.abc import Iterable
from statistics import median

import msgspec

from entrepot.bench.plan import Contender, Offers, Run


class BenchFailed(Exception):  # noqa: N818 - told in a sentence
    """A run whose figures mean nothing: something broke, or the books do not balance."""


class Measured(msgspec.Struct, frozen=True, rename="camel"):
    """One run. Processor times are microseconds of one core for each order.

    `placed` counts every order, those of the warm-up included; the other figures are of the
    measured time. `generatorCores` is how much of the machine the load generator took;
    `serviceCpuUs` and `databaseCpuUs` are missing where the system does not tell them, as is
    `foreignCores`: how much of the machine was busy with none of the three.
    """

    run: Run
    placed: int
    orders_per_second: float
    p50_ms: float
    p99_ms: float
    generator_cpu_us: float | None
    generator_cores: float
    service_cpu_us: float | None
    database_cpu_us: float | None
    foreign_cores: float | None


class Best(msgspec.Struct, frozen=True, rename="camel"):
    """A contender's best configuration.

    `ordersPerSecond` and the latencies are those of its fastest run: whatever else goes on in a
    machine only ever slows a run down. `median` and `slowest` tell how much they differ.
    """

    run: Run
    runs: int
    orders_per_second: float
    median: float
    slowest: float
    p50_ms: float
    p99_ms: float


class Ratios(msgspec.Struct, frozen=True, rename="camel"):
    """How many times as many orders Entrepot places."""

    pgbench_uniform: float | None
    pgbench_zipf: float | None
    fastapi_uniform: float | None


class Machine(msgspec.Struct, frozen=True, rename="camel"):
    """Where it was measured."""

    processor: str
    cores: int
    system: str
    python: str
    postgresql: str


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """Everything a bench found. Every run in it was checked against the database."""

    machine: Machine
    ratios: Ratios
    best: tuple[Best, ...]
    runs: tuple[Measured, ...]
    seconds: float


def per_order_us(seconds: float | None, orders: int) -> float | None:
    """Microseconds for each order, None when it is not known."""
    return None if seconds is None or orders == 0 else seconds / orders * 1e6


def foreign_cores(
    machine_s: float | None, known_s: Iterable[float | None], seconds: float
) -> float | None:
    """Cores that were busy with something else, None when that is not known."""
    known = list(known_s)
    if machine_s is None or None in known:
        return None
    return max(0.0, machine_s - sum(each or 0.0 for each in known)) / seconds


def find_best(measured: list[Measured]) -> tuple[Best, ...]:
    """Give the best configuration for each contender and choice of offers that ran."""
    by_run: dict[Run, list[Measured]] = {}
    for each in measured:
        by_run.setdefault(each.run, []).append(each)
    best: dict[tuple[Contender, Offers], Best] = {}
    for run, runs in by_run.items():
        key = (run.contender, run.offers)
        found = _together(run, runs)
        if key not in best or best[key].orders_per_second < found.orders_per_second:
            best[key] = found
    return tuple(best.values())


def find_ratios(best: tuple[Best, ...]) -> Ratios:
    """Compare Entrepot's best with the best of each baseline."""
    speed = {(each.run.contender, each.run.offers): each.orders_per_second for each in best}

    def ratio(baseline: Contender, offers: Offers) -> float | None:
        ours, theirs = speed.get((Contender.ENTREPOT, offers)), speed.get((baseline, offers))
        return ours / theirs if ours and theirs else None

    return Ratios(
        pgbench_uniform=ratio(Contender.PGBENCH, Offers.UNIFORM),
        pgbench_zipf=ratio(Contender.PGBENCH, Offers.ZIPF),
        fastapi_uniform=ratio(Contender.FASTAPI, Offers.UNIFORM),
    )


def _together(run: Run, runs: list[Measured]) -> Best:
    speeds = [each.orders_per_second for each in runs]
    fastest = max(runs, key=lambda each: each.orders_per_second)
    return Best(
        run=run,
        runs=len(runs),
        orders_per_second=fastest.orders_per_second,
        median=median(speeds),
        slowest=min(speeds),
        p50_ms=fastest.p50_ms,
        p99_ms=fastest.p99_ms,
    )
