"""`entrepot bench options`: how many quotes a process gives, at three sizes of the network."""

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from entrepot.bench.load import LoadOrder
from entrepot.bench.machine import describe_machine, unwind_on_sigterm
from entrepot.bench.measured import BenchFailed, Machine, foreign_cores, per_order_us
from entrepot.bench.networks import multiplied
from entrepot.bench.questions import Question, Shop, prepared_questions
from entrepot.bench.services import send_load, serving_entrepot
from entrepot.bench.shape import Request
from entrepot.bench.world import database_of_its_own, server_process
from entrepot.db.network_editions import replace_network
from entrepot.demo.network import demo_network, easy_point_ids
from entrepot.demo.seed import seed_demo
from entrepot.domain.network import NetworkDescription
from entrepot.domain.network_build import build_network

CONNECTIONS = 8
PROCESSES = 1
_WATCHED = ("service", "database")


class OptionsPlan(msgspec.Struct, frozen=True):
    """How many times the demo network, in turns, and how long each question is asked."""

    sizes: tuple[int, ...]
    repeats: int
    seconds: float
    warm_up_s: float


class Size(msgspec.Struct, frozen=True, rename="camel"):
    """A network: how many times the demo world's, and what it has."""

    times: int
    regions: int
    warehouses: int
    points: int
    zones: int
    lanes: int


class Quoted(msgspec.Struct, frozen=True, rename="camel"):
    """One run. Processor times are microseconds of one core for each answer.

    `foreignCores` is how much of the machine was busy with neither service, database nor load
    generator; like the processor times it is missing where the system does not tell.
    """

    size: Size
    question: Question
    answers_per_second: float
    p50_ms: float
    p99_ms: float
    service_cpu_us: float | None
    database_cpu_us: float | None
    foreign_cores: float | None


class Growth(msgspec.Struct, frozen=True, rename="camel"):
    """What the largest network costs, as a multiple of the smallest: 1 is flat.

    From the fastest run of each: whatever else goes on in a machine only slows a run down.
    """

    question: Question
    times: int
    seconds_per_answer: float
    p99: float
    service_cpu: float | None


class OptionsReport(msgspec.Struct, frozen=True, rename="camel"):
    """Everything the bench found; every answer in it was 200."""

    machine: Machine
    growth: tuple[Growth, ...]
    best: tuple[Quoted, ...]
    runs: tuple[Quoted, ...]
    seconds: float


class _Load(msgspec.Struct, frozen=True):
    """A network, and the questions that are asked of it."""

    size: Size
    described: NetworkDescription
    requests: dict[Question, tuple[Request, ...]]


def full_plan(seconds: float, repeats: int) -> OptionsPlan:
    """All three sizes."""
    return OptionsPlan((1, 10, 100), repeats, seconds, warm_up_s=0.5)


def quick_plan() -> OptionsPlan:
    """Two sizes, briefly: tells that the bench works, and little about speed."""
    return OptionsPlan((1, 10), repeats=1, seconds=0.3, warm_up_s=0.1)


def count_runs(plan: OptionsPlan) -> int:
    """How many runs a plan makes."""
    return plan.repeats * len(plan.sizes) * len(Question)


async def bench_options(
    server_url: str, plan: OptionsPlan, on_quoted: Callable[[Quoted], None]
) -> OptionsReport:
    """Carry out a plan in a database made for it; tells of each run as it ends.

    Raises:
        BenchFailed: the service does not start, or did not answer 200.
        StartRefused: no database can be made there.
    """
    unwind_on_sigterm()
    started_at = time.monotonic()
    runs: list[Quoted] = []
    async with database_of_its_own(server_url) as (url, connection):
        shop = await _seed(url)
        loads = [_prepare(times, shop) for times in plan.sizes]
        server = await server_process(connection)
        for load in loads * plan.repeats:
            async with connection.transaction():
                await replace_network(connection, load.described)
            async with serving_entrepot(url, PROCESSES) as service:
                watched = {"service": service.process} | ({"database": server} if server else {})
                for question in Question:
                    runs.append(await _run(service.port, watched, plan, load, question))
                    on_quoted(runs[-1])
        machine = describe_machine(await connection.fetchval("SHOW server_version"))
    best = find_best(runs)
    return OptionsReport(
        machine=machine,
        growth=find_growth(best),
        best=best,
        runs=tuple(runs),
        seconds=time.monotonic() - started_at,
    )


async def _seed(url: str) -> Shop:
    with tempfile.TemporaryDirectory(prefix="entrepot-bench-") as folder:
        world = await seed_demo(url, Path(folder))
    return Shop(world.first.campaign_id, world.first.api_key, world.first.offer_ids)


def _prepare(times: int, shop: Shop) -> _Load:
    described = multiplied(demo_network(), times)
    network = build_network(0, described)
    points = easy_point_ids(described)
    return _Load(
        Size(
            times=times,
            regions=len(described.regions),
            warehouses=len(described.warehouses),
            points=len(described.points),
            zones=len(described.zones),
            lanes=len(described.lanes),
        ),
        described,
        {each: prepared_questions(network, shop, each, points) for each in Question},
    )


async def _run(
    port: int, watched: dict[str, int], plan: OptionsPlan, load: _Load, question: Question
) -> Quoted:
    order = LoadOrder(
        port=port,
        requests=load.requests[question],
        connections=CONNECTIONS,
        warm_up_s=plan.warm_up_s,
        seconds=plan.seconds,
        watched=watched,
    )
    result = await send_load(order)
    if result.failure is not None:
        raise BenchFailed(f"{question}, network × {load.size.times}: {result.failure}")
    known = (result.generator_cpu_s, *(result.watched_cpu_s.get(each) for each in _WATCHED))
    return Quoted(
        size=load.size,
        question=question,
        answers_per_second=result.answered / result.seconds,
        p50_ms=result.p50_ms,
        p99_ms=result.p99_ms,
        service_cpu_us=per_order_us(result.watched_cpu_s.get("service"), result.answered),
        database_cpu_us=per_order_us(result.watched_cpu_s.get("database"), result.answered),
        foreign_cores=foreign_cores(result.machine_cpu_s, known, result.seconds),
    )


def find_best(runs: Iterable[Quoted]) -> tuple[Quoted, ...]:
    """Give the fastest run of each network and question."""
    best: dict[tuple[int, Question], Quoted] = {}
    for each in runs:
        key = (each.size.times, each.question)
        if key not in best or best[key].answers_per_second < each.answers_per_second:
            best[key] = each
    return tuple(best.values())


def find_growth(best: Iterable[Quoted]) -> tuple[Growth, ...]:
    """Compare the largest network with the smallest, for each question."""
    found = []
    for question in Question:
        asked = sorted(
            (each for each in best if each.question is question), key=lambda each: each.size.times
        )
        least, most = asked[0], asked[-1]
        cpu = None
        if least.service_cpu_us and most.service_cpu_us:
            cpu = most.service_cpu_us / least.service_cpu_us
        found.append(
            Growth(
                question=question,
                times=most.size.times,
                seconds_per_answer=least.answers_per_second / most.answers_per_second,
                p99=most.p99_ms / least.p99_ms,
                service_cpu=cpu,
            )
        )
    return tuple(found)
