"""A client that speaks real HTTP and holds every answer against the contract."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp

from entrepot.operations.registry import Method, find_operation, load_operations
from tests.support import evidence
from tests.support.contract import Contract

load_operations()

ANSWER_S_MAX = 30.0
BESIDE_THE_CONTRACT = re.compile(r"/($|(healthz|readyz|docs|openapi\.json|sandbox|operator)(/|$))")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.content)

    @property
    def error(self) -> tuple[str, str]:
        """The code and the message of a refusal."""
        (error,) = self.json["errors"]
        return error["code"], error["message"]

    @property
    def message(self) -> str:
        """The message of a refusal."""
        return self.error[1]


class Client:
    """Calls a service; one caller, named by its key."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        key: str | None,
        contract: Contract | None,
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._key = key
        self._contract = contract

    def with_key(self, key: str | None) -> "Client":
        """The same client, as another caller."""
        return Client(self._session, self._base_url, key, self._contract)

    async def call(
        self,
        operation_id: str,
        body: object = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **path_parameters: object,
    ) -> Answer:
        """Call an operation; an answer of the contract's is checked against it.

        `path_parameters` are named as in the path: `campaignId=...`.
        """
        operation = find_operation(operation_id)
        assert operation is not None, f"nobody declares {operation_id}"
        path = operation.path.format(**path_parameters)
        content = None if body is None else json.dumps(body).encode()
        return await self.request(
            operation.method, path, content=content, query=query, headers=headers
        )

    async def request(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send any request; an answer of the contract's is checked against it."""
        sent = dict(headers or {})
        if self._key is not None:
            sent.setdefault("Api-Key", self._key)
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self._session.request(
            method,
            self._base_url + path,
            data=content,
            params={k: _text(v) for k, v in (query or {}).items()},
            headers=sent,
            skip_auto_headers=("Content-Type",),
            allow_redirects=False,
        ) as response:
            answer = Answer(response.status, response.headers, await response.read())
        evidence.saw(answer.status, answer.content)
        self._check(method, path, answer)
        return answer

    def _check(self, method: str, path: str, answer: Answer) -> None:
        assert answer.headers.get("X-Request-Id"), "an answer without a request id"
        if BESIDE_THE_CONTRACT.match(path):
            return
        assert answer.headers["Content-Type"] == "application/json"
        if self._contract is None or method not in {*Method}:
            return
        operation_id = self._contract.operation_of(method, path.partition("?")[0])
        flaws = self._contract.check(operation_id, answer.status, answer.json)
        assert not flaws, f"{method} {path} answered against the contract:\n" + "\n".join(flaws)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return str(value)


def new_session() -> aiohttp.ClientSession:
    """A session without limits of its own: tests decide how many connections there are."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=ANSWER_S_MAX),
    )
