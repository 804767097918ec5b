"""What is decided on plenty, and holds afterwards, is what would have been decided at once."""

from hypothesis import event, given
from hypothesis import strategies as st

from entrepot.domain.placement import PlaceCommand
from entrepot.domain.plenty import holds, plenty_of
from entrepot.domain.stock import StockKey, StockRow
from tests.domain.networks import MOSCOW_WAREHOUSE
from tests.domain.test_placement import (
    BUSINESS,
    NETWORK,
    OFFERS,
    POINT_SLOT,
    World,
    command,
    in_moscow,
)

APPLE = StockKey(BUSINESS, MOSCOW_WAREHOUSE, "apple")
CAPACITY = 50

baskets = st.dictionaries(st.sampled_from(OFFERS), st.integers(1, 4), min_size=1)
asked = st.builds(command, baskets, external=st.none() | st.sampled_from(["one", "two"]))
stocks = st.fixed_dictionaries({offer: st.integers(0, 30) for offer in OFFERS})


def on_plenty() -> World:
    """There is more of every offer than anybody asks for."""
    plenty = plenty_of(StockKey(BUSINESS, MOSCOW_WAREHOUSE, offer) for offer in OFFERS)
    return World({(MOSCOW_WAREHOUSE, key.offer_id): row for key, row in plenty.items()})


@given(st.lists(asked, max_size=8), stocks, st.integers(CAPACITY - 8, CAPACITY))
def test_what_holds_is_what_is_decided_on_what_there_is(
    batch: list[PlaceCommand], pieces: dict[str, int], held: int
) -> None:
    ahead = on_plenty().decide(*batch)
    world = World(in_moscow(**pieces), {POINT_SLOT: held})
    rows = {StockKey(BUSINESS, *key): row for key, row in world.stock.items()}
    decided = world.decide(*batch)
    it_holds = holds(ahead, rows, world.slots, NETWORK)
    event(f"holds: {it_holds}")
    if it_holds:
        assert decided == ahead
    else:
        assert decided.lacks


def test_a_row_that_is_missing_has_nothing() -> None:
    decision = on_plenty().decide(command({"apple": 1}))
    assert holds(decision, {APPLE: StockRow(1, 0)}, {}, NETWORK)
    assert not holds(decision, {APPLE: StockRow(1, 1)}, {}, NETWORK)
    assert not holds(decision, {}, {}, NETWORK)


def test_a_slot_holds_no_more_than_its_capacity() -> None:
    decision = on_plenty().decide(command({"apple": 1}), command({"apple": 1}))
    rows = {APPLE: StockRow(2, 0)}
    assert holds(decision, rows, {POINT_SLOT: CAPACITY - 2}, NETWORK)
    assert not holds(decision, rows, {POINT_SLOT: CAPACITY - 1}, NETWORK)
