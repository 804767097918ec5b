"""What the answer to a notification means (reference notifications.md)."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

from entrepot.contract.notifications import Acceptance, Rejection

DETAIL_CHARS_MAX = 300
"""Of what a log keeps of an answer."""

_OK = 200
_BAD_REQUEST = 400
_JSON = "application/json"


class Verdict(StrEnum):
    """What becomes of a notification after an attempt."""

    ACCEPTED = "ACCEPTED"
    REJECTED = "REJECTED"
    """The receiver says that it is wrong: not tried again."""
    FAILED = "FAILED"
    """To be tried again."""


class Reason(StrEnum):
    """Why an attempt failed: the contract's words, and one of ours."""

    CONNECTION_REFUSED = "CANT_GET_RESPONSE/CONNECTION_REFUSED"
    CONNECTION_TIMED_OUT = "CANT_GET_RESPONSE/CONNECTION_TIMED_OUT"
    HTTP = "CANT_GET_RESPONSE/HTTP"
    READ_TIMED_OUT = "CANT_GET_RESPONSE/READ_TIMED_OUT"
    SSL_ERROR = "CANT_GET_RESPONSE/SSL_ERROR"
    UNSUPPORTED_MEDIA_TYPE = "CANT_GET_RESPONSE/UNSUPPORTED_MEDIA_TYPE"
    CANT_PARSE_RESPONSE = "INVALID_RESPONSE/CANT_PARSE_RESPONSE"
    INVALID_DATA = "INVALID_RESPONSE/INVALID_DATA"
    ADDRESS_FORBIDDEN = "CANT_GET_RESPONSE/ADDRESS_FORBIDDEN"
    """Entrepot does not call such an address: not HTTPS, or inside a network."""


class Judged(NamedTuple):
    """What an attempt came to; `detail` is for people, in the receiver's words where it has any."""

    verdict: Verdict
    http_status: int | None = None
    reason: Reason | None = None
    detail: str | None = None


# Bytes that are no UTF-8, and nesting beyond reason, are no JSON either.
_NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_acceptance = msgspec.json.Decoder(Acceptance)
_rejection = msgspec.json.Decoder(Rejection)


def judge_answer(status: int, content_type: str, body: bytes) -> Judged:
    """Judge a complete answer."""
    if status == _BAD_REQUEST:
        return Judged(Verdict.REJECTED, status, Reason.HTTP, _message(body))
    if status != _OK:
        return Judged(Verdict.FAILED, status, Reason.HTTP, _message(body))
    if content_type.partition(";")[0].strip().lower() != _JSON:
        detail = f"Content-Type is {content_type or 'missing'}, not {_JSON}"
        return Judged(Verdict.FAILED, status, Reason.UNSUPPORTED_MEDIA_TYPE, shortened(detail))
    try:
        _acceptance.decode(body)
    except msgspec.ValidationError as error:
        return Judged(Verdict.FAILED, status, Reason.INVALID_DATA, shortened(str(error)))
    except _NO_JSON as error:
        return Judged(Verdict.FAILED, status, Reason.CANT_PARSE_RESPONSE, shortened(str(error)))
    return Judged(Verdict.ACCEPTED, status)


def failed(reason: Reason, detail: str) -> Judged:
    """Judge an attempt that came to no complete answer."""
    return Judged(Verdict.FAILED, None, reason, shortened(detail))


def shortened(text: str) -> str:
    """Cut a text to what is kept; what PostgreSQL cannot hold is left out or shown as `?`.

    Headers of an answer that are no UTF-8 come as halves of characters, which are no text.
    """
    kept = text.replace("\0", "")[:DETAIL_CHARS_MAX]
    return kept.encode("utf-8", "replace").decode()


def _message(body: bytes) -> str | None:
    """Give what a receiver says is wrong, or the beginning of whatever it says."""
    try:
        error = _rejection.decode(body).error
    except _NO_JSON:
        error = None
    if error is None:
        return shortened(body[: DETAIL_CHARS_MAX * 4].decode("utf-8", "replace")) or None
    return shortened(": ".join(filter(None, (error.type, error.message)))) or None
