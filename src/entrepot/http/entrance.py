"""The entrance to an API: who is calling, and may it?

It finds the caller, checks what the path names and what the caller may do, and gives the
arguments that the path stands for. What comes after it is the same for every API.
"""

from typing import Protocol, TypeAlias

import msgspec

from entrepot import limits
from entrepot.contract.errors import Refusal
from entrepot.domain.api_key import TOKEN_CHARS
from entrepot.http.access import ID_DIGITS_MAX, Arguments, admit
from entrepot.http.authentication import Caller, authenticate
from entrepot.http.endpoint import Endpoint
from entrepot.http.request import Request
from entrepot.operations.call import Call, Platform

# A caller that was let in, and the arguments that the path of its request stands for. A plain
# tuple: every request makes one.
Admitted: TypeAlias = tuple[object, Arguments]


class Entrance(Protocol):
    """Lets callers in, and writes down who called for the handler that wants to know."""

    async def admit(self, request: Request, platform: Platform) -> Admitted | Refusal:
        """Let a caller in, or say why not.

        Raises:
            DatabaseUnavailable: the caller is not remembered and cannot be asked for.
        """
        ...

    def call(self, caller: object, request: Request, raw_body: bytes, platform: Platform) -> object:
        """Give what a handler takes as its `call`."""
        ...


# Everything that an admission to a campaign follows from, but for what is known of the accounts:
# the operation, the campaign's id as it was sent, the token and the business that a header names.
_Asked: TypeAlias = tuple[Endpoint, tuple[str, ...], bytes, bytes]


class _LetIn(msgspec.Struct, frozen=True, gc=False):
    """Somebody who was let in, and until when (of the accounts' clock) that may be repeated."""

    caller: Caller
    arguments: Arguments
    good_until: float


class BusinessEntrance:
    """The entrance to the contract, and to the sandbox: callers have the key of a business.

    Shops ask for the same few operations of the same campaign again and again. Who was let in to
    one is remembered for as long as what is remembered of the key and of the campaign; not where
    the path goes on to an order, of which there are too many.
    """

    def __init__(self) -> None:
        """Remember nobody yet."""
        self._let_in: dict[_Asked, _LetIn] = {}

    async def admit(self, request: Request, platform: Platform) -> Admitted | Refusal:
        """Let the holder of a key in to what is its business's."""
        headers, accounts = request.headers, platform.accounts
        asked = _asked(request)
        if asked is not None:
            known = self._let_in.get(asked)
            if known is not None and accounts.is_good(known.good_until):
                return known.caller, dict(known.arguments)
        caller = await authenticate(headers, accounts)
        if isinstance(caller, Refusal):
            return caller
        access = await admit(request.endpoint, request.values, headers, caller.key, accounts)
        if isinstance(access, Refusal):
            return access
        if asked is not None and access.campaign is not None:
            good_until = accounts.good_until(caller.token_hash, caller.key, access.campaign)
            if len(self._let_in) >= limits.ACCOUNT_CACHE_ENTRIES_MAX:
                self._let_in.clear()
            self._let_in[asked] = _LetIn(caller, dict(access.arguments), good_until)
        return caller, access.arguments

    def call(self, caller: object, request: Request, raw_body: bytes, platform: Platform) -> object:
        """Give the call of a business's key."""
        assert isinstance(caller, Caller)
        retry_key = request.headers.get(b"idempotency-key")
        return Call(
            platform=platform,
            key=caller.key,
            path=request.path,
            raw_body=raw_body,
            idempotency_key=None if retry_key is None else retry_key.decode("latin-1"),
            by_bearer=caller.by_bearer,
        )


def _asked(request: Request) -> _Asked | None:
    """Give what an admission is remembered by; None where it shall not be.

    A header may be far longer than what it says: spaces around it are allowed.
    """
    token = request.headers.get(b"api-key", b"")
    named = request.headers.get(b"x-business-id", b"")
    if len(token) != TOKEN_CHARS or len(named) > ID_DIGITS_MAX or len(request.values) != 1:
        return None
    return request.endpoint, request.values, token, named
