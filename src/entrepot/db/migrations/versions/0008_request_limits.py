"""Request limits: figures of a business's own, what was taken of each budget, who holds places.

What is in flight is nobody's after a crash of the server, so `parallel_hold` is not logged:
writing it waits for no disk.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

HOT = "fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000"

STATEMENTS = (
    """
    CREATE TABLE own_limit (
      business_id bigint NOT NULL,
      operation text COLLATE "C" NOT NULL,
      amount bigint CHECK (amount >= 0),
      parallel integer CHECK (parallel >= 0),
      updated_at timestamptz NOT NULL,
      PRIMARY KEY (business_id, operation),
      CHECK (amount IS NOT NULL OR parallel IS NOT NULL)
    )
    """,
    # One row for each budget, of its latest window; `asked` and `lent` are those of the latest
    # question, so that one statement can lend and tell what it lent.
    f"""
    CREATE TABLE request_budget (
      business_id bigint NOT NULL,
      entity text COLLATE "C" NOT NULL,
      operation text COLLATE "C" NOT NULL,
      ends_at timestamptz NOT NULL,
      amount bigint NOT NULL,
      taken bigint NOT NULL CHECK (taken >= 0),
      asked bigint NOT NULL,
      hoped bigint NOT NULL,
      lent bigint NOT NULL,
      PRIMARY KEY (business_id, entity, operation)
    ) WITH ({HOT})
    """,
    # What is lent: as much as is hoped for while there is plenty, what is asked for near the
    # end, never more than there is. To ask for less than nothing is to give back.
    """
    CREATE FUNCTION budget_lent(amount bigint, taken bigint, asked bigint, hoped bigint)
    RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
      WHEN asked < 0 THEN greatest(asked, -taken)
      ELSE least(
        greatest(amount - taken, 0), greatest(asked, least(hoped, (amount - taken) / 32))
      )
    END
    """,
    # `holds` is {holder: [places, since when (epoch), whether all of them are in use]}.
    f"""
    CREATE UNLOGGED TABLE parallel_hold (
      business_id bigint NOT NULL,
      entity text COLLATE "C" NOT NULL,
      operation text COLLATE "C" NOT NULL,
      holds jsonb NOT NULL,
      holder text NOT NULL,
      asked integer NOT NULL,
      tight boolean NOT NULL,
      most integer NOT NULL,
      asked_at timestamptz NOT NULL,
      wanted_until timestamptz,
      PRIMARY KEY (business_id, entity, operation)
    ) WITH ({HOT})
    """,
    "CREATE INDEX parallel_hold_wanted ON parallel_hold (wanted_until)",
    # Of the places that others do not hold, the holder gets what it asks for or what there is.
    """
    CREATE FUNCTION parallel_lent(
      holds jsonb, holder text, asked integer, tight boolean, most integer,
      moment double precision, life_s double precision
    )
    RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
      WITH others AS (
        SELECT h.key, h.value FROM jsonb_each(holds) h
        WHERE h.key <> holder AND (h.value ->> 1)::double precision > moment - life_s
      ), lent AS (
        SELECT least(asked, greatest(most - coalesce(sum((o.value ->> 0)::integer), 0), 0)) AS n
        FROM others o
      )
      SELECT coalesce((SELECT jsonb_object_agg(o.key, o.value) FROM others o), '{}'::jsonb)
        || CASE WHEN l.n > 0
             THEN jsonb_build_object(holder, jsonb_build_array(l.n, moment, tight))
             ELSE '{}'::jsonb END
      FROM lent l
    )
    """,
)


def upgrade() -> None:
    """Create what limits need."""
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
