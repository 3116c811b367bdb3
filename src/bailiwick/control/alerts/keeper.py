"""Reads the audit log on, raises what rules say, escalates what nobody answers, and ends what is over."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bailiwick.control.alerts.matching import key_of, matches, words_of
from bailiwick.control.alerts.model import AlertRule, AlertState
from bailiwick.control.alerts.tables import AlertCursorRow, AlertRow, AlertRuleRow, SilenceRow
from bailiwick.control.alerts.telling import Telling, pagers, told_of
from bailiwick.control.audit import AuditLog, log_size, read_on
from bailiwick.control.identity import ORGANIZATION
from bailiwick.core.clock import Clock
from bailiwick.core.events import AuditEvent, ContextFact
from bailiwick.core.ids import new_id
from bailiwick.store import Store

ACTOR = "service:alerts"
_BATCH, _MOST_GROUPS = 2000, 2000
# What did not come again for so long is over.
_OVER = timedelta(hours=24)
_RECORD = "\n"


class AlertKeeper:
    """Of several replicas one works at a time; a message is written in the transaction of what it tells of."""

    def __init__(self, *, store: Store, audit: AuditLog, telling: Telling, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._telling = telling
        self._clock = clock

    def keep(self) -> None:
        """Do what is due."""
        more = True
        while more:
            with self._store.transaction() as session:
                cursor = self._turn(session)
                if cursor is None:
                    return
                more = self._read(session, cursor)
        with self._store.transaction() as session:
            self._escalate(session)
            self._end(session)

    @staticmethod
    def _turn(session: Session) -> AlertCursorRow | None:
        begun = {"sequence": log_size(session), "counted": {}}
        session.execute(insert(AlertCursorRow).values(begun).on_conflict_do_nothing())
        return session.scalars(select(AlertCursorRow).with_for_update(skip_locked=True)).one_or_none()

    def _read(self, session: Session, cursor: AlertCursorRow) -> bool:
        places = read_on(session, cursor.sequence, _BATCH)
        if not places:
            return False
        rules = [AlertRule.model_validate(row.rule) for row in session.scalars(select(AlertRuleRow))]
        counted: dict[str, list[float]] = dict(cursor.counted)
        for place in places:
            event = place.event
            for rule in rules if event is not None else ():
                if event is not None and matches(rule, event):
                    self._count(session, rule, event, place.sequence, counted)
        now = self._clock().timestamp()
        longest = {rule.name: 60 * rule.within_minutes for rule in rules}
        lately = {
            name: times
            for name, times in counted.items()
            if times and now - times[-1] < longest.get(name.partition(_RECORD)[0], 0)
        }
        cursor.counted = dict(list(lately.items())[-_MOST_GROUPS:])
        cursor.sequence = places[-1].sequence + 1
        return len(places) == _BATCH

    def _count(
        self, session: Session, rule: AlertRule, event: AuditEvent, place: int, counted: dict[str, list[float]]
    ) -> None:
        """Count an event for its group; raise an alert once there are enough within the time."""
        key = key_of(rule, event)
        name = f"{rule.name}{_RECORD}{key}"
        at = event.time.timestamp()
        times = [one for one in counted.get(name, ()) if at - one < 60 * rule.within_minutes]
        counted[name] = [*times, at][-rule.at_least :]
        if len(counted[name]) >= rule.at_least:
            self._raise(session, rule, key, event, place)

    def _raise(self, session: Session, rule: AlertRule, key: str, event: AuditEvent, place: int) -> None:
        now = self._clock()
        query = select(AlertRow).where(AlertRow.rule == rule.name, AlertRow.key == key)
        known = session.scalars(query.where(AlertRow.state != AlertState.RESOLVED).with_for_update()).one_or_none()
        silence = self._silence(session, rule.name, key)
        if known is not None:
            known.times, known.last = known.times + 1, now
            if not known.silenced or silence:
                return
            row = known
            row.silenced = ""
        else:
            row = AlertRow(
                id=new_id("alr"), rule=rule.name, key=key, severity=rule.severity, words=words_of(event, rule.at_least),
                state=AlertState.OPEN, first=now, last=now, times=1, silenced=silence, told=[], escalate_at=None,
                escalate_to=[], escalated=None, answered_by="", event=place,
            )  # fmt: skip
            session.add(row)
        if not silence:
            self._tell(session, rule, row)
        self._note(session, "alert.raised", row)

    def _tell(self, session: Session, rule: AlertRule, row: AlertRow) -> None:
        row.told = list(rule.tell)
        if rule.escalate_after_minutes and rule.escalate_to:
            row.escalate_at = self._clock() + timedelta(minutes=rule.escalate_after_minutes)
            row.escalate_to = list(rule.escalate_to)
        self._telling.tell(session, told_of(row, "trigger"), rule.tell)

    def _silence(self, session: Session, rule: str, key: str) -> str:
        """Return the silence that covers a group now, if one does."""
        query = select(SilenceRow.id).where(
            SilenceRow.until > self._clock(), SilenceRow.rule.in_(("", rule)), SilenceRow.key.in_(("", key))
        )
        return session.scalar(query.limit(1)) or ""

    def _escalate(self, session: Session) -> None:
        due = (AlertRow.state == AlertState.OPEN, AlertRow.escalate_at <= self._clock())
        for row in session.scalars(select(AlertRow).where(*due).with_for_update(skip_locked=True)):
            row.escalate_at, row.escalated = None, self._clock()
            self._telling.tell(session, told_of(row, "trigger"), row.escalate_to)
            row.told = [*row.told, *row.escalate_to]
            self._note(session, "alert.escalated", row)

    def _end(self, session: Session) -> None:
        old = (AlertRow.state != AlertState.RESOLVED, AlertRow.last < self._clock() - _OVER)
        for row in session.scalars(select(AlertRow).where(*old).with_for_update(skip_locked=True)):
            row.state, row.escalate_at = AlertState.RESOLVED, None
            self._telling.tell(session, told_of(row, "resolve"), pagers(row.told))
            self._note(session, "alert.resolved", row)

    def _note(self, session: Session, action: str, row: AlertRow) -> None:
        facts: dict[str, ContextFact] = {
            "alert": row.id, "rule": row.rule, "severity": row.severity, "count": row.times, "silence": row.silenced,
        }  # fmt: skip
        self._audit.note(session, ACTOR, action, ORGANIZATION, reason=row.words, context=facts)
