"""Who uses the platform: businesses (tenants), their campaigns (shops) and their API keys."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from entrepot.contract.enums import ApiAvailability, PlacementType, SubscriptionLevel
from entrepot.contract.request_limits import OwnLimit
from entrepot.contract.scopes import Scope


class Business(msgspec.Struct, frozen=True):
    """A cabinet: the tenant that owns campaigns, keys, offers and stock.

    `own_limits` are request limits in place of the contract's, by operation. `all_disabled`
    tells that it has campaigns, none of which may use the API.
    """

    id: int
    name: str
    currency: str
    subscription_level: SubscriptionLevel
    own_limits: Mapping[str, OwnLimit] = msgspec.field(default_factory=dict)
    all_disabled: bool = False


class Campaign(msgspec.Struct, frozen=True):
    """A shop of a business."""

    business_id: int
    id: int
    name: str
    placement_type: PlacementType
    api_availability: ApiAvailability
    region_id: int | None
    vat: str


class ApiKey(msgspec.Struct, frozen=True):
    """What is known of a key; its token is known to its owner alone.

    `expires_at` is a moment of the database's clock.
    """

    business_id: int
    id: int
    name: str
    scopes: frozenset[Scope]
    expires_at: datetime | None
    revoked: bool
