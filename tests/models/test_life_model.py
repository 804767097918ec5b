"""Orders walk at random through everything that may befall them; the service does as the model."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.db.migrate import migrate
from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import Actor, Source
from entrepot.domain.order_moves import (
    CANCELLED_BY_SHOP,
    DRAFT,
    EDGES,
    LIVE,
    STAGES,
    STARTED,
    ActorKind,
    Stage,
)
from entrepot.fulfilment.change_orders import Moved, move_orders
from tests.domain.networks import MOSCOW_WAREHOUSE
from tests.models.driven import Driven, Json, make_model_world
from tests.models.life_model import Life, LifeModel
from tests.models.shop_model import HOURS, OFFERED_DAYS, Parcel, To, Wish
from tests.models.test_shop_model import CLOCK_STANDS_UNTIL, PROFILE, picks, seldom
from tests.races.world import START, World
from tests.support.client import Answer
from tests.support.contract import Contract
from tests.support.databases import Databases

pytestmark = pytest.mark.models

SECOND = timedelta(seconds=1)
PIECES = 60
OFFER = "apple"
STAFF = (ActorKind.WAREHOUSE, ActorKind.CARRIER, ActorKind.OPERATOR)
CHANGES_MAX = 5
PLACES = (To.WIDE_POINT, To.WIDE_POINT, To.MORNING, To.EVENING)


class DrivenLife(Driven):
    """What shops and the operator's people do to orders that there are."""

    def ask(self, order_id: int, stage: Stage, *, several: bool) -> tuple[bool, Json | None]:
        """Ask for a status, alone or as one of several; tells whether it was granted."""
        wanted = {"status": stage.status, "substatus": stage.substatus}
        if not several:
            answer = self._call("updateOrderStatus", 0, {"order": wanted}, orderId=order_id)
            return answer.status == 200, answer.json.get("operation")
        answer = self._call("updateOrderStatuses", 0, {"orders": [{"id": order_id, **wanted}]})
        (told,) = answer.json["result"]["orders"]
        return told["updateStatus"] == "OK", told.get("operation")

    def update(self, order_id: int, day: str, to: To) -> Answer:
        """Ask for another interval."""
        from_time, to_time = HOURS[to]
        interval = {
            "deliveryDateInterval": {"fromDate": day, "toDate": day},
            "deliveryTimeInterval": {"fromTime": from_time, "toTime": to_time},
        }
        body = {"order": {"id": order_id, "deliveryInterval": interval}}
        return self._call("updateOrder", 0, body)

    def move(self, order_id: int, stage: Stage, actor: ActorKind) -> bool:
        """Move an order, as the operator's people do; tells whether that was allowed."""
        platform = self._service.platform
        move = Move(
            business_id=self.shops[0].business_id,
            order_id=order_id,
            target=stage,
            actor=Actor(actor, "model", Source.OPERATOR_API),
        )
        (outcome,) = self._run(move_orders(platform.database, platform.clock, [move]))
        return isinstance(outcome, Moved)

    def shown(self, order_id: int, *, fake: bool) -> Json:
        """Read an order."""
        answer = self._run(
            self._clients[0].call(
                "getBusinessOrders",
                {"orderIds": [order_id], "fake": fake},
                businessId=self.shops[0].business_id,
            )
        )
        (found,) = answer.json["orders"]
        shown: Json = found
        return shown

    def status_of(self, kind: str, operation_id: str) -> str:
        """Tell how far an operation is."""
        answer = self._run(
            self._clients[0].call(
                "getOperations",
                {"operationType": kind, "operationIds": [operation_id]},
                businessId=self.shops[0].business_id,
            )
        )
        (found,) = answer.json["result"]["operations"]
        status: str = found["status"]
        return status


class LifeMachine(RuleBasedStateMachine):
    """Does what Hypothesis thinks of, to the service and to the model."""

    def __init__(self, driven: DrivenLife) -> None:
        super().__init__()
        self.driven = driven
        self.model = LifeModel(START, PIECES)
        self.fresh = 0

    def teardown(self) -> None:
        self.driven.close()

    @initialize()
    def fill_the_shelf(self) -> None:
        assert self.driven.count_stock(0, MOSCOW_WAREHOUSE, OFFER, PIECES)
        for to in PLACES:
            self.create(to, OFFERED_DAYS[0], 2, draft=False, fake=False)

    @precondition(lambda self: self.model.now < CLOCK_STANDS_UNTIL)
    @rule(
        to=st.sampled_from(PLACES),
        day=st.sampled_from(OFFERED_DAYS),
        pieces=st.integers(1, 9),
        draft=st.booleans(),
        fake=seldom,
    )
    def create(self, to: To, day: str, pieces: int, draft: bool, fake: bool) -> None:
        self.fresh += 1
        parcels = (Parcel(MOSCOW_WAREHOUSE, ((OFFER, pieces),), day),)
        answer = self.driven.create(Wish(0, f"life {self.fresh}", parcels, to, draft, fake, None))
        possible = self.model.room(to, day) and self.model.available() >= pieces
        assert (answer.status == 200) == possible, answer.content
        if possible:
            (created,) = answer.json["result"]["orders"]
            ends_at = self.model.draft_ends() if draft else None
            stage = DRAFT if draft else STARTED
            self.model.orders[created["id"]] = Life(to, day, pieces, fake, stage, ends_at)

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, several=st.booleans())
    def confirm(self, pick: int, several: bool) -> None:
        order_id, one = self.pick(pick)
        stage = one.at(self.model.now)
        # Once more does no harm, also when the warehouse has gone on since.
        confirmed = stage.status is OrderStatus.PROCESSING
        possible = confirmed or (stage == DRAFT and one.cancelling_at is None)
        granted, _ = self.driven.ask(order_id, STARTED, several=several)
        assert granted == possible
        if stage == DRAFT and possible:
            one.go(STARTED, self.model.now)

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, several=st.booleans())
    def cancel(self, pick: int, several: bool) -> None:
        order_id, one = self.pick(pick)
        stage = one.at(self.model.now)
        granted, operation = self.driven.ask(order_id, CANCELLED_BY_SHOP, several=several)
        assert granted == (stage in LIVE or stage == CANCELLED_BY_SHOP)
        if not granted:
            return
        assert operation is not None
        assert one.operation in (None, operation["id"])
        one.operation = operation["id"]
        if stage in LIVE and one.cancelling_at is None:
            one.cancelling_at = self.model.now + SECOND

    @precondition(lambda self: self.model.orders and self.model.now < CLOCK_STANDS_UNTIL)
    @rule(pick=picks, day=st.sampled_from(OFFERED_DAYS), to=st.sampled_from(tuple(HOURS)[:2]))
    def move_interval(self, pick: int, day: str, to: To) -> None:
        order_id, one = self.pick(pick)
        possible = (
            one.at(self.model.now) in LIVE
            and one.cancelling_at is None
            and one.to is not To.WIDE_POINT
            and one.moves_asked < CHANGES_MAX
            and self.model.room(to, day, one)
        )
        answer = self.driven.update(order_id, day, to)
        assert (answer.status == 200) == possible, answer.content
        if possible:
            one.moves_asked += 1
            (operation,) = answer.json["result"]["operations"]
            one.moving[operation["id"]] = (self.model.now + SECOND, to)
            self.days[operation["id"]] = day

    @property
    def days(self) -> dict[str, str]:
        """The days of intervals that were asked for, by operation."""
        found: dict[str, str] = self.__dict__.setdefault("_days", {})
        return found

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, ways=st.lists(picks, min_size=2, max_size=5))
    def walk(self, pick: int, ways: list[int]) -> None:
        """Go some steps of those that there are."""
        order_id, one = self.pick(pick)
        for way in ways:
            self.step(order_id, one, way)

    def step(self, order_id: int, one: Life, way: int) -> None:
        ways = [
            edge
            for edge in EDGES
            if edge.source == one.at(self.model.now)
            and edge.delivery in (None, one.delivery)
            and set(edge.actors) & set(STAFF)
        ]
        if ways:
            # The way forward comes first in the table, and is gone oftener.
            edge = ways[0] if way % 5 != 4 else ways[way % len(ways)]
            self.move(order_id, one, edge.target, next(a for a in edge.actors if a in STAFF))

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, to=st.sampled_from(STAGES), actor=st.sampled_from(STAFF))
    def move_anywhere(self, pick: int, to: Stage, actor: ActorKind) -> None:
        order_id, one = self.pick(pick)
        self.move(order_id, one, to, actor)

    def move(self, order_id: int, one: Life, target: Stage, actor: ActorKind) -> None:
        possible = self.model.may_move(one, target, actor)
        assert self.driven.move(order_id, target, actor) == possible
        if one.at(self.model.now) != one.stage:
            one.go(one.at(self.model.now), self.model.now)
        if possible and target != one.stage:
            one.go(target, self.model.now)

    @precondition(lambda self: any(one.ends_at for one in self.model.orders.values()))
    @rule(pick=picks, offset=st.sampled_from((-SECOND, timedelta(0), SECOND)), far=seldom)
    def advance_to_a_timer(self, pick: int, offset: timedelta, far: bool) -> None:
        timers = [one.ends_at for one in self.model.orders.values() if one.ends_at]
        by = timers[pick % len(timers)] + offset - self.model.now
        if far or by < timedelta(days=1):  # in a week nothing new is offered any more
            self.advance(by)

    @rule(seconds=st.sampled_from((0.5, 1, 1, 1_200)))
    def advance_a_little(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        if by > timedelta(0):
            self.driven.advance(by)
            self.model.now += by

    @rule()
    def do_what_is_due(self) -> None:
        self.driven.sweep()
        due = {
            operation_id: (one, to)
            for one in self.model.orders.values()
            for operation_id, (moment, to) in one.moving.items()
            if moment <= self.model.now
        }
        overtaken = [one for one in self.model.orders.values() if one.cancelling_at]
        self.model.settle()
        for operation_id, (one, to) in due.items():
            del one.moving[operation_id]
            done = self.driven.status_of("ORDER_DELIVERY_INTERVAL_UPDATE", operation_id)
            if done == "DONE":
                one.to, one.day = to, self.days[operation_id]
            else:
                assert done == "FAILED"
                one.moves_asked -= 1
        for one in overtaken:
            if one.cancelling_at is None:
                assert one.operation is not None
                ended = "DONE" if one.stage == CANCELLED_BY_SHOP else "FAILED"
                assert self.driven.status_of("ORDER_STATUS_UPDATE", one.operation) == ended
        for day in OFFERED_DAYS:  # whoever moved, nobody took a place that there was not
            for to in (To.MORNING, To.EVENING):
                assert self.model.places_left(to, day) >= 0

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks)
    def read(self, pick: int) -> None:
        order_id, one = self.pick(pick)
        shown = self.driven.shown(order_id, fake=one.fake)
        stage = Stage(OrderStatus(shown["status"]), OrderSubstatus(shown["substatus"]))
        assert stage == one.at(self.model.now)
        (line,) = shown["items"]
        units = Counter({units["status"]: units["count"] for units in line["itemStatuses"]})
        assert units == one.units(self.model.now)
        dates = shown["delivery"]["dates"]
        assert dates["fromDate"] == one.day
        if one.to in HOURS:
            assert (dates["fromTime"], dates["toTime"]) == HOURS[one.to]
        stored = "outletStorageLimitDate" in shown["delivery"].get("pickup", {})
        assert stored == (stage.status is OrderStatus.PICKUP)

    @rule()
    def read_stocks(self) -> None:
        found = self.driven.stocks(0)[MOSCOW_WAREHOUSE, OFFER]
        held = self.model.held()
        freeze = {"FREEZE": held} if held else {}
        fit = PIECES - self.model.gone()
        assert found == {"FIT": fit, "AVAILABLE": fit - held, **freeze}

    def pick(self, pick: int) -> tuple[int, Life]:
        found = list(self.model.orders.items())
        return found[pick % len(found)]


@pytest.fixture(scope="module")
def template(databases: Databases) -> Iterator[tuple[str, World]]:
    """A database with the world of the model, to be cloned."""
    url = databases.create_empty()

    async def make() -> World:
        await migrate(url)
        return await make_model_world(url)

    yield url, asyncio.run(make())
    databases.drop(url)


def test_orders_live_as_the_model_says(
    databases: Databases, template: tuple[str, World], known_contract: Contract | None
) -> None:
    profile: Any = settings.get_profile(PROFILE)
    run_state_machine_as_test(
        lambda: LifeMachine(DrivenLife(databases, template, known_contract)),
        # A service for each example: few, but long ones.
        settings=settings(
            profile, max_examples=max(profile.max_examples // 10, 3), stateful_step_count=120
        ),
    )
