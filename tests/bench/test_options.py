"""`entrepot bench options`, for real and briefly; the networks and questions that it makes."""

import json
import subprocess
import sys

import msgspec
import pytest

from entrepot.bench.networks import multiplied
from entrepot.bench.options import Quoted, Size, find_best, find_growth
from entrepot.bench.questions import Question, Shop, prepared_questions
from entrepot.contract.enums import RegionType
from entrepot.demo.network import demo_network, easy_point_ids
from entrepot.demo.seed import DemoWorld
from entrepot.domain.address import Resolved, resolve_address
from entrepot.domain.network_build import build_network
from entrepot.operations.delivery.get_delivery_options import GetDeliveryOptionsRequest
from tests.support.client import Client

COMMAND = (sys.executable, "-c", "from entrepot.cli.entry import main; main()", "bench", "options")
DEMO = demo_network()
TIMES = 3
SHOP = Shop(1, "ENTR:key", tuple(map(str, range(40))))


def test_quotes_are_given_at_every_size(empty_database_url: str) -> None:
    done = subprocess.run(
        [*COMMAND, "--quick", "--json", "--database-url", empty_database_url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    kinds = {(run["size"]["times"], run["question"]) for run in report["runs"]}
    assert kinds == {(times, question) for times in (1, 10) for question in ("pickup", "courier")}
    for run in report["runs"]:
        assert run["answersPerSecond"] > 0
        assert 0 < run["p50Ms"] <= run["p99Ms"]
        assert run["size"]["points"] == run["size"]["times"] * len(DEMO.points)
    assert [each["question"] for each in report["growth"]] == ["pickup", "courier"]
    assert all(each["secondsPerAnswer"] > 0 for each in report["growth"])


def test_a_network_many_times_as_large_is_a_network() -> None:
    larger = multiplied(DEMO, TIMES)
    network = build_network(1, larger)
    assert len(network.points) == TIMES * len(DEMO.points)
    assert len(network.zones) == TIMES * len(DEMO.zones)
    assert len(network.warehouses) == TIMES * len(DEMO.warehouses)
    assert len(network.lanes) > TIMES * len(DEMO.lanes)
    assert multiplied(DEMO, 1) == DEMO


def test_no_address_of_a_copy_means_another() -> None:
    network = build_network(1, multiplied(DEMO, TIMES))
    towns = [
        region
        for region in network.regions.by_id.values()
        if region.type is RegionType.CITY
        and len(network.regions.named(region.name)) == 1
        and region.name not in {each.name for each in DEMO.regions}
    ]
    assert len(towns) > 100
    for town in towns:
        above = network.regions.chain(town.id)[1]
        answer = resolve_address(network, f"{above.name}, г. {town.name}, ул. Ленина, д. 5")
        assert answer == Resolved(town.id)


@pytest.mark.parametrize("question", Question)
async def test_questions_are_whole_and_have_answers(
    question: Question, client: Client, world: DemoWorld
) -> None:
    network = build_network(1, DEMO)
    shop = Shop(world.first.campaign_id, world.first.api_key, world.first.offer_ids)
    requests = prepared_questions(network, shop, question, easy_point_ids(DEMO))
    assert requests == prepared_questions(network, shop, question, easy_point_ids(DEMO))
    for number, request in enumerate(requests[:5]):
        head, _, body = request.numbered(number).partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}\r\n".encode() in head
        msgspec.json.decode(body, type=GetDeliveryOptionsRequest)
        answer = await client.call(
            "getDeliveryOptions", json.loads(body), campaignId=shop.campaign_id
        )
        assert answer.status == 200, answer.json
        parcels = answer.json["result"]["warehousesDeliveryOptions"]
        assert all(parcel["deliveryOptions"] for parcel in parcels)


def test_growth_compares_the_fastest_runs() -> None:
    runs = [
        quoted(1, question, speed, cpu)
        for question in Question
        for speed, cpu in ((80.0, 200.0), (100.0, 100.0))
    ] + [quoted(100, question, 50.0, 150.0) for question in Question]
    for growth in find_growth(find_best(runs)):
        assert (growth.times, growth.seconds_per_answer, growth.service_cpu) == (100, 2.0, 1.5)


def quoted(times: int, question: Question, speed: float, cpu_us: float) -> Quoted:
    return Quoted(
        size=Size(times, 1, 1, 1, 1, 1),
        question=question,
        answers_per_second=speed,
        p50_ms=1.0,
        p99_ms=2.0,
        service_cpu_us=cpu_us,
        database_cpu_us=None,
        foreign_cores=None,
    )
