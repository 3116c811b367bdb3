"""Says how secrets are rotated, has them rotated, and shows how that goes; each verb asks policy and is audited."""

import re
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.identity import ORGANIZATION, Authorizer
from bailiwick.control.rotations.client_authority import ClientAuthority
from bailiwick.control.rotations.errors import NotRotatableError, RotationNotFoundError
from bailiwick.control.rotations.model import Cause, Rotation, Rule, SecretView, State
from bailiwick.control.rotations.rows import (
    end,
    going,
    last_ended,
    new_rotation,
    next_rotation,
    note_step,
    rotation_of,
    rule_of,
    source_of,
)
from bailiwick.control.rotations.sources import CertificateSource, HookSource, OAuthClientSource, due_at
from bailiwick.control.rotations.tables import RotationRow, RuleRow
from bailiwick.control.vault import STAGED_VERSION, Environment, SecretInfo, Vault, folder_of, place_of, require_name
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError, NotFoundError
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store
from bailiwick.store.locks import hold

_OWNER = re.compile(r"(user|group|service):[!-~]{1,200}")
_REVIEW = "service:review"
_LEAKED = "a review found its value in code"
_MOST_EARLIER = 20


class RotationService:
    """Rotation of secrets. `hooks` and `servers` are the names of those in the settings, `folders` returns the folders
    that there are.

    Who may do something with a secret of a folder, the roles at that folder say. What is asked for here, the keeper
    does.
    """

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        vault: Vault,
        hooks: Collection[str],
        servers: Collection[str],
        certificates: ClientAuthority,
        folders: Callable[[Session], Collection[str]],
        clock: Clock,
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._vault = vault
        self._hooks = hooks
        self._servers = servers
        self._certificates = certificates
        self._folders = folders
        self._clock = clock

    def put(self, identity: Identity, name: str, value: str, environment: Environment | None = None) -> int:
        """Store a version of a secret that a person brings, and return its number.

        A new one is of production where nothing else is said; a known one stays of the environment that it is of.
        """
        with self._store.transaction() as session:
            self._require(session, identity, name)
            require_name(name)
            self._require_folder(session, name)
            return self.put_in(session, identity, name, value, environment)

    def put_in(
        self, session: Session, identity: Identity, name: str, value: str, environment: Environment | None = None
    ) -> int:
        """Store a version in the caller's transaction, who has asked policy and looked at the name."""
        version = self._vault.put(session, name, value, by=str(identity.principal), environment=environment)
        self.note_due(session, name, value)
        row = going(session, name)
        if row is not None and row.state == State.BY_HAND:
            row.new_version = version
            end(row, self._clock(), State.DONE, f"{identity.principal} stored version {version}")
        return version

    def makes_certificates(self, session: Session, name: str) -> bool:
        """Return whether our own authority makes the certificates of a secret."""
        rule = self.rule(session, name)
        return rule is not None and isinstance(rule.source, CertificateSource)

    def secrets(self, identity: Identity) -> list[SecretView]:
        """Return every secret that somebody may look after, with how it is rotated, by name."""
        with self._store.transaction() as session:
            infos = self._vault.names(session)
            places = {ORGANIZATION, *map(_at, self._folders(session)), *(place_of(info.name) for info in infos)}
            theirs = set(self._authorizer.allowed_among(session, identity, "secret.manage", sorted(places)))
            if not theirs:
                self._authorizer.require(session, identity, "secret.manage", ORGANIZATION)
            rules = {row.name: rule_of(row) for row in session.scalars(select(RuleRow))}
            newest: dict[str, Rotation] = {}
            live: dict[str, Rotation] = {}
            for row in session.scalars(select(RotationRow).order_by(RotationRow.asked_at)):
                (live if row.ended_at is None else newest)[row.name] = rotation_of(row)
            return [
                _view(info, rules.get(info.name), live.get(info.name), newest.get(info.name))
                for info in infos
                if place_of(info.name) in theirs
            ]

    def secret(self, identity: Identity, name: str) -> tuple[SecretView, Sequence[Rotation]]:
        """Return a secret with its rotations, the newest first."""
        with self._store.transaction() as session:
            self._require(session, identity, name)
            info = self._info(session, name)
            rule = self.rule(session, name)
            rows = session.scalars(
                select(RotationRow)
                .where(RotationRow.name == name)
                .order_by(RotationRow.asked_at.desc())
                .limit(_MOST_EARLIER)
            )
            found = [rotation_of(row) for row in rows]
        live = next((item for item in found if item.ended_at is None), None)
        last = next((item for item in found if item.ended_at is not None), None)
        return _view(info, rule, live, last), found

    def declare(self, identity: Identity, name: str, rule: Rule, reason: str) -> None:
        """Say how a secret is rotated from here on; a rotation that is going on ends as it began."""
        reason = given_reason(reason, what="a rule of rotation")
        if not _OWNER.fullmatch(rule.owner):
            raise InvalidInputError("a secret has an owner", hint="owner: user:ann@example.com, or a group")
        with self._store.transaction() as session:
            decision = self._require(session, identity, name)
            if rule.source is not None:
                # The control plane signs in somewhere for it, with secrets and hooks of the organisation.
                decision = self._authorizer.require(session, identity, "secret.manage", ORGANIZATION)
            self._require_source(session, name, rule)
            if isinstance(rule.source, CertificateSource):
                self._first_certificate(session, identity, name, rule.source)
            lies = self._info(session, name).lies
            row = session.get(RuleRow, (self._store.tenant, name))
            before = _described(rule_of(row)) if row is not None else None
            row = row or RuleRow(name=name)
            row.owner, row.every_hours, row.grace_minutes = rule.owner, rule.every_hours, rule.grace_minutes
            row.source = rule.source.model_dump(mode="json") if rule.source is not None else None
            row.set_by, row.set_at = str(identity.principal), self._clock()
            row.reason = self._vault.masker(session).mask(reason)
            session.add(row)
            session.flush()
            if lies is None:
                self.note_due(session, name, self._vault.reveal(session, name))
            self._audit.note(
                session,
                str(identity.principal),
                "secret.rotation-declared",
                f"secret:{name}",
                reason=reason,
                deciders=decision.deciders,
                before=before,
                after=_described(rule),
            )

    def undeclare(self, identity: Identity, name: str, reason: str) -> None:
        """Have a secret rotated no more."""
        reason = given_reason(reason, what="a rule of rotation")
        with self._store.transaction() as session:
            decision = self._require(session, identity, name)
            row = session.get(RuleRow, (self._store.tenant, name))
            if row is None:
                raise RotationNotFoundError(f"nothing says how '{name[:80]}' is rotated")
            before = _described(rule_of(row))
            session.delete(row)
            who = str(identity.principal)
            resource = f"secret:{name}"
            self._audit.note(
                session,
                who,
                "secret.rotation-undeclared",
                resource,
                reason=reason,
                deciders=decision.deciders,
                before=before,
            )

    def rotate(self, identity: Identity, name: str, reason: str) -> Rotation:
        """Have a secret rotated; when that is going on already, return it: two wishes end in one rotation."""
        reason = given_reason(reason, what="a rotation")
        with self._store.transaction() as session:
            self._require(session, identity, name)
            reason = self._vault.masker(session).mask(reason)
            return self._begin(session, name, Cause.ASKED, str(identity.principal), reason)

    def leaked(self, values: Collection[str], where: str) -> None:
        """Have the secrets rotated that these values are of, or tell a person where that cannot be done by itself."""
        with self._store.transaction() as session:
            for name, version in sorted(self._vault.versions_with(session, values)):
                row, reason = going(session, name), f"{_LEAKED}: {where}"
                if version in {self._info(session, name).version, STAGED_VERSION}:
                    self._begin(session, name, Cause.LEAK, _REVIEW, reason)
                elif row is not None and row.old_version == version:
                    self._hasten(row, reason, newest=False)

    def end_brought(self) -> None:
        """End rotations that wait for a person, of secrets whose store has another version by now."""
        with self._store.transaction() as session:
            waiting = select(RotationRow).where(RotationRow.ended_at.is_(None), RotationRow.state == State.BY_HAND)
            for row in session.scalars(waiting.with_for_update()).all():
                info = self._info(session, row.name)
                if info.lies is not None and info.version > row.old_version:
                    row.new_version = info.version
                    end(row, self._clock(), State.DONE, f"the store {info.lies.store} has version {info.version}")

    def waiting(self, session: Session) -> list[str]:
        """Return the secrets that wait for a person to bring another value."""
        going_on = RotationRow.ended_at.is_(None)
        return list(session.scalars(select(RotationRow.name).where(going_on, RotationRow.state == State.BY_HAND)))

    def rule(self, session: Session, name: str) -> Rule | None:
        """Return how a secret is rotated, None when nobody said so."""
        row = session.get(RuleRow, (self._store.tenant, name))
        return rule_of(row) if row is not None else None

    def note_due(self, session: Session, name: str, value: str) -> None:
        """Write down when a value that comes into force now comes near its end, where it has one."""
        row = session.get(RuleRow, (self._store.tenant, name))
        if row is not None:
            row.due_at = due_at(value) if isinstance(source_of(row.source), CertificateSource) else None

    def start_due(self) -> None:
        """Begin the rotations whose time has come."""
        now = self._clock()
        with self._store.transaction() as session:
            infos = {info.name: info for info in self._vault.names(session)}
            planned = (RuleRow.every_hours > 0) | RuleRow.due_at.is_not(None)
            for row in session.scalars(select(RuleRow).where(planned)).all():
                info, last = infos.get(row.name), last_ended(session, row.name)
                if info is None or going(session, row.name) is not None:
                    continue
                due = next_rotation(rule_of(row), info.created_at, rotation_of(last) if last is not None else None)
                if due is not None and due <= now:
                    ends = row.due_at is not None and row.due_at <= now
                    words = "it comes near its end" if ends else f"every {row.every_hours} hours, as its rule says"
                    self._begin(session, row.name, Cause.SCHEDULE, "service:vault", words)

    def _begin(self, session: Session, name: str, cause: Cause, by: str, reason: str) -> Rotation:
        """Begin a rotation, or join the one that is going on, in the caller's transaction."""
        hold(session, f"rotation/{name}")
        row, now = going(session, name), self._clock()
        if row is not None:
            if cause is Cause.LEAK:
                self._hasten(row, reason, newest=True)
            return rotation_of(row)
        version = self._info(session, name).version
        rule = self.rule(session, name)
        lies = self._info(session, name).lies
        if lies is not None and cause is Cause.ASKED:
            raise NotRotatableError(
                f"'{name[:80]}' is rotated where it lies, in the store {lies.store}", hint="write another version there"
            )
        if (rule is None or rule.source is None) and cause is Cause.ASKED:
            raise NotRotatableError(
                f"nothing says where a new value of '{name[:80]}' is made",
                hint=f"say so: bailiwick secret declare {name} FILE; or store one: bailiwick secret put {name} < FILE",
            )
        row = new_rotation(name, rule, cause, by, reason, version, now)
        session.add(row)
        session.flush()
        self._audit.note(
            session,
            by,
            "secret.rotation-asked",
            f"secret:{name}",
            reason=reason,
            context={"rotation": row.id, "cause": cause, "version": version},
        )
        return rotation_of(row)

    def _hasten(self, row: RotationRow, reason: str, *, newest: bool) -> None:
        """Leave the old value no more time; once planes have the new one, that may be the one that leaked."""
        again = newest and row.state in {State.TESTED, State.SWITCHED}
        if row.cause == Cause.LEAK and row.again >= again:
            return
        row.cause, row.grace_minutes, row.again = Cause.LEAK, 0, row.again or again
        if row.revoke_at is not None:
            row.revoke_at = row.next_try_at = self._clock()
        note_step(row, self._clock(), reason)

    def _require_source(self, session: Session, name: str, rule: Rule) -> None:
        source = rule.source
        if source is None:
            return
        known = {info.name: info for info in self._vault.names(session)}
        lies = known[name].lies if name in known else None
        if lies is not None:
            raise InvalidInputError(
                f"'{name}' is rotated where it lies, in the store {lies.store}", hint="leave source out"
            )
        if isinstance(source, HookSource) and source.hook not in self._hooks:
            raise InvalidInputError(f"the settings name no hook '{source.hook}'", hint="secret_rotation.hooks")
        if isinstance(source, OAuthClientSource) and source.server not in self._servers:
            raise InvalidInputError(
                f"the settings name no authorization server '{source.server}'",
                hint="secret_rotation.authorization_servers",
            )
        if name in source.secrets:
            raise InvalidInputError(
                "a secret is not rotated with itself", hint="name another that it is rotated with, or none"
            )
        missing = sorted(source.secrets - set(known))
        if missing:
            raise InvalidInputError(
                f"the vault has no secret '{missing[0]}'", hint=f"bailiwick secret put {missing[0]} < FILE, then again"
            )

    def _first_certificate(self, session: Session, identity: Identity, name: str, source: CertificateSource) -> None:
        """Make the certificate where there is none yet: nobody needs to bring one."""
        if not self._vault.versions(session, [name]):
            require_name(name)
            self._require_folder(session, name)
            pem = self._certificates.issue(session, name, source.subject, source.lifetime)
            self._vault.put(session, name, pem, by=str(identity.principal), environment=source.environment)
        elif due_at(self._vault.reveal(session, name)) is None:
            raise InvalidInputError(f"'{name}' holds no certificate", hint="declare one that has no value yet")

    def _info(self, session: Session, name: str) -> SecretInfo:
        return self._vault.info(session, name)

    def _require(self, session: Session, identity: Identity, name: str) -> Decision:
        return self._authorizer.require(session, identity, "secret.manage", place_of(name))

    def _require_folder(self, session: Session, name: str) -> None:
        folder = folder_of(name)
        if folder and folder not in self._folders(session):
            raise NotFoundError(
                f"there is no folder '{folder[:80]}'",
                hint=f"an administrator makes it: bailiwick app create-folder {folder[:80]}",
            )


def _at(folder: str) -> str:
    return f"folder:{folder}"


def _view(info: SecretInfo, rule: Rule | None, live: Rotation | None, last: Rotation | None) -> SecretView:
    due = next_rotation(rule, info.created_at, last)
    return SecretView(
        name=info.name,
        folder=info.folder,
        environment=info.environment,
        lies=info.lies,
        version=info.version,
        account=info.account,
        created_by=info.created_by,
        created_at=info.created_at,
        rule=rule,
        next_rotation=due,
        going=live,
        last=last,
    )


def _described(rule: Rule) -> dict[str, str | int]:
    """Return a rule as the audit log tells of it."""
    source = rule.source.words if rule.source is not None else "by hand"
    return {
        "owner": rule.owner,
        "source": source,
        "every_hours": rule.every_hours,
        "grace_minutes": rule.grace_minutes,
    }
