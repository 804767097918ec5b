"""Placing decided: never more than there is, in order of arrival, all of a command or nothing."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.contract.enums import OrderStatus, OrderSubstatus
from entrepot.contract.errors import Refusal
from entrepot.domain.delivery.goods import Goods
from entrepot.domain.delivery.routes import Routes
from entrepot.domain.delivery.slot import PlaceKind, SlotKey
from entrepot.domain.destination import Destination, ToAddress, ToPoint, find_place
from entrepot.domain.placement import (
    Customer,
    Decision,
    PlaceCommand,
    Placed,
    Replayed,
    RetryKey,
    Situation,
    StoredAnswer,
    WantedItem,
    WantedParcel,
    decide,
    stock_wanted,
)
from entrepot.domain.stock import StockKey, StockRow
from tests.domain import networks
from tests.domain.networks import MOSCOW_POINT, MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE

BUSINESS = 7
NOW = networks.at("2026-06-02 10:00")
ARRIVES = networks.day("06-09")
NETWORK = networks.network()
OFFERS = ("apple", "bread", "cup")
LIFE = timedelta(hours=1)


@dataclass
class World:
    """What a decision is made from, easily varied."""

    stock: dict[tuple[int, str], StockRow] = field(default_factory=dict)
    slots: dict[SlotKey, int] = field(default_factory=dict)
    used: dict[tuple[int, bytes], tuple[int, ...]] = field(default_factory=dict)
    answers: dict[tuple[int, bytes], StoredAnswer] = field(default_factory=dict)
    offers: tuple[str, ...] = OFFERS

    def decide(self, *commands: PlaceCommand) -> Decision:
        """Decide these commands as one batch."""
        return decide(
            commands,
            Situation(
                now=NOW,
                network=NETWORK,
                routes=Routes(NETWORK, now=NOW, days_ahead=14),
                draft_life=LIFE,
                places=[find_place(NETWORK, command.destination) for command in commands],
                wanted=[stock_wanted(command) for command in commands],
                offers={
                    (business, offer): Goods(500, 100, 100, 100)
                    for business in (BUSINESS, BUSINESS + 1)
                    for offer in self.offers
                },
                stock={StockKey(BUSINESS, *key): row for key, row in self.stock.items()},
                slots_held=self.slots,
                used=self.used,
                answers=self.answers,
            ),
        )


_numbers = iter(range(1, 10**9))


def command(
    *baskets: dict[str, int],
    external: str | None = None,
    destination: Destination | None = None,
    draft: bool = False,
    fake: bool = False,
    business_id: int = BUSINESS,
    retry_key: RetryKey | None = None,
    minutes: tuple[int, int] = (0, 1440),
) -> PlaceCommand:
    """Ask for baskets, the first from Moscow, the second from Novosibirsk."""
    number = next(_numbers)
    external = external or f"order {number}"
    sources = (MOSCOW_WAREHOUSE, NOVOSIBIRSK_WAREHOUSE)
    return PlaceCommand(
        business_id=business_id,
        campaign_id=1,
        external_order_id=external,
        external_id_hash=external.encode(),
        parcels=tuple(
            WantedParcel(
                warehouse,
                tuple(WantedItem(offer, count, 100_00) for offer, count in basket.items()),
                ARRIVES,
                *minutes,
            )
            for warehouse, basket in zip(sources, baskets, strict=False)
        ),
        destination=destination or ToPoint(MOSCOW_POINT),
        customer=Customer("Анна", "Петрова", None, "+79990000000"),
        package_type=None,
        draft=draft,
        fake=fake,
        retry_key=retry_key,
        order_ids=tuple(number * 10 + index for index in range(len(baskets))),
        receive_codes=("123456",) * len(baskets),
    )


def codes(decision: Decision) -> list[str]:
    """Tell of each outcome whether it was placed, replayed, or the code of its refusal."""
    return [
        outcome.code.value if isinstance(outcome, Refusal) else type(outcome).__name__
        for outcome in decision.outcomes
    ]


def in_moscow(**pieces: int) -> dict[tuple[int, str], StockRow]:
    """Put pieces into the warehouse in Moscow."""
    return {(MOSCOW_WAREHOUSE, offer): StockRow(count, 0) for offer, count in pieces.items()}


POINT_SLOT = SlotKey(PlaceKind.POINT, MOSCOW_POINT, ARRIVES, 0, 1440)


def test_the_last_piece_goes_to_the_first_who_came() -> None:
    decision = World(in_moscow(apple=1)).decide(command({"apple": 1}), command({"apple": 1}))
    assert codes(decision) == ["Placed", "NOT_ENOUGH_STOCK"]
    assert decision.stock_taken == {StockKey(BUSINESS, MOSCOW_WAREHOUSE, "apple"): 1}
    assert decision.short_stock == {StockKey(BUSINESS, MOSCOW_WAREHOUSE, "apple")}


def test_what_is_held_is_not_available() -> None:
    world = World({(MOSCOW_WAREHOUSE, "apple"): StockRow(5, 4)})
    assert codes(world.decide(command({"apple": 2}))) == ["NOT_ENOUGH_STOCK"]
    assert codes(world.decide(command({"apple": 1}))) == ["Placed"]


def test_a_command_takes_all_its_parcels_or_nothing() -> None:
    world = World(in_moscow(apple=5))
    decision = world.decide(command({"apple": 1}, {"bread": 1}), command({"apple": 5}))
    assert codes(decision) == ["NOT_ENOUGH_STOCK", "Placed"]
    assert "bread" in decision.outcomes[0].message  # type: ignore[union-attr]
    assert [parcel.command for parcel in decision.parcels] == [decision.parcels[0].command]


def test_every_short_offer_is_named() -> None:
    (outcome,) = World(in_moscow(apple=1)).decide(command({"apple": 2, "bread": 1})).outcomes
    assert isinstance(outcome, Refusal)
    assert outcome.message == "Not enough stock for items: apple, bread"


def test_a_fake_order_is_checked_and_holds_nothing() -> None:
    decision = World(in_moscow(apple=1)).decide(
        command({"apple": 1}, fake=True), command({"apple": 1}), command({"apple": 1}, fake=True)
    )
    assert codes(decision) == ["Placed", "Placed", "NOT_ENOUGH_STOCK"]
    assert sum(decision.stock_taken.values()) == 1
    assert decision.slots_taken == {POINT_SLOT: 1}


def test_a_draft_is_reserved_for_an_hour() -> None:
    decision = World(in_moscow(apple=1)).decide(command({"apple": 1}, draft=True))
    (parcel,) = decision.parcels
    assert parcel.status is OrderStatus.RESERVED
    assert parcel.substatus is OrderSubstatus.AWAIT_CONFIRMATION
    assert parcel.reserved_until == NOW + LIFE
    assert decision.stock_taken


def test_a_used_external_id_is_refused_before_stock_is_looked_at() -> None:
    world = World(used={(BUSINESS, b"mine"): (1,)})
    decision = world.decide(command({"apple": 1}, external="mine"))
    assert codes(decision) == ["ORDER_ALREADY_EXISTS"]
    assert decision.short_stock == set()


def test_an_external_id_is_used_once_in_a_batch_too() -> None:
    decision = World(in_moscow(apple=9)).decide(
        *(command({"apple": 1}, external="mine") for _ in range(3))
    )
    assert codes(decision) == ["Placed", "ORDER_ALREADY_EXISTS", "ORDER_ALREADY_EXISTS"]


def test_a_refused_command_does_not_use_its_external_id() -> None:
    decision = World(in_moscow(apple=1)).decide(
        command({"apple": 2}, external="mine"), command({"apple": 1}, external="mine")
    )
    assert codes(decision) == ["NOT_ENOUGH_STOCK", "Placed"]


def test_own_ids_under_the_external_id_mean_that_it_had_committed() -> None:
    asked = command({"apple": 1}, external="mine")
    world = World(used={(BUSINESS, b"mine"): asked.order_ids})
    decision = world.decide(asked)
    assert decision.outcomes == [Placed(asked.order_ids)]
    assert decision.parcels == []


def test_the_same_external_id_of_another_business_is_another_order() -> None:
    world = World(used={(BUSINESS + 1, b"mine"): (1,)}, stock=in_moscow(apple=1))
    assert codes(world.decide(command({"apple": 1}, external="mine"))) == ["Placed"]


def test_unknown_offers_are_named_together() -> None:
    (outcome,) = (
        World(offers=("apple",)).decide(command({"bread": 1, "apple": 1, "cup": 1})).outcomes
    )
    assert isinstance(outcome, Refusal)
    assert outcome.message == "Offers not found for SKUs: bread, cup"


def test_the_last_place_in_a_slot_goes_to_the_first_who_came() -> None:
    world = World(in_moscow(apple=9), slots={POINT_SLOT: 49})
    decision = world.decide(command({"apple": 1}), command({"apple": 1}))
    assert codes(decision) == ["Placed", "INVALID_DELIVERY_OPTION"]
    assert decision.short_slots == {POINT_SLOT}


def test_two_parcels_to_one_point_take_two_places() -> None:
    stock = in_moscow(apple=1) | {(NOVOSIBIRSK_WAREHOUSE, "bread"): StockRow(1, 0)}
    ask = command({"apple": 1}, {"bread": 1})
    assert codes(World(stock, slots={POINT_SLOT: 49}).decide(ask)) == ["INVALID_DELIVERY_OPTION"]
    assert World(stock, slots={POINT_SLOT: 48}).decide(ask).slots_taken == {POINT_SLOT: 2}


@pytest.mark.parametrize(
    ("destination", "minutes", "code"),
    [
        (ToPoint(404), (0, 1440), "INVALID_DELIVERY_OPTION"),
        (ToAddress("Атлантида, ул. Морская, 1"), (600, 840), "COULD_NOT_FIND_COORDS"),
        (ToAddress("Тверь, ул. Советская, 1"), (600, 840), "CANT_DELIVER_ORDER_TO_ADDRESS"),
        (ToAddress("Москва, ул. Лесная, 1"), (600, 900), "INVALID_DELIVERY_OPTION"),
        (ToAddress("Москва, ул. Лесная, 1"), (600, 840), "Placed"),
    ],
)
def test_where_it_goes_is_checked(
    destination: Destination, minutes: tuple[int, int], code: str
) -> None:
    ask = command({"apple": 1}, destination=destination, minutes=minutes)
    assert codes(World(in_moscow(apple=1)).decide(ask)) == [code]


def test_an_unknown_warehouse_is_named() -> None:
    ask = command({"apple": 1})
    parcels = (msgspec.structs.replace(ask.parcels[0], warehouse_id=404),)
    (outcome,) = World().decide(msgspec.structs.replace(ask, parcels=parcels)).outcomes
    assert isinstance(outcome, Refusal)
    assert outcome.message == "Warehouse not found: 404"


def test_a_stored_answer_comes_before_everything_else() -> None:
    stored = StoredAnswer(b"fingerprint", 200, b"{}")
    world = World(answers={(BUSINESS, b"key"): stored}, used={(BUSINESS, b"mine"): (1,)})
    same = command({"apple": 1}, external="mine", retry_key=RetryKey(b"key", b"fingerprint", "k"))
    other = command({"apple": 1}, external="mine", retry_key=RetryKey(b"key", b"another", "k"))
    decision = world.decide(same, other)
    assert decision.outcomes[0] == Replayed(stored)
    assert codes(decision)[1] == "BAD_REQUEST"


def test_a_twin_in_the_same_batch_gets_the_first_answer() -> None:
    key = RetryKey(b"key", b"fingerprint", "k")
    decision = World(in_moscow(apple=9)).decide(
        command({"apple": 1}, external="mine", retry_key=key),
        command({"apple": 1}, external="mine", retry_key=key),
    )
    assert decision.outcomes[0] == decision.outcomes[1]
    assert len(decision.parcels) == 1


baskets = st.dictionaries(st.sampled_from(OFFERS), st.integers(1, 4), min_size=1)
asked = st.builds(
    command,
    baskets,
    external=st.none() | st.sampled_from(["one", "two"]),
    draft=st.booleans(),
    fake=st.booleans(),
)
stocks = st.fixed_dictionaries({offer: st.integers(0, 6) for offer in OFFERS})


@given(st.lists(asked, max_size=12), stocks)
def test_never_more_than_there_is(batch: list[PlaceCommand], pieces: dict[str, int]) -> None:
    decision = World(in_moscow(**pieces)).decide(*batch)
    taken = Counter({key.offer_id: count for key, count in decision.stock_taken.items()})
    assert all(taken[offer] <= pieces[offer] for offer in OFFERS)
    written: Counter[str] = Counter()
    for parcel in decision.parcels:
        if not parcel.command.fake:
            for item in parcel.command.parcels[parcel.index].items:
                written[item.offer_id] += item.count
    assert +taken == +written


@given(st.lists(asked, max_size=8), stocks)
def test_a_refusal_changes_nothing_for_the_others(
    batch: list[PlaceCommand], pieces: dict[str, int]
) -> None:
    world = World(in_moscow(**pieces))
    together = world.decide(*batch)
    placed = [
        ask
        for ask, outcome in zip(batch, together.outcomes, strict=True)
        if isinstance(outcome, Placed)
    ]
    alone = world.decide(*placed)
    assert all(isinstance(outcome, Placed) for outcome in alone.outcomes)
    assert alone.stock_taken == together.stock_taken
    assert alone.slots_taken == together.slots_taken


@given(st.lists(asked, max_size=8), stocks, st.integers(0, 8))
def test_one_batch_decides_as_two_would(
    batch: list[PlaceCommand], pieces: dict[str, int], cut: int
) -> None:
    """Arrival order is all that counts: where a batch ends changes no outcome."""
    world = World(in_moscow(**pieces))
    whole = world.decide(*batch)
    first = world.decide(*batch[:cut])
    left = {
        key: StockRow(row.fit, row.held + first.stock_taken.get(StockKey(BUSINESS, *key), 0))
        for key, row in world.stock.items()
    }
    used = {
        (parcel.command.business_id, parcel.command.external_id_hash): parcel.command.order_ids
        for parcel in first.parcels
    }
    second = World(left, dict(first.slots_taken), used).decide(*batch[cut:])
    assert codes(whole) == codes(first) + codes(second)
