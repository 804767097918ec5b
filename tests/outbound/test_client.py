"""What comes back from servers of all kinds, and from those that must not be asked."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from entrepot.domain.notification_answers import Judged, Reason, Verdict
from entrepot.outbound.addresses import Reach
from entrepot.outbound.client import Outbound, Request
from tests.support.receiver import Receiver, accept, answer, raw, receiver, say_nothing

SHORT_S = 0.3
GOOD_S = 10.0


class Names(AbstractResolver):
    """A name server that says what it is told to, something else each time."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002
    ) -> list[ResolveResult]:
        addresses = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return [
            ResolveResult(
                hostname=host, host=address, port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0, flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]  # fmt: skip

    async def close(self) -> None:
        return


@pytest.fixture
async def server() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made


async def post(
    url: str,
    reach: Reach = Reach.SANDBOX,
    names: AbstractResolver | None = None,
    seconds_max: float = GOOD_S,
) -> Judged:
    outbound = Outbound(reach, names)
    try:
        return await outbound.post(Request(url, b"{}", {}, seconds_max))
    finally:
        await outbound.close()


async def test_a_good_answer(server: Receiver) -> None:
    assert await post(server.url) == Judged(Verdict.ACCEPTED, 200)
    (heard,) = server.heard
    assert heard.headers["accept-encoding"] == "identity"
    assert "cookie" not in heard.headers


async def test_production_does_not_call_its_own_machine(server: Receiver) -> None:
    for url in (server.url, server.url.replace("http:", "https:")):
        judged = await post(url, Reach.PUBLIC)
        assert judged.reason is Reason.ADDRESS_FORBIDDEN
    assert server.heard == []


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:7f00:1"])
async def test_a_name_does_not_hide_an_address(server: Receiver, address: str) -> None:
    url = f"https://shop.example:{server.port}/"
    judged = await post(url, Reach.PUBLIC, Names((address,)))
    assert judged.reason is Reason.ADDRESS_FORBIDDEN
    assert "shop.example" not in (judged.detail or "")
    assert server.heard == []


async def test_several_addresses_of_which_none_may_be_called(server: Receiver) -> None:
    url = f"https://shop.example:{server.port}/"
    names = Names(("127.0.0.1", "10.0.0.1", "::1"))
    assert (await post(url, Reach.PUBLIC, names)).reason is Reason.ADDRESS_FORBIDDEN


async def test_a_name_that_changes_is_checked_each_time(server: Receiver) -> None:
    """What was checked before is not what is called now."""
    names = Names(("127.0.0.1",), ("10.1.1.1",))
    outbound = Outbound(Reach.SANDBOX, names)
    try:
        request = Request(f"http://shop.example:{server.port}/", b"{}", {}, GOOD_S)
        server.behave = answer(500, b"", "text/plain", "Connection: close")
        assert (await outbound.post(request)).http_status == 500
        session = outbound._sessions["http"]
        assert isinstance(session.connector, aiohttp.TCPConnector)
        session.connector.clear_dns_cache()
        assert (await outbound.post(request)).reason is Reason.ADDRESS_FORBIDDEN
    finally:
        await outbound.close()
    assert names.asked == 2
    assert len(server.heard) == 1


async def test_redirects_are_not_followed(server: Receiver) -> None:
    server.behave = answer(307, b"", "text/plain", "Location: /elsewhere")
    judged = await post(server.url)
    assert (judged.verdict, judged.http_status) == (Verdict.FAILED, 307)
    assert len(server.heard) == 1


async def test_the_environments_proxies_are_not_used(
    server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await post(server.url)).verdict is Verdict.ACCEPTED


async def test_nobody_answers(server: Receiver) -> None:
    server.behave = say_nothing
    judged = await post(server.url, seconds_max=SHORT_S)
    assert judged.reason is Reason.READ_TIMED_OUT


async def test_half_an_answer_and_then_nothing(server: Receiver) -> None:
    async def trickle(_heard: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        writer.write(b"Content-Length: 100\r\n\r\n{")
        await writer.drain()
        await asyncio.Event().wait()

    server.behave = trickle
    judged = await post(server.url, seconds_max=SHORT_S)
    assert judged.reason is Reason.READ_TIMED_OUT


async def test_nobody_takes_the_connection() -> None:
    # Connections beyond what a listener queues are not answered at all.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        judged = await post(f"http://127.0.0.1:{port}/", seconds_max=5 * SHORT_S)
        for filler in fillers:
            filler.close()
    assert judged.reason is Reason.CONNECTION_TIMED_OUT


async def test_nobody_is_there() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    judged = await post(f"http://127.0.0.1:{port}/")
    assert judged.reason is Reason.CONNECTION_REFUSED


async def test_what_libraries_do_not_agree_to_be_a_url() -> None:
    judged = await post("https://shop.example\\hook/")
    assert (judged.verdict, judged.reason) == (Verdict.FAILED, Reason.HTTP)


async def test_no_such_name() -> None:
    judged = await post("http://nowhere.invalid/")
    assert judged.reason is Reason.CONNECTION_REFUSED


async def test_no_tls_where_it_should_be() -> None:
    async def speak_plainly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Speak up\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak_plainly, "127.0.0.1", 0) as server:
        judged = await post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert judged.reason is Reason.SSL_ERROR


async def test_an_endless_answer_is_not_read_to_its_end(server: Receiver) -> None:
    async def flood(_heard: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" " * 65_536)
            await writer.drain()

    server.behave = flood
    assert (await post(server.url)).reason is Reason.CANT_PARSE_RESPONSE


async def test_compressed_answers_are_not_unpacked(server: Receiver) -> None:
    server.behave = answer(200, b"\x1f\x8b" + b"\0" * 50, "application/json",
                           "Content-Encoding: gzip")  # fmt: skip
    assert (await post(server.url)).reason is Reason.CANT_PARSE_RESPONSE


@pytest.mark.parametrize(
    "content",
    [b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, b"HTTP/1.1 999999 X\r\n\r\n", b"\0" * 100],
    ids=["endless head", "no status", "zeros"],
)
async def test_what_is_no_http(server: Receiver, content: bytes) -> None:
    server.behave = raw(content)
    assert (await post(server.url)).reason is Reason.HTTP
    server.behave = accept
    assert (await post(server.url)).verdict is Verdict.ACCEPTED
