"""XML signatures: what one covers is given back, and nothing else is to be read. Only SHA-2, only keys we know."""

import base64
from collections.abc import Iterable, Sequence
from urllib.parse import quote_plus, unquote_plus

import xmlsec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.saml import xml
from bailiwick.control.identity.saml.xml import DSIG, Element

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
RSA_SHA256 = f"{_MORE}rsa-sha256"
_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_SIGNATURES = {f"{_MORE}{kind}-{hash_}": (kind, hash_) for kind in ("rsa", "ecdsa") for hash_ in _HASHES}
_DIGESTS = frozenset({f"{xml.XMLENC}sha256", f"{_MORE}sha384", f"{xml.XMLENC}sha512"})
_ENVELOPED = f"{DSIG}enveloped-signature"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_LEAST_RSA_BITS = 2048
_NOT_SIGNED = "the SAML message is not signed by the identity provider's keys"
_OTHERWISE = "the SAML message is signed in a way that is not taken here"
_HINT = "its certificate may have changed: give us its new metadata"


def verified(root: Element, certificates: Iterable[x509.Certificate]) -> Element:
    """Return a signed document as its signature covers it, read anew from exactly the bytes that were signed.

    `root` is the root of a document of its own, so that no other element can stand in its place (signature wrapping).
    The signature is its direct child, has one reference to it, only the two transforms that SAML allows (SAML Core 2.0,
    section 5.4), and SHA-2; a key inside of it counts for nothing. Raises `SignInRefusedError` for anything else.
    """
    signature = _the_signature(root)
    for key_info in xml.children(signature, DSIG, "KeyInfo"):
        signature.remove(key_info)
    if not any(_fits(root, signature, certificate) for certificate in certificates):
        raise SignInRefusedError(_NOT_SIGNED, hint=_HINT)
    root.remove(signature)
    return xml.parse(xml.canonical(root))


def is_signed(root: Element) -> bool:
    """Return whether a document claims to be signed as a whole."""
    return bool(xml.children(root, DSIG, "Signature"))


def require_strong(certificate: x509.Certificate) -> x509.Certificate:
    """Return a certificate whose key is one we take: RSA of 2048 bits or more, or elliptic curves."""
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise ValueError("its key is neither RSA nor of an elliptic curve")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _LEAST_RSA_BITS:
        raise ValueError(f"its RSA key has fewer than {_LEAST_RSA_BITS} bits")
    return certificate


def sign_query(parameters: Sequence[tuple[str, str]], key: rsa.RSAPrivateKey) -> str:
    """Return a query signed for the redirect binding (SAML Bindings 2.0, section 3.4.4.1)."""
    query = "&".join(f"{part}={quote_plus(value)}" for part, value in (*parameters, ("SigAlg", RSA_SHA256)))
    signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&Signature={quote_plus(base64.b64encode(signature))}"


def verified_query(query: str, message: str, certificates: Iterable[x509.Certificate]) -> str:
    """Return the value of `message` ("SAMLRequest" or "SAMLResponse") from a signed query.

    The signature is over the octets as they were sent, so `query` is the raw one. Raises `SignInRefusedError`.
    """
    raw: dict[str, str] = {}
    for item in query.split("&"):
        part, _, value = item.partition("=")
        if part in raw:
            raise SignInRefusedError(_OTHERWISE)
        raw[part] = value
    signed = "&".join(f"{part}={raw[part]}" for part in (message, "RelayState", "SigAlg") if part in raw)
    kind, hash_ = _SIGNATURES.get(unquote_plus(raw.get("SigAlg", "")), ("", ""))
    signature = xml.from_base64(unquote_plus(raw.get("Signature", "")))
    if message not in raw or not signature:
        raise SignInRefusedError(_NOT_SIGNED)
    if not kind:
        raise SignInRefusedError(_OTHERWISE, hint="only SHA-256 and longer ones are taken")
    if not any(_octets_fit(signed.encode(), signature, kind, hash_, one) for one in certificates):
        raise SignInRefusedError(_NOT_SIGNED, hint=_HINT)
    return unquote_plus(raw[message])


def _octets_fit(content: bytes, signature: bytes, kind: str, hash_: str, certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PKCS1v15(), _HASHES[hash_])
            return True
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            # XML signatures write both numbers one after the other (RFC 4050, section 3.3), not in ASN.1.
            half = len(signature) // 2
            numbers = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            key.verify(encode_dss_signature(*numbers), content, ec.ECDSA(_HASHES[hash_]))
            return True
    except InvalidSignature:
        pass
    return False


def _the_signature(root: Element) -> Element:
    found = xml.children(root, DSIG, "Signature")
    if len(found) != 1:
        raise SignInRefusedError(_NOT_SIGNED, hint="let the identity provider sign assertions, not only responses")
    (signature,) = found
    signed_info = xml.only(signature, DSIG, "SignedInfo")
    reference = xml.only(signed_info, DSIG, "Reference")
    own = root.get("ID", "")
    ids = [element.get("ID") for element in root.iter() if element.get("ID") is not None]
    if not own or reference.get("URI") != f"#{own}" or len(set(ids)) < len(ids):
        raise SignInRefusedError(_OTHERWISE)
    if xml.children(signature, DSIG, "Object") or _algorithm(signed_info, "CanonicalizationMethod") != _EXCLUSIVE:
        raise SignInRefusedError(_OTHERWISE)
    transforms = [
        item.get("Algorithm") for item in xml.children(xml.only(reference, DSIG, "Transforms"), DSIG, "Transform")
    ]
    if transforms != [_ENVELOPED, _EXCLUSIVE]:
        raise SignInRefusedError(_OTHERWISE)
    strong = _algorithm(signed_info, "SignatureMethod") in _SIGNATURES
    if not strong or _algorithm(reference, "DigestMethod") not in _DIGESTS:
        raise SignInRefusedError(_OTHERWISE, hint="only SHA-256 and longer ones are taken, not SHA-1")
    return signature


def _algorithm(element: Element, tag: str) -> str:
    return str(xml.only(element, DSIG, tag).get("Algorithm"))


def _fits(root: Element, signature: Element, certificate: x509.Certificate) -> bool:
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(
        certificate.public_bytes(serialization.Encoding.DER), xmlsec.constants.KeyDataFormatCertDer
    )
    context.register_id(root, "ID")
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def sign(root: Element, key_pem: bytes) -> bytes:
    """Return a document signed as a whole with RSA and SHA-256, the signature as its first child."""
    signature = xmlsec.template.create(root, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256)
    root.insert(0, signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri=f"#{root.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key_pem, xmlsec.constants.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(signature)
    return bytes(etree.tostring(root))
