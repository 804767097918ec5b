"""getPersonalReads: who saw whose name, phone and address."""

from typing import Annotated

from msgspec import Meta

from entrepot.contract.dates import iso_moment
from entrepot.contract.errors import Refusal
from entrepot.db.connection import Connection
from entrepot.db.personal_reads import PersonalRead, ReadPosition, What, list_reads
from entrepot.domain.operators import Role
from entrepot.operations.operator.calls import OperatorCall
from entrepot.operations.registry import OPERATOR, Method, operation
from entrepot.operations.wire import Answer, IsoMoment, Paging, PositiveId, Query

_ROWS_PER_PAGE_MAX = 200


class GetPersonalReadsQuery(Query):
    """Paging and filters."""

    pageToken: str | None = None
    limit: Annotated[int, Meta(ge=1, le=_ROWS_PER_PAGE_MAX)] = 50
    businessId: PositiveId | None = None
    orderId: PositiveId | None = None
    keyId: PositiveId | None = None


class PersonalReadView(Answer):
    """One read: who was shown which order's recipient, where, when, and what for."""

    businessId: int
    orderId: int
    keyId: int
    reader: str
    role: Role
    what: What
    readAt: IsoMoment
    purpose: str | None = None


class GetPersonalReadsResponse(Answer):
    """A page of the record, the newest first."""

    reads: tuple[PersonalReadView, ...]
    paging: Paging


@operation(
    "getPersonalReads",
    Method.GET,
    "/operator/v1/personal-reads",
    api=OPERATOR,
    roles=(Role.ADMIN,),
    section="orders",
)
async def get_personal_reads(
    call: OperatorCall, query: GetPersonalReadsQuery
) -> GetPersonalReadsResponse | Refusal:
    """List who read personal data: every order, search result and label that was shown."""
    question = ("getPersonalReads", query.businessId, query.orderId, query.keyId)
    tokens = call.platform.page_tokens
    after: ReadPosition | None = None
    if query.pageToken is not None:
        read = tokens.read(query.pageToken, ReadPosition, *question)
        if isinstance(read, Refusal):
            return read
        after = read

    async def work(connection: Connection) -> list[PersonalRead]:
        return await list_reads(
            connection,
            after,
            query.limit + 1,
            business_id=query.businessId,
            order_id=query.orderId,
            key_id=query.keyId,
        )

    found = await call.platform.database.read(work)
    shown = found[: query.limit]
    token = None
    if len(found) > query.limit:
        token = tokens.make(ReadPosition(shown[-1].read_at, shown[-1].id), *question)
    return GetPersonalReadsResponse(
        reads=tuple(map(_show, shown)), paging=Paging(nextPageToken=token)
    )


def _show(read: PersonalRead) -> PersonalReadView:
    return PersonalReadView(
        businessId=read.business_id,
        orderId=read.order_id,
        keyId=read.key_id,
        reader=read.reader,
        role=read.role,
        what=read.what,
        purpose=read.purpose,
        readAt=iso_moment(read.read_at),
    )
