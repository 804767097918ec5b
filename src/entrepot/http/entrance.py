"""The entrance to an API: who is calling, and may it?

It finds the caller, checks what the path names and what the caller may do, and gives the
arguments that the path stands for. What comes after it is the same for every API.
"""

from typing import Protocol, TypeAlias

from entrepot.contract.errors import Refusal
from entrepot.http.access import Arguments, admit
from entrepot.http.asgi import Headers
from entrepot.http.authentication import Caller, authenticate
from entrepot.http.endpoint import Endpoint
from entrepot.http.request import Request
from entrepot.operations.call import Call, Platform

# A caller that was let in, and the arguments that the path of its request stands for. A plain
# tuple: every request makes one.
Admitted: TypeAlias = tuple[object, Arguments]


class Entrance(Protocol):
    """Lets callers in, and writes down who called for the handler that wants to know."""

    async def admit(
        self, endpoint: Endpoint, values: tuple[str, ...], headers: Headers, platform: Platform
    ) -> Admitted | Refusal:
        """Let a caller in, or say why not.

        Raises:
            DatabaseUnavailable: the caller is not remembered and cannot be asked for.
        """
        ...

    def call(self, caller: object, request: Request, raw_body: bytes, platform: Platform) -> object:
        """Give what a handler takes as its `call`."""
        ...


class BusinessEntrance:
    """The entrance to the contract, and to the sandbox: callers have the key of a business."""

    async def admit(
        self, endpoint: Endpoint, values: tuple[str, ...], headers: Headers, platform: Platform
    ) -> Admitted | Refusal:
        """Let the holder of a key in to what is its business's."""
        caller = await authenticate(headers, platform.accounts)
        if isinstance(caller, Refusal):
            return caller
        arguments = await admit(endpoint, values, headers, caller.key, platform.accounts)
        return arguments if isinstance(arguments, Refusal) else (caller, arguments)

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
