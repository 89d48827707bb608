"""How alembic runs the revisions: on the connection that ``tables`` hands it, within its transaction."""

from alembic import context

from xqueue_common.history.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
