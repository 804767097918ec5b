"""Who is asking: an API key, in the contract's header or as a bearer token.

`Api-Key` is the contract's own header and wins when both are sent. A bad one is 401, a bad
bearer token 403, each with the contract's words (reference `errors.md` section 5). What is
compared with what is stored is a hash of the token, so that how long a comparison takes says
nothing about a token.
"""

import functools
import re
from typing import NamedTuple

import msgspec

from entrepot import limits
from entrepot.contract.errors import (
    AUTHORIZATION_SYNTAX,
    CREDENTIALS_MISSING,
    KEY_INVALID,
    KEY_REVOKED,
    OAUTH_CLIENT_MISSING,
    OAUTH_CREDENTIALS_MISSING,
    OAUTH_INVALID,
    OAUTH_MISSING,
    OAUTH_SCOPE_INVALID,
    Refusal,
    Template,
)
from entrepot.contract.scopes import Scope
from entrepot.db.accounts_cache import AccountsCache
from entrepot.domain.accounts import ApiKey
from entrepot.domain.api_key import TOKEN_CHARS, Token, parse_operator_token, parse_token
from entrepot.domain.operators import OperatorKey
from entrepot.http.asgi import Headers

_BEARER = "bearer"
_OAUTH = "oauth"
_OAUTH_PARAMETER = re.compile(r'(?:^|[,\s])(oauth_token|oauth_client_id)="?([^",\s]*)"?')
_GUESSES = frozenset({KEY_INVALID(), KEY_REVOKED(), OAUTH_INVALID()})

# Reading and hashing a token costs more than everything else that authentication does, and the
# same few tokens come again and again.
_parse = functools.lru_cache(limits.PARSED_TOKENS_MAX)(parse_token)


class Caller(msgspec.Struct, frozen=True, gc=False):
    """An authenticated caller, the hash of the token that it sent, and by which header."""

    key: ApiKey
    token_hash: bytes
    by_bearer: bool


class _Sent(NamedTuple):
    """A token as it was sent, and by which header."""

    text: str
    by_bearer: bool


async def authenticate(headers: Headers, accounts: AccountsCache) -> Caller | Refusal:
    """Find the key of a request.

    Raises:
        DatabaseUnavailable: the key is not remembered and cannot be asked for.
    """
    sent = _sent(headers)
    if isinstance(sent, Refusal):
        return sent
    found = await _find(sent, accounts)
    if isinstance(found, Refusal):
        return OAUTH_INVALID() if sent.by_bearer else found
    # A bearer token has one scope, which opens every operation: so must the key behind it.
    if sent.by_bearer and Scope.ALL_METHODS not in found.key.scopes:
        return OAUTH_SCOPE_INVALID()
    return found


async def authenticate_operator(headers: Headers, accounts: AccountsCache) -> OperatorKey | Refusal:
    """Find the operator's key of a request; the headers and refusals are the same.

    Raises:
        DatabaseUnavailable: the key is not remembered and cannot be asked for.
    """
    sent = _sent(headers)
    if isinstance(sent, Refusal):
        return sent
    found = await _find_operator(sent.text, accounts)
    return OAUTH_INVALID() if isinstance(found, Refusal) and sent.by_bearer else found


def _sent(headers: Headers) -> _Sent | Refusal:
    sent = headers.get(b"api-key")
    if sent is not None:
        return _Sent(sent.decode("latin-1").strip(), by_bearer=False)
    authorization = headers.get(b"authorization")
    if authorization is None:
        return CREDENTIALS_MISSING()
    scheme, _, rest = authorization.decode("latin-1").strip().partition(" ")
    named = rest.strip()
    if scheme.lower() == _OAUTH:
        token = _oauth_token(named)
        if isinstance(token, Refusal):
            return token
        named = token
    elif scheme.lower() != _BEARER:
        return AUTHORIZATION_SYNTAX()
    if not named:
        return OAUTH_MISSING()
    return _Sent(named, by_bearer=True)


def is_guess(refusal: Refusal) -> bool:
    """Tell whether a refusal is what somebody who tries keys would get."""
    return refusal in _GUESSES


def _oauth_token(parameters: str) -> str | Refusal:
    """Read the older form, `OAuth oauth_token="...", oauth_client_id="..."`."""
    if not parameters:
        return OAUTH_CREDENTIALS_MISSING()
    given: dict[str, str] = dict(_OAUTH_PARAMETER.findall(parameters))
    if not given:
        return AUTHORIZATION_SYNTAX()
    if not given.get("oauth_token"):
        return OAUTH_MISSING()
    if not given.get("oauth_client_id"):
        return OAUTH_CLIENT_MISSING()
    return given["oauth_token"]


async def _find(sent: _Sent, accounts: AccountsCache) -> Caller | Refusal:
    # Only what has a token's length is remembered: a header may be far longer.
    known = len(sent.text) == TOKEN_CHARS
    token = _parse(sent.text) if known else parse_token(sent.text)
    if not isinstance(token, Token):
        return token()
    key = await accounts.key(token.hash, token.business_id)
    if key is None:
        return KEY_INVALID()
    if key.revoked:
        return KEY_REVOKED()
    return Caller(key, token.hash, by_bearer=sent.by_bearer)


async def _find_operator(text: str, accounts: AccountsCache) -> OperatorKey | Refusal:
    token_hash = parse_operator_token(text)
    if isinstance(token_hash, Template):
        return token_hash()
    key = await accounts.operator_key(token_hash)
    if key is None:
        return KEY_INVALID()
    return KEY_REVOKED() if key.revoked else key
