"""Operations under way of an order, found without looking through all of its business's."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index what has not ended; placing writes nothing here."""
    op.execute(
        """
        CREATE INDEX operation_of_order ON operation (business_id, order_id)
        WHERE status = 'IN_PROGRESS'
        """
    )


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
