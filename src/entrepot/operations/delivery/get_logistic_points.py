"""getLogisticPoints: where buyers can fetch their parcels."""

from bisect import bisect_right
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from entrepot.contract.dates import clock_text
from entrepot.contract.enums import DayOfWeek, DeliveryPayment, PointBrand, PointFeature
from entrepot.contract.errors import Refusal
from entrepot.contract.request_limits import per_hour
from entrepot.contract.scopes import ANY_SCOPE
from entrepot.domain.accounts import Business
from entrepot.domain.delivery.calendar import Calendar
from entrepot.domain.delivery.goods import ItemLimits
from entrepot.domain.network import LogisticPoint, Network, PointAddress
from entrepot.operations.call import Call
from entrepot.operations.registry import Method, operation
from entrepot.operations.views import GpsDTO
from entrepot.operations.wire import Answer, ClockText, OkAnswer, Paging, Query

POINTS_DEFAULT = 250
POINTS_MAX = 500
_MM_PER_CM = 10
_DAYS = tuple(DayOfWeek)


class GetLogisticPointsQuery(Query):
    """Paging."""

    pageToken: str | None = None
    limit: Annotated[int, Meta(ge=1, le=POINTS_MAX)] = POINTS_DEFAULT


class LogisticPointAddressDTO(Answer):
    """Where a point is."""

    fullAddress: str
    gps: GpsDTO
    regionId: int
    city: str | None = None
    street: str | None = None
    house: str | None = None
    building: str | None = None
    block: str | None = None
    km: int | None = None
    additional: str | None = None


class ScheduleDayDTO(Answer):
    """Opening hours of a day of the week, on the clock of the point."""

    day: DayOfWeek
    startTime: ClockText
    endTime: ClockText


class LogisticPointScheduleDTO(Answer):
    """When a point is open; days that are missing it is closed."""

    schedule: list[ScheduleDayDTO]
    holidays: list[date] | None = None


class LogisticPointDimensionRestrictionsDTO(Answer):
    """What one item may weigh (grams) and measure (centimetres)."""

    weight: int
    height: int
    width: int
    length: int
    dimensionsSum: int


class LogisticPointDeliveryRestrictionDTO(Answer):
    """What a point takes."""

    dimensionsRestrictions: LogisticPointDimensionRestrictionsDTO


class LogisticPointDTO(Answer):
    """A pickup point. `paymentTypes` is required by the contract but not described there."""

    logisticPointId: int
    brand: PointBrand
    address: LogisticPointAddressDTO
    workingSchedule: LogisticPointScheduleDTO
    deliveryRestrictions: LogisticPointDeliveryRestrictionDTO
    paymentTypes: list[DeliveryPayment]
    storagePeriod: int
    features: list[PointFeature] | None = None


class GetLogisticsPointsDTO(Answer):
    """A page of points."""

    logisticPoints: list[LogisticPointDTO]
    paging: Paging | None = None


class GetLogisticPointsResponse(OkAnswer):
    """A page of points."""

    result: GetLogisticsPointsDTO


class _Position(Struct, frozen=True):
    """The last point of the page before."""

    point_id: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0


@operation(
    "getLogisticPoints",
    Method.POST,
    "/v1/businesses/{businessId}/logistics-points",
    scopes=ANY_SCOPE,
    limit=per_hour(10_000),
)
async def get_logistic_points(
    call: Call, business: Business, query: GetLogisticPointsQuery
) -> GetLogisticPointsResponse | Refusal:
    """Page through the operator's pickup points, ascending by id.

    Holidays are the days to come and gone that the point's calendar closes. Limits are rounded
    down to whole centimetres and apply to each item, turned as it fits best.
    """
    question = ("getLogisticPoints", business.id)
    tokens = call.platform.page_tokens
    after = _Position()
    if query.pageToken is not None:
        read = tokens.read(query.pageToken, _Position, *question)
        if isinstance(read, Refusal):
            return read
        after = read
    network = await call.platform.database.read(call.platform.network.latest)
    begin = bisect_right(network.point_ids, after.point_id)
    shown = network.point_ids[begin : begin + query.limit]
    more = begin + len(shown) < len(network.point_ids)
    following = tokens.make(_Position(shown[-1]), *question) if more else None
    return GetLogisticPointsResponse(
        result=GetLogisticsPointsDTO(
            logisticPoints=[_show(network, network.points[point_id]) for point_id in shown],
            paging=Paging(nextPageToken=following),
        )
    )


def _show(network: Network, point: LogisticPoint) -> LogisticPointDTO:
    return LogisticPointDTO(
        logisticPointId=point.id,
        brand=PointBrand.MARKET,
        address=_show_address(point.address),
        workingSchedule=_show_schedule(point, network.point_days[point.id]),
        deliveryRestrictions=_show_limits(point.limits),
        paymentTypes=[DeliveryPayment.PREPAID],
        storagePeriod=point.storage_days,
        features=[PointFeature.RETURN_ALLOWED] if point.return_allowed else None,
    )


def _show_address(address: PointAddress) -> LogisticPointAddressDTO:
    return LogisticPointAddressDTO(
        fullAddress=address.full_address,
        gps=GpsDTO(latitude=address.gps.latitude, longitude=address.gps.longitude),
        regionId=address.region_id,
        city=address.city,
        street=address.street,
        house=address.house,
        building=address.building,
        block=address.block,
        km=address.km,
        additional=address.additional,
    )


def _show_schedule(point: LogisticPoint, calendar: Calendar) -> LogisticPointScheduleDTO:
    # A day that the calendar takes off every week is no holiday: it is closed in the schedule.
    schedule = [
        ScheduleDayDTO(
            day=_DAYS[weekday],
            startTime=clock_text(hours.from_minute),
            endTime=clock_text(hours.to_minute),
        )
        for weekday, hours in enumerate(point.hours)
        if hours is not None and weekday not in calendar.days_off
    ]
    holidays = sorted(calendar.holidays - calendar.working_days)
    return LogisticPointScheduleDTO(schedule=schedule, holidays=holidays or None)


def _show_limits(limits: ItemLimits) -> LogisticPointDeliveryRestrictionDTO:
    return LogisticPointDeliveryRestrictionDTO(
        dimensionsRestrictions=LogisticPointDimensionRestrictionsDTO(
            weight=limits.weight_g,
            height=limits.height_mm // _MM_PER_CM,
            width=limits.width_mm // _MM_PER_CM,
            length=limits.length_mm // _MM_PER_CM,
            dimensionsSum=limits.sides_sum_mm // _MM_PER_CM,
        )
    )
