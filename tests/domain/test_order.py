"""An order as a value: what follows from its fields."""

from datetime import timedelta

from entrepot.contract.enums import OrderDelivery
from entrepot.domain.order import external_id_hash
from tests.domain.orders import CREATED_AT, PROCESSING, RESERVED, courier_order, order


def test_place_of_the_slot_tells_courier_from_pickup() -> None:
    assert order().delivery is OrderDelivery.PICKUP
    assert courier_order().delivery is OrderDelivery.DELIVERY


def test_only_an_open_draft_has_an_end() -> None:
    until = CREATED_AT + timedelta(hours=1)
    assert order(standing=RESERVED, reserved_until=until).ends_at == until
    assert order(standing=PROCESSING, reserved_until=until).ends_at is None
    assert order().ends_at is None


def test_line_costs_its_pieces() -> None:
    first, second = order().items
    assert (first.total_kopecks, second.total_kopecks) == (200_000, 100_050)


def test_external_ids_are_told_apart_by_every_character() -> None:
    ids = ["a", "A", "a ", "а", "a" * 10_000, "a" * 10_001]  # the fourth is Cyrillic
    assert len({external_id_hash(one) for one in ids}) == len(ids)
