"""Drafts by when they end, whoever's they are: that is how duties look for the next one."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE INDEX orders_draft_ends ON orders (reserved_until, business_id, id)
    WHERE status = 'RESERVED'
    """,
    # By business first, every look for the next draft read all that were open.
    "DROP INDEX orders_reserved",
)


def upgrade() -> None:
    """Put the new index in the place of the old one, so that placing writes no more than before."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
