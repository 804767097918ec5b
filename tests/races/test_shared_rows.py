"""Several lines and several orders on one stock row."""

import msgspec

from entrepot.domain.placement import PlaceCommand, WantedItem
from tests.races.world import Process, Shop, command, told


async def test_orders_of_one_batch_are_served_in_their_order(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=5)
    outcomes = await p1.place(*(command(ours, {"apple": pieces}) for pieces in (2, 4, 2, 2, 1)))
    assert [told(outcome) for outcome in outcomes] == [
        "Placed",
        "NOT_ENOUGH_STOCK",
        "Placed",
        "NOT_ENOUGH_STOCK",
        "Placed",
    ]


async def test_one_order_takes_all_or_nothing(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=5, bread=1)
    await p1.stock(ours, "novosibirsk", apple=1)
    outcomes = await p1.place(
        command(ours, {"apple": 3, "bread": 1}, {"apple": 2}),
        command(ours, {"apple": 3, "bread": 1}, {"apple": 1}),
        command(ours, {"apple": 2}),
        command(ours, {"apple": 1}),
    )
    assert [told(outcome) for outcome in outcomes] == [
        "NOT_ENOUGH_STOCK",
        "Placed",
        "Placed",
        "NOT_ENOUGH_STOCK",
    ]


async def test_lines_that_name_one_offer_share_its_pieces(ours: Shop, p1: Process) -> None:
    # The API refuses such a request; what lies below must not trust it to.
    await p1.stock(ours, apple=5)
    outcomes = await p1.place(
        _twice(command(ours, {"apple": 3})),
        _twice(command(ours, {"apple": 2})),
        command(ours, {"apple": 1}),
    )
    assert [told(outcome) for outcome in outcomes] == ["NOT_ENOUGH_STOCK", "Placed", "Placed"]


async def test_parcels_from_one_warehouse_share_its_pieces(ours: Shop, p1: Process) -> None:
    await p1.stock(ours, apple=5)
    outcomes = await p1.place(_parcel_twice(ours, 3), _parcel_twice(ours, 2))
    assert [told(outcome) for outcome in outcomes] == ["NOT_ENOUGH_STOCK", "Placed"]


def _twice(wanted: PlaceCommand) -> PlaceCommand:
    (parcel,) = wanted.parcels
    items: tuple[WantedItem, ...] = parcel.items * 2
    return msgspec.structs.replace(wanted, parcels=(msgspec.structs.replace(parcel, items=items),))


def _parcel_twice(shop: Shop, pieces: int) -> PlaceCommand:
    wanted = command(shop, {"apple": pieces}, {"apple": pieces})
    return msgspec.structs.replace(wanted, parcels=(wanted.parcels[0],) * 2)
