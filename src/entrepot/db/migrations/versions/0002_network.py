"""The delivery network: shared reference tables, replaced as a whole under one version."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE network_version (
        id smallint PRIMARY KEY CHECK (id = 1),
        version bigint NOT NULL CHECK (version >= 0)
    )
    """,
    "INSERT INTO network_version (id, version) VALUES (1, 0)",
    """
    CREATE TABLE region (
        id bigint PRIMARY KEY CHECK (id > 0),
        parent_id bigint CHECK (parent_id <> id),
        name text NOT NULL CHECK (name <> ''),
        type text NOT NULL,
        country_code text CHECK (country_code ~ '^[A-Z]{2}$'),
        latitude double precision CHECK (latitude BETWEEN -90 AND 90),
        longitude double precision CHECK (longitude BETWEEN -180 AND 180),
        aliases text[] NOT NULL DEFAULT '{}'
    )
    """,
    # Days off are weekdays, Monday is 0; working_days are worked although they are days off.
    """
    CREATE TABLE calendar (
        id bigint PRIMARY KEY CHECK (id > 0),
        name text NOT NULL,
        days_off smallint[] NOT NULL DEFAULT '{}',
        holidays date[] NOT NULL DEFAULT '{}',
        working_days date[] NOT NULL DEFAULT '{}'
    )
    """,
    """
    CREATE TABLE warehouse (
        id bigint PRIMARY KEY CHECK (id > 0),
        name text NOT NULL CHECK (name <> ''),
        region_id bigint NOT NULL,
        city text NOT NULL,
        street text,
        number text,
        building text,
        block text,
        latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
        longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
        time_zone text NOT NULL,
        cut_off_minute smallint NOT NULL CHECK (cut_off_minute BETWEEN 0 AND 1440),
        handling_days smallint NOT NULL CHECK (handling_days >= 0),
        calendar_id bigint NOT NULL
    )
    """,
    # Seven opening and closing minutes, Monday first; NULL on a day that it is closed.
    """
    CREATE TABLE logistic_point (
        id bigint PRIMARY KEY CHECK (id > 0),
        region_id bigint NOT NULL,
        full_address text NOT NULL CHECK (length(full_address) BETWEEN 1 AND 512),
        city text,
        street text,
        house text,
        building text,
        block text,
        km integer CHECK (km >= 0),
        additional text,
        latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
        longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
        time_zone text NOT NULL,
        calendar_id bigint NOT NULL,
        opens smallint[] NOT NULL CHECK (cardinality(opens) = 7),
        closes smallint[] NOT NULL CHECK (cardinality(closes) = 7),
        daily_capacity integer NOT NULL CHECK (daily_capacity >= 0),
        limit_weight_g integer NOT NULL CHECK (limit_weight_g > 0),
        limit_length_mm integer NOT NULL CHECK (limit_length_mm > 0),
        limit_width_mm integer NOT NULL CHECK (limit_width_mm > 0),
        limit_height_mm integer NOT NULL CHECK (limit_height_mm > 0),
        limit_sides_sum_mm integer NOT NULL CHECK (limit_sides_sum_mm > 0),
        storage_days smallint NOT NULL CHECK (storage_days > 0),
        return_allowed boolean NOT NULL
    )
    """,
    """
    CREATE TABLE courier_zone (
        id bigint PRIMARY KEY CHECK (id > 0),
        name text NOT NULL,
        region_ids bigint[] NOT NULL CHECK (cardinality(region_ids) > 0),
        time_zone text NOT NULL,
        calendar_id bigint NOT NULL,
        limit_weight_g integer NOT NULL CHECK (limit_weight_g > 0),
        limit_length_mm integer NOT NULL CHECK (limit_length_mm > 0),
        limit_width_mm integer NOT NULL CHECK (limit_width_mm > 0),
        limit_height_mm integer NOT NULL CHECK (limit_height_mm > 0),
        limit_sides_sum_mm integer NOT NULL CHECK (limit_sides_sum_mm > 0)
    )
    """,
    """
    CREATE TABLE courier_interval (
        zone_id bigint NOT NULL,
        weekday smallint NOT NULL CHECK (weekday BETWEEN 0 AND 6),
        from_minute smallint NOT NULL CHECK (from_minute >= 0),
        to_minute smallint NOT NULL CHECK (to_minute < 1440),
        capacity integer NOT NULL CHECK (capacity >= 0),
        PRIMARY KEY (zone_id, weekday, from_minute, to_minute),
        CHECK (from_minute < to_minute)
    )
    """,
    """
    CREATE TABLE lane (
        warehouse_id bigint NOT NULL,
        region_id bigint NOT NULL,
        transit_days_min smallint NOT NULL CHECK (transit_days_min >= 0),
        transit_days_max smallint NOT NULL,
        base_kopecks bigint NOT NULL CHECK (base_kopecks > 0),
        per_kg_kopecks bigint NOT NULL CHECK (per_kg_kopecks >= 0),
        PRIMARY KEY (warehouse_id, region_id),
        CHECK (transit_days_min <= transit_days_max)
    )
    """,
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
