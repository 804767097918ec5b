"""getBusinessSettings: the cabinet and its settings."""

from entrepot.contract.enums import Currency, SubscriptionLevel
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.domain.accounts import Business
from entrepot.operations.account.views import BusinessDTO, show_business
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, OkAnswer


class BusinessSettingsDTO(Answer):
    """Settings of a business. Prices may differ between its campaigns, always."""

    onlyDefaultPrice: bool
    currency: Currency


class GetBusinessSettingsInfoDTO(Answer):
    """A business with its settings."""

    info: BusinessDTO
    settings: BusinessSettingsDTO
    subscriptionLevel: SubscriptionLevel


class GetBusinessSettingsResponse(OkAnswer):
    """The settings of the business in the path."""

    result: GetBusinessSettingsInfoDTO


@operation(
    "getBusinessSettings",
    Method.POST,
    "/v2/businesses/{businessId}/settings",
    scopes=ANY_SCOPE,
    limit=per_hour(100),
)
async def get_business_settings(
    call: Call,  # noqa: ARG001 - every operation is called with it
    business: Business,
) -> GetBusinessSettingsResponse:
    """Show the settings of the caller's business."""
    return GetBusinessSettingsResponse(
        result=GetBusinessSettingsInfoDTO(
            info=show_business(business),
            settings=BusinessSettingsDTO(
                onlyDefaultPrice=False, currency=Currency(business.currency)
            ),
            subscriptionLevel=business.subscription_level,
        )
    )
