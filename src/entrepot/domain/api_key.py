"""The token of an API key: `ENTR:<40 characters>:<8 hex digits>`.

The first 11 characters of the body are the business's id in base 62, so that a look-up goes to
that business's rows alone; 29 random ones follow (172 bits). The checksum rejects typing errors
without asking the database; it is no secret. Only a hash of the token is stored.
"""

import hashlib
import zlib

import msgspec

from entrepot.contract.errors import (
    KEY_FORMAT,
    KEY_INVALID,
    KEY_LENGTH,
    KEY_MISSING,
    KEY_PREFIX,
    Template,
)

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PREFIX = "ENTR"
BUSINESS_CHARS = 11  # 62 ** 11 exceeds the largest bigint
RANDOM_CHARS = 29
BODY_CHARS = BUSINESS_CHARS + RANDOM_CHARS
CHECKSUM_CHARS = 8
TOKEN_CHARS = len(PREFIX) + 1 + BODY_CHARS + 1 + CHECKSUM_CHARS

_BUSINESS_ID_MAX = 2**63 - 1
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_CHECKSUM_AT = TOKEN_CHARS - CHECKSUM_CHARS


class Token(msgspec.Struct, frozen=True, gc=False):
    """A token that is well formed: whose it says it is, and what is stored of it."""

    business_id: int
    hash: bytes


def make_token(business_id: int, random_characters: str) -> str:
    """Make the token of a new key.

    Args:
        business_id: whose key it is.
        random_characters: `RANDOM_CHARS` characters of `ALPHABET`, from a secure source.
    """
    assert 0 < business_id <= _BUSINESS_ID_MAX
    assert len(random_characters) == RANDOM_CHARS
    assert _VALUES.keys() >= set(random_characters)
    signed = f"{PREFIX}:{_base62(business_id)}{random_characters}"
    return f"{signed}:{_checksum(signed)}"


def parse_token(text: str) -> Token | Template:
    """Read a token as it was sent; a malformed one gives the refusal that says how.

    The prefix is looked at first: a scheme word before the token (`Bearer ENTR:...`) makes it
    too long as well, and the prefix is what its author has to take away.
    """
    if not text:
        return KEY_MISSING
    if not text.startswith(PREFIX + ":"):
        return KEY_PREFIX
    if len(text) != TOKEN_CHARS:
        return KEY_LENGTH
    body = text[len(PREFIX) + 1 : _CHECKSUM_AT - 1]
    business_id = _number(body[:BUSINESS_CHARS])
    if text[_CHECKSUM_AT - 1] != ":" or not _VALUES.keys() >= set(body) or business_id is None:
        return KEY_FORMAT
    if text[_CHECKSUM_AT:] != _checksum(text[: _CHECKSUM_AT - 1]):
        return KEY_INVALID
    return Token(business_id, token_hash(text))


def token_hash(token: str) -> bytes:
    """Give what is stored of a token."""
    return hashlib.sha256(token.encode("ascii")).digest()


def _base62(number: int) -> str:
    digits = []
    for _ in range(BUSINESS_CHARS):
        number, digit = divmod(number, len(ALPHABET))
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits))


def _number(digits: str) -> int | None:
    number = 0
    for digit in digits:
        value = _VALUES.get(digit)
        if value is None:
            return None
        number = number * len(ALPHABET) + value
    return number if 0 < number <= _BUSINESS_ID_MAX else None


def _checksum(signed: str) -> str:
    return f"{zlib.crc32(signed.encode('ascii')):08x}"
