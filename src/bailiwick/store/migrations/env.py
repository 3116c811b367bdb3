"""Alembic's entry: migrate, or compare, over the connection that the caller hands in."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    process_revision_directives=context.config.attributes.get("directives"),
)
with context.begin_transaction():
    context.run_migrations()
