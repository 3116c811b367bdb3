"""Previews of drafts: who may order one, on which plane and as whom; what planes are told of it and say they counted.

The rows themselves are shown by the plane to the person's browser. None passes here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.grant_drafts.catalogues import CatalogueBook
from bailiwick.control.grant_drafts.drafts import DraftService
from bailiwick.control.grant_drafts.errors import NothingToSaveError
from bailiwick.control.grant_drafts.model import Catalogue, Draft, Preview, name_of
from bailiwick.control.grant_drafts.tables import LookRow, PreviewRow
from bailiwick.control.identity import Authorizer, IdentityService
from bailiwick.control.integrations import IntegrationService
from bailiwick.core.clock import Clock
from bailiwick.core.column_classes import may_identify
from bailiwick.core.errors import NotFoundError
from bailiwick.core.grants import DataGrant
from bailiwick.core.keyed_masks import MASK_KEY
from bailiwick.core.messages import (
    CatalogueReport,
    DatabaseConnection,
    GrantPreview,
    SystemState,
    TableUniqueness,
    UniquenessReport,
)
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity, Principal
from bailiwick.store import Store

PREVIEW_TIME = timedelta(minutes=30)
_COUNTED: TypeAdapter[list[TableUniqueness]] = TypeAdapter(list[TableUniqueness])
_MOMENTS = ("date", "timestamp", "time")


@dataclass(frozen=True)
class GrantPreviews:
    """Orders previews, and tells planes what somebody works on. `address` is where a plane's page is."""

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    identity: IdentityService
    integrations: IntegrationService
    catalogues: CatalogueBook
    drafts: DraftService
    address: Callable[[str], str]
    clock: Clock
    on_change: Callable[[], None]

    def order(self, identity: Identity, name: str, draft: str, *, plane: str = "", person: str = "") -> Preview:
        """Have a plane show a draft for half an hour, as somebody sees it: the asker, or a person by their address.

        Whoever orders must be allowed to give the grant and to preview it there; the plane asks policy again of whoever
        looks. Without a plane, it is the one without production data. Raises an error for a draft that opens nothing.
        """
        with self.store.transaction() as session:
            resource = f"integration:{name}"
            self.authorizer.require(session, identity, "grant.give", resource, {"app": ""})
            kept = self.drafts.draft(session, name, draft)
            if not kept.reading.tables:
                raise NothingToSaveError("this draft opens nothing, so there is nothing to show")
            chosen, _ = self.catalogues.place(self.integrations.integration(session, name), plane)
            decision = self.authorizer.require(session, identity, "grant.preview", resource, {"plane": chosen})
            seen_as, attributes = self._seen_as(session, identity, person)
            values = {
                "integration": name,
                "plane": chosen,
                "by": str(identity.principal),
                "seen_as": seen_as,
                "attributes": attributes,
                "identifying": _identifying(kept, self.catalogues.catalogue(session, name)),
                "until": self.clock() + PREVIEW_TIME,
                "counted": None,
            }
            row = insert(PreviewRow).values(draft=draft, **values)
            session.execute(row.on_conflict_do_update(index_elements=["tenant", "draft"], set_=values))
            self.audit.note(
                session,
                str(identity.principal),
                "grant.preview-ordered",
                f"integration:{name}",
                deciders=decision.deciders,
                plane=chosen,
                context={"draft": draft, "seen_as": seen_as},
            )
            self.store.after_commit(session, self.on_change)
            return self._preview(session, draft)  # type: ignore[return-value]  # it was just written

    def may(self, session: Session, identity: Identity, name: str, plane: str) -> Decision:
        """Decide whether somebody may order a preview: may give the grant, and may preview. The first no counts."""
        resource = f"integration:{name}"
        give = self.authorizer.decide(session, identity, "grant.give", resource, {"app": ""})
        if not give.allowed:
            return give
        return self.authorizer.decide(session, identity, "grant.preview", resource, {"plane": plane})

    def preview(self, session: Session, draft: str) -> Preview | None:
        """Return the preview of a draft, also one that is over; None where none was ordered."""
        return self._preview(session, draft)

    def page(self, preview: Preview) -> str:
        """Return where a plane shows a draft."""
        return f"{self.address(preview.plane)}/{preview.draft}"

    def take(self, session: Session, plane: str, report: CatalogueReport | UniquenessReport) -> None:
        """Keep what a plane says of a database that it was asked to look at, or counted for a draft that it shows."""
        if isinstance(report, CatalogueReport):
            self.catalogues.take(session, plane, report)
            return
        own = (PreviewRow.draft == report.draft, PreviewRow.plane == plane)
        query = select(PreviewRow).where(*own, PreviewRow.integration == report.integration).with_for_update()
        row = session.scalars(query).one_or_none()
        if row is not None and row.until >= self.clock():
            row.counted = [item.model_dump(mode="json") for item in report.tables]

    # -- what planes are told ------------------------------------------------------------------------------------

    def states(self, session: Session, plane: str) -> tuple[SystemState, ...]:
        """Return the databases that somebody works on the grants of and that a plane has to do with, and how."""
        looks, shown = self.catalogues.looks(session, plane), self._shown(session, plane)
        found, present = [], self.integrations.present(session)
        for name in sorted({*looks, *(row.integration for row in shown)}):
            connection = present[name].connections.get(plane) if name in present else None
            if isinstance(connection, DatabaseConnection):
                previews = [row for row in shown if row.integration == name]
                found.append(self._state(session, name, connection, looks.get(name), previews))
        return tuple(found)

    def secrets(self, session: Session, plane: str) -> Collection[str]:
        """Return the names of the credentials that a plane needs for these just now."""
        states = self.states(session, plane)
        keyed = any(preview.grant.is_keyed for state in states for preview in state.previews)
        return {secret for state in states for secret in state.connection.secrets} | ({MASK_KEY} if keyed else set())

    def _state(
        self,
        session: Session,
        name: str,
        connection: DatabaseConnection,
        look: LookRow | None,
        previews: Sequence[PreviewRow],
    ) -> SystemState:
        return SystemState(
            name=name,
            tenant=self.store.tenant,
            connection=connection,
            roles=self.authorizer.holders(session, f"integration:{name}"),
            asked=look.look if look is not None else "",
            look_until=look.until if look is not None else None,
            previews=tuple(self._told(session, row) for row in previews),
        )

    def _told(self, session: Session, row: PreviewRow) -> GrantPreview:
        kept = self.drafts.draft(session, row.integration, row.draft)
        return GrantPreview(
            draft=row.draft,
            question=kept.question,
            grant=DataGrant(integration=row.integration, tables=kept.reading.tables),
            seen_as=row.seen_as,
            attributes=row.attributes,
            identifying={table: tuple(columns) for table, columns in row.identifying.items()},
            moments={
                table: tuple(column for column, moment in columns.items() if moment)
                for table, columns in row.identifying.items()
            },
            until=row.until,
        )

    def _shown(self, session: Session, plane: str) -> list[PreviewRow]:
        query = select(PreviewRow).where(PreviewRow.plane == plane, PreviewRow.until > self.clock())
        return list(session.scalars(query.order_by(PreviewRow.draft)))

    def _preview(self, session: Session, draft: str) -> Preview | None:
        query = select(PreviewRow).where(PreviewRow.draft == draft).execution_options(populate_existing=True)
        row = session.scalars(query).one_or_none()
        if row is None:
            return None
        counted = tuple(_COUNTED.validate_python(row.counted)) if row.counted is not None else None
        return Preview(row.draft, row.plane, row.by, row.seen_as, row.until, counted)

    def _seen_as(self, session: Session, identity: Identity, person: str) -> tuple[str, Mapping[str, str]]:
        if not person:
            return str(identity.principal), dict(identity.attributes)
        email = Principal.parse(person).name if ":" in person else person
        found = next((item for item in self.identity.people(session) if item.email == email and item.active), None)
        if found is None:
            raise NotFoundError(
                f"nobody here is called user:{email[:80]}", hint="people appear when they first sign in"
            )
        return found.principal, found.attributes


def _identifying(draft: Draft, catalogue: Catalogue | None) -> dict[str, dict[str, bool]]:
    """Return by table the columns that a draft shows and that others may know of people, too, and which are times."""
    known = {
        (table.written, column.name): column
        for table in (catalogue.tables if catalogue is not None else ())
        for column in table.columns
    }
    found: dict[str, dict[str, bool]] = {}
    for table in draft.reading.tables:
        name = name_of(table)
        for granted in table.columns:
            column = known.get((name, granted.name))
            moment = column is not None and column.type.startswith(_MOMENTS)
            if moment or may_identify(granted.name, column.classes if column is not None else ()):
                found.setdefault(name, {})[granted.name] = moment
    return found
