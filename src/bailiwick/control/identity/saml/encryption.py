"""What is encrypted for us: which ways of it are taken, before anything is opened (XML Encryption 1.1)."""

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.saml import xml
from bailiwick.control.identity.saml.xml import DSIG, XMLENC, Element

_BLOCKS = frozenset(
    {f"{XMLENC}aes{bits}-cbc" for bits in (128, 192, 256)}
    | {f"http://www.w3.org/2009/xmlenc11#aes{bits}-gcm" for bits in (128, 192, 256)}
)
# RSA with PKCS #1 v1.5 would let whoever sees our answers open keys by asking often enough (Bleichenbacher 1998).
_KEYS = frozenset({f"{XMLENC}rsa-oaep-mgf1p", "http://www.w3.org/2009/xmlenc11#rsa-oaep"})
_REFUSED = "the assertion is encrypted in a way that is not taken here"


def require_usual_encryption(encrypted: Element) -> None:
    """Return when an EncryptedAssertion holds its whole ciphertext, under AES and a key wrapped with RSA-OAEP.

    References to elsewhere would have us fetch them. Raises `SignInRefusedError`.
    """
    data = xml.only(encrypted, XMLENC, "EncryptedData")
    keys = list(encrypted.iter(f"{{{XMLENC}}}EncryptedKey"))
    referring = [tag for tag in _REFERENCES if next(encrypted.iter(tag), None) is not None]
    whole = data.get("Type") == f"{XMLENC}Element"
    if not whole or _method(data) not in _BLOCKS or not keys or referring:
        raise SignInRefusedError(_REFUSED, hint="use AES in GCM mode, the key in the KeyInfo of what it opens")
    if any(_method(key) not in _KEYS for key in keys):
        raise SignInRefusedError(_REFUSED, hint="wrap the key with RSA-OAEP, not with RSA 1.5")


_REFERENCES = (f"{{{XMLENC}}}CipherReference", f"{{{DSIG}}}RetrievalMethod",
               "{http://www.w3.org/2009/xmldsig11#}KeyInfoReference")  # fmt: skip


def _method(element: Element) -> str:
    return str(xml.only(element, XMLENC, "EncryptionMethod").get("Algorithm"))
