"""What Alembic runs: the revisions, on the connection that `entrepot.db.migrate` hands over."""

from alembic import context

# Each revision commits for itself: one that waits for a lock leaves its predecessors done.
context.configure(
    connection=context.config.attributes["connection"], transaction_per_migration=True
)
with context.begin_transaction():
    context.run_migrations()
