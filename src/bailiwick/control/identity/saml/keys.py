"""Our own key pair as a SAML service provider: it signs what we ask and opens what is encrypted for us."""

import base64
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from sqlalchemy.orm import Session

from bailiwick.control.vault import Vault
from bailiwick.core.clock import Clock
from bailiwick.store.locks import hold

_BLOB = "saml-service-provider"
_BITS = 3072
# Identity providers pin the certificate; its dates only have to be there.
_LIFETIME = timedelta(days=3650)
_CLOCK_SLACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SamlKeys:
    """A private key and its certificate, which our metadata publish."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        """The private key for a library that wants it as text; it goes nowhere else."""
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def certificate_text(self) -> str:
        """The certificate in base64, as metadata hold it."""
        return base64.b64encode(self.certificate.public_bytes(serialization.Encoding.DER)).decode()

    @classmethod
    def load(cls, session: Session, vault: Vault, clock: Clock) -> "SamlKeys":
        """Return the key pair of this installation from the vault, making it at the first use."""
        hold(session, "saml-service-provider")
        blob = vault.sealed_blob(session, _BLOB)
        if blob is None:
            made = cls.make(clock)
            vault.seal_blob(session, _BLOB, made.key_pem + made.certificate.public_bytes(serialization.Encoding.PEM))
            return made
        key = serialization.load_pem_private_key(blob, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the key of the SAML service provider is not an RSA key")
        return cls(key, x509.load_pem_x509_certificate(blob[blob.index(b"-----BEGIN CERTIFICATE") :]))

    @classmethod
    def make(cls, clock: Clock) -> "SamlKeys":
        """Return a new key pair with a self-signed certificate."""
        key = rsa.generate_private_key(65537, _BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bailiwick")])
        now = clock()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SLACK)
            .not_valid_after(now + _LIFETIME)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)
