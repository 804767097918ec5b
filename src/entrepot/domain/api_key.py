"""The tokens of keys: `ENTR:<40 characters>:<8 hex digits>`, and `ENOP:` for the operator's own.

In a business's token the first 11 characters of the body are its id in base 62, so that a look-up
goes to that business's rows alone; 29 random ones follow (172 bits). In an operator's all 40 are
random. The checksum rejects typing errors without asking the database; it is no secret. Only a
hash of a token is stored. The prefix keeps the two kinds apart: neither is ever looked for among
the other.
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
OPERATOR_PREFIX = "ENOP"  # as long as the other
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
    return _sign(PREFIX, _base62(business_id) + random_characters)


def make_operator_token(random_characters: str) -> str:
    """Make the token of a new operator key from `BODY_CHARS` characters of `ALPHABET`."""
    assert len(random_characters) == BODY_CHARS
    assert _VALUES.keys() >= set(random_characters)
    return _sign(OPERATOR_PREFIX, random_characters)


def parse_token(text: str) -> Token | Template:
    """Read a business's token as it was sent; a malformed one gives the refusal that says how."""
    body = _body(PREFIX, text)
    if isinstance(body, Template):
        return body
    business_id = _number(body[:BUSINESS_CHARS])
    if business_id is None:
        return KEY_FORMAT
    return Token(business_id, token_hash(text)) if _is_signed(text) else KEY_INVALID


def parse_operator_token(text: str) -> bytes | Template:
    """Read an operator's token; gives its hash, or the refusal that says what is wrong."""
    body = _body(OPERATOR_PREFIX, text)
    if isinstance(body, Template):
        return body
    return token_hash(text) if _is_signed(text) else KEY_INVALID


def token_hash(token: str) -> bytes:
    """Give what is stored of a token."""
    return hashlib.sha256(token.encode("ascii")).digest()


def _sign(prefix: str, body: str) -> str:
    signed = f"{prefix}:{body}"
    return f"{signed}:{_checksum(signed)}"


def _body(prefix: str, text: str) -> str | Template:
    """Take out what is between prefix and checksum.

    The prefix is looked at first: a scheme word before the token (`Bearer ENTR:...`) makes it
    too long as well, and the prefix is what its author has to take away.
    """
    if not text:
        return KEY_MISSING
    if not text.startswith(prefix + ":"):
        return KEY_PREFIX
    if len(text) != TOKEN_CHARS:
        return KEY_LENGTH
    body = text[len(prefix) + 1 : _CHECKSUM_AT - 1]
    if text[_CHECKSUM_AT - 1] != ":" or not _VALUES.keys() >= set(body):
        return KEY_FORMAT
    return body


def _is_signed(text: str) -> bool:
    return text[_CHECKSUM_AT:] == _checksum(text[: _CHECKSUM_AT - 1])


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
