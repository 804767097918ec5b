"""Clients that mean ill, are badly written, or just unusual: one by one, over raw sockets."""

import asyncio
import contextlib
import gc

import pytest

from entrepot import limits
from entrepot.demo.seed import DemoWorld
from entrepot.http.protocol import BoundedHttp
from tests.http.raw import connect, request_bytes, send
from tests.support.serving import Service

KB = 1024
CHUNKED = {"Content_Length": "", "Transfer_Encoding": "chunked"}


@pytest.mark.parametrize("target", ["http://elsewhere", "/%C3\\x"])
async def test_a_bad_target_does_not_pass_for_the_answer_to_an_earlier_request(
    shared_service: Service, world: DemoWorld, target: str
) -> None:
    """The head is well formed and complete, only its target is none: still nothing is mixed up."""
    first = request_bytes("GET", "/v2/campaigns", Api_Key=world.first.api_key)
    second = f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    reader, writer = await connect(shared_service.base_url)
    writer.write(first + second)
    async with asyncio.timeout(5):
        assert b" 400 " not in (await reader.read(64 * KB))[:20]
    writer.close()


async def test_trailers_are_no_headers(shared_service: Service, world: DemoWorld) -> None:
    """Whoever checked the headers in front of the service has not seen them."""
    request = request_bytes("POST", "/v2/campaigns", **CHUNKED)
    get = request.replace(b"POST", b"GET", 1)
    trailer = b"0\r\nApi-Key: " + world.first.api_key.encode() + b"\r\n\r\n"
    answer = await send(shared_service.base_url, get + trailer)
    assert answer.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("line", [b"X: y\r\n", b"y" * KB])
async def test_trailers_are_bounded(shared_service: Service, line: bytes) -> None:
    reader, writer = await connect(shared_service.base_url)
    writer.write(request_bytes("POST", "/v2/campaigns", **CHUNKED) + b"0\r\nX: y")
    assert (await reader.readuntil(b"}]}")).startswith(b"HTTP/1.1 405 ")

    async def send_for_ever() -> None:
        while True:
            writer.write(line * (64 * KB // len(line)))
            await writer.drain()
            await asyncio.sleep(0)

    async with asyncio.timeout(10):
        with pytest.raises(ConnectionError):
            await send_for_ever()
    writer.close()


async def test_what_was_answered_early_is_not_read_for_ever(
    shared_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BODY_READ_S_MAX", 0.3)
    reader, writer = await connect(shared_service.base_url)
    writer.write(request_bytes("POST", "/v2/campaigns", Content_Length="1000000"))
    assert (await reader.readuntil(b"}]}")).startswith(b"HTTP/1.1 405 ")
    writer.write(b"x")  # and then nothing
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_a_line_break_between_requests_does_not_keep_a_connection(
    shared_service: Service,
) -> None:
    """Some old clients send one behind a body; it is no request."""
    reader, writer = await connect(shared_service.base_url)
    (await _served(writer)).timeout_keep_alive = 1  # seconds
    request = request_bytes("GET", "/healthz")
    writer.write(request)
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
    writer.write(b"\r\n" + request + b"\r\n")
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
    writer.write(b"\r\n")
    async with asyncio.timeout(4):
        assert await reader.read() == b""
    writer.close()


async def test_what_comes_after_an_early_answer_is_not_answered_again(
    shared_service: Service,
) -> None:
    """The second answer would be taken for that of the next request."""
    reader, writer = await connect(shared_service.base_url)
    writer.write(request_bytes("POST", "/v2/campaigns", **CHUNKED))
    assert (await reader.readuntil(b"}]}")).startswith(b"HTTP/1.1 405 ")
    writer.write(b"this is no size of a chunk\r\n")
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_only_so_many_requests_may_wait_on_a_connection(shared_service: Service) -> None:
    request = request_bytes("GET", "/healthz")
    reader, writer = await connect(shared_service.base_url)
    writer.write(request * limits.PIPELINED_REQUESTS_MAX)
    async with asyncio.timeout(10):
        for _ in range(limits.PIPELINED_REQUESTS_MAX):
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
        writer.write(request * 4 * limits.PIPELINED_REQUESTS_MAX)
        with contextlib.suppress(ConnectionError):
            assert (await reader.read()).count(b"HTTP/1.1 200 ") < limits.PIPELINED_REQUESTS_MAX
    writer.close()


async def test_who_will_ask_no_more_is_answered(shared_service: Service, world: DemoWorld) -> None:
    """A client may close its half of a connection once it has asked, and wait for answers."""
    request = request_bytes("GET", "/v2/campaigns", Api_Key=world.first.api_key)
    reader, writer = await connect(shared_service.base_url)
    writer.write(request + request)
    writer.write_eof()
    async with asyncio.timeout(5):
        answers = await reader.read()
    assert answers.count(b"HTTP/1.1 200 ") == 2
    assert answers.lower().count(b"connection: close") == 1
    writer.close()


async def test_who_will_ask_no_more_is_answered_though_it_says_so_at_once(
    shared_service: Service,
) -> None:
    """Its half of the connection is closed while the answer waits to be sent."""
    reader, writer = await connect(shared_service.base_url)
    writer.write(request_bytes("PUT", "/v2/campaigns"))
    writer.write_eof()
    async with asyncio.timeout(5):
        assert (await reader.read()).startswith(b"HTTP/1.1 405 ")
    writer.close()


@pytest.mark.parametrize("cut_off", [1, 10])
async def test_who_hangs_up_within_a_request_is_not_waited_for(
    shared_service: Service, cut_off: int
) -> None:
    reader, writer = await connect(shared_service.base_url)
    writer.write(request_bytes("GET", "/v2/campaigns", b"body")[:-cut_off])
    writer.write_eof()
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()


async def _served(writer: asyncio.StreamWriter) -> BoundedHttp:
    """Find the service's side of a connection, once it was accepted."""
    client = writer.get_extra_info("sockname")
    async with asyncio.timeout(5):
        while True:
            for known in gc.get_objects():
                if isinstance(known, BoundedHttp) and known.client == client and known.transport:
                    return known
            await asyncio.sleep(0.01)
