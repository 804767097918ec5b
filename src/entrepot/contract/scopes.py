"""Scopes of an API key; any one of an operation's scopes suffices (`x-auth-scopes`)."""

from enum import StrEnum

from entrepot.contract.enums import ApiKeyScope


class Scope(StrEnum):
    """Scopes as the contract's document and our command line spell them."""

    ALL_METHODS = "all-methods"
    ALL_METHODS_READ_ONLY = "all-methods:read-only"
    ORDERS = "inventory-and-order-processing"
    ORDERS_READ_ONLY = "inventory-and-order-processing:read-only"
    PRICING = "pricing"
    PRICING_READ_ONLY = "pricing:read-only"
    OFFERS = "offers-and-cards-management"
    OFFERS_READ_ONLY = "offers-and-cards-management:read-only"
    PROMOTION = "promotion"
    PROMOTION_READ_ONLY = "promotion:read-only"
    FINANCE = "finance-and-accounting"
    COMMUNICATION = "communication"
    SETTINGS = "settings-management"
    SUPPLIES_READ_ONLY = "supplies-management:read-only"


def wire_scope(scope: Scope) -> ApiKeyScope:
    """Spell a scope as getAuthTokenInfo does."""
    return ApiKeyScope(scope.value.replace("-", "_").replace(":", "_").upper())


ANY_SCOPE = tuple(Scope)
WRITE_ORDERS = (Scope.ALL_METHODS, Scope.ORDERS)
READ_ORDERS = (
    Scope.ALL_METHODS,
    Scope.ALL_METHODS_READ_ONLY,
    Scope.ORDERS,
    Scope.ORDERS_READ_ONLY,
)
READ_BUSINESS_ORDERS = (*READ_ORDERS, Scope.FINANCE)
READ_CAMPAIGN_ORDERS = (*READ_ORDERS, Scope.COMMUNICATION, Scope.FINANCE)
READ_DELIVERY = (
    Scope.ALL_METHODS,
    Scope.ALL_METHODS_READ_ONLY,
    Scope.PRICING,
    Scope.PRICING_READ_ONLY,
    Scope.ORDERS,
    Scope.ORDERS_READ_ONLY,
)
READ_OFFERS = (
    Scope.ALL_METHODS,
    Scope.ALL_METHODS_READ_ONLY,
    Scope.OFFERS,
    Scope.OFFERS_READ_ONLY,
)
