"""The key that page tokens are marked with, shared by all processes of a service."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE secret (
        name text PRIMARY KEY,
        value bytea NOT NULL
    )
    """,
    # PostgreSQL's own strong randomness: 488 bits of it, hashed to the length of a key.
    """
    INSERT INTO secret (name, value)
    VALUES (
      'page tokens',
      sha256(convert_to(
        concat(gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), gen_random_uuid()), 'UTF8'
      ))
    )
    """,
)


def upgrade() -> None:
    """Make a key that nobody has seen."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Refuse: a schema goes forward only; restore a backup to go back."""
    message = "Entrepot's schema only moves forward; restore a backup to go back."
    raise NotImplementedError(message)
