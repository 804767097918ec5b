"""The contract's operations over HTTP, dispatched straight from the registry.

The order of the checks is the order in which the contract's clients know them: path, caller,
tenant, scopes, input. The first that fails is the answer.
"""

from collections.abc import Iterable

import msgspec

from entrepot.contract.errors import METHOD_NOT_SUPPORTED, Refusal
from entrepot.http.access import Arguments, admit
from entrepot.http.asgi import COMPLETE, AsgiScope, Receive, Reply, Request, refusal_reply
from entrepot.http.authentication import Caller, authenticate
from entrepot.http.body import read_body
from entrepot.http.endpoint import Endpoint
from entrepot.http.limiting import PASSAGE, Passage, Passages
from entrepot.http.matching import Matched, OtherMethod, RouteTable
from entrepot.operations.call import Call, Platform
from entrepot.operations.registry import Operation, RawAnswer

_OK = 200
_encode = msgspec.json.Encoder().encode


class ContractApi:
    """Answers the requests whose path is the contract's."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        """Prepare every operation."""
        self._routes = RouteTable(map(Endpoint, operations))
        self._passages = Passages()

    def match(self, method: str, path: str) -> Matched[Endpoint] | OtherMethod | None:
        """Find the operation of a request; None for a path that is not the contract's."""
        return self._routes.match(method, path)

    async def answer(
        self, matched: Matched[Endpoint], platform: Platform, scope: AsgiScope, receive: Receive
    ) -> Reply:
        """Answer one request.

        Raises:
            ClientGone: the client hung up before its request was complete.
            DatabaseUnavailable: the database cannot be asked.
        """
        request = Request(
            scope["path"],
            scope["query_string"],
            dict(scope["headers"]),
            receive,
            scope.get(COMPLETE, False),
        )
        answer = await _decide(
            matched.route, matched.values, request, platform, self._passages, scope
        )
        if isinstance(answer, Refusal):
            return refusal_reply(answer)
        if isinstance(answer, RawAnswer):
            return Reply(answer.http_status, answer.body)
        return Reply(_OK, _encode(answer))


def other_method_reply(method: str, other: OtherMethod) -> Reply:
    """Say which methods a path has."""
    refusal = METHOD_NOT_SUPPORTED(method=method)
    allowed = ", ".join(other.allowed).encode("ascii")
    return Reply(refusal.http_status, _encode(refusal.envelope()), ((b"allow", allowed),))


async def _decide(
    endpoint: Endpoint,
    values: tuple[str, ...],
    request: Request,
    platform: Platform,
    passages: Passages,
    scope: AsgiScope,
) -> object:
    """Give the answer: a wire type, a stored answer or a refusal."""
    headers = request.headers
    caller = await authenticate(headers, platform.accounts)
    if isinstance(caller, Refusal):
        return caller
    arguments = await admit(endpoint, values, headers, caller.key, platform.accounts)
    if isinstance(arguments, Refusal):
        return arguments
    # The caller is known, nothing was spent on it yet.
    limited = await passages.find(endpoint, values, caller.key, platform)
    if limited is None:
        return await _perform(endpoint, arguments, request, platform, caller, None)
    scope[PASSAGE] = limited
    refusal = await limited.enter()
    if refusal is not None:
        return refusal
    try:
        return await _perform(endpoint, arguments, request, platform, caller, limited)
    finally:
        await limited.leave()


async def _perform(
    endpoint: Endpoint,
    arguments: Arguments,
    request: Request,
    platform: Platform,
    caller: Caller,
    limited: Passage | None,
) -> object:
    """Read the input and call the handler."""
    raw_body = b""
    if endpoint.query is not None:
        query = endpoint.query.read(request.query_string)
        if isinstance(query, Refusal):
            return query
        arguments["query"] = query
    if endpoint.body is not None:
        read = await read_body(request, endpoint.body_bytes_max)
        if isinstance(read, Refusal):
            return read
        raw_body = read
        body = endpoint.body.decode(raw_body)
        if isinstance(body, Refusal):
            return body
        arguments["body"] = body
        if limited is not None and endpoint.counts_body is not None:
            refusal = await limited.charge(endpoint.counts_body.count(body))
            if refusal is not None:
                return refusal
    if "call" in endpoint.takes:
        arguments["call"] = Call(
            platform=platform,
            key=caller.key,
            path=request.path,
            raw_body=raw_body,
            idempotency_key=_text(request.headers.get(b"idempotency-key")),
            by_bearer=caller.by_bearer,
        )
    answer = await endpoint.handler(**arguments)
    if limited is not None and endpoint.counts_answer is not None and _is_answer(answer):
        return await limited.charge(endpoint.counts_answer.count(answer)) or answer
    return answer


def _is_answer(answer: object) -> bool:
    return not isinstance(answer, (Refusal, RawAnswer))


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")
