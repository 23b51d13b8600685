"""Alembic's entry: runs the revisions inside the transaction that `monitor.store.database` opened."""

from alembic import context

from monitor.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
