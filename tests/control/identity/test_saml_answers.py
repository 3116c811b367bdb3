"""SAML answers that the provider signed, but for others, for another time, or without sense; and what is no answer."""

import base64
import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bailiwick.control.identity import SignInRefusedError
from bailiwick.core.clock import utc_now
from tests.fixtures.saml_forgery import (
    Change,
    Element,
    added,
    at,
    doubled,
    opened,
    removed,
    set_at,
    text_at,
    without_signatures,
)
from tests.fixtures.saml_genuine import BASE, Genuine


def ago(**how_long: int) -> Callable[[], str]:
    """Return what says a time so long before it is asked: tests may run long after they were collected."""
    return lambda: (utc_now() - timedelta(**how_long)).strftime("%Y-%m-%dT%H:%M:%SZ")


CONFIRMATION = "saml:Assertion/saml:Subject/saml:SubjectConfirmation"
DATA = f"{CONFIRMATION}/saml:SubjectConfirmationData"
CONDITIONS = "saml:Assertion/saml:Conditions"
STATEMENT = "saml:Assertion/saml:AuthnStatement"
EMAIL = ".//saml:Attribute[@Name='email']/saml:AttributeValue"
# All of these the provider itself signed: they are genuine, but not for us, not for this sign-in, or not for now.
ELSEWHERE: dict[str, tuple[Change, str | None]] = {
    "another issuer": (text_at("saml:Assertion/saml:Issuer", "http://other.example/idp"), "another identity provider"),
    "another issuer of the answer": (text_at("saml:Issuer", "http://other.example/idp"), "another identity provider"),
    "another audience": (text_at(f"{CONDITIONS}//saml:Audience", "http://other.example"), "another application"),
    "no audience": (removed(f"{CONDITIONS}/saml:AudienceRestriction"), "which application"),
    "no conditions": (removed(CONDITIONS), "Conditions"),
    "a condition of its own": (added(CONDITIONS, "Condition", ""), None),
    "another recipient": (set_at(DATA, "Recipient", "http://other.example/acs"), None),
    "a recipient that holds ours": (set_at(DATA, "Recipient", f"http://evil.example/?{BASE}/acs"), "recipient"),
    "no recipient": (set_at(DATA, "Recipient", None), "recipient"),
    "another destination": (set_at(".", "Destination", "http://other.example/acs"), "another address"),
    "a destination that begins like ours": (set_at(".", "Destination", f"{BASE}/acs.evil"), "another address"),
    "another request": (set_at(DATA, "InResponseTo", "_other"), None),
    "no request": (set_at(DATA, "InResponseTo", None), "another sign-in"),
    "another request of the answer": (set_at(".", "InResponseTo", "_other"), "another sign-in"),
    "no request of the answer": (set_at(".", "InResponseTo", None), "another sign-in"),
    "held by a key": (set_at(CONFIRMATION, "Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"), None),
    "no confirmation": (removed(CONFIRMATION), None),
    "expired": (set_at(CONDITIONS, "NotOnOrAfter", ago(minutes=2)), "expired"),
    "confirmed until too early": (set_at(DATA, "NotOnOrAfter", ago(minutes=2)), None),
    "confirmed for ever": (set_at(DATA, "NotOnOrAfter", None), "until when"),
    "not yet": (set_at(CONDITIONS, "NotBefore", ago(minutes=-2)), "future"),
    "issued in the future": (set_at("saml:Assertion", "IssueInstant", ago(minutes=-2)), "future"),
    "signed in in the future": (set_at(STATEMENT, "AuthnInstant", ago(minutes=-2)), "future"),
    "a session that is over": (set_at(STATEMENT, "SessionNotOnOrAfter", ago(minutes=2)), None),
    "no sign-in": (removed(STATEMENT), "AuthnStatement"),
    "a time that is none": (set_at(STATEMENT, "AuthnInstant", "2026-13-45T99:00:00Z"), None),
    "an old version": (set_at("saml:Assertion", "Version", "1.1"), None),
    "not a success": (
        set_at("samlp:Status/samlp:StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"),
        "did not sign you in: Responder",
    ),
    "a name for once": (
        set_at(".//saml:NameID", "Format", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
        "differently each time",
    ),
    "no name": (text_at(".//saml:NameID", None), None),
    "two assertions": (doubled("saml:Assertion"), None),
    "an address of another domain": (text_at(EMAIL, "ada@partner.example"), "does not speak for"),
    "an address with a letter that looks alike": (
        text_at(EMAIL, "\N{KELVIN SIGN}im@example.com"),
        "one e-mail address",
    ),
    "two addresses in one": (text_at(EMAIL, "ada@evil.example@example.com"), "one e-mail address"),
    "two addresses": (doubled(EMAIL), "one e-mail address"),
    "no address": (removed(".//saml:Attribute[@Name='email']"), "one e-mail address"),
    "an address with a line": (text_at(EMAIL, "ada\n@example.com"), "one e-mail address"),
}


@pytest.mark.req("ID2")
@pytest.mark.parametrize(("change", "words"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_the_provider_signed_for_others_or_another_time_is_refused(
    genuine: Genuine, layers: str, change: Change, words: str | None
) -> None:
    told = genuine.signed_anew(change)
    with pytest.raises(SignInRefusedError, match=words if layers == "ours alone" else None):
        genuine.read(told)


BOMB = b"""<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><r>&b;</r>"""
NO_MESSAGE: dict[str, tuple[str, str]] = {
    "nothing": ("", "not well-formed"),
    "not base64": ("<samlp:Response/>", "not base64"),
    "not XML": (base64.b64encode(b"hello").decode(), "not well-formed"),
    "entities in entities": (base64.b64encode(BOMB).decode(), "declares"),
    "a file as entity": (
        base64.b64encode(b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>').decode(),
        "declares",
    ),
    "document types in UTF-16": (base64.b64encode(BOMB.decode().encode("utf-16")).decode(), "not well-formed"),
    "document types in UTF-7": (
        base64.b64encode(b'<?xml version="1.0" encoding="utf-7"?>+ADw-!DOCTYPE r+AD4-<r/>').decode(),
        "not well-formed",
    ),
    "5 MB": (base64.b64encode(b"<r>" + b"x" * 5 * 2**20 + b"</r>").decode(), "larger than 256 KiB"),
    "just too large": (base64.b64encode(b"<r>" + b"x" * 256 * 1024 + b"</r>").decode(), "larger than 256 KiB"),
    "deep": (base64.b64encode(b"<r>" * 10_000 + b"</r>" * 10_000).decode(), "not well-formed"),
    "another document": (base64.b64encode(b"<html/>").decode(), "not an answer"),
    "instructions": (base64.b64encode(b"<r><?php x?></r>").decode(), "instructions"),
}


@pytest.mark.req("ID2")
@pytest.mark.parametrize(("told", "words"), NO_MESSAGE.values(), ids=NO_MESSAGE)
def test_what_is_no_message_of_saml_is_refused_before_it_is_read(genuine: Genuine, told: str, words: str) -> None:
    with pytest.raises(SignInRefusedError, match=words):
        genuine.read(told)


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("jump", "words"),
    [
        (timedelta(seconds=50), None),
        (timedelta(seconds=-50), None),
        (timedelta(minutes=20), "expired"),
        (timedelta(minutes=-20), "future"),
        (timedelta(days=400), "expired"),
    ],
)
def test_a_minute_between_clocks_is_borne_and_a_jump_is_not(
    genuine: Genuine, jump: timedelta, words: str | None
) -> None:
    genuine.shift[0] = jump
    if words is None:
        assert genuine.read(genuine.told) == "ada@example.com"
    else:
        with pytest.raises(SignInRefusedError, match=words):
            genuine.read(genuine.told)


def each_part_gone_or_odd(root: Element) -> Iterator[Change]:
    """Return changes that take away each element and attribute, empty it, or fill it with something odd."""
    paths = [root.getroottree().getpath(element) for element in root.iter()]
    for path in paths[1:]:
        yield lambda doc, path=path: remove(at(doc, path))  # type: ignore[misc]
        yield lambda doc, path=path: setattr(at(doc, path), "text", "odd")  # type: ignore[misc]
        for attribute in at(root, path).attrib:
            for value in (None, "", "odd"):
                yield set_at(path, attribute, value)


def remove(element: Element) -> None:
    element.getparent().remove(element)


@pytest.mark.req("ID2")
def test_what_the_provider_signs_without_sense_is_refused_or_says_the_same(genuine: Genuine, layers: str) -> None:
    root = opened(genuine.told)
    without_signatures(root)
    taken = 0
    for change in each_part_gone_or_odd(root):
        with contextlib.suppress(SignInRefusedError):
            assert genuine.read(genuine.signed_anew(change)) == "ada@example.com"
            taken += 1
    assert taken > 10
