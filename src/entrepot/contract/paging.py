"""Page tokens: where the next page begins, bound to the question they continue.

A token is opaque to clients: base64url of a mark and a cursor. The mark covers the cursor and
everything the page depends on (operation, tenant, filters), so that a token cannot be continued
under another question: that would skip or repeat rows without anyone noticing. It is made with
a key that only this service knows, so nobody but it makes a token.
"""

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec

from entrepot.contract.errors import BAD_PAGE_TOKEN, Refusal

CursorType = TypeVar("CursorType", bound=msgspec.Struct)

TOKEN_CHARS_MAX = 4096  # a cursor with a full offer id of 255 characters stays below half of it
_MARK_BYTES = 12


class PageTokens:
    """Makes and reads tokens; every process of a service has the same key."""

    def __init__(self, key: bytes) -> None:
        """Mark tokens with a key of at least 32 bytes."""
        assert len(key) >= hashlib.sha256().digest_size
        self._key = key

    def make(self, cursor: msgspec.Struct, *bound_to: object) -> str:
        """Make the token of the page that begins after a cursor.

        Args:
            cursor: where the page before ended.
            bound_to: what the pages depend on; anything msgspec can write as JSON.
        """
        encoded = msgspec.json.encode(cursor)
        marked = self._mark(encoded, bound_to) + encoded
        return urlsafe_b64encode(marked).rstrip(b"=").decode("ascii")

    def read(
        self, token: str, cursor_type: type[CursorType], *bound_to: object
    ) -> CursorType | Refusal:
        """Read a token made for the same question."""
        if len(token) > TOKEN_CHARS_MAX:
            return BAD_PAGE_TOKEN()
        try:
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
            mark, encoded = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
            if not hmac.compare_digest(mark, self._mark(encoded, bound_to)):
                return BAD_PAGE_TOKEN()
            # A token of an earlier version of the program may hold another cursor.
            return msgspec.json.decode(encoded, type=cursor_type)
        except (UnicodeEncodeError, binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
            return BAD_PAGE_TOKEN()

    def _mark(self, encoded: bytes, bound_to: tuple[object, ...]) -> bytes:
        question = msgspec.json.encode(bound_to, order="deterministic")
        # The length keeps the two parts apart: no cursor can be read as the end of a question.
        length = len(question).to_bytes(4, "big")
        return hmac.digest(self._key, length + question + encoded, "sha256")[:_MARK_BYTES]
