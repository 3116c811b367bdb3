"""Certificate authorities: for our own processes (short-lived, with SPIFFE names), and for what others are shown.

Each has a key of its own: who trusts one of them trusts nothing of the other.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from sqlalchemy.orm import Session

from bailiwick.control.vault.service import Vault
from bailiwick.core.clock import Clock
from bailiwick.core.errors import InvalidInputError
from bailiwick.store.locks import hold

TRUST_DOMAIN = "spiffe://bailiwick"
_BLOB, _NAME = "certificate-authority", "Bailiwick planes"
_AUTHORITY_LIFETIME = timedelta(days=3650)
_CLOCK_SLACK = timedelta(minutes=5)
LEAF_LIFETIME = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A certificate with its key, in PEM."""

    certificate: str
    key: str = field(repr=False)

    @property
    def pem(self) -> str:
        """Both in one text, so that nobody ever sees one without the other."""
        return self.certificate + self.key


class CertificateAuthority:
    """Signs certificates for planes and their door, or for other systems. Its key is EC P-256, sealed in the vault."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate, clock: Clock) -> None:
        self._key = key
        self._certificate = certificate
        self._clock = clock

    @classmethod
    def load(cls, session: Session, vault: Vault, clock: Clock, *, blob: str = _BLOB, name: str = _NAME) -> Self:
        """Return an authority of this installation, that for planes by default, making it at the first time.

        `blob` is what the vault seals its key under, `name` what its certificate says.
        """
        hold(session, blob)
        sealed = vault.sealed_blob(session, blob)
        if sealed is None:
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = _self_signed(key, name, clock)
            vault.seal_blob(session, blob, _key_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
            return cls(key, certificate, clock)
        loaded = serialization.load_pem_private_key(sealed, None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError("the authority's key is not an elliptic curve key")
        return cls(loaded, x509.load_pem_x509_certificate(sealed[sealed.index(b"-----BEGIN CERTIFICATE") :]), clock)

    @property
    def certificate_pem(self) -> str:
        """The authority's own certificate, which both sides trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def subject(self) -> x509.Name:
        """What its certificates name as their issuer."""
        return self._certificate.subject

    def issue(self, path: str, *, hosts: Sequence[str] = (), lifetime: timedelta = LEAF_LIFETIME) -> Credentials:
        """Return a certificate for `spiffe://bailiwick/<path>`, and for host names or addresses when it serves."""
        key = ec.generate_private_key(ec.SECP256R1())
        return Credentials(self._sign(path, key.public_key(), hosts, lifetime), _key_pem(key).decode())

    def answer(self, path: str, request: bytes) -> str:
        """Return a certificate for `spiffe://bailiwick/<path>` and the key of a signing request (PKCS #10, PEM).

        Only the key is taken from the request, whatever names it asks for: `path` is who the caller proved to be.
        Raises `InvalidInputError` for a request that is none, is not signed by its key, or has a weak key.
        """
        try:
            asked = x509.load_pem_x509_csr(request)
            key = asked.public_key()
        except (ValueError, UnsupportedAlgorithm) as fault:
            raise InvalidInputError("this is no certificate request", hint="send one as PEM (PKCS #10)") from fault
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise InvalidInputError("the key of a certificate request must be EC P-256")
        if not asked.is_signature_valid:
            raise InvalidInputError("the certificate request is not signed by its own key")
        return self._sign(path, key, (), LEAF_LIFETIME)

    def issue_client(self, name: str, *, lifetime: timedelta, revocations: str) -> Credentials:
        """Return a certificate that another system is shown: its subject is `CN=name`, and `revocations` is the address
        of the list of those that are good no more.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        where = x509.DistributionPoint([x509.UniformResourceIdentifier(revocations)], None, None, None)
        leaf = self._leaf(name, key.public_key(), ExtendedKeyUsageOID.CLIENT_AUTH, lifetime)
        leaf = leaf.add_extension(x509.CRLDistributionPoints([where]), critical=False)
        return Credentials(self._signed(leaf), _key_pem(key).decode())

    def revocation_list(self, revoked: Iterable[tuple[int, datetime]], *, lifetime: timedelta) -> bytes:
        """Return the list of certificates that are good no more, by serial number and since when (DER, RFC 5280,
        section 5).
        """
        now = self._clock()
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - _CLOCK_SLACK)
            .next_update(now + lifetime)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        for serial, since in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
            made = made.add_revoked_certificate(entry)
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def _sign(self, path: str, key: ec.EllipticCurvePublicKey, hosts: Sequence[str], lifetime: timedelta) -> str:
        names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(f"{TRUST_DOMAIN}/{path}")]
        names += [_host_name(host) for host in hosts]
        usage = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
        leaf = self._leaf(path[-64:], key, usage, lifetime)
        return self._signed(leaf.add_extension(x509.SubjectAlternativeName(names), critical=False))

    def _leaf(
        self, name: str, key: ec.EllipticCurvePublicKey, usage: x509.ObjectIdentifier, lifetime: timedelta
    ) -> x509.CertificateBuilder:
        now = self._clock()
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _CLOCK_SLACK)
            .not_valid_after(now + lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )

    def _signed(self, leaf: x509.CertificateBuilder) -> str:
        return leaf.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _self_signed(key: ec.EllipticCurvePrivateKey, called: str, clock: Clock) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
    now = clock()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SLACK)
        .not_valid_after(now + _AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
