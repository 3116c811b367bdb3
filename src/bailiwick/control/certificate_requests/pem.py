"""Keys, requests (RFC 2986) and what an authority makes of them, as PEM (RFC 7468)."""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bailiwick.core.errors import InvalidInputError

_MOST_CERTIFICATES, _MOST_CHARACTERS = 10, 64 * 1024
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_MOST_HOSTS, _LONGEST_HOST = 20, 253


def new_key() -> bytes:
    """Return a new private key (PEM)."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def request_of(key_pem: bytes, subject: str, hosts: Sequence[str]) -> str:
    """Return the request (PEM) for a client certificate of a key; raise `InvalidInputError` for what names nobody."""
    if not _SUBJECT.fullmatch(subject):
        raise InvalidInputError(
            f"'{subject[:80]}' cannot be the subject of a certificate",
            hint="64 letters, digits, blanks and . _ @ - at most, beginning with a letter or digit",
        )
    if len(hosts) > _MOST_HOSTS or not all(len(host) <= _LONGEST_HOST and _HOST.fullmatch(host) for host in hosts):
        raise InvalidInputError("these are no names of hosts", hint=f"{_MOST_HOSTS} at most, as in crm.example.com")
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    builder = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .add_extension(usage, critical=False)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    signed = builder.sign(_key(key_pem), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def chain_of(text: str, key_pem: bytes, now: datetime) -> tuple[x509.Certificate, ...]:
    """Return the certificate of a key and those that it is signed by, each by the next one.

    Raises `InvalidInputError` for one of another key, of another time, or not for clients, and for what is no chain.
    """
    if "PRIVATE KEY" in text:
        raise InvalidInputError("a private key stands beside the certificate", hint="ours never left the vault")
    try:
        found = x509.load_pem_x509_certificates(text[:_MOST_CHARACTERS].encode()) if _fits(text) else []
    except ValueError:
        found = []
    if not found or len(found) > _MOST_CERTIFICATES:
        raise InvalidInputError(
            "these are no certificates", hint="PEM: the certificate, then those of the authorities that it is signed by"
        )
    leaf = found[0]
    if leaf.public_key() != _key(key_pem).public_key():
        raise InvalidInputError(
            "the first certificate is of another key than the one of the request",
            hint="have the newest request signed, and put its certificate before those of the authorities",
        )
    if not leaf.not_valid_before_utc <= now < leaf.not_valid_after_utc:
        raise InvalidInputError("the certificate is not good now", hint="look at its dates, and at the clocks")
    if not _is_for_clients(leaf):
        raise InvalidInputError("the certificate is not for clients", hint="have it signed with clientAuth, as asked")
    for certificate, signer in pairwise(found):
        _require_signed(certificate, signer)
    return tuple(found)


def joined(chain: Sequence[x509.Certificate], key_pem: bytes) -> str:
    """Return certificates with the key of the first one, as gateways show them."""
    return "".join(item.public_bytes(serialization.Encoding.PEM).decode() for item in chain) + key_pem.decode()


def _fits(text: str) -> bool:
    return len(text) <= _MOST_CHARACTERS


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - made here
    return key


def _is_for_clients(leaf: x509.Certificate) -> bool:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True  # for whatever there is (RFC 5280, section 4.2.1.12)
    except ValueError:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage


def _require_signed(certificate: x509.Certificate, signer: x509.Certificate) -> None:
    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        raise InvalidInputError(
            "a certificate is not signed by the one behind it", hint="put each authority behind what it signed"
        ) from None
