"""The certificate authority of a plane for hosts whose TLS it opens: its key is nowhere but in this process' memory.

Sandboxes of apps that have such hosts trust its certificate, and nothing else does. A plane that starts again has a new
one, as its sandboxes start again, too.
"""

import ssl
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from bailiwick.core.clock import Clock

_LIFE = timedelta(days=398)
_LEAF_LIFE = timedelta(days=2)
_EARLIER = timedelta(minutes=10)


def no_secrets() -> Iterable[str]:
    """Know of no secret."""
    return ()


@dataclass(frozen=True)
class Opener:
    """What TLS is opened with: the authority that the app trusts, and what the host is verified by; `secrets` are the
    values that the plane holds, which bodies are looked through for.
    """

    authority: "Authority"
    trust: ssl.SSLContext
    secrets: Callable[[], Iterable[str]] = no_secrets


def opener_of(plane: str, clock: Clock, secrets: Callable[[], Iterable[str]] = no_secrets) -> Opener:
    """Return what a plane opens TLS with: a new authority, and the trust of this machine."""
    trust = ssl.create_default_context()
    trust.set_alpn_protocols(["http/1.1"])
    return Opener(Authority(plane, clock), trust, secrets)


class Authority:
    """Makes certificates for hosts, each for two days, and used for one."""

    def __init__(self, plane: str, clock: Clock) -> None:
        self._clock = clock
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Bailiwick egress of {plane}"[:64])])
        own = self._certificate(self._name, self._key.public_key(), _LIFE)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._own = own.add_extension(_usage(signs=True), critical=True).sign(self._key, hashes.SHA256())
        self._contexts: dict[str, tuple[ssl.SSLContext, object]] = {}

    @property
    def certificate(self) -> str:
        """Its certificate, in PEM: what sandboxes trust."""
        return self._own.public_bytes(serialization.Encoding.PEM).decode()

    def context_for(self, host: str) -> ssl.SSLContext:
        """Return what a server named `host` speaks TLS with; HTTP/1.1 only."""
        known = self._contexts.get(host)
        if known is not None and known[1] == self._clock().date():
            return known[0]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # The library reads files only; this one is gone before anybody is told of it.
        with tempfile.NamedTemporaryFile(prefix="bw-egress-") as pair:
            Path(pair.name).write_bytes(self._pair(host))
            context.load_cert_chain(pair.name)
        self._contexts[host] = (context, self._clock().date())
        return context

    def _pair(self, host: str) -> bytes:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:64])])
        made = self._certificate(subject, key.public_key(), _LEAF_LIFE)
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        made = made.add_extension(_usage(signs=False), critical=True)
        use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        signed = made.add_extension(use, critical=False).sign(self._key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return private + signed.public_bytes(serialization.Encoding.PEM)

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
    ) -> x509.CertificateBuilder:
        now = self._clock()
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(now + life)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(authority, critical=False)
        )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
