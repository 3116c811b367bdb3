"""SAML sign-in with an independent identity provider: the good ways through, what is taken once, and single logout."""

import base64
import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote_plus

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree
from sqlalchemy import insert, text

from bailiwick.control.audit import AuditLog, AuditQuery, search
from bailiwick.control.identity import (
    CredentialRefusedError,
    MetadataFile,
    ProviderUnavailableError,
    SamlKeys,
    SignInRefusedError,
)
from bailiwick.control.identity.saml import xml
from bailiwick.control.identity.tables import SignInRow
from bailiwick.control.vault import LocalFileKeyProvider, Vault
from bailiwick.core.clock import utc_now
from bailiwick.core.policy import StepUp
from bailiwick.store import Store
from tests.fixtures.saml_forgery import at
from tests.fixtures.saml_house import BASE, LEVEL, SamlHouse, in_query, relay_state, saml_house, their_request, who
from tests.fixtures.saml_provider import Form, SamlIdp, follow, make_key


@pytest.mark.req("ID2")
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


@pytest.mark.req("ID2")
def test_an_encrypted_assertion_is_opened_with_our_key(house: SamlHouse) -> None:
    house.idp.set(encrypts=True)
    form = house.answer("ada")
    assert b"EncryptedAssertion" in base64.b64decode(form.fields["SAMLResponse"])
    assert b"ada@example.com" not in base64.b64decode(form.fields["SAMLResponse"])
    session, _ = house.finish(form)
    assert who(house, session) == "user:ada@example.com"


@pytest.mark.req("ID2")
def test_our_key_is_the_same_after_a_restart_and_never_in_clear(house: SamlHouse) -> None:
    audit = AuditLog(utc_now)
    vault = Vault(house.store, LocalFileKeyProvider(house.folder / "vault.key"), audit, utc_now)
    with house.store.transaction() as session:
        again = SamlKeys.load(session, vault, utc_now)
        kept = session.execute(text("SELECT sealed FROM vault_secrets WHERE name = 'saml-service-provider'")).scalars()
        sealed = [bytes(item) for item in kept]
    assert again.certificate == house.keys.certificate
    secret = house.keys.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    assert len(sealed) == 1
    assert b"PRIVATE" not in sealed[0]
    files = [file.read_bytes() for file in house.folder.rglob("*") if file.is_file()]
    assert not [content for content in (*sealed, *files) if b"PRIVATE" in content or secret[64:96] in content]


@pytest.mark.req("ID2")
def test_our_metadata_say_who_we_are_and_are_signed(house: SamlHouse) -> None:
    content = house.saml.metadata("own")
    root = etree.fromstring(content)
    assert root.get("entityID") == f"{BASE}/own/metadata"
    role = root[1]
    assert (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned")) == ("true", "true")
    places = {(item.get("Binding").rpartition(":")[2], item.get("Location")) for item in role if item.get("Location")}
    assert places == {
        ("HTTP-POST", f"{BASE}/own/acs"),
        ("HTTP-POST", f"{BASE}/own/slo"),
        ("HTTP-Redirect", f"{BASE}/own/slo"),
    }
    assert xml.name(at(root, "ds:Signature")) == "Signature"
    with pytest.raises(SignInRefusedError, match="no such identity provider"):
        house.saml.metadata("another")


@pytest.mark.req("ID2")
def test_the_provider_takes_no_request_that_we_did_not_sign(house: SamlHouse) -> None:
    url = house.begin()
    changed = url.replace(f"RelayState={relay_state(url)}", "RelayState=forged")
    with httpx2.Client(timeout=20) as browser:
        assert 'name="password"' in follow(browser, browser.get(url)).text
        assert 'name="password"' not in follow(browser, browser.get(changed)).text


@pytest.mark.req("ID2")
def test_an_answer_is_taken_once(house: SamlHouse) -> None:
    form = house.answer("ada")
    session, _ = house.finish(form)
    with pytest.raises(SignInRefusedError, match="not begun here"):
        house.finish(form)
    assert who(house, session) == "user:ada@example.com"


@pytest.mark.req("ID2")
def test_an_assertion_is_taken_once_whatever_carries_it(house: SamlHouse) -> None:
    """Also when our own memory of the sign-in it belongs to came back, as from a backup."""
    url = house.begin()
    form = house.idp.answer(url, "ada")
    with house.store.transaction() as session:
        kept = [dict(row) for row in session.execute(text("SELECT * FROM sign_ins")).mappings()]
    house.finish(form)
    with house.store.transaction() as session:
        session.execute(insert(SignInRow), kept)
    with pytest.raises(SignInRefusedError, match="used before"):
        house.finish(form)


@pytest.mark.req("ID2")
def test_an_answer_to_somebody_elses_sign_in_is_refused(house: SamlHouse) -> None:
    mine = house.begin()
    theirs = house.answer("bob")
    theirs.fields["RelayState"] = relay_state(mine)
    with pytest.raises(SignInRefusedError, match="another sign-in than yours"):
        house.finish(theirs)


@pytest.mark.req("ID2")
def test_a_sign_in_is_answered_once_and_the_first_answer_stays(house: SamlHouse) -> None:
    url = house.begin()
    first, second = house.idp.answer(url, "ada"), house.idp.answer(url, "bob")
    taken = house.saml.take_answer("own", first.fields["SAMLResponse"], first.fields["RelayState"])
    with pytest.raises(SignInRefusedError, match="answered before"):
        house.finish(second)
    session, _ = house.identity.finish_sign_in(state=taken.state, code=taken.code, provider="own")
    assert who(house, session) == "user:ada@example.com"


@pytest.mark.req("ID2")
def test_a_clock_that_jumps_ahead_and_back_forgets_no_assertion(
    store: Store, saml_idp: SamlIdp, tmp_path: Path
) -> None:
    shift = timedelta()

    def clock() -> datetime:
        return utc_now() + shift

    house = saml_house(store, saml_idp, tmp_path, clock, unasked=True)
    entity = quote_plus(f"{BASE}/own/metadata")
    unasked = f"{house.idp.url}/saml2/idp/SSOService.php?spentityid={entity}"
    form = house.idp.answer(unasked, "ada")
    house.finish(form)
    shift = timedelta(hours=12)
    with pytest.raises(SignInRefusedError, match="expired"):
        house.finish(form)
    house.saml.hear_logout("own", query=in_query(their_request(house, now=clock()), house.idp.key), form={})
    shift = timedelta()
    with pytest.raises(SignInRefusedError, match="used before"):
        house.finish(form)


@pytest.mark.req("ID2")
def test_the_code_goes_to_who_brought_the_answer_and_works_for_who_began(house: SamlHouse) -> None:
    form = house.answer("ada")
    taken = house.saml.take_answer("own", form.fields["SAMLResponse"], form.fields["RelayState"])
    with pytest.raises(SignInRefusedError, match="has not answered this sign-in"):
        house.identity.finish_sign_in(state=taken.state, code="guessed", provider="own")
    with pytest.raises(SignInRefusedError, match="not begun here"):
        house.identity.finish_sign_in(state=taken.state, code=taken.code, provider="own")
    before = relay_state(house.begin())
    with pytest.raises(SignInRefusedError, match="has not answered this sign-in"):
        house.identity.finish_sign_in(state=before, code="", provider="own")


@pytest.mark.req("ID2")
def test_an_answer_waits_a_minute_for_its_browser(store: Store, saml_idp: SamlIdp, tmp_path: Path) -> None:
    shift = timedelta()

    def clock() -> datetime:
        return utc_now() + shift

    house = saml_house(store, saml_idp, tmp_path, clock)
    form = house.answer("ada")
    taken = house.saml.take_answer("own", form.fields["SAMLResponse"], form.fields["RelayState"])
    shift = timedelta(seconds=61)
    with pytest.raises(SignInRefusedError, match="took too long"):
        house.identity.finish_sign_in(state=taken.state, code=taken.code, provider="own")


@pytest.mark.req("ID2")
def test_a_session_ends_when_the_provider_says_at_the_latest(store: Store, saml_idp: SamlIdp, tmp_path: Path) -> None:
    saml_idp.set(session_seconds=600)
    shift = timedelta()

    def clock() -> datetime:
        return utc_now() + shift

    house = saml_house(store, saml_idp, tmp_path, clock)
    session, _ = house.finish(house.answer("ada"))
    shift = timedelta(seconds=590)
    assert who(house, session) == "user:ada@example.com"
    shift = timedelta(seconds=610)
    with pytest.raises(CredentialRefusedError, match="has ended"):
        who(house, session)


@pytest.mark.req("ID2")
def test_one_providers_answer_is_none_at_anothers_address(store: Store, saml_idp: SamlIdp, tmp_path: Path) -> None:
    house = saml_house(store, saml_idp, tmp_path, names=("own", "partner"))
    form = house.idp.answer(house.begin(email="ada@example.com"), "ada")
    with pytest.raises(SignInRefusedError, match="another identity provider answered"):
        house.finish(form, "partner")
    form = house.idp.answer(house.begin(email="ada@example.com"), "ada")
    partners = relay_state(house.begin(email="x@partner.example"))
    form.fields["RelayState"] = partners
    with pytest.raises(SignInRefusedError, match="another sign-in than yours"):
        house.finish(form, "partner")
    form = house.idp.answer(house.begin(email="x@partner.example"), "ada")
    assert form.action == f"{BASE}/partner/acs"
    with pytest.raises(SignInRefusedError, match="does not speak for that e-mail domain"):
        house.finish(form, "partner")


@pytest.mark.req("ID2")
def test_a_sign_in_that_nobody_began_is_refused_unless_settings_allow_it(
    store: Store, saml_idp: SamlIdp, tmp_path: Path
) -> None:
    def unasked(house: SamlHouse) -> Form:
        entity = f"{BASE}/own/metadata"
        return house.idp.answer(f"{house.idp.url}/saml2/idp/SSOService.php?spentityid={quote_plus(entity)}", "ada")

    house = saml_house(store, saml_idp, tmp_path)
    with pytest.raises(SignInRefusedError, match="not begun here") as refused:
        house.finish(unasked(house))
    assert "Bailiwick's own sign-in page" in refused.value.hint
    open_house = saml_house(store, saml_idp, tmp_path, unasked=True)
    form = unasked(open_house)
    session, return_to = open_house.finish(form)
    assert (who(open_house, session), return_to) == ("user:ada@example.com", "/")
    with pytest.raises(SignInRefusedError, match="used before"):
        open_house.finish(form)
    asked = open_house.answer("bob")
    del asked.fields["RelayState"]
    with pytest.raises(SignInRefusedError, match="another sign-in than yours"):
        open_house.finish(asked)


@pytest.mark.req("ID2")
def test_a_fresh_sign_in_and_a_second_factor_are_asked_for_and_told(house: SamlHouse) -> None:
    with httpx2.Client(timeout=20) as browser:
        house.finish(house.idp.answer(house.begin(), "ada", browser))
        asked = browser.get(house.begin())
        assert 'name="password"' not in follow(browser, asked).text
        asked = browser.get(house.begin(StepUp(300, True)))
        assert 'name="password"' in follow(browser, asked).text
        session, _ = house.finish(house.idp.answer(house.begin(StepUp(300, True)), "ada", browser))
    found = house.identity.authenticate_session(session.secret).identity.sign_in
    assert found is not None
    assert (found.second_factor, found.age_seconds < 60) == (True, True)
    with house.store.transaction() as session_:
        events = search(session_, AuditQuery(action="session.created"), limit=5).events
    context = dict(events[0].event.context)
    assert (context["provider"], context["level"], context["second_factor"]) == ("own", LEVEL, True)


@pytest.mark.req("ID2")
def test_a_provider_that_does_not_do_what_it_is_asked_signs_nobody_in(
    store: Store, saml_idp: SamlIdp, tmp_path: Path
) -> None:
    house = saml_house(store, saml_idp, tmp_path, levels=())
    with pytest.raises(SignInRefusedError, match="does not say that you used a second factor"):
        house.finish(house.answer("ada", StepUp(None, True)))


@pytest.mark.req("ID2")
def test_an_address_does_not_pass_to_another_account(house: SamlHouse) -> None:
    house.finish(house.answer("ada"))
    house.idp.set(people={"ada2": {"uid": ["another-id"], "email": ["ada@example.com"]}})
    with pytest.raises(SignInRefusedError, match="belongs to another account"):
        house.finish(house.answer("ada2"))


@pytest.mark.req("ID2")
def test_new_keys_in_the_metadata_count_without_a_restart(house: SamlHouse, caplog: pytest.LogCaptureFixture) -> None:
    file = house.folder / "idp.xml"
    before = house.idp.key, house.idp.certificate
    house.idp.new_key()
    with pytest.raises(SignInRefusedError):
        house.finish(house.answer("ada"))
    file.write_bytes(b"<half")
    with pytest.raises(SignInRefusedError):
        house.finish(house.answer("ada"))
    assert "cannot be used" in caplog.text
    file.write_bytes(house.idp.metadata)
    house.finish(house.answer("ada"))
    assert before != (house.idp.key, house.idp.certificate)
    os.utime(file, (time.time() + 5, time.time() + 5))
    house.finish(house.answer("ada"))


@pytest.mark.req("ID2")
def test_metadata_that_run_out_while_we_run_count_no_more(store: Store, saml_idp: SamlIdp, tmp_path: Path) -> None:
    shift = timedelta()

    def clock() -> datetime:
        return utc_now() + shift

    house = saml_house(store, saml_idp, tmp_path, clock)
    until = (utc_now() + timedelta(hours=1)).strftime('validUntil="%Y-%m-%dT%H:%M:%SZ" entityID=').encode()
    (tmp_path / "idp.xml").write_bytes(saml_idp.metadata.replace(b"entityID=", until, 1))
    house.finish(house.answer("ada"))
    shift = timedelta(hours=2)
    with pytest.raises(ProviderUnavailableError, match="no longer valid"):
        house.begin()


@pytest.mark.req("ID2")
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not well-formed"),
        (b"<!DOCTYPE x [<!ENTITY y 'z'>]><x/>", "declares"),
        (b"<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'/>", "describe 0 identity providers"),
        (b"expired", "no longer valid"),
        (b"no certificate", "no certificate for signing"),
        (b"a script", "not the address of a page"),
        (b"weak", "fewer than 2048 bits"),
    ],
)
def test_metadata_that_describe_nothing_of_use_are_refused_in_words(
    house: SamlHouse, content: bytes, words: str
) -> None:
    real = house.idp.metadata
    weak = b"".join(make_key("weak", 1024)[1].splitlines()[1:-1])
    certificate = etree.fromstring(real).findtext(".//{*}X509Certificate").encode()
    made = {
        b"expired": real.replace(b" entityID=", b' validUntil="2020-01-01T00:00:00Z" entityID=', 1),
        b"no certificate": real.replace(b'use="signing"', b'use="encryption"'),
        b"a script": real.replace(house.idp.url.encode() + b"/saml2/idp/SSO", b"javascript:alert(1)//SSO"),
        b"weak": real.replace(certificate, weak),
    }
    (house.folder / "other.xml").write_bytes(made.get(content, content))
    with pytest.raises(ProviderUnavailableError, match=words):
        MetadataFile(house.folder / "other.xml", utc_now)()
