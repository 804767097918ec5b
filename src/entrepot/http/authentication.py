"""Who is asking: an API key, in the contract's header or as a bearer token.

`Api-Key` is the contract's own header and wins when both are sent. A bad one is 401, a bad
bearer token 403, each with the contract's words (reference `errors.md` section 5).
"""

import functools

import msgspec

from entrepot import limits
from entrepot.contract.errors import (
    AUTHORIZATION_SYNTAX,
    CREDENTIALS_MISSING,
    KEY_INVALID,
    KEY_REVOKED,
    OAUTH_INVALID,
    OAUTH_MISSING,
    Refusal,
)
from entrepot.db.accounts_cache import AccountsCache
from entrepot.domain.accounts import ApiKey
from entrepot.domain.api_key import TOKEN_CHARS, Token, parse_token
from entrepot.http.asgi import Headers

_BEARER = "bearer"

# Reading and hashing a token costs more than everything else that authentication does, and the
# same few tokens come again and again.
_parse = functools.lru_cache(limits.PARSED_TOKENS_MAX)(parse_token)


class Caller(msgspec.Struct, frozen=True, gc=False):
    """An authenticated caller, and by which header."""

    key: ApiKey
    by_bearer: bool


async def authenticate(headers: Headers, accounts: AccountsCache) -> Caller | Refusal:
    """Find the key of a request.

    Raises:
        DatabaseUnavailable: the key is not remembered and cannot be asked for.
    """
    sent = headers.get(b"api-key")
    if sent is not None:
        found = await _find(sent.decode("latin-1").strip(), accounts)
        return found if isinstance(found, Refusal) else Caller(found, by_bearer=False)
    authorization = headers.get(b"authorization")
    if authorization is None:
        return CREDENTIALS_MISSING()
    scheme, _, token = authorization.decode("latin-1").strip().partition(" ")
    if scheme.lower() != _BEARER:
        return AUTHORIZATION_SYNTAX()
    if not token.strip():
        return OAUTH_MISSING()
    found = await _find(token.strip(), accounts)
    return OAUTH_INVALID() if isinstance(found, Refusal) else Caller(found, by_bearer=True)


async def _find(text: str, accounts: AccountsCache) -> ApiKey | Refusal:
    # Only what has a token's length is remembered: a header may be far longer.
    token = _parse(text) if len(text) == TOKEN_CHARS else parse_token(text)
    if not isinstance(token, Token):
        return token()
    key = await accounts.key(token.hash, token.business_id)
    if key is None:
        return KEY_INVALID()
    return KEY_REVOKED() if key.revoked else key
