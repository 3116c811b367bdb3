"""SAML sign-in with an independent identity provider: the good ways through, and what our side says of itself."""

import base64

import pytest

from tests.fixtures.saml_house import BASE, SamlHouse


@pytest.mark.req("ID1")
def test_a_person_signs_in_and_is_who_the_provider_says(house: SamlHouse) -> None:
    form = house.answer("ada")
    assert form.action == f"{BASE}/own/acs"
    session, return_to = house.finish(form)
    assert return_to == "/apps/x"
    owner = house.identity.authenticate_session(session.secret)
    assert (str(owner.identity.principal), owner.name) == ("user:ada@example.com", "Ada")
    assert owner.identity.names == {"user:ada@example.com", "group:ada"}
    assert owner.identity.attributes == {"region": "EMEA"}
    assert owner.identity.sign_in is not None
    assert owner.identity.sign_in.age_seconds < 60
    assert not owner.identity.sign_in.second_factor


@pytest.mark.req("ID1")
def test_an_encrypted_assertion_is_opened_with_our_key(house: SamlHouse) -> None:
    house.idp.set(encrypts=True)
    form = house.answer("ada")
    assert b"EncryptedAssertion" in base64.b64decode(form.fields["SAMLResponse"])
    assert b"ada@example.com" not in base64.b64decode(form.fields["SAMLResponse"])
    session, _ = house.finish(form)
    assert house.identity.authenticate_session(session.secret).name == "Ada"
