"""How campaigns and businesses are shown, wherever they are."""

from entrepot.contract.enums import ApiAvailability, PlacementType
from entrepot.domain.accounts import Business, Campaign
from entrepot.operations.wire import Answer


class BusinessDTO(Answer):
    """A business, briefly."""

    id: int | None = None
    name: str | None = None


class CampaignDTO(Answer):
    """A campaign. `domain` is its name: shops of LaaS have no site of their own to name."""

    domain: str | None = None
    id: int | None = None
    business: BusinessDTO | None = None
    placementType: PlacementType | None = None
    apiAvailability: ApiAvailability | None = None


def show_business(business: Business) -> BusinessDTO:
    """Show a business briefly."""
    return BusinessDTO(id=business.id, name=business.name)


def show_campaign(business: Business | None, campaign: Campaign) -> CampaignDTO:
    """Show a campaign with its business."""
    return CampaignDTO(
        domain=campaign.name,
        id=campaign.id,
        business=show_business(business) if business else None,
        placementType=campaign.placement_type,
        apiAvailability=campaign.api_availability,
    )
