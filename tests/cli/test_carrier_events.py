"""`entrepot operator events load`: a carrier's file, event by event."""

import asyncio
import json
from pathlib import Path

import pytest

from entrepot.domain.order_changes import Move
from entrepot.domain.order_events import Actor, Source
from entrepot.domain.order_moves import DELIVERY, READY_TO_SHIP, SHIPPED, ActorKind
from entrepot.fulfilment.change_orders import Moved, move_orders
from tests.cli.conftest import Entrepot
from tests.races.world import Shop, command, order_id_of, process

DESK = Actor(ActorKind.OPERATOR, "desk", Source.OPERATOR_API)


@pytest.fixture
def order_id(url: str, ours: Shop) -> int:
    """An order of three apples and a bread that a carrier has."""

    async def send() -> int:
        async with process(url) as placing:
            await placing.stock(ours, apple=9, bread=9)
            basket = {"apple": 3, "bread": 1}
            found = order_id_of(await placing.place_one(command(ours, basket)))
            for target in (READY_TO_SHIP, SHIPPED, DELIVERY):
                move = Move(business_id=ours.business_id, order_id=found, actor=DESK, target=target)
                (outcome,) = await move_orders(placing.database, placing.clock, [move])
                assert isinstance(outcome, Moved)
            return found

    return asyncio.run(send())


def test_a_file_moves_orders_and_tells_of_each(
    entrepot: Entrepot, ours: Shop, order_id: int, tmp_path: Path
) -> None:
    file = tmp_path / "events.csv"
    file.write_text(
        "business_id;order_id;type;receive_code;refused;reason\n"
        f"{ours.business_id};{order_id};ARRIVED;;;\n"
        f"{ours.business_id};404;LOST;;;\n"
        f'{ours.business_id};{order_id};PARTLY_REFUSED;123456;"1 apple; 1 bread";\n'
    )
    said = entrepot("operator", "events", "load", file, "--json")
    assert said.code == 1
    assert [(each["number"], each["result"], each["error"]) for each in said.json] == [
        (2, "PICKUP/PICKUP_SERVICE_RECEIVED", None),
        (3, "refused", "Order not found: 404"),
        (4, "DELIVERED/DELIVERY_SERVICE_DELIVERED", None),
    ]
    again = entrepot("operator", "events", "load", file, "--json").json
    assert again[2]["result"] == "DELIVERED/DELIVERY_SERVICE_DELIVERED, already"
    assert entrepot("audit").code == 0


def test_a_json_file_holds_what_the_call_takes(
    entrepot: Entrepot, ours: Shop, order_id: int, tmp_path: Path
) -> None:
    file = tmp_path / "events.json"
    event = {
        "businessId": ours.business_id,
        "orderId": order_id,
        "type": "NOT_DELIVERED",
        "reason": "USER_UNREACHABLE",
    }
    file.write_text(json.dumps([event]))
    said = entrepot("operator", "events", "load", file)
    assert said.code == 0
    assert "CANCELLED/USER_UNREACHABLE" in said.out


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("e.csv", "business_id,order_id,type\n1,2,FLOWN\n", "e.csv:2: "),
        ("e.csv", "business_id,order_id,type,refused\n1,2,LOST,many\n", "refused reads like this"),
        ("e.csv", "business_id,order_id\n1,2\n", "type"),
        ("e.json", "[{}]", "businessId"),
        ("e.json", "nothing", "malformed"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    entrepot: Entrepot, tmp_path: Path, name: str, content: str, problem: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    said = entrepot("operator", "events", "load", file)
    assert said.code == 1
    assert problem in said.err
    assert "Nothing was changed." in said.err


def test_an_unknown_carrier_and_no_file(entrepot: Entrepot, tmp_path: Path) -> None:
    file = tmp_path / "none.csv"
    assert entrepot("operator", "events", "load", file, "--carrier", "X").code == 2
    assert entrepot("operator", "events", "load", file).code == 1
    assert entrepot("operator", "events", "load", tmp_path / "none.json").code == 1
