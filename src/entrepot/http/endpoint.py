"""An operation made ready to be called: everything that does not change between requests."""

import inspect
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

import msgspec

from entrepot import limits
from entrepot.contract.errors import SCOPE_MISSING, Refusal
from entrepot.contract.request_limits import counter_in
from entrepot.contract.scopes import Scope
from entrepot.http.asgi import Header
from entrepot.http.body import BodyDecoder
from entrepot.http.query import QueryReader
from entrepot.operations.registry import Deprecation, Handler, Operation, snake

if TYPE_CHECKING:
    from entrepot.http.entrance import Entrance

# Operations that tell about a campaign, or move a sandbox on: whatever a campaign's type and
# availability are, they answer.
_WHATEVER_THE_CAMPAIGN = {"account", "sandbox"}
_ENTITIES = ("campaignId", "businessId")
# Its answer waits for a queue, which may be full.
_PLACING = "createOrder"


class PathParameter(msgspec.Struct, frozen=True):
    """A parameter in the path: its name in the contract and in Python, and its type."""

    name: str
    argument: str
    type: type


class Endpoint:
    """One operation, prepared. `takes` are the names of its handler's parameters."""

    __slots__ = (
        "answer_s_max",
        "body",
        "body_bytes_max",
        "counts_answer",
        "counts_body",
        "entity_at",
        "entrance",
        "handler",
        "headers",
        "limit",
        "method",
        "operation_id",
        "path",
        "path_parameters",
        "places",
        "produces",
        "query",
        "roles",
        "scope_refusal",
        "scopes",
        "takes",
        "tells_of_campaigns",
    )

    def __init__(self, operation: Operation, entrance: "Entrance") -> None:
        """Prepare an operation, whose callers come in by an entrance."""
        self.entrance = entrance
        self.answer_s_max = operation.answer_s_max
        self.operation_id = operation.id
        self.method: str = operation.method
        self.path = operation.path
        self.handler: Handler = operation.handler
        self.takes = frozenset(inspect.signature(operation.handler).parameters)
        self.path_parameters = tuple(
            PathParameter(name, snake(name), kind)
            for name, kind in operation.path_parameters.items()
        )
        limit = self.limit = operation.limit
        self.counts_body = self.counts_answer = None
        if limit is not None:
            self.counts_body = counter_in("req", limit.foretold or limit.counted)
        if limit is not None and limit.foretold is None:
            self.counts_answer = counter_in("resp", limit.counted)
        self.entity_at = _entity_at(operation)
        self.headers: tuple[Header, ...] = _deprecation_headers(operation.deprecation)
        self.produces = operation.produces.encode("ascii")
        self.roles = operation.roles
        self.scopes = operation.scopes
        self.scope_refusal: Refusal = SCOPE_MISSING(
            scopes=", ".join(scope for scope in Scope if scope in operation.scopes)
        )
        self.tells_of_campaigns = operation.area in _WHATEVER_THE_CAMPAIGN
        self.places = operation.id == _PLACING
        self.body_bytes_max = operation.body_max_bytes or limits.BODY_BYTES_MAX
        self.query = None if operation.query is None else QueryReader(operation.query)
        self.body: BodyDecoder | None = None
        if operation.body is not None:
            self.body = BodyDecoder(operation.body.type, required=operation.body.required)


def _entity_at(operation: Operation) -> tuple[str, int] | None:
    """Find the campaign or business among the values of a path."""
    names = list(operation.path_parameters)
    return next(((name, names.index(name)) for name in _ENTITIES if name in names), None)


def _deprecation_headers(deprecation: Deprecation | None) -> tuple[Header, ...]:
    """Tell of a withdrawal as RFC 9745 and RFC 8594 do."""
    if deprecation is None:
        return ()
    begins = datetime.fromisoformat(deprecation.degradation_start).replace(tzinfo=UTC)
    ends = datetime.fromisoformat(deprecation.shutdown).replace(tzinfo=UTC)
    return (
        (b"deprecation", b"@%d" % int(begins.timestamp())),
        (b"sunset", format_datetime(ends, usegmt=True).encode("ascii")),
    )
