"""Wrong receive codes are counted, so that nobody guesses one."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; an order without wrong codes has no row."""
    op.execute(
        """
        CREATE TABLE receive_attempt (
          business_id bigint NOT NULL,
          order_id bigint NOT NULL,
          failed integer NOT NULL CHECK (failed > 0),
          PRIMARY KEY (business_id, order_id)
        )
        """
    )


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
