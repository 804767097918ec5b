"""The orders that the bench places, and the load generator that sends them."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date

import msgspec
import pytest

from entrepot.bench.load import LoadFailed, LoadOrder, LoadResult, percentile, place_orders
from entrepot.bench.plan import Offers
from entrepot.bench.shape import OFFERS, World, prepared_requests
from entrepot.bench.sources import BENCHMARKS
from entrepot.operations.orders.create_order import CreateOrderRequest

WORLD = World(
    business_id=1001,
    campaign_id=50001,
    api_key="ENTR:key",
    warehouse_id=1,
    region_id=213,
    first_day=date(2026, 3, 4),
)
_CONNECTIONS = 3
_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd"


def test_each_request_is_a_whole_order_with_an_id_of_its_own() -> None:
    requests = prepared_requests(WORLD, Offers.UNIFORM)
    for number, request in enumerate(requests[:200]):
        head, _, body = request.numbered(number).partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}".encode() in head
        order = msgspec.json.decode(body, type=CreateOrderRequest).order
        assert order.externalOrderId == f"bench-{number:09d}"
        (parcel,) = order.itemsDelivery
        assert len({item.offerId for item in parcel.items}) == 2


def test_the_same_orders_are_drawn_each_time() -> None:
    assert prepared_requests(WORLD, Offers.ZIPF) == prepared_requests(WORLD, Offers.ZIPF)


@pytest.mark.parametrize(
    ("offers", "least", "most"), [(Offers.UNIFORM, 0.0, 0.01), (Offers.ZIPF, 0.25, 0.45)]
)
def test_how_hot_the_hottest_offer_is(offers: Offers, least: float, most: float) -> None:
    wanted: Counter[str] = Counter()
    requests = prepared_requests(WORLD, offers)
    for request in requests:
        body = request.numbered(1).partition(b"\r\n\r\n")[2]
        (parcel,) = msgspec.json.decode(body, type=CreateOrderRequest).order.itemsDelivery
        wanted.update(item.offerId for item in parcel.items)
    assert OFFERS * 0.9 < len(wanted) <= OFFERS
    assert least <= wanted.most_common(1)[0][1] / len(requests) <= most


async def test_every_answer_is_counted_also_when_it_comes_in_pieces() -> None:
    async with _serving(b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: 4\r\n\r\nab", b"cd") as port:
        result = await asyncio.to_thread(place_orders, _order(port))
    assert result.failure is None
    assert result.placed > result.answered > 0
    assert 0 < result.p50_ms <= result.p99_ms


async def test_the_first_refusal_is_kept() -> None:
    refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 13\r\n\r\nno such offer"
    async with _serving(refusal) as port:
        result = await asyncio.to_thread(place_orders, _order(port))
    assert result.failure is not None
    assert result.failure.endswith("no such offer")


async def test_answers_of_other_lengths_are_counted_as_well() -> None:
    longer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-more: 1\r\n\r\nabcde"
    async with _serving(_OK, then=longer) as port:
        result = await asyncio.to_thread(place_orders, _order(port))
    assert result.failure is None
    assert result.answered > _CONNECTIONS


async def test_a_refusal_among_good_answers_of_the_same_length_is_kept() -> None:
    async with _serving(_OK, then=_OK.replace(b"200 OK", b"409 No")) as port:
        result = await asyncio.to_thread(place_orders, _order(port))
    assert result.failure is not None
    assert result.failure.startswith("HTTP/1.1 409 No")


async def test_more_than_an_answer_is_a_failure() -> None:
    async with _serving(_OK, then=_OK + b"!") as port:
        with pytest.raises(LoadFailed, match=r"^connection \d of 3 had more than an answer: .*!'"):
            await asyncio.to_thread(place_orders, _order(port))


async def test_a_service_that_hangs_up_is_a_failure() -> None:
    async with _serving() as port:
        with pytest.raises(LoadFailed, match=r"^connection \d of 3 (was|cannot)"):
            await asyncio.to_thread(place_orders, _order(port))


async def test_a_refusal_is_told_also_when_the_service_hangs_up_after_it() -> None:
    refusal = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 5\r\n\r\noops!"
    async with _serving(refusal, answers_max=1) as port:
        with pytest.raises(LoadFailed, match=r"(?s)^connection \d of 3 .*500 Internal.*oops!$"):
            await asyncio.to_thread(place_orders, _order(port))


def test_a_service_that_is_not_there_is_a_failure() -> None:
    with socket.socket() as silent:  # bound, so that the port is nobody's, but not listening
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(LoadFailed, match=r"^connection 1 cannot be made: "):
            place_orders(_order(silent.getsockname()[1]))


@pytest.mark.parametrize(
    ("values", "part", "expected"),
    [([], 0.5, 0.0), ([7.0], 0.99, 7.0), ([1.0, 2.0, 3.0, 4.0], 0.5, 3.0)],
)
def test_percentile(values: list[float], part: float, expected: float) -> None:
    assert percentile(values, part) == expected


def test_the_files_beside_the_code_are_there() -> None:
    folder = BENCHMARKS
    assert (folder / "place" / "order.pgbench.sql").is_file()
    assert (folder / "fastapi_baseline" / "app.py").is_file()


def test_the_result_travels_as_json() -> None:
    result = LoadResult(3, 2, 1.0, 0.5, 0.9, 0.1, 2.0, {"service": None, "database": 0.2})
    assert msgspec.json.decode(msgspec.json.encode(result), type=LoadResult) == result


def _order(port: int) -> LoadOrder:
    return LoadOrder(
        port=port,
        requests=tuple(prepared_requests(WORLD, Offers.UNIFORM)),
        connections=_CONNECTIONS,
        warm_up_s=0.05,
        seconds=0.2,
        watched={},
    )


@asynccontextmanager
async def _serving(
    *pieces: bytes, then: bytes | None = None, answers_max: int | None = None
) -> AsyncIterator[int]:
    """Answer each request with these pieces, one after another; hang up when there are none.

    What is said `then` answers all but the first request of a connection. With `answers_max` a
    connection gets so many answers, and is closed.
    """
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        with suppress(OSError, asyncio.IncompleteReadError):
            answered = 0
            while answered != answers_max and await _read_request(reader) and pieces:
                answered += 1
                for piece in pieces if then is None or answered == 1 else (then,):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.001)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*handlers)


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split()[0]))
