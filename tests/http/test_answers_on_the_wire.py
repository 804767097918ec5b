"""Answers arrive whole and in order, whatever their requests look like on the wire."""

import asyncio
import gc
from collections.abc import Callable
from typing import TypeVar

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from entrepot.demo.seed import DemoWorld
from entrepot.http.protocol import BoundedHttp
from entrepot.http.request import Request
from tests.http.raw import connect, request_bytes, send
from tests.support.serving import Service

KB = 1024
Kind = TypeVar("Kind")


async def read_answers(reader: asyncio.StreamReader, count: int) -> list[tuple[bytes, bytes]]:
    """Read so many answers; each is its head and its body."""
    answers = []
    for _ in range(count):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        answers.append((head, await reader.readexactly(length)))
    return answers


async def test_answers_keep_the_order_of_pipelined_requests(
    shared_service: Service, world: DemoWorld
) -> None:
    key = world.first.api_key
    paths = [
        f"/v2/campaigns/{world.first.campaign_id}",
        "/healthz",
        "/v2/campaigns",
        "/v2/campaigns/9999999",
        f"/v2/campaigns/{world.first.campaign_id}/settings",
    ]
    reader, writer = await connect(shared_service.base_url)
    alone = []
    for path in paths:
        writer.write(request_bytes("GET", path, Api_Key=key))
        alone += await read_answers(reader, 1)
    writer.write(b"".join(request_bytes("GET", path, Api_Key=key) for path in paths))
    together = await read_answers(reader, len(paths))
    writer.close()
    assert [body for _, body in together] == [body for _, body in alone]
    assert all(head.count(b"\r\nx-request-id: ") == 1 for head, _ in together)
    assert all(head.count(b"\r\ndate: ") == 1 for head, _ in together)


async def test_a_client_may_ask_for_the_end_of_the_connection(
    shared_service: Service, world: DemoWorld
) -> None:
    request = request_bytes("GET", "/v2/campaigns", Api_Key=world.first.api_key, Connection="close")
    reader, writer = await connect(shared_service.base_url)
    writer.write(request)
    ((head, body),) = await read_answers(reader, 1)
    assert b"\r\nconnection: close\r\n" in head.lower()
    assert b'"campaigns"' in body
    assert await reader.read() == b""
    writer.close()


async def test_a_head_is_asked_for_without_its_body(shared_service: Service) -> None:
    reader, writer = await connect(shared_service.base_url)
    for method, path in (("HEAD", "/v2/campaigns"), ("GET", "/healthz")):
        writer.write(request_bytes(method, path))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 405 ")
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_a_body_may_come_in_pieces_and_be_waited_for(
    shared_service: Service, world: DemoWorld
) -> None:
    """Also one longer than what is read ahead of its handler, and one that asks first."""
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    key = world.first.api_key
    body = b'{"order":' + b" " * 200 * KB + b"1}"
    whole = request_bytes("POST", path, body, Api_Key=key)
    (_, expected) = (await send(shared_service.base_url, whole)).split(b"\r\n\r\n", 1)
    assert b"order" in expected
    reader, writer = await connect(shared_service.base_url)
    for piece in (whole[:100], whole[100 : 150 * KB], whole[150 * KB :]):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.02)
    assert (await read_answers(reader, 1))[0][1] == expected
    asking = request_bytes("POST", path, body, Api_Key=key, Expect="100-continue")
    head_length = len(asking) - len(body)
    writer.write(asking[:head_length])
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    writer.write(asking[head_length:])
    assert (await read_answers(reader, 1))[0][1] == expected
    writer.close()


async def test_a_request_is_answered_alike_however_it_arrives(
    shared_service: Service, world: DemoWorld
) -> None:
    """In two pieces cut anywhere, in chunks, or asking for another way to go on."""
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create?of=no+meaning"
    key = world.first.api_key
    body = b'{"order": {"externalOrderId": 1}}'
    whole = request_bytes("POST", path, body, Api_Key=key)
    chunks = {"Content_Length": "", "Transfer_Encoding": "chunked"}
    chunked = request_bytes("POST", path, b"", Api_Key=key, **chunks)
    chunked += b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    ways = [(whole[:cut], whole[cut:]) for cut in range(1, len(whole), 7)]
    ways += [(chunked,), (chunked[:-40], chunked[-40:]), (whole.replace(b"/1.1", b"/1.0"),)]
    ways += [(request_bytes("POST", path, body, Api_Key=key, Connection="close"),)]
    ways += [(whole.replace(b"Content-Length: 33", b"Content-Length:  33 "),)]
    # Java's client wishes for HTTP/2 so.
    wish = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2_Settings": "AAEAAEAA"}
    wishing = request_bytes("POST", path, body, Api_Key=key, **wish)
    ways += [(wishing[:cut], wishing[cut:]) for cut in range(len(wishing) - 80, len(wishing), 7)]
    ways += [(wishing,)]
    answers = set()
    for way in ways:
        reader, writer = await connect(shared_service.base_url)
        for piece in way:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002)
        ((head, answer),) = await read_answers(reader, 1)
        assert head.count(b"\r\nx-request-id: ") == head.count(b"\r\ncontent-type: ") == 1
        answers.add((head.split(b"\r\n")[0], answer))
        writer.close()
    assert len(answers) == 1
    assert b"externalOrderId" in answers.pop()[1]


async def test_a_wish_for_another_protocol_leaves_a_body_what_it_is(
    shared_service: Service, world: DemoWorld
) -> None:
    """It is no request of its own, and what follows it is still heard."""
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    key = world.first.api_key
    hidden = request_bytes("GET", "/v2/campaigns", Api_Key=key)
    wish = {"Connection": "Upgrade", "Upgrade": "websocket"}
    wishing = request_bytes("POST", path, hidden, Api_Key=key, **wish)
    reader, writer = await connect(shared_service.base_url)
    for pieces in ([wishing + wishing + hidden], [wishing[:-7], wishing[-7:] + wishing, hidden]):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        answers = await read_answers(reader, 3)
        assert [head[9:12] for head, _ in answers] == [b"400", b"400", b"200"]
        assert b"malformed" in answers[0][1].lower()
    writer.close()


async def test_answered_requests_are_freed_without_a_garbage_collection(
    shared_service: Service,
) -> None:
    reader, writer = await connect(shared_service.base_url)
    gc.collect()
    before = requests_in_memory()
    gc.disable()
    try:
        for method, path in (("GET", "/v2/campaigns"), ("GET", "/healthz")) * 10:
            writer.write(request_bytes(method, path))
            await read_answers(reader, 1)
        assert requests_in_memory() <= before + 1  # a connection keeps its last one
    finally:
        gc.enable()
    writer.close()


async def test_a_connection_keeps_no_body_and_is_freed_when_it_ends(
    shared_service: Service, world: DemoWorld
) -> None:
    """Ten thousand idle connections must not hold ten thousand bodies."""
    path = f"/v1/campaigns/{world.first.campaign_id}/orders/create"
    whole = request_bytes("POST", path, b"x" * 32 * KB, Api_Key=world.first.api_key)
    gc.collect()
    gc.disable()
    try:
        reader, writer = await connect(shared_service.base_url)
        client = writer.get_extra_info("sockname")
        for _ in range(2):
            writer.write(whole)
            await read_answers(reader, 1)
        await until(lambda: not any(request.whole_body for request in in_memory(Request)))
        assert connections_of(client) == 1
        writer.close()
        await until(lambda: not connections_of(client))
    finally:
        gc.enable()


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while True:
            if happened():
                return
            await asyncio.sleep(0.01)


def connections_of(client: tuple[str, int]) -> int:
    """Count the service's sides of a connection."""
    return sum(known.client == client for known in in_memory(BoundedHttp))


def requests_in_memory() -> int:
    """Count the requests that were not freed."""
    return len(in_memory(RequestResponseCycle)) + len(in_memory(Request))


def in_memory(kind: type[Kind]) -> list[Kind]:
    """Find all objects of a kind."""
    return [each for each in gc.get_objects() if isinstance(each, kind)]
