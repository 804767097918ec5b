"""Operations over HTTP, dispatched straight from the registry: the contract's and our own.

The order of the checks is the order in which the contract's clients know them: path, caller,
tenant, scopes, input. The first that fails is the answer.
"""

from collections.abc import Mapping

import msgspec

from entrepot.contract.errors import METHOD_NOT_SUPPORTED, Refusal
from entrepot.http.access import Arguments
from entrepot.http.asgi import Reply, refusal_reply
from entrepot.http.authentication import Caller, is_guess
from entrepot.http.bad_keys import BadKeys
from entrepot.http.body import read_body
from entrepot.http.endpoint import Endpoint
from entrepot.http.entrance import Entrance
from entrepot.http.limiting import Passage, Passages
from entrepot.http.matching import Matched, OtherMethod, RouteTable
from entrepot.http.request import Request
from entrepot.operations.call import Platform
from entrepot.operations.registry import Api, Document, RawAnswer

_OK = 200
_encode = msgspec.json.Encoder().encode


class Apis:
    """Answers the requests whose path is an operation's."""

    def __init__(self, entrances: Mapping[Api, Entrance]) -> None:
        """Prepare every operation of some APIs, each with the entrance to it."""
        self._routes = RouteTable(
            Endpoint(operation, entrance)
            for api, entrance in entrances.items()
            for operation in api.operations.values()
        )
        self._passages = Passages()
        self._bad_keys = BadKeys()

    def match(self, method: str, path: str) -> Matched[Endpoint] | OtherMethod | None:
        """Find the operation of a request; None for a path that is no operation's."""
        return self._routes.match(method, path)

    async def answer(self, request: Request, platform: Platform) -> Reply:
        """Answer one request.

        Raises:
            ClientGone: the client hung up before its request was complete.
            DatabaseUnavailable: the database cannot be asked.
        """
        answer = await _decide(request, platform, self._passages)
        if isinstance(answer, Refusal):
            if is_guess(answer):
                await self._bad_keys.slow_down(request.client)
            return refusal_reply(answer)
        if isinstance(answer, RawAnswer):
            return Reply(answer.http_status, answer.body)
        if isinstance(answer, Document):
            return _document_reply(request.endpoint, answer)
        return Reply(_OK, _encode(answer))


def _document_reply(endpoint: Endpoint, document: Document) -> Reply:
    shown = f'inline; filename="{document.name}"'.encode("ascii")
    headers = ((b"content-disposition", shown), (b"x-content-type-options", b"nosniff"))
    return Reply(_OK, document.content, headers, endpoint.produces)


def other_method_reply(method: str, other: OtherMethod) -> Reply:
    """Say which methods a path has."""
    refusal = METHOD_NOT_SUPPORTED(method=method)
    allowed = ", ".join(other.allowed).encode("ascii")
    return Reply(refusal.http_status, _encode(refusal.envelope()), ((b"allow", allowed),))


async def _decide(request: Request, platform: Platform, passages: Passages) -> object:
    """Give the answer: a wire type, a stored answer or a refusal."""
    endpoint = request.endpoint
    admitted = await endpoint.entrance.admit(request, platform)
    if isinstance(admitted, Refusal):
        return admitted
    caller, arguments = admitted
    if endpoint.limit is None:
        return await _perform(request, arguments, platform, caller, None)
    # The caller is known, nothing was spent on it yet. Limits are those of businesses.
    assert isinstance(caller, Caller)
    limited = await passages.find(endpoint, request.values, caller.key, platform)
    if limited is None:
        return await _perform(request, arguments, platform, caller, None)
    request.passage = limited
    refusal = await limited.enter()
    if refusal is not None:
        return refusal
    try:
        return await _perform(request, arguments, platform, caller, limited)
    finally:
        await limited.leave()


async def _perform(
    request: Request,
    arguments: Arguments,
    platform: Platform,
    caller: object,
    limited: Passage | None,
) -> object:
    """Read the input and call the handler."""
    endpoint = request.endpoint
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
        arguments["call"] = endpoint.entrance.call(caller, request, raw_body, platform)
    answer = await endpoint.handler(**arguments)
    if limited is not None and endpoint.counts_answer is not None and _is_answer(answer):
        return await limited.charge(endpoint.counts_answer.count(answer)) or answer
    return answer


def _is_answer(answer: object) -> bool:
    return not isinstance(answer, (Refusal, RawAnswer))
