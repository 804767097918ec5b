"""getCampaign: one shop of the caller's business."""

from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.domain.accounts import Campaign
from entrepot.operations.account.views import CampaignDTO, show_campaign
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer


class GetCampaignResponse(Answer):
    """The campaign."""

    campaign: CampaignDTO | None = None


@operation(
    "getCampaign",
    Method.GET,
    "/v2/campaigns/{campaignId}",
    scopes=ANY_SCOPE,
    limit=per_hour(5_000),
)
async def get_campaign(call: Call, campaign: Campaign) -> GetCampaignResponse:
    """Show one campaign of the caller's business."""
    business = await call.platform.accounts.business(campaign.business_id)
    return GetCampaignResponse(campaign=show_campaign(business, campaign))
