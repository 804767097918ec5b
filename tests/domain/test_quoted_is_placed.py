"""What is quoted is what placing takes, on networks drawn at random: all of it, and nothing else.

The same question is put to both: every slot that a quote offers is ordered at that moment, and
so is every other slot that a buyer could think of.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st

from entrepot.contract.errors import Code, Refusal
from entrepot.domain.delivery.goods import Goods
from entrepot.domain.delivery.quoting import QuotedItem, QuotedParcel, QuoteSituation, quote
from entrepot.domain.delivery.routes import Routes
from entrepot.domain.delivery.slot import WHOLE_DAY, SlotKey
from entrepot.domain.destination import Destination, Place, ToAddress, ToPoint, find_place
from entrepot.domain.network import LogisticPoint, Network
from entrepot.domain.network_build import build_network
from entrepot.domain.placement import (
    Customer,
    Decision,
    PlaceCommand,
    Placed,
    Situation,
    WantedItem,
    WantedParcel,
    decide,
    stock_wanted,
)
from entrepot.domain.stock import StockKey, StockRow

from .drawn_networks import descriptions
from .networks import MOSCOW_POINT, MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE, TVER_POINT, at

BUSINESS = 7
WAREHOUSES = (MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE)
OFFERS = ("a", "b", "c")
A_DAY = at("2026-06-10 12:00")

destinations: st.SearchStrategy[Destination] = st.sampled_from(
    [
        ToPoint(MOSCOW_POINT),
        ToPoint(TVER_POINT),
        ToAddress("Москва, Арбат, 1"),
        ToAddress("г. Химки, Ленина, 1"),
    ]
)
# Most fit most places; some are too large or too heavy for some of them.
sizes = st.builds(
    Goods,
    st.sampled_from([50, 150, 300, 900]),
    *[st.sampled_from([50, 100, 200, 600])] * 3,
    st.sampled_from(["GENERAL"] * 5 + ["FROZEN"]),
)
# With what is held already there is room for two parcels, one, or none.
held_before = st.dictionaries(st.integers(0, 400), st.integers(1, 3), max_size=40)


class Shopping(NamedTuple):
    """A basket, where it shall go, and everything that is known at that moment."""

    network: Network
    now: datetime
    days_ahead: int
    destination: Destination
    place: Place
    items: tuple[QuotedItem, ...]
    goods: dict[str, Goods]
    stock: dict[tuple[int, str], int]
    held: dict[SlotKey, int]

    def __repr__(self) -> str:
        """Leave the network out: a seed draws it again."""
        return f"{self.items} at {self.now} to {self.destination}, {self.stock}, {self.held}"

    def slots(self) -> Iterator[SlotKey]:
        """Give every slot of the place that a buyer could think of, from before to after."""
        target = self.place.target
        if isinstance(target, LogisticPoint):
            times = {WHOLE_DAY, (600, 840)}
        else:
            times = {(each[0], each[1]) for day in target.week for each in day} | {WHOLE_DAY}
        for number in range(-2, self.days_ahead + 4):
            day = (self.now + timedelta(days=number)).date()
            for from_minute, to_minute in sorted(times):
                yield SlotKey(self.place.kind, target.id, day, from_minute, to_minute)

    def quoted(self) -> tuple[QuotedParcel, ...] | Refusal:
        return quote(
            self.items,
            QuoteSituation(
                now=self.now,
                days_ahead=self.days_ahead,
                network=self.network,
                places=(self.place,),
                goods=self.goods,
                available=self.stock,
                slots_held=self.held,
            ),
        )

    def order(self, *parcels: tuple[int, tuple[QuotedItem, ...], SlotKey]) -> Decision:
        """Order parcels: warehouse, items and slot of each."""
        command = PlaceCommand(
            business_id=BUSINESS,
            campaign_id=1,
            external_order_id="order",
            external_id_hash=b"order",
            parcels=tuple(
                WantedParcel(
                    warehouse_id,
                    tuple(WantedItem(item.offer_id, item.count, 100) for item in items),
                    *slot[2:],
                )
                for warehouse_id, items, slot in parcels
            ),
            destination=self.destination,
            customer=Customer("Anna", "Petrova", None, "+79990001122"),
            package_type=None,
            draft=False,
            fake=False,
            retry_key=None,
            order_ids=tuple(range(1, len(parcels) + 1)),
            receive_codes=("12345",) * len(parcels),
        )
        return decide(
            [command],
            Situation(
                now=self.now,
                network=self.network,
                routes=Routes(self.network, now=self.now, days_ahead=self.days_ahead),
                draft_life=timedelta(hours=1),
                places=[self.place],
                wanted=[stock_wanted(command)],
                offers={(BUSINESS, offer): goods for offer, goods in self.goods.items()},
                stock={
                    StockKey(BUSINESS, *key): StockRow(fit, 0) for key, fit in self.stock.items()
                },
                slots_held=self.held,
                used={},
                answers={},
            ),
        )


@st.composite
def shopping(draw: st.DrawFn, offers: int) -> Shopping:
    now = A_DAY + timedelta(hours=draw(st.integers(-60, 60)))
    network = build_network(1, draw(descriptions(now.date())))
    destination = draw(destinations)
    place = find_place(network, destination)
    assert isinstance(place, Place)
    items = tuple(
        QuotedItem(offer_id, draw(st.integers(1, 3)), draw(st.none() | st.sampled_from(WAREHOUSES)))
        for offer_id in OFFERS[:offers]
    )
    goods = {offer_id: draw(sizes) for offer_id in OFFERS}
    stock = {
        (warehouse_id, offer_id): pieces
        for warehouse_id in WAREHOUSES
        for offer_id in OFFERS
        if (pieces := draw(st.sampled_from([9] * 10 + [1, None]))) is not None
    }
    asked = Shopping(
        network,
        now,
        draw(st.sampled_from([9, 8, 4, 2])),
        destination,
        place,
        items,
        goods,
        stock,
        {},
    )
    held = draw(held_before)
    taken = {key: held[nth] for nth, key in enumerate(asked.slots()) if nth in held}
    return asked._replace(held=taken)


@settings(max_examples=60)
@given(shopping(offers=1))
def test_of_one_parcel_exactly_the_slots_on_offer_are_taken(asked: Shopping) -> None:
    answer = asked.quoted()
    if isinstance(answer, Refusal):
        event(f"refused: {answer.code}")
        senders = [each for each in WAREHOUSES if asked.items[0].warehouse_id in (None, each)]
        offered: dict[SlotKey, int] = {}
    else:
        (parcel,) = answer
        senders = [parcel.warehouse_id]
        offered = {slot.key: each.price_kopecks for each in parcel.places for slot in each.slots}
        event(f"slots: {min(len(offered), 3)}")
    for warehouse_id in senders:
        for slot in {*asked.slots(), *offered}:
            decision = asked.order((warehouse_id, asked.items, slot))
            (outcome,) = decision.outcomes
            assert isinstance(outcome, Placed) is (slot in offered), (slot, outcome)
            if slot in offered:
                assert decision.parcels[0].delivery_price_kopecks == offered[slot]


@settings(max_examples=60)
@given(shopping(offers=3))
def test_of_several_parcels_all_that_is_on_offer_is_taken(asked: Shopping) -> None:
    answer = asked.quoted()
    if isinstance(answer, Refusal):
        event(f"refused: {answer.code}")
        # No warehouse has it, or the one that is named does not send such goods.
        assert answer.code in (Code.NOT_ENOUGH_STOCK, Code.INVALID_WAREHOUSE_ID)
        return
    assert sorted(item.offer_id for each in answer for item in each.items) == list(OFFERS)
    for each in answer:
        assert all(item.warehouse_id in (None, each.warehouse_id) for item in each.items)
    slots = [[slot.key for place in each.places for slot in place.slots] for each in answer]
    event(f"parcels: {len(answer)}, reachable: {all(slots)}")
    if not all(slots):
        return
    for nth, of_parcel in enumerate(slots):
        for slot in of_parcel:
            chosen = [slot if at == nth else others[0] for at, others in enumerate(slots)]
            decision = asked.order(
                *(
                    (each.warehouse_id, each.items, day)
                    for each, day in zip(answer, chosen, strict=True)
                )
            )
            assert isinstance(decision.outcomes[0], Placed), decision.outcomes
            assert [each.delivery_price_kopecks for each in decision.parcels] == [
                each.places[0].price_kopecks for each in answer
            ]
