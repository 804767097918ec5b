"""getAuthTokenInfo: the API key that the caller uses."""

from entrepot.contract.enums import ApiKeyScope
from entrepot.contract.errors import KEY_MISSING, Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE, wire_scope
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, OkAnswer


class ApiKeyDTO(Answer):
    """A key by its name, and what it may do."""

    name: str
    authScopes: list[ApiKeyScope]


class TokenDTO(Answer):
    """The token that the request came with."""

    apiKey: ApiKeyDTO


class GetTokenInfoResponse(OkAnswer):
    """What is known of the caller's key."""

    result: TokenDTO


@operation(
    "getAuthTokenInfo",
    Method.POST,
    "/v2/auth/token",
    scopes=ANY_SCOPE,
    limit=per_hour(100),
)
async def get_auth_token_info(call: Call) -> GetTokenInfoResponse | Refusal:
    """Show the name and the scopes of the key in use, in the contract's order.

    The contract tells this of API keys only, so a key that came as a bearer token is refused.
    """
    if call.by_bearer:
        return KEY_MISSING()
    held = {wire_scope(scope) for scope in call.key.scopes}
    scopes = [scope for scope in ApiKeyScope if scope in held]
    return GetTokenInfoResponse(
        result=TokenDTO(apiKey=ApiKeyDTO(name=call.key.name, authScopes=scopes))
    )
