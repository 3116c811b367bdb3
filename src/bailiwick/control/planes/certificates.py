"""The certificates of planes and of their door: of an hour each, replaced while connections stay up."""

import ssl
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from bailiwick.control.vault import CertificateAuthority
from bailiwick.core.clock import Clock
from bailiwick.files import write_private

PLANE_PATH = "plane/"
_CREDENTIALS, _AUTHORITY = "credentials.pem", "authority.pem"


class DoorCertificate:
    """The certificate that the planes' door shows. `context` is what it serves with: TLS 1.3, and a peer's
    certificate of our own authority.
    """

    def __init__(self, authority: CertificateAuthority, folder: Path, host: str, clock: Clock) -> None:
        self._authority = authority
        self._file = folder / _CREDENTIALS
        self._hosts = [host, "localhost"]
        self._clock = clock
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.context.load_verify_locations(cadata=authority.certificate_pem)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._replace()

    def renew(self) -> None:
        """Take another certificate once half of the present one's life is over; open connections keep theirs."""
        if is_due(self._file, self._authority, self._clock(), share=0.5):
            self._replace()

    def _replace(self) -> None:
        write_private(self._file, self._authority.issue("control", hosts=self._hosts).pem)
        self.context.load_cert_chain(self._file)


def enrol(authority: CertificateAuthority, plane: str, folder: Path, clock: Clock) -> None:
    """Write a plane's first certificate, or one in the place of what it did not renew by itself in time.

    The plane renews its own over its link, so that nothing is written here while it is connected.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_due(folder / _CREDENTIALS, authority, clock(), share=0.8):
        write_private(folder / _AUTHORITY, authority.certificate_pem)
        write_private(folder / _CREDENTIALS, authority.issue(f"{PLANE_PATH}{plane}").pem)


def is_due(file: Path, authority: CertificateAuthority, now: datetime, *, share: float) -> bool:
    """Whether this share of the life of the certificate in a file is over, or it is none of this authority's."""
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate_pem.encode()))
    except (OSError, ValueError, InvalidSignature):
        return True
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now >= begin + (end - begin) * share
