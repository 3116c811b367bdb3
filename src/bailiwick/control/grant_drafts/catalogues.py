"""What tables connected databases have: asked of a plane by a person, told by it in names, types and shapes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.grant_drafts.errors import NotWithinReachError
from bailiwick.control.grant_drafts.model import Catalogue, Column, Table
from bailiwick.control.grant_drafts.tables import LookRow
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations import DataClasses, Integration, IntegrationService
from bailiwick.core.clock import Clock
from bailiwick.core.ids import new_id
from bailiwick.core.messages import CatalogueReport, ColumnSeen, DatabaseConnection, TableSeen
from bailiwick.core.principals import Identity
from bailiwick.store import Store

# So long a plane may fetch the credential of a database that no app of it uses, to look at its tables.
LOOK_TIME = timedelta(minutes=10)
Kinds = Mapping[str, Literal["editor", "production"]]


@dataclass(frozen=True)
class CatalogueBook:
    """Asks planes for catalogues and keeps what they say. `kinds` are the planes that there are."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    integrations: IntegrationService
    classes: DataClasses
    kinds: Kinds
    clock: Clock
    on_change: Callable[[], None]

    def look(self, identity: Identity, name: str, plane: str = "") -> str:
        """Ask a plane what tables a database has, the one without production data where none is named; return it.

        Raises `NotWithinReachError` when it does not reach the database.
        """
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, identity, "integration.manage", ORGANIZATION)
            chosen, _ = self.place(self.integrations.integration(session, name), plane)
            asked = {"look": new_id("look"), "by": str(identity.principal), "until": self.clock() + LOOK_TIME}
            row = insert(LookRow).values(integration=name, plane=chosen, **asked)
            session.execute(
                row.on_conflict_do_update(
                    index_elements=["tenant", "integration", "plane"], set_={**asked, "seen": None}
                )
            )
            self.audit.note(
                session,
                str(identity.principal),
                "integration.looked-at",
                f"integration:{name}",
                deciders=decision.deciders,
                plane=chosen,
            )
            self.store.after_commit(session, self.on_change)
        return chosen

    def place(self, integration: Integration, plane: str) -> tuple[str, DatabaseConnection]:
        """Return a plane and how it reaches the database of an integration; without a name, one for previews."""
        reached = {name: item for name, item in integration.connections.items() if isinstance(item, DatabaseConnection)}
        if not integration.enabled or not reached:
            words = "is switched off" if reached else "is no database"
            raise NotWithinReachError(f"{integration.name} {words}, so no table of it can be looked at")
        usual = [name for name in sorted(reached) if self.kinds.get(name) == "editor"]
        chosen = plane or (usual[0] if usual else "")
        if chosen not in reached:
            raise NotWithinReachError(
                f"no plane '{chosen[:40]}' reaches {integration.name}"
                if chosen
                else f"{integration.name} is reached from production only",
                hint=f"name a plane that does: --plane {' or '.join(sorted(reached))}",
            )
        return chosen, reached[chosen]

    def take(self, session: Session, plane: str, report: CatalogueReport) -> None:
        """Keep what a plane says of a database that somebody asked it about; of others it cannot know anything."""
        row = self._row(session, report.integration, plane)
        if row is None or row.until < self.clock():
            return
        row.seen, row.fault, row.left_out = report.time, report.fault, report.left_out
        if not report.fault:
            row.tables = [table.model_dump(mode="json") for table in report.tables]

    def catalogue(self, session: Session, name: str, plane: str = "") -> Catalogue | None:
        """Return what is known of the tables of an integration, the newest where no plane is named; None for nothing.

        Raises `UnknownIntegrationError`.
        """
        self.integrations.integration(session, name)
        query = select(LookRow).where(LookRow.integration == name, LookRow.seen.is_not(None))
        if plane:
            query = query.where(LookRow.plane == plane)
        row = session.scalars(query.order_by(LookRow.seen.desc()).limit(1)).one_or_none()
        if row is None or row.seen is None:
            return None
        confirmed = self.classes.said(session, name)
        tables = tuple(_table(TableSeen.model_validate(item), confirmed) for item in row.tables)
        return Catalogue(name, row.plane, tables, row.seen, row.left_out, row.fault)

    def confirm(self, identity: Identity, name: str, classes: Mapping[str, str]) -> dict[str, str]:
        """Say which class of data columns hold, as `DataClasses.classify` does, also of such as nobody offers yet."""
        with self.store.transaction() as session:
            found = self.catalogue(session, name)
        tables = found.tables if found is not None else ()
        there = {f"{table.written}.{column.name}" for table in tables for column in table.columns}
        return self.classes.classify(identity, name, classes, there)

    def waits(self, session: Session, name: str) -> bool:
        """Whether a plane was asked and has not answered yet."""
        query = select(LookRow.look).where(
            LookRow.integration == name, LookRow.seen.is_(None), LookRow.until > self.clock()
        )
        return session.scalar(query.limit(1)) is not None

    def looks(self, session: Session, plane: str) -> dict[str, LookRow]:
        """Return what a plane is to look at now, by integration."""
        query = select(LookRow).where(LookRow.plane == plane, LookRow.until > self.clock(), LookRow.seen.is_(None))
        return {row.integration: row for row in session.scalars(query)}

    @staticmethod
    def _row(session: Session, integration: str, plane: str) -> LookRow | None:
        query = select(LookRow).where(LookRow.integration == integration, LookRow.plane == plane)
        return session.scalars(query.with_for_update()).one_or_none()


def _table(seen: TableSeen, confirmed: Mapping[str, str]) -> Table:
    table = Table(seen.name, (), seen.namespace, seen.rows)
    columns = tuple(_column(item, confirmed.get(f"{table.written}.{item.name}")) for item in seen.columns)
    return Table(seen.name, columns, seen.namespace, seen.rows)


def _column(seen: ColumnSeen, confirmed: str | None) -> Column:
    # That somebody said "nothing" is a word, too.
    return Column(
        name=seen.name,
        type=seen.type,
        data_class=seen.suggests if confirmed is None else confirmed,
        confirmed=confirmed is not None,
        prose=seen.prose and not confirmed,
        key=seen.key,
        references=seen.references,
        because=seen.because,
        share=seen.share,
        seems="" if confirmed == "" else seen.suggests,
    )
