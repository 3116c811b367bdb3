"""People let apps act in their name at another service: once, in the console, and until they or somebody ends it."""

from collections.abc import Callable
from dataclasses import replace
from threading import Thread

import pytest

from bailiwick.control.consents import Consent, ConsentNeededError, ConsentRefusedError
from bailiwick.core.artifacts import digest
from bailiwick.core.errors import BailiwickError, ForbiddenError, NotFoundError
from bailiwick.core.messages import NoCredential, PersonTokenAnswer
from bailiwick.core.oauth import TokenEndpointError
from tests.fixtures.authorization_server import CLIENT_SECRET, authorization_server, client
from tests.fixtures.consents import REDIRECT_URI, Consented, credential_at
from tests.fixtures.moving import MovingClock

TABLES = """SELECT DISTINCT table_name FROM information_schema.role_table_grants
            WHERE privilege_type = 'SELECT' AND table_schema = 'public'"""
pytestmark = pytest.mark.req("IN2", "SE2")


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


def test_a_plane_gets_short_lived_tokens_of_whoever_consented(consented: Consented, clock: MovingClock) -> None:
    control = consented.company.control
    with pytest.raises(ConsentNeededError) as needed:
        consented.token("builder")
    assert "builder@example.com has not connected their account at crm" in needed.value.message
    assert needed.value.hint == "they do that once, at http://127.0.0.1:8400/connections"
    consented.connect("builder", "user@crm.example")
    first = consented.token("builder")
    said = consented.server.introspect(first.token)
    assert (said["sub"], said["scope"]) == ("user@crm.example", "openid contacts.read")
    assert first.seconds == 900  # of an hour: planes ask again, so that what ended is not shown for long
    assert consented.token("builder") == first
    with control.store.transaction() as session:
        (known,) = control.consents.connections(session, consented.visitor("builder").identity)
    assert known.state == "connected"
    assert known.consent is not None
    assert (known.consent.account, known.consent.scopes) == ("user@crm.example", ("openid", "contacts.read"))
    clock.move(hours=1)
    second = consented.token("builder")
    assert second.token != first.token
    assert ("consent.refreshed", "service:consents") in consented.company.actions()
    ended = control.consents.end(consented.visitor("builder").identity, "crm", "editor")
    assert ended.id in control.planes.desired_state("editor").ended_consents
    assert consented.server.introspect(second.token)["active"] is False
    with pytest.raises(ConsentNeededError):
        consented.token("builder")
    actions = [action for action, _ in consented.company.actions() if action.startswith("consent.")]
    assert actions == ["consent.fetched", "consent.given", *["consent.fetched"] * 3, "consent.refreshed",
                       "consent.ended", "consent.fetched"]  # fmt: skip


def test_what_renews_tokens_and_the_clients_secret_stay_in_the_vault(consented: Consented) -> None:
    from sqlalchemy import text

    consented.connect("builder")
    control = consented.company.control
    token = consented.token("builder").token
    with control.store.transaction() as session:
        tables = session.scalars(text(TABLES)).all()
        written = "".join(str(session.execute(text(f"SELECT * FROM {table}")).all()) for table in tables)
        assert control.vault.masker(session).mask(CLIENT_SECRET) != CLIENT_SECRET
    assert token not in written
    assert CLIENT_SECRET not in written
    with pytest.raises(ForbiddenError):
        control.planes.secret("editor", "crm-client")
    state = control.planes.desired_state("editor").model_dump_json()
    assert token not in state
    assert CLIENT_SECRET not in state


Change = Callable[[Consented, dict[str, str]], dict[str, str]]
BAD: dict[str, tuple[str, Change]] = {
    "another-server-answers": ("builder", lambda _, back: {**back, "iss": "https://evil.example"}),
    "no-server-is-named": ("builder", lambda _, back: {**back, "iss": ""}),
    "a-state-of-nobody": ("builder", lambda _, back: {**back, "state": "x" * 43}),
    "no-state": ("builder", lambda _, back: {**back, "state": ""}),
    "a-state-that-is-too-long": ("builder", lambda _, back: {**back, "state": "x" * 10_000}),
    "no-code": ("builder", lambda _, back: {**back, "code": ""}),
    "the-code-of-somebody-else": ("second", lambda _, back: back),
    "the-service-says-no": ("builder", lambda _, back: {**back, "error": "access_denied"}),
    "an-error-that-is-markup": ("builder", lambda _, back: {**back, "error": "<b>"}),
}


def test_what_a_person_did_not_begin_here_gives_no_consent(consented: Consented) -> None:
    control = consented.company.control
    for name, (who, change) in BAD.items():
        back = change(consented, consented.server.click(consented.begin("builder").url, REDIRECT_URI))
        with pytest.raises(ConsentRefusedError) as refused:
            control.consents.finish(
                consented.visitor(who), "crm", state=back["state"], code=back["code"], issuer=back["iss"],
                error=back.get("error", ""),
            )  # fmt: skip
        assert "<" not in refused.value.message, name
        assert consented.company.actions()[-1] == ("consent.refused", f"user:{who}@example.com"), name
    for person in ("builder", "second"):
        with pytest.raises(ConsentNeededError):
            consented.token(person)


def test_a_state_is_good_once_in_the_browser_that_began_and_for_ten_minutes(
    consented: Consented, clock: MovingClock
) -> None:
    control, mine = consented.company.control, consented.visitor("builder")
    back = consented.server.click(consented.begin("builder").url, REDIRECT_URI)
    told = {"state": back["state"], "code": back["code"], "issuer": back["iss"]}
    elsewhere = replace(mine, session_id="another browser of the same person")
    for visitor, integration in ((elsewhere, "crm"), (mine, "orders-db")):
        with pytest.raises(BailiwickError):
            control.consents.finish(visitor, integration, **told)
    # Nobody else used it up.
    assert control.consents.finish(mine, "crm", **told).person == "builder@example.com"
    with pytest.raises(ConsentRefusedError, match="used already"):
        control.consents.finish(mine, "crm", **told)
    late = consented.server.click(consented.begin("builder").url, REDIRECT_URI)
    clock.move(seconds=601)
    with pytest.raises(ConsentRefusedError, match="took too long"):
        control.consents.finish(mine, "crm", state=late["state"], code=late["code"], issuer=late["iss"])


def test_a_code_with_another_verifier_gives_no_token(consented: Consented) -> None:
    """Whoever injects the code of one attempt into another is found out by PKCE at the service."""
    one = consented.server.click(consented.begin("builder").url, REDIRECT_URI, "victim@crm.example")
    other = consented.server.click(consented.begin("builder").url, REDIRECT_URI)
    with pytest.raises(TokenEndpointError):
        consented.company.control.consents.finish(
            consented.visitor("builder"), "crm", state=other["state"], code=one["code"], issuer=one["iss"]
        )


def test_two_renewals_at_once_show_what_renews_once(consented: Consented, clock: MovingClock) -> None:
    consented.connect("builder")
    consented.token("builder")
    clock.move(hours=1)
    got: list[PersonTokenAnswer] = []
    together = [Thread(target=lambda: got.append(consented.token("builder"))) for _ in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert len({answer.token for answer in got}) == 1
    assert len(got) == 4
    assert [action for action, _ in consented.company.actions()].count("consent.refreshed") == 1
    # The service ends everything when an old one is shown: it still renews.
    clock.move(hours=1)
    assert consented.server.introspect(consented.token("builder").token)["active"] is True


def test_a_refused_token_is_renewed_and_a_consent_that_was_taken_back_waits_for_its_person(
    consented: Consented,
) -> None:
    control = consented.company.control
    consented.connect("builder")
    first = consented.token("builder")
    second = consented.token("builder", refused=digest(first.token.encode()))
    assert second.token != first.token
    # What another call had renewed already is not renewed again.
    assert consented.token("builder", refused=digest(first.token.encode())) == second
    consented.server.revoke(second.token)
    with pytest.raises(ConsentNeededError, match="must connect their account again"):
        consented.token("builder", refused=digest(second.token.encode()))
    user = consented.visitor("builder").identity
    with control.store.transaction() as session:
        (waiting,) = control.consents.waiting(session, user)
        assert control.consents.waiting(session, consented.visitor("admin").identity) == []
    assert waiting.lapsed_because == "the service says that it was taken back or has ended"
    assert waiting.id in control.planes.desired_state("editor").ended_consents
    consented.connect("builder")
    with control.store.transaction() as session:
        assert control.consents.waiting(session, user) == []
    assert consented.token("builder").consent != first.consent


@pytest.mark.req("ID5")
def test_whoever_leaves_gives_no_token_and_whoever_comes_after_them_inherits_none(consented: Consented) -> None:
    control, admin = consented.company.control, consented.company.people["admin"]
    consented.connect("builder")
    token = consented.token("builder").token
    control.sessions.end_all(consented.visitor("builder").identity)  # signs out everywhere: that ends no consent
    assert consented.token("builder").token == token
    control.identity.revoke_principal(admin, "user:builder@example.com", "left")
    with pytest.raises(ConsentNeededError):
        consented.token("builder")
    control.consent_keeper.keep()
    assert consented.server.introspect(token)["active"] is False
    with pytest.raises(ConsentNeededError, match="has not connected"):
        consented.token("builder")


def test_a_consent_is_good_only_for_what_was_consented_to(consented: Consented) -> None:
    """Whoever changes where an integration is, or its token endpoint, gets nothing that was given before."""
    consented.connect("builder")
    assert consented.token("builder").token
    stolen = consented.credential.model_copy(update={"token_url": f"{consented.crm.url}/token"})
    consented.register(stolen)
    with pytest.raises(ConsentNeededError, match="connect their account again"):
        consented.token("builder")
    assert consented.crm.asked == []
    consented.register()
    consented.connect("builder")
    consented.register(url="http://127.0.0.1:9/api")
    with pytest.raises(ConsentNeededError, match="connect their account again"):
        consented.token("builder")
    # Where nobody consents to anything any more, nothing is kept of it.
    consented.register(NoCredential(), url="http://127.0.0.1:9/api")
    consented.company.control.consent_keeper.keep()
    assert consented.company.actions()[-1] == ("consent.ended", "service:consents")


def test_only_who_may_use_an_app_of_the_plane_that_asks_is_given_out(consented: Consented) -> None:
    control, people = consented.company.control, consented.company.people
    with pytest.raises(ForbiddenError):
        consented.begin("user")
    consented.connect("builder")
    for wrong in ({"plane": "production"}, {"app": "finance/other"}):
        with pytest.raises(ForbiddenError):
            consented.token("builder", **wrong)
    with pytest.raises(ForbiddenError):
        consented.token("user")
    with pytest.raises(NotFoundError):
        control.consents.end(people["approver"], "crm", "editor")  # has none, and another's is not theirs
    control.integrations.set_enabled(people["admin"], "crm", enabled=False, reason="a leak")
    with pytest.raises(ForbiddenError):
        consented.token("builder")
    with pytest.raises(BailiwickError):
        consented.begin("builder")
    # It can be ended all the same.
    assert control.consents.end(people["builder"], "crm", "editor").person == "builder@example.com"
    assert ("consent.fetched", "plane:production") in consented.company.actions()


def test_a_service_without_a_way_back_gives_a_code_to_type(consented: Consented) -> None:
    """RFC 8628: begun and ended in one browser session, as every consent."""
    control, mine = consented.company.control, consented.visitor("builder")
    grants = ["refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
    known = client(REDIRECT_URI, grant_types=grants, redirect_uris=[], response_types=[])
    with authorization_server([known]) as server:
        consented.server = server
        url = f"{server.issuer}/device/auth"
        consented.register(credential_at(server, authorization_url="", issuer="", device_url=url))
        onward = consented.begin("builder")
        assert onward.url == f"{server.issuer}/device"
        again = control.consents.finish_typed(mine, "crm", state=onward.state)
        assert again == onward  # not agreed yet
        for visitor in (consented.visitor("second"), replace(mine, session_id="another browser")):
            with pytest.raises(ConsentRefusedError):
                control.consents.finish_typed(visitor, "crm", state=onward.state)
        server.type_code(onward.url, onward.code)
        assert isinstance(control.consents.finish_typed(mine, "crm", state=onward.state), Consent)
        with pytest.raises(ConsentRefusedError, match="used already"):
            control.consents.finish_typed(mine, "crm", state=onward.state)
        assert server.introspect(consented.token("builder").token)["sub"] == "typed@crm.example"
        refused = consented.begin("builder")
        server.type_code(refused.url, refused.code, agree=False)
        with pytest.raises(TokenEndpointError, match="access_denied"):
            control.consents.finish_typed(mine, "crm", state=refused.state)
        assert consented.token("builder").token  # what was given before is still good


def test_a_server_may_want_to_know_the_request_before_the_browser_comes(consented: Consented) -> None:
    """RFC 9126: nothing of what is asked for goes through the browser."""
    with authorization_server([client(REDIRECT_URI)], pushed=True) as server:
        consented.server = server
        consented.register(credential_at(server))
        assert "error" in server.click(consented.begin("builder").url, REDIRECT_URI)
        consented.register(credential_at(server, par_url=f"{server.issuer}/request"))
        onward = consented.begin("builder")
        assert "contacts.read" not in onward.url
        assert "request_uri=urn" in onward.url
        consented.connect("builder", "")
        assert server.introspect(consented.token("builder").token)["scope"] == "openid contacts.read"
