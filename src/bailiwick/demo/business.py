"""The sample company's database server: a role for apps' queries, and a database for each plane."""

import secrets

from bailiwick.demo import orders
from bailiwick.demo.layout import Layout
from bailiwick.files import write_private
from bailiwick.store.embedded import EmbeddedPostgres

ROLE = "orders_app"
DATABASES = {"editor": "orders_editor", "production": "orders"}


def database_password(layout: Layout) -> str:
    """Return the password of the role that apps' queries run under, made at the first time."""
    kept = layout.state / "orders-db.password"
    if not kept.exists():
        write_private(kept, secrets.token_urlsafe(24))
    return kept.read_text()


def set_up_databases(server: EmbeddedPostgres, layout: Layout) -> None:
    """Make the role and the databases, the editor's filled with synthetic people."""
    server.create_role(ROLE, database_password(layout))
    for plane, database in DATABASES.items():
        server.create_database(database)
        orders.fill(server.url(database), ROLE, synthetic=plane == "editor")
