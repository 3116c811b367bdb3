"""Requests for certificates: made, signed elsewhere, taken in; the key is sealed first and is never shown."""

from collections.abc import Callable, Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bailiwick.control.audit import AuditLog
from bailiwick.control.certificate_requests.model import CertificateRequest
from bailiwick.control.certificate_requests.pem import chain_of, joined, new_key, request_of
from bailiwick.control.certificate_requests.tables import CertificateRequestRow
from bailiwick.control.identity import Authorizer
from bailiwick.control.vault import Environment, Vault, folder_of, place_of, require_name
from bailiwick.core.clock import Clock
from bailiwick.core.errors import ConflictError, NotFoundError
from bailiwick.core.policy import Decision
from bailiwick.core.principals import Identity
from bailiwick.core.reasons import given_reason
from bailiwick.store import Store
from bailiwick.store.locks import hold

_BLOB = "certificate-request/"
# Stores a version of a secret that a person brings: the caller's transaction, who, its name, value and environment.
Put = Callable[[Session, Identity, str, str, Environment | None], int]


class CertificateRequests:
    """What people do with requests. `put` stores what became of one, `folders` returns those that there are, and
    `is_made` says whether certificates of a secret are made by the platform's own authority.
    """

    def __init__(
        self,
        *,
        store: Store,
        audit: AuditLog,
        authorizer: Authorizer,
        vault: Vault,
        clock: Clock,
        put: Put,
        folders: Callable[[Session], Collection[str]],
        is_made: Callable[[Session, str], bool],
    ) -> None:
        self._store = store
        self._audit = audit
        self._authorizer = authorizer
        self._vault = vault
        self._clock = clock
        self._put = put
        self._folders = folders
        self._is_made = is_made

    def ask(
        self,
        by: Identity,
        name: str,
        *,
        subject: str,
        hosts: Sequence[str] = (),
        environment: Environment = Environment.PRODUCTION,
    ) -> CertificateRequest:
        """Make a key and the request for its certificate, in the place of one that waits for the same secret.

        `environment` is that of a secret that there is not yet. Raises `ConflictError` for one that lies elsewhere, or
        whose certificates our own authority makes.
        """
        require_name(name)
        with self._store.transaction() as session:
            decision = self._require(session, by, name)
            self._require_free(session, name)
            key = new_key()
            csr = request_of(key, subject, hosts)
            hold(session, f"{_BLOB}{name}")
            self._vault.replace_blob(session, f"{_BLOB}{name}", key)
            row = session.get(CertificateRequestRow, (self._store.tenant, name)) or CertificateRequestRow(name=name)
            row.subject, row.csr, row.environment = subject, csr, environment
            row.asked_by, row.asked_at = str(by.principal), self._clock()
            session.add(row)
            session.flush()
            self._note(session, by, "requested", name, decision, "", {"subject": subject, "hosts": tuple(hosts)})
            return _request(row)

    def request(self, by: Identity, name: str) -> CertificateRequest:
        """Return the request that waits for a secret."""
        with self._store.transaction() as session:
            self._require(session, by, name)
            return _request(self._row(session, name))

    def install(self, by: Identity, name: str, certificates: str) -> int:
        """Take in what was signed, as the next version of the secret, and return its number; the request is over.

        Raises `InvalidInputError` for a certificate that is not of the request's key, or that no system would take.
        """
        with self._store.transaction() as session:
            decision = self._require(session, by, name)
            hold(session, f"{_BLOB}{name}")
            row = self._row(session, name)
            key = self._vault.sealed_blob(session, f"{_BLOB}{name}")
            if key is None:
                raise _nothing(name)
            chain = chain_of(certificates, key, self._clock())
            self._require_free(session, name)
            new = not self._vault.versions(session, [name])
            version = self._put(session, by, name, joined(chain, key), Environment(row.environment) if new else None)
            facts: dict[str, str | int | tuple[str, ...]] = {
                "version": version,
                "serial": f"{chain[0].serial_number:x}",
                "subject": chain[0].subject.rfc4514_string()[:300],
                "issuer": chain[0].issuer.rfc4514_string()[:300],
                "ends": chain[0].not_valid_after_utc.isoformat(),
            }
            self._forget(session, row)
            self._note(session, by, "installed", name, decision, "", facts)
            return version

    def withdraw(self, by: Identity, name: str, reason: str) -> None:
        """Give a request up: its key is gone, and whatever is signed for it is of no use."""
        reason = given_reason(reason)
        with self._store.transaction() as session:
            decision = self._require(session, by, name)
            hold(session, f"{_BLOB}{name}")
            self._forget(session, self._row(session, name))
            self._note(session, by, "withdrawn", name, decision, reason, {})

    def _forget(self, session: Session, row: CertificateRequestRow) -> None:
        self._vault.forget_blob(session, f"{_BLOB}{row.name}")
        session.delete(row)
        session.flush()

    def _row(self, session: Session, name: str) -> CertificateRequestRow:
        query = select(CertificateRequestRow).where(CertificateRequestRow.name == name).with_for_update()
        row = session.scalars(query).one_or_none()
        if row is None:
            raise _nothing(name)
        return row

    def _require(self, session: Session, by: Identity, name: str) -> Decision:
        return self._authorizer.require(session, by, "secret.manage", place_of(name))

    def _require_free(self, session: Session, name: str) -> None:
        folder = folder_of(name)
        if folder and folder not in self._folders(session):
            raise NotFoundError(
                f"there is no folder '{folder[:80]}'", hint=f"bailiwick app create-folder {folder[:80]}"
            )
        if self._vault.linked.is_linked(session, name) or self._vault.leased.is_leased(session, name):
            raise ConflictError(f"'{name[:80]}' lies in a store of the company", hint="ask for another name")
        if self._is_made(session, name):
            raise ConflictError(
                f"the certificates of '{name[:80]}' are made by the platform's own authority",
                hint=f"bailiwick secret undeclare {name[:80]}, or ask for another name",
            )

    def _note(
        self,
        session: Session,
        by: Identity,
        verb: str,
        name: str,
        decision: Decision,
        reason: str,
        context: dict[str, str | int | tuple[str, ...]],
    ) -> None:
        self._audit.note(
            session,
            str(by.principal),
            f"secret.certificate-{verb}",
            f"secret:{name}",
            reason=reason,
            deciders=decision.deciders,
            context={**context},
        )


def _nothing(name: str) -> NotFoundError:
    return NotFoundError(
        f"no certificate was asked for '{name[:80]}'", hint=f"bailiwick secret request-certificate {name[:80]}"
    )


def _request(row: CertificateRequestRow) -> CertificateRequest:
    return CertificateRequest(row.name, row.subject, row.csr, Environment(row.environment), row.asked_by, row.asked_at)
