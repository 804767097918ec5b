"""Heads of requests have bounds: in size and in time."""

import asyncio

import pytest

from entrepot import limits
from entrepot.demo.seed import DemoWorld
from tests.http.raw import connect, request_bytes, send
from tests.support.serving import Service

KB = 1024


@pytest.mark.parametrize("size_kb", [1, 60])
async def test_a_head_may_be_long(shared_service: Service, size_kb: int) -> None:
    request = request_bytes("GET", "/v2/campaigns", Cookie="x" * size_kb * KB, Connection="close")
    assert b"Credentials are not specified" in await send(shared_service.base_url, request)


@pytest.mark.parametrize("name", ["Cookie", "X" * 50 * KB])
async def test_a_head_that_does_not_end_is_refused(shared_service: Service, name: str) -> None:
    head = request_bytes("GET", "/v2/campaigns", **{name: "x" * 100 * KB})[:-4]
    answer = await send(shared_service.base_url, head)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"x-request-id: " in answer
    assert b'"The request is too big: more than 64 KB before its body"' in answer


async def test_what_came_with_another_request_is_not_counted(
    shared_service: Service, world: DemoWorld
) -> None:
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    key = world.first.api_key
    first = request_bytes("POST", path, b" " * 200 * KB, Api_Key=key)
    second = request_bytes("GET", "/healthz", Connection="close")
    reader, writer = await connect(shared_service.base_url)
    writer.write(first + second[:20])
    assert b"Unexpected end of content" in await reader.readuntil(b"}]}")
    writer.write(second[20:])
    assert (await reader.read()).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_many_headers_are_one_head(shared_service: Service) -> None:
    lines = [b"X-%d: %s\r\n" % (number, b"y" * 1000) for number in range(200)]
    first = b"GET /v2/campaigns HTTP/1.1\r\nHost: x\r\n"
    answer = await send(shared_service.base_url, first + b"".join(lines[:80]))
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("sent", [b"", b"GET /v2/campaigns HTTP/1.1\r\nHost: "])
async def test_half_a_head_is_not_waited_for(
    shared_service: Service, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(limits, "HEAD_READ_S_MAX", 0.2)
    reader, writer = await connect(shared_service.base_url)
    writer.write(sent)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_the_second_head_of_a_connection_is_bounded_too(
    shared_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEAD_READ_S_MAX", 0.3)
    reader, writer = await connect(shared_service.base_url)
    request = request_bytes("GET", "/healthz")
    writer.write(request)
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
    await asyncio.sleep(0.5)  # a connection at rest is kept
    writer.write(request)
    assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
    writer.write(request[:20])
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_rubbish_does_not_pass_for_the_answer_to_an_earlier_request(
    shared_service: Service, world: DemoWorld
) -> None:
    """Two requests at once on a connection: the second is no HTTP, the first not yet answered."""
    first = request_bytes("GET", "/v2/campaigns", Api_Key=world.first.api_key)
    reader, writer = await connect(shared_service.base_url)
    writer.write(first + b"RUBBISH\r\n\r\n")
    async with asyncio.timeout(5):
        assert b" 400 " not in await reader.read()
    writer.close()
