"""The network as editions, each written beside the one in force; kinds of goods.

Every value of a network is one row with the value as JSON, so that a hundred thousand of them
are written and read without being taken apart, and one edition is one range of one index. What
is stored of the network in force becomes its first edition; the tables it lay in are dropped.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OWN = "json_strip_nulls(json_build_object({}))"
_LIMITS = """
    'limits', json_build_object(
      'weight_g', limit_weight_g, 'length_mm', limit_length_mm, 'width_mm', limit_width_mm,
      'height_mm', limit_height_mm, 'sides_sum_mm', limit_sides_sum_mm)
"""
_GPS = "'gps', json_build_object('latitude', latitude, 'longitude', longitude)"
# Lists of NULLs must stay as long as they are, so nothing is stripped around them.
_HOURS = """(
    SELECT json_agg(
      CASE WHEN h.opens IS NOT NULL THEN json_build_array(h.opens, h.closes) END ORDER BY h.day)
    FROM unnest(opens, closes) WITH ORDINALITY AS h (opens, closes, day)
)"""
_WEEK = """(
    SELECT json_agg((
      SELECT coalesce(
        json_agg(json_build_array(i.from_minute, i.to_minute, i.capacity)
          ORDER BY i.from_minute, i.to_minute), '[]')
      FROM courier_interval i WHERE i.zone_id = courier_zone.id AND i.weekday = d.day
    ) ORDER BY d.day)
    FROM generate_series(0, 6) AS d (day)
)"""
_TARIFF = "json_build_object('base_kopecks', base_kopecks, 'per_kg_kopecks', per_kg_kopecks)"

# Kind, table, its keys, its row as JSON.
_COPIED = (
    ("REGION", "region", "id, 0", "row_to_json(region)"),
    ("CALENDAR", "calendar", "id, 0", "row_to_json(calendar)"),
    (
        "WAREHOUSE",
        "warehouse",
        "id, 0",
        _OWN.format(
            "'id', id, 'name', name, 'region_id', region_id, 'city', city, 'street', street,"
            f" 'number', number, 'building', building, 'block', block, {_GPS},"
            " 'time_zone', time_zone, 'handling_days', handling_days,"
            " 'cut_offs', array_fill(cut_off_minute, ARRAY[7]), 'calendar_id', calendar_id"
        ),
    ),
    (
        "POINT",
        "logistic_point",
        "id, 0",
        "json_build_object('id', id, 'address', "
        + _OWN.format(
            f"'full_address', full_address, 'region_id', region_id, {_GPS}, 'city', city,"
            " 'street', street, 'house', house, 'building', building, 'block', block, 'km', km,"
            " 'additional', additional"
        )
        + ", 'time_zone', time_zone, 'calendar_id', calendar_id,"
        f" 'hours', {_HOURS}, 'daily_capacity', daily_capacity, {_LIMITS},"
        " 'storage_days', storage_days, 'return_allowed', return_allowed)",
    ),
    (
        "ZONE",
        "courier_zone",
        "id, 0",
        (
            "json_build_object('id', id, 'name', name, 'region_ids', region_ids,"
            f" 'time_zone', time_zone, 'calendar_id', calendar_id, 'week', {_WEEK}, {_LIMITS})"
        ),
    ),
    (
        "LANE",
        "lane",
        "warehouse_id, region_id",
        (
            "json_build_object('warehouse_id', warehouse_id, 'region_id', region_id,"
            " 'transit_days_min', transit_days_min, 'transit_days_max', transit_days_max,"
            f" 'pickup', {_TARIFF}, 'courier', {_TARIFF})"
        ),
    ),
)
_REPLACED = (
    "region", "calendar", "warehouse", "logistic_point", "courier_interval", "courier_zone", "lane",
)  # fmt: skip

_STATEMENTS = (
    """
    CREATE TABLE network_row (
        version bigint NOT NULL CHECK (version > 0),
        kind text NOT NULL CHECK (
          kind IN ('REGION', 'CALENDAR', 'WAREHOUSE', 'POINT', 'ZONE', 'LANE')
        ),
        id bigint NOT NULL CHECK (id > 0),
        to_id bigint NOT NULL CHECK (CASE kind WHEN 'LANE' THEN to_id > 0 ELSE to_id = 0 END),
        body json NOT NULL,
        PRIMARY KEY (version, kind, id, to_id)
    )
    """,
    # A version number is never given twice, whatever became of the edition that had it.
    "ALTER TABLE network_version ADD COLUMN given bigint NOT NULL DEFAULT 0",
    "UPDATE network_version SET version = greatest(version, 1), given = greatest(version, 1)",
    """
    ALTER TABLE network_version ADD CONSTRAINT network_version_was_given CHECK (given >= version)
    """,
    """
    CREATE TABLE network_edition (
        version bigint PRIMARY KEY,
        state text NOT NULL CHECK (
          state IN ('LOADING', 'PREPARED', 'IN_FORCE', 'RETIRED', 'DELETING')
        ),
        loader text NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    INSERT INTO network_edition (version, state, loader)
    SELECT version, 'IN_FORCE', 'migration 0004' FROM network_version
    RETURNING version
    """,
    *(
        f"""
        INSERT INTO network_row (version, kind, id, to_id, body)
        SELECT (SELECT version FROM network_version), '{kind}', {keys}, {body} FROM {table}
        RETURNING version
        """
        for kind, table, keys, body in _COPIED
    ),
    *(f"DROP TABLE {table}" for table in _REPLACED),
    # Each process that serves: what it has read, and when it was last heard of.
    """
    CREATE TABLE network_reader (
        id uuid PRIMARY KEY,
        name text NOT NULL,
        version bigint NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    ALTER TABLE offer ADD COLUMN kind text NOT NULL DEFAULT 'GENERAL'
      CHECK (length(kind) BETWEEN 1 AND 64)
    """,
)


def upgrade() -> None:
    """Write the network that is stored as the edition in force."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
