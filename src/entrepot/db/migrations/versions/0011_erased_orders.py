"""When an order's recipient was erased; empty for nearly all of them."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment; without a default that rewrites nothing."""
    op.execute("ALTER TABLE orders ADD COLUMN erased_at timestamptz")


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
