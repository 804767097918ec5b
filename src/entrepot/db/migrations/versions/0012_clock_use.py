"""What a database is for: a sandbox, whose clock moves, or production, where it never does."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE clock
      ADD COLUMN used_as text CHECK (used_as IN ('PRODUCTION', 'SANDBOX'))
    """,
    """
    ALTER TABLE clock
      ADD CHECK (used_as <> 'PRODUCTION' OR (shift = interval '0' AND frozen_at IS NULL))
    """,
)


def upgrade() -> None:
    """Leave it open: the first service decides."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
