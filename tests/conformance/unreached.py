"""Messages of the contract's error pages that no answer carries, each with the reason."""

_NOT_BUILT = "its operation is not built yet"
_OTHER_MODEL = "its operation belongs to another way of selling"
_NO_OAUTH = "tokens are API keys; there are no accounts, clients or scopes of OAuth"
_NO_MIGRATION = "businesses are not migrated between kinds"

UNREACHED = {
    "The partner does not have access to the supply request.": _NOT_BUILT,
    "Supply request not found.": _NOT_BUILT,
    "Report not found.": _NOT_BUILT,
    "Active reports limit exceeded, limit='limit'": _NOT_BUILT,
    "Unknown category": _NOT_BUILT,
    "Category is not a leaf.": _NOT_BUILT,
    "Return 'returnId' for order 'orderId' is not found": _NOT_BUILT,
    "Can't create return for order with status: 'status'": _NOT_BUILT,
    "Merchant return with id: 'returnId' already exists": _NOT_BUILT,
    "Wrong count for shop skus: 'offerIds'": _NOT_BUILT,
    "Failed to upload photos": _NOT_BUILT,
    "OAuth token is invalid (account has been globally logged out)": _NO_OAUTH,
    "OAuth client id is not specified": _NO_OAUTH,
    "OAuth credentials are not specified": _NO_OAUTH,
    "Client id is invalid": _NO_OAUTH,
    "Scope is invalid": _NO_OAUTH,
    "User account is disabled": _NO_OAUTH,
    "Business is in migration": _NO_MIGRATION,
    "Campaign is in business migration": _NO_MIGRATION,
    "Partner use only default price": _NOT_BUILT,
    "The method is not supported for Market Yandex Go sellers": _OTHER_MODEL,
    "Delivery date <date> can't be in the future": _OTHER_MODEL,
    "Real delivery date should be from order creation date to current date inclusively": (
        _OTHER_MODEL
    ),
    "Status change was forbidden for client role = 'role'": "there is one role: the shop",
}
