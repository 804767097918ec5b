"""Anything that shops, storekeepers and the clock may do, in any order, ends as the model says."""

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from entrepot.db.migrate import migrate
from tests.models.driven import Driven, make_model_world
from tests.models.shop_model import (
    HOUR,
    OFFERED_DAYS,
    OFFERS,
    OTHER_DAYS,
    UNKNOWN_OFFER,
    UNKNOWN_WAREHOUSE,
    WAREHOUSES,
    Model,
    Parcel,
    To,
    Wish,
)
from tests.races.world import START, World
from tests.support.contract import Contract
from tests.support.databases import Databases

pytestmark = pytest.mark.models

SECOND = timedelta(seconds=1)
CLOCK_STANDS_UNTIL = START + timedelta(days=3)
"""So long the days of the model are offered."""

_common = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
settings.register_profile("models", max_examples=10, stateful_step_count=40, **_common)
settings.register_profile(
    "models-ci",
    max_examples=120,
    stateful_step_count=60,
    print_blob=True,
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes: that is done at a desk
    **_common,
)
PROFILE = "models-ci" if os.environ.get("CI", "").lower() in {"1", "true"} else "models"

shops = st.sampled_from((0, 1))
seldom = st.sampled_from((False,) * 5 + (True,))
picks = st.integers(0, 10**6)
"""One of what there is, whatever that will be."""


@st.composite
def plain_parcels(draw: st.DrawFn) -> tuple[Parcel, ...]:
    """What shops usually want."""
    offers = draw(st.permutations(OFFERS[:3]))
    sources = draw(st.permutations(WAREHOUSES))[: draw(st.sampled_from((1, 1, 2)))]
    return tuple(
        Parcel(source, ((offer, draw(st.integers(1, 2))),), draw(st.sampled_from(OFFERED_DAYS)))
        for source, offer in zip(sources, offers, strict=False)
    )


@st.composite
def parcels(draw: st.DrawFn) -> tuple[Parcel, ...]:
    """One or two parcels; now and then something of them does not exist."""
    left = list(OFFERS[:3]) * 1 + ["wardrobe"] * draw(seldom) + [UNKNOWN_OFFER] * draw(seldom)
    found: list[Parcel] = []
    sources = draw(st.permutations(WAREHOUSES))[: draw(st.integers(1, 2))]
    if draw(seldom) and draw(seldom):
        sources[0] = UNKNOWN_WAREHOUSE
    for source in sources:
        chosen = draw(st.lists(st.sampled_from(left), min_size=1, max_size=2, unique=True))
        left = [offer for offer in left if offer not in chosen]
        items = tuple((offer, draw(st.integers(1, 3))) for offer in chosen)
        days = OTHER_DAYS if draw(seldom) and draw(seldom) else OFFERED_DAYS
        found.append(Parcel(source, items, draw(st.sampled_from(days))))
        if not left:
            break
    return tuple(found)


OWN = "its own"
keys = st.sampled_from((None, None, OWN, OWN, "k1", "k2"))
places = st.sampled_from((To.WIDE_POINT,) * 3 + (To.NARROW_POINT, To.MORNING, To.EVENING))


class ShopMachine(RuleBasedStateMachine):
    """Does what Hypothesis thinks of, to the service and to the model."""

    def __init__(self, driven: Driven) -> None:
        super().__init__()
        self.driven = driven
        driven.add_large_offer()
        self.model = Model(START)
        self.wishes: list[Wish] = []
        self.fresh = 0

    def teardown(self) -> None:
        self.driven.close()

    @initialize(counts=st.lists(st.integers(1, 9), min_size=12, max_size=12))
    def fill_the_shelves(self, counts: list[int]) -> None:
        keys = [
            (shop, warehouse, offer)
            for shop in (0, 1)
            for warehouse in WAREHOUSES
            for offer in OFFERS[:3]
        ]
        for key, pieces in zip(keys, counts, strict=True):
            assert self.driven.count_stock(*key, pieces)
            self.model.fit[key] = pieces

    @rule(
        shop=shops,
        parcels=parcels(),
        to=st.sampled_from(tuple(To)),
        draft=st.booleans(),
        fake=seldom,
        known_id=seldom,
        key=keys,
    )
    def create_anything(self, shop: int, known_id: bool, **wanted: Any) -> None:
        self.fresh += not known_id
        self.wish(self.named(shop=shop, **wanted))

    @rule(shop=shops, parcels=plain_parcels(), to=places)
    def buy(self, **wanted: Any) -> None:
        self.fresh += 1
        self.wish(self.named(draft=False, fake=False, key=None, **wanted))

    @rule(shop=shops, parcels=plain_parcels(), to=places, fake=seldom, key=keys)
    def reserve(self, **wanted: Any) -> None:
        self.fresh += 1
        self.wish(self.named(draft=True, **wanted))

    def named(self, key: str | None, **wanted: Any) -> Wish:
        external = f"order {self.fresh}"
        return Wish(external=external, key=external if key == OWN else key, **wanted)

    @precondition(lambda self: self.wishes)
    @rule(pick=picks)
    def create_again(self, pick: int) -> None:
        """Repeat an earlier request as it was, with or without its key."""
        self.wish(self.wishes[pick % len(self.wishes)])

    def wish(self, wish: Wish) -> None:
        expected = self.model.predict(wish)
        first = self.model.first_answer(wish)
        answer = self.driven.create(wish)
        told = "OK" if answer.status == 200 else answer.error[0]
        assert told == expected, (wish, answer.content)
        self.wishes.append(wish)
        if first is not None:
            assert first.wish != wish or answer.content == first.content
            return
        self.model.store(wish, told, answer.content)
        if told == "OK":
            created = tuple(order["id"] for order in answer.json["result"]["orders"])
            self.model.place(wish, created)

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, stranger=seldom)
    def confirm(self, pick: int, stranger: bool) -> None:
        order_id, order = self.pick(pick)
        shop = 1 - order.wish.shop if stranger else order.wish.shop
        status, _ = order.status(self.model.now)
        answer = self.driven.confirm(shop, order_id)
        if stranger:
            assert answer.status == 404
        elif status == "CANCELLED":
            assert answer.error[0] == "STATUS_NOT_ALLOWED"
        else:
            assert answer.status == 200, answer.content
            assert answer.json["order"]["status"] == "PROCESSING"
            order.confirmed = True

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, offset=st.sampled_from((-SECOND, timedelta(0), SECOND)))
    def advance_to_the_end_of_a_draft(self, pick: int, offset: timedelta) -> None:
        _, order = self.pick(pick)
        self.advance(order.created_at + HOUR + offset - self.model.now)

    @precondition(lambda self: self.model.stored)
    @rule(pick=picks, offset=st.sampled_from((-SECOND, timedelta(0), SECOND)))
    def advance_to_the_end_of_a_key(self, pick: int, offset: timedelta) -> None:
        stored = list(self.model.stored.values())
        self.advance(stored[pick % len(stored)].until + offset - self.model.now)

    @rule(minutes=st.sampled_from((0.5, 7, 31, 60)))
    def advance_a_little(self, minutes: float) -> None:
        self.advance(timedelta(minutes=minutes))

    def advance(self, by: timedelta) -> None:
        if by > timedelta(0) and self.model.now + by < CLOCK_STANDS_UNTIL:
            self.driven.advance(by)
            self.model.now += by

    @rule()
    def sweep(self) -> None:
        """It changes nothing that anybody could see."""
        self.driven.sweep()

    @rule(
        shop=shops,
        warehouse=st.sampled_from(WAREHOUSES),
        offer=st.sampled_from(OFFERS),
        pieces=st.integers(0, 6),
    )
    def count_stock(self, shop: int, warehouse: int, offer: str, pieces: int) -> None:
        allowed = pieces >= self.model.held(shop, warehouse, offer)
        assert self.driven.count_stock(shop, warehouse, offer, pieces) == allowed
        if allowed:
            self.model.fit[shop, warehouse, offer] = pieces

    @precondition(lambda self: self.model.orders)
    @rule(pick=picks, stranger=seldom)
    def read_order(self, pick: int, stranger: bool) -> None:
        order_id, order = self.pick(pick)
        answer = self.driven.order(1 - order.wish.shop if stranger else order.wish.shop, order_id)
        if stranger:
            assert answer.status == 404
            return
        shown = answer.json["order"]
        assert (shown["status"], shown["substatus"]) == order.status(self.model.now)
        assert shown["fake"] == order.wish.fake
        items = tuple((item["offerId"], item["count"]) for item in shown["items"])
        assert items == order.parcel.items

    @rule(shop=shops)
    def read_stocks(self, shop: int) -> None:
        expected = {}
        for (owner, warehouse, offer), fit in self.model.fit.items():
            if owner == shop:
                held = self.model.held(shop, warehouse, offer)
                freeze = {"FREEZE": held} if held else {}
                expected[warehouse, offer] = {"FIT": fit, "AVAILABLE": fit - held, **freeze}
        assert self.driven.stocks(shop) == expected

    @rule(
        shop=shops,
        fake=st.booleans(),
        status=st.sampled_from((None, "PROCESSING", "RESERVED", "CANCELLED")),
    )
    def search_orders(self, shop: int, fake: bool, status: str | None) -> None:
        filters = {} if status is None else {"statuses": [status]}
        found = self.driven.business_orders(shop, fake=fake, **filters)
        expected = {
            order_id: order.status(self.model.now)
            for order_id, order in self.model.orders.items()
            if order.wish.shop == shop and order.wish.fake == fake
        }
        assert found == {
            order_id: standing
            for order_id, standing in expected.items()
            if status in {None, standing[0]}
        }

    def pick(self, pick: int) -> tuple[int, Any]:
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


def test_the_service_does_what_the_model_says(
    databases: Databases, template: tuple[str, World], known_contract: Contract | None
) -> None:
    run_state_machine_as_test(
        lambda: ShopMachine(Driven(databases, template, known_contract)),
        settings=settings.get_profile(PROFILE),
    )
