"""Orders on their way, by when they were last heard of; an index that placing does not touch."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what carriers have."""
    op.execute("CREATE INDEX orders_on_the_way ON orders (updated_at) WHERE status = 'DELIVERY'")


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
