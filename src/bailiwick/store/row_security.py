"""Row-level security: each table shows and takes only rows of the transaction's tenant."""

from collections.abc import Iterator

from bailiwick.store.names import TENANT_SETTING

APP_ROLE = "bailiwick_app"
# Tables whose rows the application's role may add, but neither change nor remove.
APPEND_ONLY = frozenset({"audit_events", "audit_checkpoints", "audit_tiles", "settings_versions"})


def app_role_statements() -> Iterator[str]:
    """Yield the statements that make the role under which the control plane works."""
    yield f"""DO $$ BEGIN
        CREATE ROLE {APP_ROLE} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"""
    yield f"GRANT {APP_ROLE} TO CURRENT_USER"
    yield f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"


def protect_statements(table: str, *, append_only: bool = False) -> Iterator[str]:
    """Yield the statements that put a table under tenant isolation; an append-only one refuses change and removal."""
    verbs = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    own_rows = f"tenant = current_setting('{TENANT_SETTING}', true)"
    yield f"GRANT {verbs} ON {table} TO {APP_ROLE}"
    yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
    yield f"CREATE POLICY tenant_rows ON {table} TO {APP_ROLE} USING ({own_rows}) WITH CHECK ({own_rows})"
