"""The registry of operations: each is declared once, everything else is derived from it.

An operation is an async function decorated with its identity in the contract:

    @operation("getCampaign", GET, "/v2/campaigns/{campaignId}",
               scopes=ANY_SCOPE, limit=per_hour(5000))
    async def get_campaign(call: Call, campaign: Campaign) -> GetCampaignResponse | Refusal: ...

Its parameters say what it needs, by name: `call`; `campaign` or `business` (the one in the
path, access already checked); any other path parameter in snake case as an int or str;
`query` (a Struct of query parameters); `body` (a Struct; `| None` when the body is optional).
It returns its answer, or a `Refusal`. The docstring is its documentation.
"""

import importlib
import inspect
import pkgutil
import re
import types
import typing
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from entrepot import operations
from entrepot.contract.errors import Refusal
from entrepot.contract.request_limits import RequestLimit
from entrepot.contract.scopes import Scope

Handler = Callable[..., Awaitable[Any]]


class Method(StrEnum):
    """HTTP methods the contract uses."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"


class Deprecation(msgspec.Struct, frozen=True):
    """When the contract withdraws an operation, and what replaces it."""

    degradation_start: str
    shutdown: str
    replacement: str


class BodyType(NamedTuple):
    """The declared type of a request body, and whether it must be there."""

    type: type[msgspec.Struct]
    required: bool


class Operation(msgspec.Struct, frozen=True):
    """An operation of the contract with all that is derived from its declaration.

    `takes_retry_key` tells whether it honours our `Idempotency-Key` header.
    """

    id: str
    method: Method
    path: str
    scopes: frozenset[Scope]
    limit: RequestLimit
    handler: Handler
    area: str
    answer: type[msgspec.Struct]
    body: BodyType | None
    query: type[msgspec.Struct] | None
    path_parameters: dict[str, type]
    deprecation: Deprecation | None
    body_max_bytes: int | None
    takes_retry_key: bool


OPERATIONS: dict[str, Operation] = {}

_PATH_PARAMETER = re.compile(r"{(\w+)}")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(name: str) -> str:
    """Give the Python name of a path parameter: `regionId` is `region_id`."""
    return _CAMEL.sub("_", name).lower()


def operation(
    operation_id: str,
    method: Method,
    path: str,
    *,
    scopes: tuple[Scope, ...],
    limit: RequestLimit,
    deprecation: Deprecation | None = None,
    body_max_bytes: int | None = None,
    takes_retry_key: bool = False,
) -> Callable[[Handler], Handler]:
    """Declare an operation of the contract; see the module's docstring."""

    def declare(handler: Handler) -> Handler:
        if operation_id in OPERATIONS:
            message = f"operation {operation_id} is declared twice"
            raise ValueError(message)
        hints = typing.get_type_hints(handler)
        OPERATIONS[operation_id] = Operation(
            id=operation_id,
            method=method,
            path=path,
            scopes=frozenset(scopes),
            limit=limit,
            handler=handler,
            area=handler.__module__.split(".")[-2],
            answer=_answer_type(operation_id, hints["return"]),
            body=_body_type(hints.get("body")),
            query=hints.get("query"),
            path_parameters={
                name: hints.get(snake(name), int) for name in _PATH_PARAMETER.findall(path)
            },
            deprecation=deprecation,
            body_max_bytes=body_max_bytes,
            takes_retry_key=takes_retry_key,
        )
        return handler

    return declare


def load_operations() -> None:
    """Import every module of `entrepot.operations`, so that each declares what it has."""
    for found in pkgutil.walk_packages(operations.__path__, f"{operations.__name__}."):
        importlib.import_module(found.name)


def summary(declared: Operation) -> str:
    """Give the first line of an operation's docstring."""
    return (inspect.getdoc(declared.handler) or declared.id).splitlines()[0]


def _alternatives(hint: object) -> list[Any]:
    union = isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
    return list(typing.get_args(hint)) if union else [hint]


def _answer_type(operation_id: str, hint: object) -> type[msgspec.Struct]:
    answers = [one for one in _alternatives(hint) if one is not Refusal and one is not RawAnswer]
    if len(answers) != 1:
        message = f"operation {operation_id} must return one type of answer"
        raise TypeError(message)
    return typing.cast("type[msgspec.Struct]", answers[0])


def _body_type(hint: object) -> BodyType | None:
    if hint is None:
        return None
    parts = _alternatives(hint)
    declared = next(one for one in parts if one is not types.NoneType)
    return BodyType(declared, required=types.NoneType not in parts)


class RawAnswer(msgspec.Struct, frozen=True):
    """An answer that is already encoded: the stored first answer of a repeated request."""

    http_status: int
    body: bytes
