"""getCampaignSettings: where a shop is, when orders reach its region, and its taxation."""

from datetime import date, datetime, timedelta

from entrepot.contract.dates import MOSCOW, legacy_date
from entrepot.contract.enums import RegionType, ScheduleSource, VatRate
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.db.connection import Connection
from entrepot.domain.accounts import Campaign
from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.network import Network, zone_of
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.wire import Answer, LegacyDate


class TaxationInfoDTO(Answer):
    """Value added tax."""

    vat: VatRate | None = None


class CampaignSettingsTimePeriodDTO(Answer):
    """The days, both included, for which `totalHolidays` was computed (`DD-MM-YYYY`)."""

    fromDate: LegacyDate
    toDate: LegacyDate


class CampaignSettingsScheduleDTO(Answer):
    """When couriers bring nothing; weekdays count from Monday as 1, dates are `DD-MM-YYYY`."""

    availableOnHolidays: bool
    customHolidays: list[LegacyDate]
    customWorkingDays: list[LegacyDate]
    period: CampaignSettingsTimePeriodDTO
    totalHolidays: list[LegacyDate]
    weeklyHolidays: list[int]


class CampaignSettingsDeliveryDTO(Answer):
    """Delivery in the shop's own region."""

    schedule: CampaignSettingsScheduleDTO


class CampaignSettingsLocalRegionDTO(Answer):
    """The shop's own region."""

    id: int
    name: str
    type: RegionType
    deliveryOptionsSource: ScheduleSource
    delivery: CampaignSettingsDeliveryDTO | None = None


class CampaignSettingsDTO(Answer):
    """Settings of a campaign. The three switches of old storefronts are always off."""

    taxation: TaxationInfoDTO
    shopName: str
    showInContext: bool
    showInPremium: bool
    useOpenStat: bool
    countryRegion: int | None = None
    localRegion: CampaignSettingsLocalRegionDTO | None = None


class GetCampaignSettingsResponse(Answer):
    """The settings of the campaign in the path."""

    settings: CampaignSettingsDTO | None = None


@operation(
    "getCampaignSettings",
    Method.GET,
    "/v2/campaigns/{campaignId}/settings",
    scopes=ANY_SCOPE,
    limit=per_hour(1_000),
)
async def get_campaign_settings(call: Call, campaign: Campaign) -> GetCampaignSettingsResponse:
    """Show the settings of one campaign.

    The schedule is that of the courier zone which serves the campaign's region, for the days
    on which delivery is offered; without such a zone there is none.
    """

    async def read(connection: Connection) -> tuple[Network, datetime]:
        platform = call.platform
        return await platform.network.latest(connection), await platform.clock.now(connection)

    network, now = await call.platform.database.read(read)
    today = now.astimezone(MOSCOW).date()
    last_day = today + timedelta(days=call.platform.delivery_days_ahead)
    chain = () if campaign.region_id is None else network.regions.chain(campaign.region_id)
    country = next((region for region in chain if region.type is RegionType.COUNTRY), None)
    return GetCampaignSettingsResponse(
        settings=CampaignSettingsDTO(
            taxation=TaxationInfoDTO(vat=VatRate(campaign.vat)),
            shopName=campaign.name,
            showInContext=False,
            showInPremium=False,
            useOpenStat=False,
            countryRegion=country.id if country else None,
            localRegion=_local_region(network, campaign.region_id, today, last_day),
        )
    )


def _local_region(
    network: Network, region_id: int | None, today: date, last_day: date
) -> CampaignSettingsLocalRegionDTO | None:
    region = None if region_id is None else network.regions.by_id.get(region_id)
    if region is None:
        return None
    zone = zone_of(network, region.id)
    calendar = None if zone is None else network.zone_days[zone.id]
    schedule = None if calendar is None else _schedule(calendar, today, last_day)
    return CampaignSettingsLocalRegionDTO(
        id=region.id,
        name=region.name,
        type=region.type,
        deliveryOptionsSource=ScheduleSource.WEB,
        delivery=None if schedule is None else CampaignSettingsDeliveryDTO(schedule=schedule),
    )


def _schedule(calendar: Calendar, first: date, last: date) -> CampaignSettingsScheduleDTO:
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return CampaignSettingsScheduleDTO(
        availableOnHolidays=not calendar.holidays,
        customHolidays=[legacy_date(day) for day in sorted(calendar.holidays)],
        customWorkingDays=[legacy_date(day) for day in sorted(calendar.working_days)],
        period=CampaignSettingsTimePeriodDTO(fromDate=legacy_date(first), toDate=legacy_date(last)),
        totalHolidays=[legacy_date(day) for day in days if not calendar.works(day)],
        weeklyHolidays=[weekday + 1 for weekday in sorted(calendar.days_off)],
    )
