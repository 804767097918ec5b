"""What a bench measures: the contenders, how each is run, and for how long."""

from enum import StrEnum
from itertools import zip_longest

import msgspec


class Contender(StrEnum):
    """Who places the orders."""

    PGBENCH = "pgbench"
    """One multi-statement transaction for each order, straight to PostgreSQL."""
    FASTAPI = "fastapi"
    """The usual FastAPI and SQLAlchemy service, one transaction for each request."""
    ENTREPOT = "entrepot"


class Offers(StrEnum):
    """How buyers choose among the offers."""

    UNIFORM = "uniform"
    ZIPF = "zipf"
    """A few offers are hot: the most wanted one is in every third order."""


class Run(msgspec.Struct, frozen=True, rename="camel"):
    """One configuration: connections that place orders, and processes that serve them."""

    contender: Contender
    offers: Offers
    connections: int
    processes: int = 0

    @property
    def label(self) -> str:
        """What a person reads while it runs."""
        count = f"{self.processes} process" + ("es" if self.processes > 1 else "")
        served = f", {count}" if self.processes else ""
        return f"{self.contender} {self.offers}, {self.connections} connections{served}"


class Plan(msgspec.Struct, frozen=True):
    """All runs of a bench.

    Every configuration runs once for `seconds` after `warm_up_s`; then the best one of each
    contender and choice of offers runs `repeats` times more, the contenders taking turns.
    `limited` tells whether Entrepot keeps request limits: raised far beyond what is measured,
    but counted all the same.
    """

    runs: tuple[Run, ...]
    seconds: float
    warm_up_s: float
    repeats: int
    limited: bool = True

    def only(self, *contenders: Contender) -> "Plan":
        """Leave the others' runs out."""
        runs = tuple(run for run in self.runs if run.contender in contenders)
        return msgspec.structs.replace(self, runs=runs)


def full_plan(seconds: float, repeats: int) -> Plan:
    """Every configuration; within five minutes as long as `seconds` and `repeats` are 4."""
    pgbench = [
        Run(Contender.PGBENCH, offers, connections)
        for connections in (8, 32, 64)
        for offers in Offers
    ]
    fastapi = [
        Run(Contender.FASTAPI, Offers.UNIFORM, connections=32, processes=processes)
        for processes in (1, 2)
    ]
    entrepot = [
        Run(Contender.ENTREPOT, offers, connections, processes)
        for processes in (1, 2)
        for connections in (64, 256)
        for offers in Offers
    ]
    return Plan(_in_turns(pgbench, fastapi, entrepot), seconds, warm_up_s=1.0, repeats=repeats)


def quick_plan() -> Plan:
    """One short run of each kind: tells that the bench works, and little about speed."""
    runs = _in_turns(
        [Run(Contender.PGBENCH, offers, connections=8) for offers in Offers],
        [Run(Contender.FASTAPI, Offers.UNIFORM, connections=16, processes=1)],
        [Run(Contender.ENTREPOT, offers, connections=64, processes=1) for offers in Offers],
    )
    return Plan(runs, seconds=0.5, warm_up_s=0.3, repeats=0)


def _in_turns(*groups: list[Run]) -> tuple[Run, ...]:
    return tuple(run for turn in zip_longest(*groups) for run in turn if run is not None)
