"""The database: connect, bring the schema up to date, and run transactions that see one tenant only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

from bailiwick.store.names import DEFAULT_TENANT, TENANT_SETTING
from bailiwick.store.row_security import APP_ROLE, app_role_statements

_POOL_SIZE = 10
_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True)
class Store:
    """A PostgreSQL database that holds the state of the control plane.

    Connections act as the role `bailiwick_app`, which owns nothing and is bound by row-level security; only
    `migrate` acts as the owner.
    """

    engine: Engine
    sessions: sessionmaker[Session]
    owner_url: str
    tenant: str = DEFAULT_TENANT

    @classmethod
    def connect(cls, url: str, *, tenant: str = DEFAULT_TENANT) -> Self:
        """Return the store at `url` (`postgresql://…`); nothing is connected until it is used."""
        driver_url = make_url(url).set(drivername="postgresql+psycopg")
        # As a start-up option, the role is what RESET ROLE leads back to: no statement makes it the owner again.
        options = f"{driver_url.query.get('options', '')} -c role={APP_ROLE}".strip()
        engine = create_engine(
            driver_url,
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_SIZE,
            pool_pre_ping=True,
            connect_args={"options": options},
        )
        sessions = sessionmaker(engine, expire_on_commit=False)
        return cls(engine, sessions, driver_url.render_as_string(hide_password=False), tenant)

    def __repr__(self) -> str:
        return f"Store({self.engine.url!r}, tenant={self.tenant!r})"

    def migrate(self) -> None:
        """Bring the schema to the newest version; safe to repeat, and safe when two processes do it at once."""
        owner = create_engine(self.owner_url, pool_size=1)
        try:
            with owner.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('bailiwick-migrate'))"))
                for statement in app_role_statements():
                    connection.execute(text(statement))
                if _version(connection) != _newest_version():
                    _upgrade(connection)
        finally:
            owner.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session in one transaction: committed at the end, rolled back when anything is raised."""
        with self.sessions.begin() as session:
            session.execute(
                text("SELECT set_config(:name, :tenant, true)"), {"name": TENANT_SETTING, "tenant": self.tenant}
            )
            yield session

    def after_commit(self, session: Session, callback: Callable[[], None]) -> None:
        """Run `callback` once the session's transaction is durable; never when it rolls back."""

        def committed(_: Session) -> None:
            callback()

        event.listen(session, "after_commit", committed, once=True)

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _version(connection: Connection) -> str | None:
    """Return the version of the schema, or None when there is none yet."""
    if connection.scalar(text("SELECT to_regclass('public.alembic_version')")) is None:
        return None
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _newest_version() -> str:
    """Return the number that the newest migration's file begins with, which is its version."""
    return max(file.name.split("_", 1)[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _upgrade(connection: Connection) -> None:
    # Only loaded when there is something to do: it takes longer to load than a start has to look.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
