"""Integrations: register business systems, say what they offer, and resolve what an app asks for."""

import difflib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations.checking import require_sound
from bailiwick.control.integrations.classes import with_hidden
from bailiwick.control.integrations.errors import AccessNotOfferedError, UnknownIntegrationError
from bailiwick.control.integrations.folders import require_folder, require_in_folder, secrets_by_plane
from bailiwick.control.integrations.model import Integration, Resolved
from bailiwick.control.integrations.static_keys import WrappingOf, require_wrapped
from bailiwick.control.integrations.tables import IntegrationRow
from bailiwick.control.vault import Environment, is_within
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.core.events import ContextFact
from bailiwick.core.grants import (
    OFFER,
    ColumnGrant,
    DataGrant,
    MailGrant,
    Mask,
    Offer,
    Operation,
    RequestGrant,
    RowLog,
    ServedGrant,
    TableGrant,
)
from bailiwick.core.manifest import IntegrationUse, Manifest
from bailiwick.core.messages import AnyConnection, IntegrationLimits, IntegrationState
from bailiwick.core.principals import Identity
from bailiwick.core.reach import IntegrationReach, reach_of
from bailiwick.store import Store

_LONGEST_OFF = 500
_CONNECTION: TypeAdapter[AnyConnection] = TypeAdapter(AnyConnection)


class IntegrationService:
    """Business systems that apps may be granted. `on_change` is called when data planes must hear of something."""

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        clock: Clock,
        on_change: Callable[[], None],
        planes: Mapping[str, Environment],
        secrets: Callable[[Session], Mapping[str, Environment]],
        leased: Callable[[Session], Collection[str]],
        folders: Callable[[Session], Collection[str]],
        wrapping_of: WrappingOf,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._clock = clock
        self._on_change = on_change
        self._planes = planes
        self._secrets = secrets
        self._leased = leased
        self._folders = folders
        self._wrapping_of = wrapping_of

    def register(self, identity: Identity, integration: Integration) -> None:
        """Register a system, or replace what is known of it; one that was switched off stays off.

        Where it is changes for apps at work at once; what it offers, for the next release of each. Raises
        `InvalidInputError` for one that does not fit together.
        """
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "integration.manage", ORGANIZATION)
            require_sound(integration, self._planes, self._secrets(session), self._leased(session))
            if integration.folder and integration.folder not in self._folders(session):
                raise InvalidInputError(f"there is no folder '{integration.folder[:80]}'")
            known = session.get(IntegrationRow, (self._store.tenant, integration.name))
            before = _integration(known) if known is not None else None
            require_folder(before, integration)
            wrapped = require_wrapped(self._authorizer, session, identity, integration, before, self._wrapping_of)
            self._keep(session, integration)
            change = (_described(before) if before is not None else None, _described(integration))
            resource, deciders = f"integration:{integration.name}", (*decision.deciders, *wrapped)
            self._note_registered(session, identity, deciders, resource, change)

    def offer(
        self,
        session: Session,
        identity: Identity,
        name: str,
        rule: str,
        offers: Sequence[Offer],
        reason: str,
        *,
        replaces: bool = False,
    ) -> None:
        """Add an access rule to what a system offers, in the caller's transaction, as registering it anew would.

        Apps get nothing by it before their next release. Raises `UnknownIntegrationError`, `InvalidInputError` for what
        does not fit, and `ConflictError` for a rule that there is, unless this `replaces` it.
        """
        decision = self._authorizer.require(session, identity, "integration.manage", ORGANIZATION)
        session.scalar(select(IntegrationRow.name).where(IntegrationRow.name == name).with_for_update())
        integration = self.integration(session, name)
        if rule in integration.offers and not replaces:
            raise ConflictError(
                f"'{name}' offers '{rule}' already", hint="choose another name, or say that it replaces"
            )
        changed = replace(integration, offers={**integration.offers, rule: tuple(offers)})
        require_sound(changed, self._planes, self._secrets(session), self._leased(session))
        self._keep(session, changed)
        before, after = _described(integration), _described(changed)
        for facts, held in ((before, integration), (after, changed)):
            facts[f"offer.{rule}"] = tuple(item.model_dump_json() for item in held.offers.get(rule, ()))
        self._note_registered(session, identity, decision.deciders, f"integration:{name}", (before, after), reason)

    def _keep(self, session: Session, integration: Integration) -> None:
        """Write an integration down that is sound."""
        values = {
            "kind": integration.kind,
            "description": integration.description,
            "owner": integration.owner,
            "connections": {plane: item.model_dump(mode="json") for plane, item in integration.connections.items()},
            "offers": {
                rule: [offer.model_dump(mode="json") for offer in offers] for rule, offers in integration.offers.items()
            },
            "limits": integration.limits.model_dump(mode="json", exclude_defaults=True),
            "connector": integration.connector,
            "folder": integration.folder,
        }
        row = insert(IntegrationRow).values(
            name=integration.name, created_at=self._clock(), enabled=integration.enabled, **values
        )
        session.execute(row.on_conflict_do_update(index_elements=["tenant", "name"], set_=values))
        self._store.after_commit(session, self._on_change)

    def _note_registered(
        self,
        session: Session,
        identity: Identity,
        deciders: tuple[str, ...],
        resource: str,
        change: tuple[dict[str, ContextFact] | None, dict[str, ContextFact]],
        reason: str = "",
    ) -> None:
        self._audit.note(
            session,
            str(identity.principal),
            "integration.registered",
            resource,
            reason=reason,
            deciders=deciders,
            before=change[0],
            after=change[1],
        )

    def set_enabled(self, identity: Identity, name: str, *, enabled: bool, reason: str) -> None:
        """Switch an integration on or off for every app at once."""
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "integration.manage", ORGANIZATION)
            row = self._row(session, name)
            before, row.enabled = row.enabled, enabled
            row.off = "" if enabled else f"{identity.principal}: {reason or 'no reason was given'}"[:_LONGEST_OFF]
            action = "integration.enabled" if enabled else "integration.disabled"
            self._audit.note(
                session,
                str(identity.principal),
                action,
                f"integration:{name}",
                reason=reason,
                deciders=decision.deciders,
                before={"enabled": before},
                after={"enabled": enabled},
            )
            self._store.after_commit(session, self._on_change)

    def limit(self, identity: Identity, name: str, limits: IntegrationLimits) -> None:
        """Say how much may go through an integration: it holds for apps at work at once."""
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "integration.manage", ORGANIZATION)
            row = self._row(session, name)
            before, row.limits = row.limits, limits.model_dump(mode="json", exclude_defaults=True)
            self._audit.note(
                session,
                str(identity.principal),
                "integration.limited",
                f"integration:{name}",
                deciders=decision.deciders,
                before={"limits": json.dumps(before, sort_keys=True)},
                after={"limits": json.dumps(row.limits, sort_keys=True)},
            )
            self._store.after_commit(session, self._on_change)

    def integration(self, session: Session, name: str) -> Integration:
        """Return one; raise `UnknownIntegrationError` with the names that there are."""
        return _integration(self._row(session, name))

    def integrations(self, session: Session) -> list[Integration]:
        """Return every integration by name."""
        rows = session.scalars(select(IntegrationRow).order_by(IntegrationRow.name))
        return [_integration(row) for row in rows]

    def offered(self, session: Session, identity: Identity) -> list[Integration]:
        """Return every integration that somebody may read, or may use in a folder where they build, by name."""

        def may(action: str, resource: str) -> bool:
            return self._authorizer.decide(session, identity, action, resource).allowed

        building = [folder for folder in self._folders(session) if may("integration.describe", f"folder:{folder}")]
        return [
            item
            for item in self.integrations(session)
            if any(is_within(folder, item.folder) for folder in building)
            or may("integration.read", f"integration:{item.name}")
        ]

    def names(self, session: Session, after: str, limit: int) -> Sequence[str]:
        """Return the names of integrations after one, in order, `limit` at most."""
        query = select(IntegrationRow.name).where(IntegrationRow.name > after).order_by(IntegrationRow.name)
        return session.scalars(query.limit(limit)).all()

    def enabled(self, session: Session) -> Mapping[str, bool]:
        """Return which integrations are switched on, by name."""
        query = select(IntegrationRow.name, IntegrationRow.enabled)
        return {row.name: row.enabled for row in session.execute(query)}

    def present(self, session: Session) -> Mapping[str, Integration]:
        """Return every integration as it is now, by name."""
        return {item.name: item for item in self.integrations(session)}

    def using(self, session: Session) -> Mapping[str, list[tuple[str, str]]]:
        """Return which integrations name each secret, and on which planes: pairs of both, by the secret's name."""
        found: dict[str, list[tuple[str, str]]] = {}
        for integration in self.integrations(session):
            for plane, secret in secrets_by_plane(integration):
                found.setdefault(secret, []).append((integration.name, plane))
        return found

    def resolve(
        self, session: Session, manifest: Manifest, folder: str, plane: str, capabilities: Sequence[str] = ()
    ) -> Resolved:
        """Return what the manifest of an app in a folder, and what is open for it, come to on a plane.

        Raises an error that lists what there is when it asks for more.
        """
        states = tuple(
            self._resolve_one(session, name, use, folder, plane) for name, use in sorted(manifest.integrations.items())
        )
        reaches = map(IntegrationReach.of, states)
        return Resolved(states, reach_of(manifest, reaches, capabilities))

    def _resolve_one(
        self, session: Session, name: str, use: IntegrationUse, folder: str, plane: str
    ) -> IntegrationState:
        integration = _integration(self._row(session, use.use))
        require_in_folder(integration.name, integration.folder, folder)
        unknown = [rule for rule in use.access if rule not in integration.offers]
        if unknown:
            raise AccessNotOfferedError(use.use, unknown[0], sorted(integration.offers))
        sent = {name for place in integration.connections.values() for name in getattr(place, "webhooks", ())}
        unknown = sorted(set(use.webhooks) - sent)
        if unknown:
            raise InvalidInputError(
                f"'{use.use}' sends no webhook '{unknown[0]}'", hint=f"it sends: {', '.join(sorted(sent)) or 'none'}"
            )
        if plane not in integration.connections:
            raise UnknownIntegrationError(
                f"the integration '{use.use}' has no connection on the plane '{plane}'",
                hint="an IT administrator adds one",
            )
        classes = self._row(session, use.use).data_classes
        offers = [with_hidden(offer, classes) for rule in use.access for offer in integration.offers[rule]]
        return IntegrationState(
            name=name,
            resource=use.use,
            connection=integration.connections[plane],
            grant=granted(use.use, offers),
            roles=self._authorizer.holders(session, f"integration:{use.use}"),
            enabled=integration.enabled,
            limits=integration.limits,
            webhooks=use.webhooks,
        )

    def _row(self, session: Session, name: str) -> IntegrationRow:
        row = session.scalars(select(IntegrationRow).where(IntegrationRow.name == name)).one_or_none()
        if row is not None:
            return row
        known = list(session.scalars(select(IntegrationRow.name).order_by(IntegrationRow.name)))
        close = difflib.get_close_matches(name, known, n=1)
        words = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(known) or 'none yet'}"
        raise UnknownIntegrationError(f"there is no integration '{name[:60]}'", hint=words)


def granted(integration: str, offers: Sequence[Offer]) -> DataGrant:
    """Return what several offers of an integration come to together."""
    requests = dict.fromkeys(offer for offer in offers if isinstance(offer, RequestGrant))
    mail = dict.fromkeys(offer for offer in offers if isinstance(offer, MailGrant))
    tables = merge(offer for offer in offers if isinstance(offer, TableGrant))
    served = dict.fromkeys(offer for offer in offers if isinstance(offer, ServedGrant))
    return DataGrant(
        integration=integration, tables=tables, requests=tuple(requests), mail=tuple(mail), served=tuple(served)
    )


def merge(tables: Iterable[TableGrant]) -> tuple[TableGrant, ...]:
    """Return one grant a table. A column is readable, writable or unmasked when a rule that opens it says so.

    A rule that does not select opens its columns for writing only, whatever another rule may select. Row conditions
    add up: a row must meet those of every rule, so that a second rule never opens rows; and so do columns to group by.
    What ends first ends both, and of limits for a day the smaller ones hold.
    """
    merged: dict[tuple[str, str], TableGrant] = {}
    for table in tables:
        key = (table.namespace, table.relation)
        opened = _as_opened(table)
        merged[key] = _merge_two(merged[key], opened) if key in merged else opened
    return tuple(merged[key] for key in sorted(merged))


def _as_opened(table: TableGrant) -> TableGrant:
    """Return the grant of one rule with its columns unreadable when it does not select."""
    if Operation.SELECT in table.operations:
        return table
    closed = {"readable": False, "mask": None, "in_groups_of": None, "mask_for": ()}
    columns = tuple(column.model_copy(update=closed) for column in table.columns)
    return table.model_copy(update={"columns": columns})


def _merge_two(first: TableGrant, second: TableGrant) -> TableGrant:
    columns = {column.name: column for column in first.columns}
    for column in second.columns:
        known = columns.get(column.name)
        columns[column.name] = column if known is None else _merge_columns(known, column)
    return TableGrant(
        relation=first.relation,
        namespace=first.namespace,
        operations=first.operations | second.operations,
        columns=tuple(columns.values()),
        rows=tuple(dict.fromkeys([*first.rows, *second.rows])),
        checks=tuple(dict.fromkeys([*first.checks, *second.checks])),
        groups=tuple(dict.fromkeys([*first.groups, *second.groups])),
        purpose="; ".join(filter(None, dict.fromkeys([first.purpose, second.purpose])))[:200],
        row_log=_stricter(first.row_log, second.row_log),
        per_day=first.per_day.both(second.per_day) if first.per_day is not None else second.per_day,
        until=min((table.until for table in (first, second) if table.until is not None), default=None),
    )


def _stricter(first: RowLog | None, second: RowLog | None) -> RowLog | None:
    """Return how rows are logged where two rules say it: by the first one's key, and as hashes where one wants that."""
    if first is None or second is None:
        return first or second
    written = "clear" if first.written == second.written == "clear" else "hashed"
    untold = "refused" if "refused" in {first.untold, second.untold} else "noted"
    return first.model_copy(update={"written": written, "untold": untold})


def _merge_columns(first: ColumnGrant, second: ColumnGrant) -> ColumnGrant:
    shown = [(column.mask, column.mask_for) for column in (first, second) if column.readable]
    masks = [mask for mask, _ in shown]
    sizes = [column.in_groups_of for column in (first, second) if column.in_groups_of is not None]
    mask, mask_for = shown[0] if shown else (None, ())
    if None in masks:
        mask, mask_for = None, ()
    elif len({persons for _, persons in shown}) > 1:
        # Who sees what would be one thing by one rule and another by the other.
        mask, mask_for = Mask.NULL, ()
    writable = first.writable or second.writable
    if writable and any(found is not None and found.is_keyed for found in (mask, *(one.mask for one in mask_for))):
        # Whoever writes a value would learn what it comes to.
        mask, mask_for = Mask.NULL, ()
    return ColumnGrant(
        name=first.name,
        readable=bool(shown),
        mask=mask,
        writable=writable,
        mask_for=mask_for,
        in_groups_of=min(sizes) if sizes and not shown else None,
    )


def _described(integration: Integration) -> dict[str, ContextFact]:
    """Return an integration as the audit log tells of it: where it leads and what it offers."""
    places = {f"connection.{plane}": item.words for plane, item in integration.connections.items()}
    return {
        "description": integration.description,
        "owner": integration.owner,
        "folder": integration.folder,
        "offers": tuple(sorted(integration.offers)),
        "limits": integration.limits.model_dump_json(exclude_defaults=True),
        **places,
    }


def _integration(row: IntegrationRow) -> Integration:
    return Integration(
        name=row.name,
        kind=row.kind,
        description=row.description,
        owner=row.owner,
        enabled=row.enabled,
        connections={plane: _CONNECTION.validate_python(item) for plane, item in row.connections.items()},
        offers={rule: tuple(map(OFFER.validate_python, offers)) for rule, offers in row.offers.items()},
        limits=IntegrationLimits.model_validate(row.limits),
        off=row.off,
        connector=row.connector,
        folder=row.folder,
    )
