"""How long the way from a warehouse to a region takes, and what the shop pays for it."""

from entrepot.domain.delivery.distance import great_circle_km
from entrepot.domain.delivery.slot import PlaceKind
from entrepot.domain.network import Lane, Network, Tariff

# Where no lane is written: after a first day for sorting a lorry covers 900 km a day at best and
# 600 at worst, and the tariff grows with the distance.
_KM_PER_DAY_BEST = 900
_KM_PER_DAY_WORST = 600
_BASE_KOPECKS = 15_000
_KOPECKS_PER_KM = 5
_PER_KG_KOPECKS = 1_500
_PER_KG_KOPECKS_PER_100_KM = 60

GRAMS_PER_KG = 1_000


def lane_between(network: Network, warehouse_id: int, region_id: int) -> Lane | None:
    """Find the lane to a region: its own, that of the nearest above it, else one by distance.

    None when nothing is written and the place of the region is not known either.
    """
    lanes = network.lanes
    regions = network.regions.by_id
    region = regions.get(region_id)
    while region is not None:
        lane = lanes.get((warehouse_id, region.id))
        if lane is not None:
            return lane
        region = regions.get(region.parent_id) if region.parent_id is not None else None
    return _lane_by_distance(network, warehouse_id, region_id)


def tariff_of(lane: Lane, kind: PlaceKind) -> Tariff | None:
    """Give what the lane costs to places of this kind; None when it does not serve them."""
    return lane.pickup if kind is PlaceKind.POINT else lane.courier


def tariff_price(tariff: Tariff, weight_g: int, volume_mm3: int) -> int:
    """Give the price of a parcel, in kopecks."""
    kilograms = begun_kilograms(tariff, weight_g, volume_mm3)
    return tariff.base_kopecks + kilograms * tariff.per_kg_kopecks


def begun_kilograms(tariff: Tariff, weight_g: int, volume_mm3: int) -> int:
    """Count the kilograms that are paid for: begun ones, beyond what the base price includes."""
    chargeable_g = max(weight_g, -(-volume_mm3 // tariff.mm3_per_g)) - tariff.included_g
    return -(-chargeable_g // GRAMS_PER_KG) if chargeable_g > 0 else 0


def _lane_by_distance(network: Network, warehouse_id: int, region_id: int) -> Lane | None:
    place = network.regions.coordinates(region_id)
    warehouse = network.warehouses.get(warehouse_id)
    if place is None or warehouse is None:
        return None
    km = round(great_circle_km(warehouse.gps.latitude, warehouse.gps.longitude, *place))
    tariff = Tariff(
        base_kopecks=_BASE_KOPECKS + km * _KOPECKS_PER_KM,
        per_kg_kopecks=_PER_KG_KOPECKS + km * _PER_KG_KOPECKS_PER_100_KM // 100,
    )
    return Lane(
        warehouse_id,
        region_id,
        transit_days_min=1 + km // _KM_PER_DAY_BEST,
        transit_days_max=1 + -(-km // _KM_PER_DAY_WORST),
        pickup=tariff,
        courier=tariff,
    )
