"""An operation made ready to be called: everything that does not change between requests."""

import inspect

import msgspec

from entrepot import limits
from entrepot.contract.errors import SCOPE_MISSING, Refusal
from entrepot.contract.scopes import Scope
from entrepot.http.body import BodyDecoder
from entrepot.http.query import QueryReader
from entrepot.operations.registry import Handler, Operation, snake

# Operations of this area tell about a campaign; they answer whatever its type and availability.
_ACCOUNT = "account"


class PathParameter(msgspec.Struct, frozen=True):
    """A parameter in the path: its name in the contract and in Python, and its type."""

    name: str
    argument: str
    type: type


class Endpoint:
    """One operation, prepared. `takes` are the names of its handler's parameters."""

    __slots__ = (
        "body",
        "body_bytes_max",
        "handler",
        "method",
        "operation_id",
        "path",
        "path_parameters",
        "query",
        "scope_refusal",
        "scopes",
        "takes",
        "tells_of_campaigns",
    )

    def __init__(self, operation: Operation) -> None:
        """Prepare an operation."""
        self.operation_id = operation.id
        self.method: str = operation.method
        self.path = operation.path
        self.handler: Handler = operation.handler
        self.takes = frozenset(inspect.signature(operation.handler).parameters)
        self.path_parameters = tuple(
            PathParameter(name, snake(name), kind)
            for name, kind in operation.path_parameters.items()
        )
        self.scopes = operation.scopes
        self.scope_refusal: Refusal = SCOPE_MISSING(
            scopes=", ".join(scope for scope in Scope if scope in operation.scopes)
        )
        self.tells_of_campaigns = operation.area == _ACCOUNT
        self.body_bytes_max = operation.body_max_bytes or limits.BODY_BYTES_MAX
        self.query = None if operation.query is None else QueryReader(operation.query)
        self.body: BodyDecoder | None = None
        if operation.body is not None:
            self.body = BodyDecoder(operation.body.type, required=operation.body.required)
