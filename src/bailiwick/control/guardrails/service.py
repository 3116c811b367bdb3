"""The verbs of guardrails: set, remove, list, and how they are for an app; every version is kept."""

from collections.abc import Callable, Collection
from typing import get_args

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.catalog import CatalogService
from bailiwick.control.guardrails.errors import NoSuchGuardrailError
from bailiwick.control.guardrails.model import Guardrail, GuardrailDraft
from bailiwick.control.guardrails.tables import GUARDRAILS, GuardrailRow
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.guardrails import (
    Environment,
    Rail,
    Setting,
    checked_values,
    guardrails_of,
    require_place,
    section_of,
    settings_for,
)
from bailiwick.core.modes import PRODUCTION
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

# Stands among the written names of those who may use an app.
EVERYBODY = "everybody without sign-in"
_ENVIRONMENT: TypeAdapter[Environment] = TypeAdapter(Environment)


class GuardrailService:
    """Each verb is one transaction with its audit event; `on_change` brings it to the planes."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        catalog: CatalogService,
        clock: Clock,
        on_change: Callable[[], None],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._catalog = catalog
        self._clock = clock
        self._on_change = on_change

    def listing(self, session: Session, identity: Identity) -> list[Guardrail]:
        """Return what is in force, the organisation's first; raise `ForbiddenError` for whoever may not read it."""
        self._authorizer.require(session, identity, "guardrail.read", ORGANIZATION)
        found = map(_guardrail, GUARDRAILS.all_in_force(session))
        return sorted(found, key=lambda item: (item.rail.place != ORGANIZATION, item.rail.place, item.rail.section))

    def earlier(self, session: Session, identity: Identity) -> list[Guardrail]:
        """Return the versions that were in force before, the newest first."""
        self._authorizer.require(session, identity, "guardrail.read", ORGANIZATION)
        return [_guardrail(row) for row in GUARDRAILS.earlier(session)]

    def settings(self, session: Session, identity: Identity, app: str, environment: str) -> list[Setting]:
        """Return every field as it is for an app, and which place says so, to whoever may see the app."""
        found = self._catalog.app(session, app)
        self._authorizer.require(session, identity, "app.read", f"app:{found.path}")
        return settings_for(rails_in_force(session), found.path, environment)

    def opening(self, session: Session, app: str) -> Guardrail | None:
        """Return what opens an app to everybody in production, None where nothing does; the caller may see the app."""
        if not everybody_at(session, app):
            return None
        found = GUARDRAILS.in_force(session, "access", f"app:{app}", PRODUCTION)
        return _guardrail(found) if found is not None else None

    def explain_change(self, session: Session, identity: Identity, place: str = ORGANIZATION) -> Decision:
        """Answer whether somebody may change what is said at a place; nothing is done."""
        return self._authorizer.explain(session, identity, "guardrail.manage", place)

    def set(self, identity: Identity, draft: GuardrailDraft, reason: str) -> Guardrail:
        """Say something about fields of a section at a place; its other fields stay as they are there.

        Raises `InvalidInputError` for what cannot be, `NotFoundError` for no such place, `ConflictError` when it is
        said already.
        """
        reason = given_reason(reason, "say why it changes", what="a guardrail")
        values = checked_values(draft.section, draft.values)
        with self._store.transaction() as session:
            decision, before = self._to_change(session, identity, draft.section, draft.place, draft.environment)
            kept = dict(before.rail.values) if before is not None else {}
            wanted = Rail(draft.section, draft.place, draft.environment, {**kept, **values}, draft.binding)
            require_place(wanted.section, wanted.values, wanted.place, wanted.environment)
            if before is not None and before.rail == wanted:
                raise ConflictError(f"{before.name} says that already")
            made = self._put(session, identity, wanted, reason)
            self._note(session, identity, "guardrail.set", decision, before, made)
        self._on_change()
        return made

    def remove(
        self,
        identity: Identity,
        section: str,
        place: str,
        reason: str,
        *,
        environment: Environment = "",
        names: Collection[str] = (),
    ) -> Guardrail:
        """Say nothing any more at a place about a section, or about these fields of it; what is above counts then."""
        reason = given_reason(reason, "say why it goes", what="a guardrail")
        with self._store.transaction() as session:
            decision, before = self._to_change(session, identity, section, place, environment)
            unknown = [name for name in names if before is None or name not in before.rail.values]
            if before is None or unknown:
                what = ", ".join(unknown) or section
                raise NoSuchGuardrailError(
                    f"{place[:80]} says nothing about {what[:80]}", hint="bailiwick guardrail list"
                )
            left = {name: value for name, value in before.rail.values.items() if names and name not in names}
            if left:
                rail = before.rail
                made = self._put(session, identity, Rail(section, place, environment, left, rail.binding), reason)
                self._note(session, identity, "guardrail.removed", decision, before, made)
            else:
                by, now = str(identity.principal), self._clock()
                GUARDRAILS.end(session, section, place, environment, by=by, now=now)
                self._note(session, identity, "guardrail.removed", decision, before, None, reason)
        self._on_change()
        return before

    def _to_change(
        self, session: Session, identity: Identity, section: str, place: str, environment: str
    ) -> tuple[Decision, Guardrail | None]:
        """Return the decision that somebody may change a place, and what is in force there, held by the lock."""
        if environment not in get_args(Environment):
            raise InvalidInputError(f"'{environment[:40]}' is no environment", hint="say preview, production, or none")
        section_of(section)
        self._require_place(session, place)
        decision = self._authorizer.require(session, identity, "guardrail.manage", place)
        GUARDRAILS.hold(session)
        row = GUARDRAILS.in_force(session, section, place, environment)
        return decision, _guardrail(row) if row is not None else None

    def _require_place(self, session: Session, place: str) -> None:
        kind, _, path = place.partition(":")
        if place == ORGANIZATION:
            return
        if kind == "app":
            self._catalog.app(session, path)
        elif kind != "folder" or path not in {item.path for item in self._catalog.folders(session)}:
            raise NotFoundError(
                f"there is no '{place[:80]}'", hint="write folder:PATH or app:PATH of one that there is"
            )

    def _put(self, session: Session, identity: Identity, wanted: Rail, reason: str) -> Guardrail:
        key = (wanted.section, wanted.place, wanted.environment)
        by, now = str(identity.principal), self._clock()
        said = {"values": dict(wanted.values), "binding": wanted.binding}
        return _guardrail(GUARDRAILS.put(session, key, by, now, reason, **said))

    def _note(
        self,
        session: Session,
        identity: Identity,
        action: str,
        decision: Decision,
        before: Guardrail | None,
        after: Guardrail | None,
        reason: str = "",
    ) -> None:
        said = after or before
        assert said is not None  # noqa: S101 - one of them is there
        self._audit.note(
            session,
            str(identity.principal),
            action,
            said.rail.place,
            reason=after.reason if after is not None else reason,
            deciders=decision.deciders,
            context={"guardrail": said.name, "version": said.version},
            before={"says": before.words if before is not None else ""},
            after={"says": after.words if after is not None else ""},
        )


def rails_in_force(session: Session) -> list[Rail]:
    """Return everything that is said now."""
    return [_guardrail(row).rail for row in GUARDRAILS.all_in_force(session)]


def everybody_at(session: Session, app: str) -> tuple[str, ...]:
    """Return everybody, in words, where an app is open to them in production, and nobody where it is not."""
    rails = guardrails_of(settings_for(rails_in_force(session), app, PRODUCTION))
    return (EVERYBODY,) if rails.access.public else ()


def _guardrail(row: GuardrailRow) -> Guardrail:
    return Guardrail(
        Rail(row.section, row.place, _ENVIRONMENT.validate_python(row.environment), row.values, row.binding),
        row.version,
        row.set_by,
        row.set_at,
        row.reason,
        row.ended_by,
        row.ended_at,
    )
