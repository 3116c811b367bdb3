"""Reading what an identity provider says of logouts (SAML Profiles 2.0, section 4.4), whichever way it comes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.saml import xml
from bailiwick.control.identity.saml.answers import SKEW
from bailiwick.control.identity.saml.description import IdpDescription
from bailiwick.control.identity.saml.messages import SUCCESS, ServiceProvider
from bailiwick.control.identity.saml.signatures import verified, verified_query
from bailiwick.control.identity.saml.xml import SAML, SAMLP, Element

REQUEST, ANSWER = "SAMLRequest", "SAMLResponse"
_LONGEST_TRAVEL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LogoutWord:
    """A logout message as it came: `kind` is REQUEST or ANSWER; the XML, whose signature was verified."""

    kind: str
    root: Element


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """That somebody's session ends: the request's id, until when it could be shown again, and who it is."""

    id: str
    expires: datetime
    subject: str


def by_redirect(query: str, idp: IdpDescription) -> LogoutWord:
    """Return the message in a raw query, when the provider signed the query; raise `SignInRefusedError` otherwise."""
    kind = ANSWER if f"&{query}".find(f"&{ANSWER}=") >= 0 else REQUEST
    told = verified_query(query, kind, idp.certificates)
    return LogoutWord(kind, xml.parse(xml.inflated(xml.from_base64(told))))


def by_form(form: Mapping[str, str], idp: IdpDescription) -> LogoutWord:
    """Return the message in a form, when the provider signed it; raise `SignInRefusedError` otherwise."""
    kind = ANSWER if ANSWER in form else REQUEST
    return LogoutWord(kind, verified(xml.parse(xml.from_base64(form.get(kind, ""))), idp.certificates))


def read_request(root: Element, us: ServiceProvider, idp: IdpDescription, now: datetime) -> LogoutRequest:
    """Return what a verified LogoutRequest says, when it is for us and for now."""
    issued = _require_ours(root, "LogoutRequest", us, idp, now)
    ends = xml.time_of(root, "NotOnOrAfter")
    if ends is not None and ends <= now - SKEW:
        raise SignInRefusedError("the logout request has expired")
    if xml.children(root, SAML, "EncryptedID"):
        raise SignInRefusedError("the logout request's NameID is encrypted", hint="send it as it is, signed")
    subject = xml.text_of(root, SAML, "NameID")
    if not subject:
        raise SignInRefusedError("the logout request names nobody")
    return LogoutRequest(str(root.get("ID")), issued + _LONGEST_TRAVEL + 2 * SKEW, subject)


def require_done(root: Element, us: ServiceProvider, idp: IdpDescription, now: datetime) -> None:
    """Return when a verified LogoutResponse says that the provider did it; raise `SignInRefusedError` otherwise."""
    _require_ours(root, "LogoutResponse", us, idp, now)
    code = xml.only(xml.only(root, SAMLP, "Status"), SAMLP, "StatusCode").get("Value")
    if code != SUCCESS:
        raise SignInRefusedError(
            "you are signed out here, but the identity provider did not end all that hangs on its session",
            hint="sign out there, or close the browser",
        )


def _require_ours(root: Element, tag: str, us: ServiceProvider, idp: IdpDescription, now: datetime) -> datetime:
    """Return when a message was written; a signed one names its destination (SAML Bindings 2.0, section 3.4.5.2)."""
    if root.tag != f"{{{SAMLP}}}{tag}" or root.get("Version") != "2.0" or not root.get("ID"):
        raise SignInRefusedError(f"this is not a {tag} of SAML 2.0")
    if xml.text_of(root, SAML, "Issuer") != idp.entity_id:
        raise SignInRefusedError("another identity provider speaks of a logout than the one of this address")
    if root.get("Destination") != us.logout_url:
        raise SignInRefusedError("the logout message is meant for another address")
    issued = xml.time_of(root, "IssueInstant")
    if issued is None or issued > now + SKEW or issued < now - _LONGEST_TRAVEL - SKEW:
        raise SignInRefusedError("the logout message is of another time", hint="start again; set the clocks")
    return issued
