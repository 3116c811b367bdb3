"""The authority for certificates that other systems are shown, and the list of those that are good no more."""

from datetime import timedelta

from cryptography import x509
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bailiwick.control.rotations.tables import ClientCertificateRow
from bailiwick.control.vault import CertificateAuthority, Vault
from bailiwick.core.clock import Clock
from bailiwick.store import Store

REVOCATIONS_PATH = "/.well-known/bailiwick-clients.crl"
_BLOB, _NAME = "client-certificate-authority", "Bailiwick clients"
_LIST_LIFETIME = timedelta(hours=24)


class ClientAuthority:
    """Issues certificates whose keys are sealed in the vault in the same transaction; `public_url` is where the list of
    revoked ones is.
    """

    def __init__(self, store: Store, vault: Vault, clock: Clock, public_url: str) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self.revocations_url = public_url.rstrip("/") + REVOCATIONS_PATH

    def certificate(self) -> str:
        """Return the authority's own certificate (PEM), which other systems trust."""
        with self._store.transaction() as session:
            return self._authority(session).certificate_pem

    def issue(self, session: Session, secret: str, subject: str, lifetime: timedelta) -> str:
        """Return a new certificate for `CN=subject` with its key (PEM)."""
        issued = self._authority(session).issue_client(subject, lifetime=lifetime, revocations=self.revocations_url)
        certificate = x509.load_pem_x509_certificate(issued.certificate.encode())
        session.add(
            ClientCertificateRow(
                serial=_serial(certificate),
                secret=secret,
                subject=subject,
                issued_at=self._clock(),
                ends_at=certificate.not_valid_after_utc,
                revoked_at=None,
            )
        )
        return issued.pem

    def revoke(self, pem: str) -> bool:
        """Note that a certificate is good no more; return whether it is one of ours. Safe to repeat."""
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return False
        with self._store.transaction() as session:
            row = session.get(ClientCertificateRow, (self._store.tenant, _serial(certificate)))
            # Another authority may have given the same number.
            if row is None or certificate.issuer != self._authority(session).subject:
                return False
            row.revoked_at = row.revoked_at or self._clock()
        return True

    def revocations(self) -> bytes:
        """Return the list (DER) of those that were revoked and have not ended yet, empty where none was ever issued."""
        with self._store.transaction() as session:
            if session.scalar(select(func.count()).select_from(ClientCertificateRow)) == 0:
                return b""
            found = session.execute(
                select(ClientCertificateRow.serial, ClientCertificateRow.revoked_at).where(
                    ClientCertificateRow.revoked_at.is_not(None), ClientCertificateRow.ends_at > self._clock()
                )
            )
            revoked = [(int(row.serial, 16), row.revoked_at) for row in found if row.revoked_at is not None]
            return self._authority(session).revocation_list(revoked, lifetime=_LIST_LIFETIME)

    def _authority(self, session: Session) -> CertificateAuthority:
        return CertificateAuthority.load(session, self._vault, self._clock, blob=_BLOB, name=_NAME)


def _serial(certificate: x509.Certificate) -> str:
    return f"{certificate.serial_number:x}"
