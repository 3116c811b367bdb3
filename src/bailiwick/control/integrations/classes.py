"""Classes of data in integrations: which columns hold which, said by who keeps them, and what each access brings."""

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.integrations.errors import UnknownIntegrationError
from bailiwick.control.integrations.tables import IntegrationRow
from bailiwick.core.errors import InvalidInputError
from bailiwick.core.grants import OFFER, ClassedAccess, FieldMask, Mask, Offer, RequestGrant, TableGrant
from bailiwick.core.principals import Identity
from bailiwick.store import Store

# As manifests name them.
_CLASS = re.compile(r"[a-z][a-z0-9-]{0,38}")
_FIELD = re.compile(r"[A-Za-z0-9_$@-]{1,80}(\.[A-Za-z0-9_$@-]{1,80}){0,9}")


class DataClasses:
    """Which classes of data there are behind integrations. One of which nobody said anything is not judged.

    `on_change` tells planes of a change: what apps may send to models depends on it.
    """

    def __init__(self, store: Store, audit: AuditLog, authorizer: Authorizer, on_change: Callable[[], None]) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._on_change = on_change

    def classify(
        self, identity: Identity, name: str, classes: Mapping[str, str], also: Collection[str] = ()
    ) -> dict[str, str]:
        """Say which class columns (`table.column`), or fields of answers (`/path#field`), hold, nothing for none.

        Returns those of the integration now.

        Columns are those that it offers, and `also` others that it is known to have. Raises `UnknownIntegrationError`,
        and `InvalidInputError` for another column or a name that is none.
        """
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "integration.manage", ORGANIZATION)
            query = select(IntegrationRow).where(IntegrationRow.name == name).with_for_update()
            row = session.scalars(query).one_or_none()
            if row is None:
                raise UnknownIntegrationError(f"there is no integration '{name[:60]}'", hint="name one that there is")
            _require_known(classes, row, also)
            before, now = dict(row.data_classes), {**row.data_classes, **classes}
            # That a column holds none is kept as said: it is not the same as that nobody said anything.
            row.data_classes = now
            self._audit.note(
                session,
                str(identity.principal),
                "integration.classified",
                f"integration:{name}",
                deciders=decision.deciders,
                before=before,
                after=now,
            )
            self._store.after_commit(session, self._on_change)
        return _some(now)

    def of(self, session: Session) -> dict[str, dict[str, str]]:
        """Return the classes of columns by integration, of those that have any."""
        return classes_by_integration(session)

    def said(self, session: Session, name: str) -> dict[str, str]:
        """Return all that was said of the columns of an integration, an empty text where one holds no class."""
        found = session.scalar(select(IntegrationRow.data_classes).where(IntegrationRow.name == name))
        return dict(found or {})

    def accesses(self, session: Session) -> tuple[ClassedAccess, ...]:
        """Return what each access rule brings, of integrations that somebody classified."""
        rows = session.scalars(select(IntegrationRow).order_by(IntegrationRow.name))
        return tuple(
            ClassedAccess(row.name, rule, tuple(_classed(offers, _some(row.data_classes))))
            for row in rows
            if _some(row.data_classes)
            for rule, offers in sorted(row.offers.items())
        )

    def name_of_classes(self, session: Session) -> str:
        """Return a name for all of it: another one when anything is classified anew; empty when nothing is."""
        facts = [
            f"{item.integration} {item.access} {column} {found}"
            for item in self.accesses(session)
            for column, found in item.columns
        ]
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16] if facts else ""


def classes_by_integration(session: Session) -> dict[str, dict[str, str]]:
    """Return the classes of columns and fields by integration, of those that have any."""
    rows = session.execute(select(IntegrationRow.name, IntegrationRow.data_classes).order_by(IntegrationRow.name))
    return {row.name: _some(row.data_classes) for row in rows if _some(row.data_classes)}


def classes_in(offers: Iterable[Offer], classes: Mapping[str, str]) -> frozenset[str]:
    """Return the classes of the data that offers bring, by the classes of columns and fields of their integration."""
    return frozenset(found for _, found in _classed(offers, classes)) if classes else frozenset()


def _some(classes: Mapping[str, str]) -> dict[str, str]:
    return {column: found for column, found in classes.items() if found}


def with_hidden(offer: Offer, classes: Mapping[str, str]) -> Offer:
    """Return an offer with the fields masked whose class of data it hides."""
    if not isinstance(offer, RequestGrant) or not offer.hide:
        return offer
    begin, known = f"{offer.path}#", {field.path for field in offer.fields}
    found = [
        name.removeprefix(begin) for name, of in sorted(classes.items()) if name.startswith(begin) and of in offer.hide
    ]
    more = tuple(FieldMask(path=path) for path in found if path not in known)
    return offer.model_copy(update={"fields": offer.fields + more, "hide": ()})


def _require_known(classes: Mapping[str, str], row: IntegrationRow, also: Collection[str]) -> None:
    offered = {column for offers in row.offers.values() for column in _columns(offers)} | set(also)
    paths = {offer.path for offers in row.offers.values() for offer in _requests(offers)}
    for name, found in classes.items():
        path, mark, field = name.partition("#")
        if name not in offered and not (mark and path in paths and _FIELD.fullmatch(field)):
            hint = ", ".join(sorted(offered or {f"{path}#field" for path in paths})[:40])
            raise InvalidInputError(
                f"'{row.name}' offers no {'field' if paths else 'column'} '{name[:80]}'", hint=f"it offers: {hint}"
            )
        if found and not _CLASS.fullmatch(found):
            raise InvalidInputError(
                f"'{found[:40]}' is no name of a class of data",
                hint="small letters, digits and hyphens, as in manifests",
            )


def _classed(offers: Iterable[object], classes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return columns and fields that an access brings, with the class of each that has one."""
    parsed = list(offers)
    brought = [*_columns(parsed), *_fields(parsed, classes)]
    return [(name, classes[name]) for name in dict.fromkeys(brought) if name in classes]


def _columns(offers: Iterable[object]) -> list[str]:
    """Return the columns of grants as people name them: with the schema where that is not the usual one."""
    found = []
    for table in map(OFFER.validate_python, offers):
        if not isinstance(table, TableGrant):
            continue
        schema = "" if table.namespace == "public" else f"{table.namespace}."
        found += [f"{schema}{table.relation}.{column.name}" for column in table.columns]
    return found


def _requests(offers: Iterable[object]) -> list[RequestGrant]:
    return [offer for offer in map(OFFER.validate_python, offers) if isinstance(offer, RequestGrant)]


def _fields(offers: Iterable[object], classes: Mapping[str, str]) -> list[str]:
    """Return the classified fields of answers that calls bring: those that are hidden from everybody bring nothing."""
    found = []
    for request in _requests(offers):
        whole = with_hidden(request, classes)
        fields = whole.fields if isinstance(whole, RequestGrant) else ()
        hidden = [f"{request.path}#{field.path}" for field in fields if field.mask is Mask.NULL]
        found += [
            name
            for name in classes
            if name.startswith(f"{request.path}#") and not any(f"{name}.".startswith(f"{path}.") for path in hidden)
        ]
    return found
