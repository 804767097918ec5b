"""getOperations: how far asynchronous changes are."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.enums import OperationKind, OperationStatus
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.db.connection import Connection
from entrepot.db.operations_read import OperationState, read_operations
from entrepot.domain.accounts import Business
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, OkAnswer, Request

_IDS_MAX = 100

OperationId = Annotated[str, Meta(min_length=1, max_length=1000)]


class GetOperationsRequest(Request):
    """Which operations; all of one kind."""

    operationType: OperationKind
    operationIds: Annotated[
        tuple[OperationId, ...],
        # An id that stands twice counts once.
        Meta(min_length=1, max_length=_IDS_MAX, extra_json_schema={"uniqueItems": True}),
    ]


class OperationResultDTO(Answer):
    """How far an operation is."""

    id: str
    type: OperationKind
    status: OperationStatus


class GetOperationsResultDTO(Answer):
    """The operations, in the order asked."""

    operations: tuple[OperationResultDTO, ...]


class GetOperationsResponse(OkAnswer):
    """The operations that there are."""

    result: GetOperationsResultDTO | None = None


@operation(
    "getOperations",
    Method.POST,
    "/v1/businesses/{businessId}/operations",
    scopes=ANY_SCOPE,
    limit=per_hour(1_000),
)
async def get_operations(
    call: Call, business: Business, body: GetOperationsRequest
) -> GetOperationsResponse:
    """Show how far operations are: IN_PROGRESS, DONE or FAILED.

    Ids that are unknown, or of an operation of another type, are left out of the answer.
    """

    async def read(connection: Connection) -> tuple[OperationState, ...]:
        return await read_operations(connection, business.id, body.operationType, body.operationIds)

    found = await call.platform.database.read(read)
    shown = tuple(OperationResultDTO(id=one.id, type=one.kind, status=one.status) for one in found)
    return GetOperationsResponse(result=GetOperationsResultDTO(operations=shown))
