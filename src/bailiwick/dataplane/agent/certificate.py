"""A plane's own certificate: where it lies, when to ask for the next one, and the TLS contexts that carry it."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bailiwick.files import write_private

_CREDENTIALS, _AUTHORITY = "credentials.pem", "authority.pem"


class PlaneCertificate:
    """The certificate and key in a plane's folder. A new key is made for each renewal and never leaves the plane."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _CREDENTIALS
        self._authority = folder / _AUTHORITY
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._contexts: WeakSet[ssl.SSLContext] = WeakSet()

    def context(self) -> ssl.SSLContext:
        """Return a context that shows the certificate as it is on disk now, and each renewed one after it.

        Raises `OSError` when it cannot be read.
        """
        context = ssl.create_default_context(cafile=str(self._authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self._file)
        self._contexts.add(context)
        return context

    def seconds_until_renewal(self) -> float:
        """Return how long it is until half of its life is over, 0 when that is past; raise as `context` does."""
        certificate = x509.load_pem_x509_certificate(self._file.read_bytes())
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        return max(0.0, (begin + (end - begin) / 2 - datetime.now(UTC)).total_seconds())

    def request(self) -> bytes:
        """Return a signing request (PKCS #10, PEM) for a key that is made now. Whose it is, the link says."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(self._key, hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM)

    def take(self, certificate: bytes) -> None:
        """Show the certificate for the last request from the next connection on.

        Raises `ValueError` when it is for another key.
        """
        parsed = x509.load_pem_x509_certificate(certificate)
        if self._key is None or parsed.public_key() != self._key.public_key():
            raise ValueError("this certificate is not for the key that was asked for")
        key = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_private(self._file, certificate.decode() + key.decode())
        self._key = None
        for context in self._contexts:
            context.load_cert_chain(self._file)
