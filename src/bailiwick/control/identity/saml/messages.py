"""What we write in SAML: requests to sign in and to log out, answers to logouts, and our metadata."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from lxml import etree

from bailiwick.control.identity.saml import xml
from bailiwick.control.identity.saml.keys import SamlKeys
from bailiwick.control.identity.saml.signatures import sign, sign_query
from bailiwick.control.identity.saml.xml import DSIG, METADATA, SAML, SAMLP, XMLENC, Element
from bailiwick.core.policy import StepUp

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_NAMES = {"samlp": SAMLP, "saml": SAML, "md": METADATA, "ds": DSIG}
_ENCRYPTION = (
    f"{XMLENC}rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
)


@dataclass(frozen=True, slots=True)
class ServiceProvider:
    """Who we are to one identity provider: our entity id there, and where it answers."""

    entity_id: str
    answer_url: str
    logout_url: str


@dataclass(frozen=True, slots=True)
class NameId:
    """A person's name at an identity provider, as it wrote it (SAML Core 2.0, section 2.2.3)."""

    value: str
    format: str = ""
    qualifier: str = ""
    qualifier_of_ours: str = ""


def sign_in_request(us: ServiceProvider, request_id: str, to: str, wanted: StepUp, levels: Sequence[str],
                    now: datetime) -> bytes:  # fmt: skip
    """Return an AuthnRequest (SAML Core 2.0, section 3.4.1); `levels` are asked for when a second factor is wanted."""
    root = _message("AuthnRequest", us, request_id, to, now)
    root.set("AssertionConsumerServiceURL", us.answer_url)
    root.set("ProtocolBinding", POST)
    if wanted.max_age_seconds is not None:
        root.set("ForceAuthn", "true")
    _add(root, SAMLP, "NameIDPolicy", AllowCreate="true")
    if wanted.second_factor and levels:
        context = _add(root, SAMLP, "RequestedAuthnContext", Comparison="exact")
        for level in levels:
            _add(context, SAML, "AuthnContextClassRef").text = level
    return bytes(etree.tostring(root))


def logout_request(us: ServiceProvider, to: str, who: NameId, session: str, now: datetime) -> bytes:
    """Return a LogoutRequest for one session of somebody (SAML Core 2.0, section 3.7.1)."""
    root = _message("LogoutRequest", us, new_message_id(), to, now)
    attributes = {"Format": who.format, "NameQualifier": who.qualifier, "SPNameQualifier": who.qualifier_of_ours}
    given = {key: value for key, value in attributes.items() if value}
    _add(root, SAML, "NameID", **given).text = who.value
    if session:
        _add(root, SAMLP, "SessionIndex").text = session
    return bytes(etree.tostring(root))


def logout_answer(us: ServiceProvider, to: str, request_id: str, now: datetime) -> bytes:
    """Return a LogoutResponse that says it is done (SAML Core 2.0, section 3.7.2)."""
    root = _message("LogoutResponse", us, new_message_id(), to, now)
    root.set("InResponseTo", request_id)
    _add(_add(root, SAMLP, "Status"), SAMLP, "StatusCode", Value=SUCCESS)
    return bytes(etree.tostring(root))


def metadata(us: ServiceProvider, keys: SamlKeys) -> bytes:
    """Return our metadata, signed (SAML Metadata 2.0, section 2.4.4)."""
    root = etree.Element(f"{{{METADATA}}}EntityDescriptor", nsmap=_NAMES)
    root.set("entityID", us.entity_id)
    root.set("ID", new_message_id())
    role = _add(
        root, METADATA, "SPSSODescriptor", protocolSupportEnumeration=SAMLP, AuthnRequestsSigned="true",
        WantAssertionsSigned="true",
    )  # fmt: skip
    for use in ("signing", "encryption"):
        key = _add(role, METADATA, "KeyDescriptor", use=use)
        data = _add(_add(key, DSIG, "KeyInfo"), DSIG, "X509Data")
        _add(data, DSIG, "X509Certificate").text = keys.certificate_text
        for algorithm in _ENCRYPTION if use == "encryption" else ():
            _add(key, METADATA, "EncryptionMethod", Algorithm=algorithm)
    for binding in (REDIRECT, POST):
        _add(role, METADATA, "SingleLogoutService", Binding=binding, Location=us.logout_url)
    _add(
        role, METADATA, "AssertionConsumerService", Binding=POST, Location=us.answer_url, index="0", isDefault="true"
    )  # fmt: skip
    return sign(root, keys.key_pem)


def redirect(to: str, kind: str, message: bytes, relay_state: str, keys: SamlKeys) -> str:
    """Return the address that carries a message by redirect, signed; `kind` is "SAMLRequest" or "SAMLResponse"."""
    parameters = [(kind, base64.b64encode(xml.deflated(message)).decode())]
    if relay_state:
        parameters.append(("RelayState", relay_state))
    return f"{to}{'&' if '?' in to else '?'}{sign_query(parameters, keys.key)}"


def new_message_id() -> str:
    """Return an id for a message: 160 random bits, and a name as XML wants it."""
    return f"_{token_hex(20)}"


def _message(tag: str, us: ServiceProvider, message_id: str, to: str, now: datetime) -> Element:
    root = etree.Element(f"{{{SAMLP}}}{tag}", nsmap={"samlp": SAMLP, "saml": SAML})
    root.set("ID", message_id)
    root.set("Version", "2.0")
    root.set("IssueInstant", xml.written(now))
    root.set("Destination", to)
    _add(root, SAML, "Issuer").text = us.entity_id
    return root


def _add(parent: Element, namespace: str, tag: str, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{namespace}}}{tag}", attributes)
