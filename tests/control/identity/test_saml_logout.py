"""SAML single logout from each side, by redirect and by form, and what proves nothing."""

import base64
from datetime import timedelta
from urllib.parse import parse_qs, quote_plus, urlsplit

import httpx2
import pytest
from lxml import etree

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import (
    CredentialRefusedError,
    SignInRefusedError,
)
from bailiwick.core.clock import utc_now
from tests.fixtures.saml_forgery import at, closed, opened, sign
from tests.fixtures.saml_house import BASE, SamlHouse, in_query, their_request, who
from tests.fixtures.saml_provider import follow, make_key


def logout_url(house: SamlHouse, browser: httpx2.Client) -> str:
    """Sign out at the provider itself; return where it sends the browser to tell us."""
    page = browser.get(f"{house.idp.url}/saml2/idp/SingleLogoutService.php?ReturnTo={quote_plus(house.idp.url)}")
    return str(follow(browser, page, BASE).headers["location"])


@pytest.mark.req("ID2", "ID3")
def test_a_logout_at_the_provider_ends_what_is_held_here_and_is_answered(house: SamlHouse) -> None:
    other, _ = house.finish(house.answer("bob"))
    with httpx2.Client(timeout=20) as browser:
        session, _ = house.finish(house.idp.answer(house.begin(), "ada", browser))
        told = logout_url(house, browser)
        assert told.startswith(f"{BASE}/own/slo?SAMLRequest=")
        query = urlsplit(told).query
        onward = house.saml.hear_logout("own", query=query, form={})
        with pytest.raises(CredentialRefusedError):
            who(house, session)
        assert who(house, other) == "user:bob@example.com"
        # The provider itself checks our answer's signature before it goes on.
        assert onward.startswith(f"{house.idp.url}/saml2/idp/SingleLogoutService.php?SAMLResponse=")
        done = follow(browser, browser.get(onward), f"{house.idp.url}?")
        assert done.status_code in {200, 303, 302}, done.text
        assert 'name="password"' in follow(browser, browser.get(house.begin())).text
    again, _ = house.finish(house.answer("ada"))
    with pytest.raises(SignInRefusedError, match="used before"):
        house.saml.hear_logout("own", query=query, form={})
    assert who(house, again) == "user:ada@example.com"
    with house.store.transaction() as session_:
        events = search(session_, AuditQuery(action="principal.revoked"), limit=5).events
    assert [event.event.actor for event in events] == ["service:identity-provider/own"]


@pytest.mark.req("ID2", "ID3")
def test_signing_out_here_signs_out_at_the_provider(house: SamlHouse) -> None:
    with httpx2.Client(timeout=20) as browser:
        session, _ = house.finish(house.idp.answer(house.begin(), "ada", browser))
        onward = house.identity.sign_out(session.secret)
        assert onward.startswith(f"{house.idp.url}/saml2/idp/SingleLogoutService.php?SAMLRequest=")
        back = follow(browser, browser.get(onward), BASE).headers["location"]
        assert back.startswith(f"{BASE}/own/slo?SAMLResponse=")
        assert house.saml.hear_logout("own", query=urlsplit(back).query, form={}) == ""
        assert 'name="password"' in follow(browser, browser.get(house.begin())).text
    assert house.identity.sign_out(session.secret) == ""


@pytest.mark.req("ID2", "ID3")
def test_a_logout_by_form_must_be_signed_inside(house: SamlHouse) -> None:
    session, _ = house.finish(house.answer("ada"))
    message = their_request(house)
    with pytest.raises(SignInRefusedError, match="not signed"):
        house.saml.hear_logout("own", query="", form={"SAMLRequest": base64.b64encode(message).decode()})
    root = etree.fromstring(message)
    sign(root, root, house.idp.key, house.idp.certificate)
    told = closed(root)
    changed = opened(told)
    at(changed, "saml:NameID").text = "id-of-bob"
    with pytest.raises(SignInRefusedError, match="not signed"):
        house.saml.hear_logout("own", query="", form={"SAMLRequest": closed(changed)})
    assert who(house, session) == "user:ada@example.com"
    onward = house.saml.hear_logout("own", query="", form={"SAMLRequest": told, "RelayState": "theirs & <so>"})
    assert parse_qs(urlsplit(onward).query)["RelayState"] == ["theirs & <so>"]
    with pytest.raises(CredentialRefusedError):
        who(house, session)


@pytest.mark.req("ID2", "ID3")
def test_logout_requests_that_prove_nothing_end_nothing(house: SamlHouse) -> None:
    session, _ = house.finish(house.answer("ada"))
    key = house.idp.key
    good = in_query(their_request(house), key)
    signature = parse_qs(good)["Signature"][0]
    unsigned = good.partition("&SigAlg")[0]
    weak = good.replace(quote_plus("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
                        quote_plus("http://www.w3.org/2000/09/xmldsig#rsa-sha1"))  # fmt: skip
    refused = {
        "nothing": "",
        "no signature": unsigned,
        "an empty signature": f"{unsigned}&SigAlg=x&Signature=",
        "another signature": good.replace(quote_plus(signature), quote_plus(signature[::-1])),
        "SHA-1": weak,
        "another state": good.replace("&SigAlg", "&RelayState=x&SigAlg"),
        "a parameter twice": f"{good}&SAMLRequest=x",
        "somebody else's key": in_query(their_request(house), make_key("mine")[0]),
        "another issuer": in_query(their_request(house, issuer="http://other.example"), key),
        "another address": in_query(their_request(house, "http://127.0.0.1:8400/sign-in/saml/partner/slo"), key),
        "old": in_query(their_request(house, now=utc_now() - timedelta(minutes=10)), key),
        "of the future": in_query(their_request(house, now=utc_now() + timedelta(minutes=10)), key),
        "nobody": in_query(their_request(house, subject=""), key),
        "a bomb": in_query(b"<r>" + b"x" * 2**24 + b"</r>", key),
        "another message": in_query(b"<r/>", key),
    }
    for what, query in refused.items():
        with pytest.raises(SignInRefusedError):
            house.saml.hear_logout("own", query=query, form={})
            pytest.fail(what)
    assert who(house, session) == "user:ada@example.com"
    house.saml.hear_logout("own", query=good, form={})
    with pytest.raises(CredentialRefusedError):
        who(house, session)
