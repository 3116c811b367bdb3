"""What an identity provider's answer says, checked on what it signed (SAML Profiles 2.0, section 4.1.4.3)."""

import base64
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bailiwick.control.identity.errors import SignInRefusedError
from bailiwick.control.identity.saml import xml
from bailiwick.control.identity.saml.description import IdpDescription
from bailiwick.control.identity.saml.encryption import require_usual_encryption
from bailiwick.control.identity.saml.judge import opened
from bailiwick.control.identity.saml.keys import SamlKeys
from bailiwick.control.identity.saml.messages import SUCCESS, NameId, ServiceProvider
from bailiwick.control.identity.saml.signatures import is_signed, verified
from bailiwick.control.identity.saml.xml import SAML, SAMLP, Element

_LOG = logging.getLogger("bailiwick.saml")
SKEW = timedelta(seconds=60)
_BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_KNOWN_CONDITIONS = frozenset({"AudienceRestriction", "OneTimeUse", "ProxyRestriction"})


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an assertion says of somebody, verified. `id` may be taken once until `expires`."""

    id: str
    expires: datetime
    who: NameId
    attributes: dict[str, tuple[str, ...]]
    signed_in: datetime
    level: str
    session: str
    session_ends: datetime | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What an answer must be for: us, this identity provider, this request (None when none was made), and now."""

    us: ServiceProvider
    idp: IdpDescription
    keys: SamlKeys
    request_id: str | None
    now: datetime


def read_answer(told: str, expected: Expected) -> Assertion:
    """Return what an answer in base64 says; raise `SignInRefusedError` for whatever does not prove who this is."""
    content = xml.from_base64(told)
    root = xml.parse(content)
    _require_answer(root, expected)
    try:
        signed = _signed_part(content, root, expected)
    except SignInRefusedError as fault:
        if not xml.children(root, SAML, "EncryptedAssertion"):
            raise
        # Whoever changes a ciphertext learns from different words what it decrypts to ("How to break XML encryption",
        # CCS 2011): until a signature was found, there is one answer, and the log has the reason.
        _LOG.info("an encrypted SAML assertion was refused: %s", fault.message)
        raise SignInRefusedError(
            "the encrypted assertion cannot be opened with our key, or what is inside proves nothing",
            hint="whoever runs Bailiwick finds the reason in its log",
        ) from None
    return _said(signed, expected)


def _signed_part(content: bytes, root: Element, expected: Expected) -> Element:
    """Return the assertion of an answer as its signature covers it, decrypted where it was encrypted."""
    told = base64.b64encode(content).decode()
    whole = opened(told, expected.us, expected.idp, expected.keys, expected.request_id)
    if is_signed(root):
        verified(xml.alone(root), expected.idp.certificates)
    return verified(xml.alone(xml.only(whole, SAML, "Assertion")), expected.idp.certificates)


def _require_answer(root: Element, expected: Expected) -> None:
    """Check the envelope. It need not be signed, so nothing is taken from it: it can only be the wrong one."""
    if root.tag != f"{{{SAMLP}}}Response" or root.get("Version") != "2.0":
        raise SignInRefusedError("this is not an answer of SAML 2.0")
    if root.get("InResponseTo") != expected.request_id:
        raise SignInRefusedError("the identity provider's answer is to another sign-in than yours", hint="start again")
    if root.get("Destination", expected.us.answer_url) != expected.us.answer_url:
        raise SignInRefusedError("the identity provider's answer is meant for another address")
    for issuer in xml.children(root, SAML, "Issuer"):
        _require_issuer(issuer, expected)
    code = xml.only(xml.only(root, SAMLP, "Status"), SAMLP, "StatusCode")
    if code.get("Value") != SUCCESS:
        reasons = [str(item.get("Value", "")).rpartition(":")[2] for item in code.iter(f"{{{SAMLP}}}StatusCode")]
        raise SignInRefusedError(
            f"the identity provider did not sign you in: {', '.join(reasons)[:120]}",
            hint="sign in again, or ask who runs it",
        )
    plain, encrypted = (list(root.iter(f"{{{SAML}}}{tag}")) for tag in ("Assertion", "EncryptedAssertion"))
    if len(plain) + len(encrypted) != 1 or (plain + encrypted)[0].getparent() is not root:
        raise SignInRefusedError("the identity provider's answer must have one assertion")
    for item in encrypted:
        require_usual_encryption(item)


def _said(assertion: Element, expected: Expected) -> Assertion:
    """Return what a verified assertion says, when it is for us, for this sign-in and for now."""
    if assertion.tag != f"{{{SAML}}}Assertion" or assertion.get("Version") != "2.0":
        raise SignInRefusedError("this is not an assertion of SAML 2.0")
    _require_issuer(xml.only(assertion, SAML, "Issuer"), expected)
    issued = xml.time_of(assertion, "IssueInstant")
    if issued is None or issued > expected.now + SKEW:
        raise SignInRefusedError(_EARLY, hint=_CLOCKS)
    subject = xml.only(assertion, SAML, "Subject")
    ends = _confirmed_until(subject, expected), _holds_until(assertion, expected)
    statement = xml.only(assertion, SAML, "AuthnStatement")
    signed_in = xml.time_of(statement, "AuthnInstant")
    if signed_in is None or signed_in > expected.now + SKEW:
        raise SignInRefusedError(_EARLY, hint=_CLOCKS)
    session_ends = xml.time_of(statement, "SessionNotOnOrAfter")
    _require_not_over(session_ends, expected.now)
    context = xml.children(xml.only(statement, SAML, "AuthnContext"), SAML, "AuthnContextClassRef")
    return Assertion(
        id=str(assertion.get("ID")),
        expires=max(end for end in ends if end is not None) + SKEW,
        who=_name_of(subject),
        attributes=_attributes_of(assertion),
        signed_in=signed_in,
        level=xml.text(context[0]) if context else "",
        session=str(statement.get("SessionIndex", "")),
        session_ends=session_ends,
    )


_EARLY = "the identity provider's answer is from the future"
_CLOCKS = "the clocks here and there differ by more than a minute: whoever runs them must set them"


def _require_issuer(issuer: Element, expected: Expected) -> None:
    if xml.text(issuer) != expected.idp.entity_id:
        raise SignInRefusedError("another identity provider answered than the one you were sent to")


def _confirmed_until(subject: Element, expected: Expected) -> datetime:
    """Return until when the bearer of an assertion is its subject (SAML Profiles 2.0, section 4.1.4.2)."""
    confirmations = [
        item for item in xml.children(subject, SAML, "SubjectConfirmation") if item.get("Method") == _BEARER
    ]
    if len(confirmations) != 1:
        raise SignInRefusedError("the assertion does not say whom its bearer is")
    data = xml.only(confirmations[0], SAML, "SubjectConfirmationData")
    if data.get("Recipient") != expected.us.answer_url:
        raise SignInRefusedError("the assertion was made for another recipient")
    if data.get("InResponseTo") != expected.request_id:
        raise SignInRefusedError("the assertion is for another sign-in than yours", hint="start again")
    return _within(data, expected.now)


def _holds_until(assertion: Element, expected: Expected) -> datetime | None:
    """Return until when an assertion holds, None where only its confirmation says (SAML Core 2.0, section 2.5)."""
    conditions = xml.only(assertion, SAML, "Conditions")
    if any(xml.name(item) not in _KNOWN_CONDITIONS or not item.tag.startswith(f"{{{SAML}}}") for item in conditions):
        raise SignInRefusedError("the assertion has a condition that is not known here")
    restrictions = xml.children(conditions, SAML, "AudienceRestriction")
    for restriction in restrictions:
        if expected.us.entity_id not in [xml.text(item) for item in xml.children(restriction, SAML, "Audience")]:
            raise SignInRefusedError("the assertion was made for another application")
    if not restrictions:
        raise SignInRefusedError("the assertion does not say which application it was made for")
    return _within(conditions, expected.now) if conditions.get("NotOnOrAfter") is not None else None


def _within(element: Element, now: datetime) -> datetime:
    begins, ends = xml.time_of(element, "NotBefore"), xml.time_of(element, "NotOnOrAfter")
    if begins is not None and begins > now + SKEW:
        raise SignInRefusedError(_EARLY, hint=_CLOCKS)
    if ends is None:
        raise SignInRefusedError("the assertion does not say until when it holds")
    _require_not_over(ends, now)
    return ends


def _require_not_over(ends: datetime | None, now: datetime) -> None:
    if ends is not None and ends <= now - SKEW:
        raise SignInRefusedError("the identity provider's answer has expired", hint=f"sign in again; {_CLOCKS}")


def _name_of(subject: Element) -> NameId:
    if xml.children(subject, SAML, "EncryptedID"):
        raise SignInRefusedError("the assertion's NameID is encrypted", hint="encrypt the whole assertion instead")
    element = xml.only(subject, SAML, "NameID")
    found = NameId(
        xml.text(element),
        element.get("Format", ""),
        element.get("NameQualifier", ""),
        element.get("SPNameQualifier", ""),
    )
    if not found.value or found.format == _TRANSIENT:
        raise SignInRefusedError(
            "the identity provider names you differently each time",
            hint="whoever runs it must send a persistent NameID, or the e-mail address",
        )
    return found


def _attributes_of(assertion: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for statement in xml.children(assertion, SAML, "AttributeStatement"):
        for attribute in xml.children(statement, SAML, "Attribute"):
            values = tuple(xml.text(item) for item in xml.children(attribute, SAML, "AttributeValue") if not len(item))
            key = str(attribute.get("Name", ""))
            found[key] = found.get(key, ()) + values
    return found
