"""XML as SAML needs it: parsed within limits, without anything that means more than it shows."""

import base64
import binascii
import re
import zlib
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from bailiwick.control.identity.errors import SignInRefusedError

LIMIT_BYTES = 256 * 1024
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
XMLENC = "http://www.w3.org/2001/04/xmlenc#"
_XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
_DECLARES = re.compile(rb"<!(?!\[CDATA\[|--)")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?Z")

# lxml has no types of its own: elements are what its functions give back.
Element = Any


def parse(content: bytes) -> Element:
    """Return the root of a message; raise `SignInRefusedError` for what is too large or means more than it shows.

    Comments and instructions split a text for some readers and not for others (CVE-2017-11427), and `xml:id` names an
    element for signatures in a second way: no message needs them.
    """
    if len(content) > LIMIT_BYTES:
        raise SignInRefusedError(f"the SAML message is larger than {LIMIT_BYTES // 1024} KiB")
    root = parse_file(content)
    if next(root.iter(etree.Comment, etree.PI, etree.Entity), None) is not None:
        raise SignInRefusedError("the SAML message holds comments or instructions")
    if any(_XML_ID in element.attrib for element in root.iter()):
        raise SignInRefusedError("the SAML message names elements by xml:id")
    return root


def parse_file(content: bytes) -> Element:
    """Return the root of a document in UTF-8 without document types, which bring entities, defaults and other files."""
    if _DECLARES.search(content):
        raise SignInRefusedError("the SAML message declares document types or entities")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=False
    )
    try:
        return etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise SignInRefusedError("the SAML message is not well-formed XML") from fault


def canonical(element: Element) -> bytes:
    """Return an element in Exclusive XML Canonicalization 1.0, without comments: what a signature is over."""
    return bytes(etree.tostring(element, method="c14n", exclusive=True, with_comments=False))


def alone(element: Element) -> Element:
    """Return an element as the root of a document of its own, in which nothing around it has a say."""
    return parse(etree.tostring(element, with_tail=False, encoding="utf-8"))


def name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(etree.QName(element).localname)


def children(element: Element, namespace: str, tag: str) -> list[Element]:
    """Return the direct children with a name."""
    return list(element.findall(f"{{{namespace}}}{tag}"))


def only(element: Element, namespace: str, tag: str) -> Element:
    """Return the one direct child with a name; raise `SignInRefusedError` when there are none or several."""
    found = children(element, namespace, tag)
    if len(found) != 1:
        raise SignInRefusedError(f"the SAML message has {len(found)} {tag} where there must be one")
    return found[0]


def text(element: Element) -> str:
    """Return the text of an element that holds nothing else."""
    if len(element):
        raise SignInRefusedError(f"the SAML message has more than text in {name(element)}")
    return (element.text or "").strip()


def text_of(element: Element, namespace: str, tag: str) -> str:
    """Return the text of the one direct child with a name."""
    return text(only(element, namespace, tag))


def time_of(element: Element, attribute: str) -> datetime | None:
    """Return a time that an attribute holds, None where it is not there (SAML Core 2.0, section 1.3.3: UTC)."""
    told = element.get(attribute)
    if told is None:
        return None
    parts = _TIME.fullmatch(told)
    try:
        if parts is not None:
            fraction = int((parts[2] or "").ljust(6, "0"))
            return datetime.fromisoformat(parts[1]).replace(microsecond=fraction, tzinfo=UTC)
    except ValueError:
        pass
    raise SignInRefusedError(f"the SAML message has a time in {attribute} that is none")


def written(time: datetime) -> str:
    """Return a time as SAML writes it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_base64(told: str) -> bytes:
    """Return what was encoded, white space aside; raise `SignInRefusedError` when it is not base64 or too large."""
    if len(told) > LIMIT_BYTES * 3 // 2:
        raise SignInRefusedError(f"the SAML message is larger than {LIMIT_BYTES // 1024} KiB")
    try:
        return base64.b64decode("".join(told.split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise SignInRefusedError("the SAML message is not base64") from fault


def inflated(content: bytes) -> bytes:
    """Return what was deflated for the redirect binding (SAML Bindings 2.0, section 3.4.4.1), up to a limit."""
    stream = zlib.decompressobj(-15)
    try:
        plain = stream.decompress(content, LIMIT_BYTES + 1)
    except zlib.error as fault:
        raise SignInRefusedError("the SAML message is not deflated") from fault
    if len(plain) > LIMIT_BYTES:
        raise SignInRefusedError(f"the SAML message is larger than {LIMIT_BYTES // 1024} KiB")
    return plain


def deflated(content: bytes) -> bytes:
    """Return content deflated for the redirect binding."""
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(content) + stream.flush()
