"""What people do with alerts: write rules, see what stands, answer it, and silence what is known."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.alerts.model import Alert, AlertRule, AlertState, Silence
from bailiwick.control.alerts.tables import AlertRow, AlertRuleRow, SilenceRow
from bailiwick.control.alerts.telling import Telling, pagers, told_of
from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, InvalidInputError, NotFoundError
from bailiwick.core.events import ContextFact
from bailiwick.core.ids import new_id
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store

_MOST, _MOST_RULES = 200, 100
_LONGEST_SILENCE = timedelta(days=30)


class AlertService:
    """Rules, alerts and silences of the organisation."""

    def __init__(
        self, *, store: Store, audit: AuditLog, authorizer: Authorizer, telling: Telling, clock: Clock
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._telling = telling
        self._clock = clock

    def rules(self, session: Session, identity: Identity) -> Sequence[AlertRule]:
        """Return all rules by name."""
        self._authorizer.require(session, identity, "notice.read", ORGANIZATION)
        return [
            AlertRule.model_validate(row.rule)
            for row in session.scalars(select(AlertRuleRow).order_by(AlertRuleRow.name))
        ]

    def write_rule(self, identity: Identity, document: Mapping[str, Any]) -> AlertRule:
        """Put a rule into force, in place of one of its name; raise `InvalidInputError` for what is none."""
        try:
            rule = AlertRule.model_validate(document)
        except ValidationError as fault:
            told = [
                f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in fault.errors(include_input=False)
            ]
            raise InvalidInputError(
                f"this is no rule: {'; '.join(told)[:600]}", hint="docs/anomalies.md has some"
            ) from None
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "alert.manage", ORGANIZATION)
            before = session.scalar(select(AlertRuleRow.rule).where(AlertRuleRow.name == rule.name))
            if before is None and (session.scalar(select(func.count()).select_from(AlertRuleRow)) or 0) >= _MOST_RULES:
                raise ConflictError(f"there are {_MOST_RULES} rules, which is the most", hint="remove one first")
            new = {
                "name": rule.name,
                "rule": rule.model_dump(mode="json"),
                "by": str(identity.principal),
                "changed": self._clock(),
            }
            same = [AlertRuleRow.tenant, AlertRuleRow.name]
            session.execute(insert(AlertRuleRow).values(new).on_conflict_do_update(index_elements=same, set_=new))
            facts: dict[str, ContextFact] = {
                "rule": rule.name,
                "severity": rule.severity,
                "changed": before is not None,
            }
            self._note(session, identity, "alert.rule-set", facts, decision.deciders)
        return rule

    def remove_rule(self, identity: Identity, name: str, reason: str) -> None:
        """Take a rule out of force."""
        reason = given_reason(reason)
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "alert.manage", ORGANIZATION)
            row = session.scalars(select(AlertRuleRow).where(AlertRuleRow.name == name)).one_or_none()
            if row is None:
                raise NotFoundError(f"there is no rule '{name[:60]}'", hint="bailiwick alert rules")
            session.delete(row)
            self._note(session, identity, "alert.rule-removed", {"rule": name}, decision.deciders, reason)

    def list(self, session: Session, identity: Identity, state: str = "") -> Sequence[Alert]:
        """Return the newest alerts, of one state where that is given."""
        self._authorizer.require(session, identity, "notice.read", ORGANIZATION)
        query = select(AlertRow).order_by(AlertRow.last.desc(), AlertRow.id.desc()).limit(_MOST)
        return [_seen(row) for row in session.scalars(query.where(AlertRow.state == state) if state else query)]

    def acknowledge(self, identity: Identity, alert_id: str) -> Alert:
        """Say that somebody looks after it: it is not escalated."""
        return self._answer(identity, alert_id, AlertState.ACKNOWLEDGED, "")

    def resolve(self, identity: Identity, alert_id: str, reason: str) -> Alert:
        """Say that it is over, and why; the next one of its group tells everybody again."""
        return self._answer(identity, alert_id, AlertState.RESOLVED, given_reason(reason))

    def _answer(self, identity: Identity, alert_id: str, state: AlertState, reason: str) -> Alert:
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "alert.manage", ORGANIZATION)
            row = session.scalars(select(AlertRow).where(AlertRow.id == alert_id[:60]).with_for_update()).one_or_none()
            if row is None:
                raise NotFoundError(f"there is no alert '{alert_id[:60]}'", hint="bailiwick alert list")
            if row.state in {state, AlertState.RESOLVED}:
                raise ConflictError(f"this alert is {row.state} already", hint="there is nothing to do")
            row.state, row.escalate_at, row.answered_by = state, None, str(identity.principal)
            step = "resolve" if state is AlertState.RESOLVED else "acknowledge"
            self._telling.tell(session, told_of(row, step), pagers(row.told))
            self._note(
                session, identity, f"alert.{state}", {"alert": row.id, "rule": row.rule}, decision.deciders, reason
            )
            return _seen(row)

    def silences(self, session: Session, identity: Identity) -> Sequence[Silence]:
        """Return the silences that stand, those that end first at first."""
        self._authorizer.require(session, identity, "notice.read", ORGANIZATION)
        query = select(SilenceRow).where(SilenceRow.until > self._clock()).order_by(SilenceRow.until)
        return [_silence(row) for row in session.scalars(query)]

    def silence(self, identity: Identity, rule: str, key: str, until: datetime, reason: str) -> Silence:
        """Have a rule (all, without one) tell nobody of a group (of any, without one) until a time."""
        reason = given_reason(reason)
        now = self._clock()
        if not now < until <= now + _LONGEST_SILENCE:
            raise InvalidInputError("a silence ends within 30 days", hint="say until when, later than now")
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "alert.manage", ORGANIZATION)
            if rule and session.scalar(select(AlertRuleRow.name).where(AlertRuleRow.name == rule)) is None:
                raise NotFoundError(f"there is no rule '{rule[:60]}'", hint="bailiwick alert rules")
            row = SilenceRow(
                id=new_id("sil"), rule=rule, key=key, reason=reason, by=str(identity.principal), until=until
            )
            session.add(row)
            facts: dict[str, ContextFact] = {"silence": row.id, "rule": rule, "until": until.isoformat()}
            self._note(session, identity, "alert.silenced", facts, decision.deciders, reason)
            return _silence(row)

    def end_silence(self, identity: Identity, silence_id: str, reason: str) -> Silence:
        """End a silence before its time."""
        reason = given_reason(reason)
        with self._store.transaction() as session:
            decision = self._authorizer.require(session, identity, "alert.manage", ORGANIZATION)
            row = session.scalars(select(SilenceRow).where(SilenceRow.id == silence_id[:60])).one_or_none()
            if row is None or row.until <= self._clock():
                raise NotFoundError("there is no such silence, or it is over", hint="bailiwick alert silences")
            row.until = self._clock()
            self._note(
                session,
                identity,
                "alert.silence-ended",
                {"silence": row.id, "rule": row.rule},
                decision.deciders,
                reason,
            )
            return _silence(row)

    def _note(
        self, session: Session, identity: Identity, action: str, facts: Mapping[str, ContextFact],
        deciders: Sequence[str], reason: str = "",
    ) -> None:  # fmt: skip
        who = str(identity.principal)
        self._audit.note(session, who, action, ORGANIZATION, reason=reason, deciders=tuple(deciders), context=facts)


def _seen(row: AlertRow) -> Alert:
    return Alert(
        row.id, row.rule, row.key, row.severity, row.words, AlertState(row.state), row.first, row.last, row.times,
        row.silenced, row.escalated, row.answered_by, row.event,
    )  # fmt: skip


def _silence(row: SilenceRow) -> Silence:
    return Silence(row.id, row.rule, row.key, row.reason, row.by, row.until)
