"""Writes a migration from what the tables say to what the migrations made so far: make_migration.py "what it does"."""

import importlib
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.operations import ops
from sqlalchemy import create_engine

import bailiwick.control
from bailiwick.store import Base, Store
from bailiwick.store.embedded import EmbeddedPostgres
from bailiwick.store.row_security import APPEND_ONLY, protect_statements

MIGRATIONS = Path(__file__).parent.parent / "src" / "bailiwick" / "store" / "migrations"


def protect_new_tables(_context: object, _revision: object, directives: Iterable[ops.MigrationScript]) -> None:
    """Put each table that the migration makes under row-level security."""
    for script in directives:
        upgrade = script.upgrade_ops
        created = [item for item in upgrade.ops if isinstance(item, ops.CreateTableOp)] if upgrade else []
        for table in created:
            append_only = table.table_name in APPEND_ONLY
            for statement in protect_statements(table.table_name, append_only=append_only):
                upgrade.ops.append(ops.ExecuteSQLOp(statement))  # type: ignore[union-attr]


def main(message: str) -> None:
    """Make the migration against a scratch database."""
    for module in pkgutil.walk_packages(bailiwick.control.__path__, "bailiwick.control."):
        if module.name.endswith(".tables"):
            importlib.import_module(module.name)
    with tempfile.TemporaryDirectory(prefix="bw-") as home:
        Path(home).chmod(0o755)
        with EmbeddedPostgres(Path(home) / "data", scratch=True) as server:
            server.create_database("scratch")
            store = Store.connect(server.url("scratch"))
            store.migrate()
            with create_engine(store.owner_url).begin() as connection:
                config = Config()
                config.set_main_option("script_location", str(MIGRATIONS))
                config.attributes |= {
                    "connection": connection,
                    "metadata": Base.metadata,
                    "directives": protect_new_tables,
                }
                number = f"{len(list((MIGRATIONS / 'versions').glob('*.py'))) + 1:04d}"
                command.revision(config, message, autogenerate=True, rev_id=number)
            store.dispose()
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(MIGRATIONS)], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
