"""The registry of operations: each is declared once, everything else is derived from it.

An operation is an async function decorated with its identity in the contract:

    @operation("getCampaign", GET, "/v2/campaigns/{campaignId}",
               scopes=ANY_SCOPE, limit=per_hour(5000))
    async def get_campaign(call: Call, campaign: Campaign) -> GetCampaignResponse | Refusal: ...

Its parameters say what it needs, by name: `call`; `campaign` or `business` (the one in the
path, access already checked); any other path parameter in snake case as an int or str;
`query` (a Struct of query parameters); `body` (a Struct; `| None` when the body is optional).
It returns its answer, or a `Refusal`. The docstring is its documentation.

Our own APIs are declared alike, with the API they belong to:

    @operation("advanceClock", POST, "/sandbox/v1/clock/advance", api=SANDBOX, scopes=WRITE_ORDERS)

They have no request limits unless they declare some. What such an operation answers may also be a
file (a label, a list): it returns a `Document` and declares the media type that it `produces`.
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
from entrepot.domain.operators import Role

Handler = Callable[..., Awaitable[Any]]

JSON = "application/json"


class Method(StrEnum):
    """HTTP methods; the contract uses the first three."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"


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
    """An operation with all that is derived from its declaration.

    A key needs one of its `scopes`, or of its `roles` where keys have roles. `section` is where
    its documentation stands. `takes_retry_key` tells whether it honours our `Idempotency-Key`
    header. `answer_s_max` is how long a caller waits at most, where that is longer
    than usual.
    """

    id: str
    method: Method
    path: str
    scopes: frozenset[Scope]
    roles: frozenset[Role]
    limit: RequestLimit | None
    handler: Handler
    area: str
    section: str
    answer: type[msgspec.Struct]
    body: BodyType | None
    query: type[msgspec.Struct] | None
    path_parameters: dict[str, type]
    deprecation: Deprecation | None
    body_max_bytes: int | None
    takes_retry_key: bool
    produces: str
    answer_s_max: float | None


class Api(msgspec.Struct, frozen=True, eq=False):
    """Operations that are reached, guarded and documented together.

    `path` begins the paths of all of them; the contract's have none in common. `introduction` is
    the beginning of its documentation.
    """

    name: str
    title: str
    path: str
    introduction: str
    operations: dict[str, Operation] = {}


_BODIES = """\
Bodies are JSON of at most 512 KB. Every refusal has one shape: `status`, and `errors` with a
`code` and a `message`. Every answer has an `X-Request-Id`."""

CONTRACT = Api(
    "contract",
    "Entrepot",
    "",
    "An open, self-hosted Logistics-as-a-Service platform.\n\n"
    "Requests carry an API key in the `Api-Key` header (or as `Authorization: Bearer`). " + _BODIES,
)
SANDBOX = Api(
    "sandbox",
    "Entrepot sandbox",
    "/sandbox/v1",
    "Makes things happen that otherwise take days and people: time passes, parcels arrive, are "
    "refused or get lost. It is there only where the service runs with `--sandbox`.\n\n"
    "Requests carry the business's own API key, and reach nothing of other businesses but the "
    "clock, which is one for all. " + _BODIES,
)
OPERATOR = Api(
    "operator",
    "Entrepot for the operator",
    "/operator/v1",
    "What the operator's own people and systems do: they pick, pack and hand over, tell what "
    "became of parcels, and look after the service.\n\n"
    "Requests carry an operator's key. " + _BODIES,
)
APIS = (CONTRACT, SANDBOX, OPERATOR)

OPERATIONS = CONTRACT.operations
"""The contract's operations by their ids."""

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
    api: Api = CONTRACT,
    scopes: tuple[Scope, ...] = (),
    roles: tuple[Role, ...] = (),
    limit: RequestLimit | None = None,
    section: str | None = None,
    deprecation: Deprecation | None = None,
    body_max_bytes: int | None = None,
    takes_retry_key: bool = False,
    produces: str = JSON,
    answer_s_max: float | None = None,
) -> Callable[[Handler], Handler]:
    """Declare an operation; see the module's docstring.

    Raises:
        ValueError: it contradicts itself, its API or another operation.
    """
    _check_declaration(api, operation_id, path, frozenset({*scopes, *roles}), limit)

    def declare(handler: Handler) -> Handler:
        hints = typing.get_type_hints(handler)
        area = handler.__module__.split(".")[-2]
        api.operations[operation_id] = Operation(
            id=operation_id,
            method=method,
            path=path,
            scopes=frozenset(scopes),
            roles=frozenset(roles),
            limit=limit,
            handler=handler,
            area=area,
            section=section or area,
            answer=_answer_type(operation_id, hints["return"]),
            body=_body_type(hints.get("body")),
            query=hints.get("query"),
            path_parameters={
                name: hints.get(snake(name), int) for name in _PATH_PARAMETER.findall(path)
            },
            deprecation=deprecation,
            body_max_bytes=body_max_bytes,
            takes_retry_key=takes_retry_key,
            produces=produces,
            answer_s_max=answer_s_max,
        )
        return handler

    return declare


def _check_declaration(
    api: Api, operation_id: str, path: str, allowed: frozenset[str], limit: RequestLimit | None
) -> None:
    message = None
    if find_operation(operation_id) is not None:
        message = "is declared twice"
    elif not allowed:
        message = "says nobody who may call it"
    elif not path.startswith(f"{api.path}/"):
        message = f"does not begin with {api.path}"
    elif api is CONTRACT and limit is None:
        message = "has no request limit"
    if message is not None:
        raise ValueError(f"operation {operation_id} {message}")


def find_operation(operation_id: str) -> Operation | None:
    """Find an operation of any API by its id."""
    return next(
        (api.operations[operation_id] for api in APIS if operation_id in api.operations), None
    )


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


class Document(msgspec.Struct, frozen=True):
    """An answer that is a file, of the media type that the operation declares.

    `name` is the one it is saved under: ASCII, without quotes.
    """

    name: str
    content: bytes
