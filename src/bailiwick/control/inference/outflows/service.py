"""What left for models: taken in from planes, shown to whoever may see it, and switched off where it is listed."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.inference.outflows.model import OutflowDay, OutflowFilter, OutflowLine, OutflowPage
from bailiwick.control.inference.outflows.tables import OutflowRow, OutflowSwitchRow
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.events import Outcome
from bailiwick.core.ids import new_id
from bailiwick.core.messages import OTHERS, OutflowReport, OutflowSeen, OutflowSwitch
from bailiwick.core.outflows import PLACES, switch_words
from bailiwick.core.principals import Identity, Principal
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store
from bailiwick.store.locks import hold

KEPT_DAYS = 365
MOST_SWITCHES = 500
_MOST_LINES = 2000
_SUMMED = ("calls", "bytes", "found", "redacted", "refused")
_NAMED = ("model", "app", "person", "place", "data_class")
_CLASS = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@dataclass(frozen=True)
class OutflowService:
    """`models` are those that there are; `known` returns those of some apps that there are. `on_change` is called when
    planes must hear of another switch.
    """

    store: Store
    audit: AuditLog
    authorizer: Authorizer
    models: frozenset[str]
    known: Callable[[Session, Collection[str]], Collection[str]]
    clock: Clock
    on_change: Callable[[], None]

    # -- what planes tell ----------------------------------------------------------------------------------------

    def take(self, session: Session, plane: str, report: OutflowReport) -> None:
        """Add what a plane counted; lines about models or apps that are not there are left out, audited."""
        apps = {line.app for line in report.lines} - {"", OTHERS}
        known = {"", OTHERS, *self.known(session, apps)}
        believed = [line for line in report.lines if line.model in self.models and line.app in known]
        left_out = len(report.lines) - len(believed)
        if left_out:
            self.audit.note(
                session,
                f"plane:{plane}",
                "report.refused",
                f"plane:{plane}",
                outcome=Outcome.REFUSED,
                reason=f"{left_out} of {len(report.lines)} lines are about models or apps that are not there",
                plane=plane,
                context={"kind": report.kind},
            )
        self._add(session, plane, believed)

    def _add(self, session: Session, plane: str, lines: Collection[OutflowSeen]) -> None:
        today = self.clock().date()
        session.execute(delete(OutflowRow).where(OutflowRow.day < today - timedelta(days=KEPT_DAYS)))
        rows: dict[tuple[object, ...], dict[str, Any]] = {}
        for line in lines:
            row = {"day": min(line.last.date(), today), "plane": plane, **line.model_dump()}
            key = (row["day"], *(row[name] for name in _NAMED))
            rows[key] = _both(rows[key], row) if key in rows else row
        if not rows:
            return
        # In one order, so that two planes that tell of the same wait for each other and never both.
        statement = insert(OutflowRow).values([rows[key] for key in sorted(rows)])
        said = statement.excluded
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant", "day", "plane", *_NAMED],
                set_={
                    **{name: getattr(OutflowRow, name) + said[name] for name in _SUMMED},
                    "first": func.least(OutflowRow.first, said.first),
                    "last": func.greatest(OutflowRow.last, said.last),
                },
            )
        )

    # -- what people see -----------------------------------------------------------------------------------------

    def page(self, session: Session, by: Identity, wanted: OutflowFilter) -> OutflowPage:
        """Return what left, as far as somebody may see it: everything, or that of their own apps."""
        every = self.sees_all(session, by)
        row = OutflowRow
        sums = [func.sum(getattr(row, name)).label(name) for name in _SUMMED]
        names = [getattr(row, name) for name in _NAMED]
        mine = None if every else self._apps(session, by, wanted)
        lines = self._where(select(*names, *sums, func.min(row.first), func.max(row.last)), wanted, mine)
        most = func.sum(row.bytes).desc()
        found = session.execute(lines.group_by(*names).order_by(most, *names).limit(_MOST_LINES + 1)).all()
        # Each call has settings: what is refused is counted there once, and in every other place again.
        counted = case((row.place == (wanted.place or "settings"), row.refused), else_=0)
        counted = case((row.data_class == wanted.data_class, counted), else_=0)
        days = select(row.day, func.sum(row.bytes), func.sum(row.found), func.sum(counted))
        told = session.execute(self._where(days, wanted, mine).group_by(row.day).order_by(row.day)).all()
        return OutflowPage(
            tuple(OutflowLine(*item[:5], *map(int, item[5:10]), *item[10:]) for item in found[:_MOST_LINES]),
            tuple(OutflowDay(item[0], *map(int, item[1:])) for item in told),
            len(found) > _MOST_LINES,
        )

    def sees_all(self, session: Session, by: Identity) -> bool:
        """Return whether somebody may see what left from all apps and people."""
        return self.authorizer.decide(session, by, "model-outflow.read", ORGANIZATION).allowed

    def _apps(self, session: Session, by: Identity, wanted: OutflowFilter) -> list[str]:
        named = [f"app:{path}" for path in session.scalars(self._where(select(OutflowRow.app).distinct(), wanted, None))
                 if path not in {"", OTHERS}]  # fmt: skip
        allowed = self.authorizer.allowed_among(session, by, "model-outflow.read", named)
        return [name.removeprefix("app:") for name in allowed]

    def _where(self, query: Any, wanted: OutflowFilter, apps: Collection[str] | None) -> Any:
        row = OutflowRow
        query = query.where(row.day > self.clock().date() - timedelta(days=wanted.days))
        for name in _NAMED:
            if asked := getattr(wanted, name):
                query = query.where(getattr(row, name) == asked)
        return query if apps is None else query.where(row.app.in_(apps))

    # -- what is switched off ------------------------------------------------------------------------------------

    def in_force(self, session: Session) -> tuple[OutflowSwitch, ...]:
        """Return everything that is switched off, oldest first, as planes are told."""
        rows = session.scalars(select(OutflowSwitchRow).order_by(OutflowSwitchRow.time, OutflowSwitchRow.id))
        return tuple(_switch(row) for row in rows)

    def switches(self, session: Session, by: Identity) -> tuple[OutflowSwitch, ...]:
        """Return what is switched off, as far as somebody may see it: everything, or what is about their apps.

        What is about no app and nobody in particular is everybody's to see: a refusal says it, too.
        """
        found = self.in_force(session)
        if self.sees_all(session, by):
            return found
        named = sorted({f"app:{item.app}" for item in found if item.app})
        allowed = set(self.authorizer.allowed_among(session, by, "model-outflow.read", named))
        return tuple(item for item in found if f"app:{item.app}" in allowed or not (item.app or item.person))

    def off(self, by: Identity, wanted: OutflowFilter, reason: str) -> OutflowSwitch:
        """Switch something off, at every plane: calls that have it are refused. Audited.

        Raises `InvalidInputError` for what cannot be, `ConflictError` when just that is off already.
        """
        reason = given_reason(reason)
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "model-outflow.switch", ORGANIZATION)
            self._require_sound(session, wanted)
            hold(session, "model-outflow-switches")
            there = self.in_force(session)
            asked = {name: getattr(wanted, name) for name in _NAMED}
            if any(all(getattr(item, name) == value for name, value in asked.items()) for item in there):
                raise ConflictError("just that is switched off already", hint="bailiwick model switches lists it")
            if len(there) >= MOST_SWITCHES:
                raise InvalidInputError(f"{MOST_SWITCHES} switches are off", hint="a policy says more in one sentence")
            row = OutflowSwitchRow(id=new_id("off"), by=str(by.principal), reason=reason, time=self.clock(), **asked)
            session.add(row)
            session.flush()
            switch = _switch(row)
            self._note(session, by, "model-outflow.switched-off", switch, reason, tuple(decision.deciders))
            self.store.after_commit(session, self.on_change)
        return switch

    def on(self, by: Identity, switch_id: str, reason: str) -> OutflowSwitch:
        """Switch something on again, at every plane. Audited."""
        reason = given_reason(reason)
        with self.store.transaction() as session:
            decision = self.authorizer.require(session, by, "model-outflow.switch", ORGANIZATION)
            row = session.get(OutflowSwitchRow, switch_id, with_for_update=True)
            if row is None:
                raise NotFoundError(f"nothing is off under '{switch_id[:60]}'", hint="bailiwick model switches")
            switch = _switch(row)
            session.delete(row)
            self._note(session, by, "model-outflow.switched-on", switch, reason, tuple(decision.deciders))
            self.store.after_commit(session, self.on_change)
        return switch

    def _require_sound(self, session: Session, wanted: OutflowFilter) -> None:
        if not any(getattr(wanted, name) for name in _NAMED):
            raise InvalidInputError("a switch names something", hint="the kill switch stops a model for everybody")
        if wanted.model and wanted.model not in self.models:
            raise NotFoundError(f"there is no model '{wanted.model[:60]}'", hint=", ".join(sorted(self.models)))
        if wanted.app and not self.known(session, [wanted.app]):
            raise NotFoundError(f"there is no app '{wanted.app[:80]}'")
        if wanted.person:
            Principal.parse(wanted.person)
        if wanted.place and wanted.place not in PLACES:
            raise InvalidInputError(f"'{wanted.place[:40]}' is no place of a call", hint=", ".join(PLACES))
        if wanted.data_class and not _CLASS.fullmatch(wanted.data_class):
            raise InvalidInputError("a class of data is written as iban or birth-date")

    def _note(
        self,
        session: Session,
        by: Identity,
        action: str,
        switch: OutflowSwitch,
        reason: str,
        deciders: tuple[str, ...],
    ) -> None:
        self.audit.note(
            session,
            str(by.principal),
            action,
            f"model:{switch.model}" if switch.model else ORGANIZATION,
            reason=reason,
            app=switch.app,
            deciders=deciders,
            context={
                "switch": switch.id,
                "what": switch_words(switch),
                **{name: getattr(switch, name) for name in ("person", "place", "data_class") if getattr(switch, name)},
            },
        )


def _switch(row: OutflowSwitchRow) -> OutflowSwitch:
    return OutflowSwitch.model_validate({name: getattr(row, name) for name in OutflowSwitch.model_fields})


def _both(was: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return two lines about the same as one."""
    sums = {name: was[name] + row[name] for name in _SUMMED}
    return {**row, **sums, "first": min(was["first"], row["first"]), "last": max(was["last"], row["last"])}
