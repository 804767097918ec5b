"""Page tokens: where the next page begins, bound to the question they continue.

A token is opaque to clients: base64url of a mark and a cursor. The mark covers the cursor and
everything the page depends on (operation, tenant, filters), so that a token cannot be continued
under another question: that would skip or repeat rows without anyone noticing. It is no secret
and guards nothing: whoever makes up a token only chooses where in their own rows to begin.
"""

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec

from entrepot.contract.errors import BAD_PAGE_TOKEN, Refusal

CursorType = TypeVar("CursorType", bound=msgspec.Struct)

TOKEN_CHARS_MAX = 4096  # a cursor with a full offer id of 255 characters stays below half of it
_MARK_BYTES = 12


def page_token(cursor: msgspec.Struct, *bound_to: object) -> str:
    """Make the token of the page that begins after a cursor.

    Args:
        cursor: where the page before ended.
        bound_to: what the pages depend on; anything msgspec can write as JSON.
    """
    encoded = msgspec.json.encode(cursor)
    return urlsafe_b64encode(_mark(encoded, bound_to) + encoded).rstrip(b"=").decode("ascii")


def read_page_token(
    token: str, cursor_type: type[CursorType], *bound_to: object
) -> CursorType | Refusal:
    """Read a token made by `page_token` for the same question.

    Cursor types bound their values: what is made up must not reach the database unbounded.
    """
    if len(token) > TOKEN_CHARS_MAX:
        return BAD_PAGE_TOKEN()
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        mark, encoded = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        cursor = msgspec.json.decode(encoded, type=cursor_type)
    except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        return BAD_PAGE_TOKEN()
    return cursor if mark == _mark(encoded, bound_to) else BAD_PAGE_TOKEN()


def _mark(encoded: bytes, bound_to: tuple[object, ...]) -> bytes:
    question = msgspec.json.encode(bound_to, order="deterministic")
    # The length keeps the two parts apart: no cursor can be read as the end of a question.
    length = len(question).to_bytes(4, "big")
    return hashlib.sha256(length + question + encoded).digest()[:_MARK_BYTES]
