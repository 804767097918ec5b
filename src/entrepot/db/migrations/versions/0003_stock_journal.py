"""The journal of stock by offer: the audit adds it up, and people ask what became of a piece."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the journal by what it is about."""
    op.execute(
        """
        CREATE INDEX stock_movement_of_offer
        ON stock_movement (business_id, warehouse_id, offer_id, id)
        """
    )


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
