"""Distance on the globe."""

from math import asin, cos, radians, sin, sqrt

_EARTH_RADIUS_KM = 6371.0


def great_circle_km(
    latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float
) -> float:
    """Give the great-circle distance in kilometres between two places in degrees."""
    lat_a, lat_b = radians(latitude_a), radians(latitude_b)
    half_lat = (lat_b - lat_a) / 2
    half_lon = radians(longitude_b - longitude_a) / 2
    chord = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * _EARTH_RADIUS_KM * asin(sqrt(min(1.0, chord)))
