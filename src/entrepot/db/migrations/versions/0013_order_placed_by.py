"""Who placed an order: the name of the key, for the first line of its history."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the name, which is not known of what was placed before."""
    op.execute("ALTER TABLE orders ADD COLUMN placed_by text")


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
