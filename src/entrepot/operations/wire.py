"""Bases of wire types and the two envelopes of the contract.

Names of fields are the contract's. Optional fields of answers default to None and are left
out when they are None: real clients refuse fields they do not know and nulls they did not
expect. Requests tolerate null where a field is optional.
"""

from typing import Annotated, Any, dataclass_transform

from msgspec import Meta, Struct, StructMeta, field


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class WireType(StructMeta):
    """Makes wire types frozen with keyword fields, without a word in each of them."""

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        **options: Any,  # noqa: ANN401 - those of msgspec.Struct
    ) -> "WireType":
        options = {"frozen": True, "kw_only": True, "gc": False, **options}
        return super().__new__(mcls, name, bases, namespace, **options)


class Request(Struct, metaclass=WireType):
    """Base of request bodies and their parts."""


class Query(Struct, metaclass=WireType):
    """Base of query parameters."""


class Answer(Struct, metaclass=WireType, omit_defaults=True):
    """Base of answers and their parts."""


class OkAnswer(Answer, tag_field="status", tag="OK"):
    """Base of wrapped answers: `{"status": "OK", "result": ...}`."""


class Paging(Answer):
    """Where the next page begins; without a token this was the last."""

    nextPageToken: str | None = None


class Pager(Answer):
    """Legacy page paging."""

    total: int
    from_: int = field(name="from")
    to: int
    currentPage: int
    pagesCount: int
    pageSize: int


def truncated(most: int) -> Meta:
    """Bound a `limit` that the contract cuts down to its maximum instead of refusing it."""
    return Meta(ge=1, extra_json_schema={"maximum": most, "x-transform": "truncateLimit"})


PositiveId = Annotated[int, Meta(ge=1, le=2**63 - 1)]
ShopSku = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=r"^(?=.*\S.*)[^\x00-\x08\x0A-\x1f\x7f]{1,255}$")
]
ItemCount = Annotated[int, Meta(ge=1, le=1000)]
ClockText = Annotated[str, Meta(pattern=r"^([0-1][0-9]|2[0-3]):[0-5][0-9]$")]

# Moments and days of answers, as texts that are already in the contract's form.
LegacyDate = Annotated[str, Meta(extra_json_schema={"format": "date-dd-MM-yyyy"})]
LegacyMoment = Annotated[str, Meta(extra_json_schema={"format": "date-dd-MM-yyyy-HH-mm-ss"})]
IsoMoment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
