"""SAML answers whose signature or encryption is not what it should be: each is refused, by each layer alone."""

import base64
import contextlib
import re
from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from bailiwick.control.identity import IdpDescription, SignInRefusedError
from bailiwick.control.identity.saml import signatures, xml
from tests.fixtures.saml_forgery import (
    NS,
    WRAPPINGS,
    Change,
    Element,
    as_administrator,
    at,
    closed,
    encrypted_for,
    opened,
    removed,
    set_at,
    sign,
    text_at,
    without_signatures,
    without_the_answers_signature,
)
from tests.fixtures.saml_genuine import Genuine, nothing
from tests.fixtures.saml_provider import certified, make_key


@pytest.mark.req("ID2")
def test_what_the_forgeries_are_made_from_is_taken(genuine: Genuine, layers: str) -> None:
    assert genuine.read(genuine.told) == "ada@example.com"
    assert genuine.read(genuine.forged(without_the_answers_signature)) == "ada@example.com"
    assert genuine.read(genuine.signed_anew(nothing)) == "ada@example.com"


@pytest.mark.req("ID2")
@pytest.mark.parametrize("wrap", WRAPPINGS, ids=lambda wrap: wrap.__name__)
def test_signature_wrapping_makes_nobody_somebody_else(genuine: Genuine, layers: str, wrap: Change) -> None:
    with pytest.raises(SignInRefusedError):
        genuine.read(genuine.forged(wrap))


@pytest.mark.req("ID2")
@pytest.mark.parametrize("wrap", WRAPPINGS, ids=lambda wrap: wrap.__name__)
def test_a_signature_gives_back_only_what_it_covers(genuine: Genuine, wrap: Change) -> None:
    root = opened(genuine.told)
    wrap(root)
    said = []
    for assertion in root.iter(f"{{{NS['saml']}}}Assertion"):
        with contextlib.suppress(SignInRefusedError):
            covered = signatures.verified(xml.alone(assertion), genuine.knows[0].certificates)
            said.append(at(covered, ".//saml:NameID").text)
    assert "id-of-admin" not in said


def changed_after_signing(root: Element) -> None:
    without_the_answers_signature(root)
    as_administrator(root)


def signed_answer_around_an_unsigned_assertion(genuine: Genuine) -> str:
    root = opened(genuine.told)
    without_signatures(root)
    sign(root, root, genuine.idp.key, genuine.idp.certificate)
    return closed(root)


def signed_assertion_in_a_badly_signed_answer(genuine: Genuine) -> str:
    def change(root: Element) -> None:
        at(root, "ds:Signature/ds:SignatureValue").text = base64.b64encode(bytes(256)).decode()

    return genuine.forged(change)


def encrypted_but_not_signed(genuine: Genuine) -> str:
    root = opened(genuine.told)
    without_signatures(root)
    as_administrator(root)
    encrypted_for(root, genuine.keys.certificate.public_bytes(Encoding.PEM))
    return closed(root)


def comment_in_the_name(root: Element) -> None:
    value = at(root, ".//saml:Attribute[@Name='email']/saml:AttributeValue")
    value.text = "admin@example.com"
    value.append(etree.Comment("x"))
    value[0].tail = ".evil.example"


def another_algorithm(root: Element) -> None:
    without_the_answers_signature(root)
    at(root, "saml:Assertion//ds:SignatureMethod").set("Algorithm", "http://www.w3.org/2000/09/xmldsig#hmac-sha1")


def a_stylesheet_as_transform(root: Element) -> None:
    without_the_answers_signature(root)
    at(root, "saml:Assertion//ds:Transform").set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")


def the_whole_document_as_reference(root: Element) -> None:
    without_the_answers_signature(root)
    at(root, "saml:Assertion//ds:Reference").set("URI", "")


def a_file_as_reference(root: Element) -> None:
    without_the_answers_signature(root)
    at(root, "saml:Assertion//ds:Reference").set("URI", "file:///etc/hostname")


UNPROVEN: dict[str, Callable[[Genuine], str]] = {
    "not signed at all": lambda genuine: genuine.forged(without_signatures),
    "changed after signing": lambda genuine: genuine.forged(changed_after_signing),
    "only the answer is signed": signed_answer_around_an_unsigned_assertion,
    "the answer's own signature is wrong": signed_assertion_in_a_badly_signed_answer,
    "signed by a key that it brings along": lambda genuine: genuine.signed_anew(nothing, key=make_key("mine")),
    "signed with SHA-1": lambda genuine: genuine.signed_anew(nothing, hash_="sha1"),
    "its digest is SHA-1": lambda genuine: genuine.signed_anew(nothing, hash_="digest-sha1"),
    "signed with a secret": lambda genuine: genuine.forged(another_algorithm),
    "a stylesheet as transform": lambda genuine: genuine.forged(a_stylesheet_as_transform),
    "a reference to everything": lambda genuine: genuine.forged(the_whole_document_as_reference),
    "a reference to a file": lambda genuine: genuine.forged(a_file_as_reference),
    "a comment in a name, signed": lambda genuine: genuine.signed_anew(comment_in_the_name),
}


@pytest.mark.req("ID2")
@pytest.mark.parametrize("forge", UNPROVEN.values(), ids=UNPROVEN)
def test_what_the_provider_did_not_sign_proves_nothing(
    genuine: Genuine, layers: str, forge: Callable[[Genuine], str]
) -> None:
    with pytest.raises(SignInRefusedError):
        genuine.read(forge(genuine))


@pytest.mark.req("ID2")
def test_an_encrypted_assertion_must_be_signed_inside(genuine: Genuine, sealed: str) -> None:
    assert genuine.read(sealed) == "ada@example.com"
    with pytest.raises(SignInRefusedError, match="cannot be opened"):
        genuine.read(encrypted_but_not_signed(genuine))


KEY = "//xenc:EncryptedKey"
ODD_ENCRYPTION: dict[str, tuple[Change, str]] = {
    "RSA 1.5": (set_at(f"{KEY}/xenc:EncryptionMethod", "Algorithm", f"{NS['xenc']}rsa-1_5"), "not taken here"),
    "triple DES": (
        set_at("//xenc:EncryptedData/xenc:EncryptionMethod", "Algorithm", f"{NS['xenc']}tripledes-cbc"),
        "not taken here",
    ),
    "no key": (removed(KEY), "not taken here"),
    "only the content": (set_at("//xenc:EncryptedData", "Type", f"{NS['xenc']}Content"), "not taken here"),
    "the content of nothing": (set_at("//xenc:EncryptedData", "Type", None), "not taken here"),
    "a ciphertext from elsewhere": (
        lambda root: etree.SubElement(
            at(root, "//xenc:EncryptedData/xenc:CipherData"),
            f"{{{NS['xenc']}}}CipherReference",
            URI="file:///etc/passwd",
        ),
        "not taken here",
    ),
    "a broken key": (text_at(f"{KEY}//xenc:CipherValue", base64.b64encode(bytes(384)).decode()), "cannot be opened"),
    "a broken ciphertext": (
        text_at("//xenc:EncryptedData/xenc:CipherData/xenc:CipherValue", base64.b64encode(bytes(512)).decode()),
        "cannot be opened",
    ),
}


@pytest.mark.req("ID2")
@pytest.mark.parametrize(("change", "words"), ODD_ENCRYPTION.values(), ids=ODD_ENCRYPTION)
def test_odd_encryption_is_refused_in_words_that_tell_nothing_of_the_key(
    genuine: Genuine, sealed: str, change: Change, words: str
) -> None:
    root = opened(sealed)
    change(root)
    with pytest.raises(SignInRefusedError, match=words):
        genuine.read(closed(root))


@pytest.mark.req("ID2")
def test_several_certificates_are_taken_while_keys_change(genuine: Genuine) -> None:
    new = make_key("the next one")
    told = genuine.signed_anew(nothing, key=new)
    with pytest.raises(SignInRefusedError, match=r"keys|signature|Signature"):
        genuine.read(told)
    known = genuine.knows[0]
    both = (*known.certificates, x509.load_pem_x509_certificate(new[1]))
    genuine.knows[0] = IdpDescription(known.entity_id, known.sign_in_url, both)
    assert genuine.read(told) == genuine.read(genuine.told) == "ada@example.com"
    genuine.knows[0] = IdpDescription(known.entity_id, known.sign_in_url, both[1:])
    with pytest.raises(SignInRefusedError):
        genuine.read(genuine.told)


@pytest.mark.req("ID2")
def test_keys_of_elliptic_curves_are_taken(genuine: Genuine, layers: str) -> None:
    curve = certified("curve", ec.generate_private_key(ec.SECP256R1()))
    told = genuine.signed_anew(nothing, hash_="ecdsa", key=curve)
    known = genuine.knows[0]
    certificate = x509.load_pem_x509_certificate(curve[1])
    genuine.knows[0] = IdpDescription(known.entity_id, known.sign_in_url, (certificate,))
    assert genuine.read(told) == "ada@example.com"
    query = f"SAMLRequest=x&SigAlg={quote_plus('http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256')}"
    key = serialization.load_pem_private_key(curve[0], None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    numbers = decode_dss_signature(key.sign(query.encode(), ec.ECDSA(hashes.SHA256())))
    signature = base64.b64encode(b"".join(number.to_bytes(32, "big") for number in numbers)).decode()
    good = f"{query}&Signature={quote_plus(signature)}"
    assert signatures.verified_query(good, "SAMLRequest", [certificate]) == "x"
    for odd in ("", "AA==", base64.b64encode(bytes(64)).decode(), signature[:-8], "=" + signature):
        with pytest.raises(SignInRefusedError):
            signatures.verified_query(f"{query}&Signature={quote_plus(odd)}", "SAMLRequest", [certificate])


PIECES = st.binary(max_size=12) | st.sampled_from(
    [b"<!--x-->", b"<?x?>", b"&amp;", b"<![CDATA[admin]]>", b" ", b'xml:id="a"', b'ID="_x"', b"<x/>", b"&#0;"]
)


@pytest.mark.req("ID2")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 8), PIECES), min_size=1, max_size=3))
def test_no_change_of_bytes_makes_another_person(genuine: Genuine, places: list[tuple[int, int, bytes]]) -> None:
    content = base64.b64decode(genuine.told)
    for where, gone, piece in places:
        at_ = where % len(content)
        content = content[:at_] + piece + content[at_ + gone :]
    with contextlib.suppress(SignInRefusedError):
        assert genuine.read(base64.b64encode(content).decode()) == "ada@example.com"


def test_no_secret_is_in_what_is_said_of_our_keys(genuine: Genuine) -> None:
    assert re.search("PRIVATE|key=", repr(genuine.keys)) is None
