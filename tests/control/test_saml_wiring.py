"""A control plane whose settings name SAML providers, and no other: people sign in, keys and addresses stay."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import etree

from bailiwick.control.app import ControlPlane
from bailiwick.control.settings import ControlSettings, Listen, SamlIdentityProvider, SamlProvider
from bailiwick.control.wiring import build_control
from bailiwick.store import Store
from tests.fixtures.saml_house import relay_state
from tests.fixtures.saml_provider import SamlIdp


def built(store: Store, folder: Path, providers: tuple[SamlProvider, ...]) -> ControlPlane:
    settings = ControlSettings(
        database_url=store.owner_url.replace("postgresql+psycopg", "postgresql"),  # type: ignore[arg-type]
        state=folder / "control",
        console=Listen(port=8400),
        planes_door=Listen(port=8402),
        public_url="http://127.0.0.1:8400",
        ingress_url="http://127.0.0.1:8410",
        saml=providers,
    )
    return build_control(settings)


@pytest.mark.req("ID2")
def test_people_sign_in_with_what_the_settings_name(store: Store, saml_idp: SamlIdp, tmp_path: Path) -> None:
    (tmp_path / "idp.xml").write_bytes(saml_idp.metadata)
    certificate = saml_idp.certificate.decode()
    written = SamlIdentityProvider(
        entity_id=saml_idp.entity_id,
        sign_in_url=f"{saml_idp.url}/saml2/idp/SSOService.php",
        certificates=(certificate,),
    )
    providers = (
        SamlProvider(name="staff", domains=frozenset({"example.com"}), groups=("*",), metadata=tmp_path / "idp.xml"),
        SamlProvider(name="partner", domains=frozenset({"partner.example"}), groups=(), idp=written),
    )
    control = built(store, tmp_path, providers)
    assert control.identity.asks_for_email
    for name in ("staff", "partner"):
        saml_idp.know(name, control.saml.metadata(name))
    for email, name, words in (("ada@example.com", "staff", ""), ("x@partner.example", "partner", "does not speak")):
        form = saml_idp.answer(control.identity.begin_sign_in("/", email=email), "ada")
        assert form.action == f"http://127.0.0.1:8400/sign-in/saml/{name}/acs"
        fields = form.fields["SAMLResponse"], form.fields["RelayState"]
        if words:
            with pytest.raises(Exception, match=words):
                control.saml.take_answer(name, *fields)
        else:
            taken = control.saml.take_answer(name, *fields)
            session, _ = control.identity.finish_sign_in(state=taken.state, code=taken.code, provider=name)
            assert control.identity.authenticate_session(session.secret).provider == name
            # Written out without an address for logouts, the other provider has none: nothing leads there.
            assert control.identity.sign_out(session.secret).startswith(f"{saml_idp.url}/saml2/idp/SingleLogout")
    control.store.dispose()


@pytest.mark.req("ID2")
def test_a_restart_keeps_our_key_and_sign_ins_under_way(store: Store, saml_idp: SamlIdp, tmp_path: Path) -> None:
    (tmp_path / "idp.xml").write_bytes(saml_idp.metadata)
    providers = (SamlProvider(name="staff", domains=frozenset({"example.com"}), metadata=tmp_path / "idp.xml"),)
    before = built(store, tmp_path, providers)
    saml_idp.know("staff", before.saml.metadata("staff"))
    url = before.identity.begin_sign_in("/apps/x")
    assert parse_qs(urlsplit(url).query).keys() == {"SAMLRequest", "RelayState", "SigAlg", "Signature"}
    form = saml_idp.answer(url, "ada")
    taken = before.saml.take_answer("staff", form.fields["SAMLResponse"], relay_state(url))
    after = built(store, tmp_path, providers)
    certificates = [
        etree.fromstring(control.saml.metadata("staff")).findtext(".//{*}X509Certificate")
        for control in (before, after)
    ]
    assert certificates[0] == certificates[1]
    _, return_to = after.identity.finish_sign_in(state=taken.state, code=taken.code, provider="staff")
    assert return_to == "/apps/x"
    for control in (before, after):
        control.store.dispose()
