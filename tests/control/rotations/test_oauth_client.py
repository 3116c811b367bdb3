"""Secrets of OAuth clients: the server makes another one, loses answers, lies and goes away; nobody is locked out."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from bailiwick.control.rotation_settings import AuthorizationServerOptions
from bailiwick.control.rotations import OAuthClientSource, ServerTarget, State
from bailiwick.control.rotations.errors import SourceRefusedError, SourceUnavailableError
from bailiwick.control.rotations.sources import Credential, Work
from bailiwick.core.errors import InvalidInputError
from tests.fixtures.authorization_server import authorization_server
from tests.fixtures.company import Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.registrations import CLIENT, FIRST_SECRET, FIRST_TOKEN, Registrations, registrations
from tests.fixtures.rotated import declare, put, rotate, shown, value

pytestmark = pytest.mark.req("SE2", "IN1")
NAME, REGISTRATION = "crm-client", "crm-registration"


@pytest.fixture
def server() -> Iterator[Registrations]:
    with registrations() as made:
        yield made


@pytest.fixture
def more_settings(server: Registrations) -> dict[str, Any]:
    known = {"configuration_url": f"{server.url}/register/{{client}}", "token_url": f"{server.url}/token"}
    return {"secret_rotation": {"authorization_servers": {"login": known}}}


@pytest.fixture
def house(company: Company) -> Company:
    put(company, NAME, FIRST_SECRET)
    put(company, REGISTRATION, FIRST_TOKEN)
    declare(company, source(), NAME)
    return company


def source(**other: Any) -> OAuthClientSource:
    given = {"kind": "oauth-client", "server": "login", "client": CLIENT, "registration": REGISTRATION}
    return OAuthClientSource.model_validate(given | other)


def go(company: Company, clock: MovingClock, **later: float) -> State:
    """Let time pass, let the keeper work, and return where the newest rotation stands."""
    if later:
        clock.move(**later)
    company.control.rotation_keeper.keep()
    return shown(company, NAME)[1][0].state


def is_well(company: Company, server: Registrations) -> bool:
    """Return whether what the vault holds opens both doors."""
    return server.takes(value(company, NAME)) and value(company, REGISTRATION) == server.token


@pytest.mark.parametrize("shown_by", ["basic", "body"])
def test_the_server_makes_another_secret_and_another_registration_token(
    house: Company, server: Registrations, clock: MovingClock, shown_by: str
) -> None:
    before = dict(server.metadata)
    declare(house, source(shown=shown_by), NAME)
    rotate(house, NAME)
    assert go(house, clock) is State.DONE
    assert server.asked == ["GET", "PUT", "token", "token"]
    assert is_well(house, server)
    assert FIRST_SECRET not in {value(house, NAME), server.secret}
    assert FIRST_TOKEN not in {value(house, REGISTRATION), server.token}
    assert server.metadata == before  # an update replaces everything: nothing of the client was lost
    words = " ".join(step.words for step in shown(house, NAME)[1][0].steps)
    assert "takes the old secret no more" in words
    assert server.secret not in words + repr(house.actions())


def test_a_secret_of_ours_is_taken_where_the_server_makes_none(
    house: Company, server: Registrations, clock: MovingClock
) -> None:
    server.makes_new, server.takes_ours = False, True
    rotate(house, NAME)
    assert go(house, clock) is State.FAILED
    assert "made_by: us" in shown(house, NAME)[1][0].error
    assert is_well(house, server)
    declare(house, source(made_by="us"), NAME)
    rotate(house, NAME)
    assert go(house, clock) is State.DONE
    assert is_well(house, server)
    assert value(house, NAME) != FIRST_SECRET


def test_an_old_secret_that_works_on_is_left_for_the_grace_and_then_seen_to_be_gone(
    house: Company, server: Registrations, clock: MovingClock
) -> None:
    server.old_works = True
    declare(house, source(old_works=True), NAME)
    rotate(house, NAME)
    assert go(house, clock) is State.SWITCHED
    assert server.takes(FIRST_SECRET)
    assert is_well(house, server)
    assert go(house, clock, minutes=61) is State.SWITCHED
    assert "still takes the old secret" in shown(house, NAME)[1][0].error
    server.old_secrets.clear()
    assert go(house, clock, minutes=11) is State.DONE


# What goes wrong, where, and whether the old secret is in force then as far as anybody can know.
REFUSALS = (
    ("GET", (401, b'{"error": "invalid_token"}'), "status 401"),
    ("GET", (403, b""), "status 403"),
    ("GET", (404, b""), "status 404"),
    ("GET", (302, b""), "status 302"),
    ("PUT", (400, b'{"error": "invalid_client_metadata"}'), "status 400"),
    ("PUT", (405, b""), "status 405"),
)


def test_a_server_that_says_no_leaves_everything_as_it_was(
    house: Company, server: Registrations, clock: MovingClock
) -> None:
    for kind, fault, words in REFUSALS:
        server.faults = {kind: fault}
        rotate(house, NAME)
        assert go(house, clock) is State.FAILED, words
        found = shown(house, NAME)[1][0]
        assert words in found.error
        assert (value(house, NAME), is_well(house, server)) == (FIRST_SECRET, True)
        assert FIRST_TOKEN not in repr(found)


GARBAGE = (
    (200, b"<html>Sign in</html>"),
    (200, b"[1]"),
    (200, b'{"client_id": "somebody-else", "client_secret": "theirs"}'),
    (200, json.dumps({"client_id": CLIENT, "client_secret": 7}).encode()),
    (200, json.dumps({"client_id": CLIENT, "client_secret": "a\r\nb"}).encode()),
    (200, json.dumps({"client_id": CLIENT, "registration_access_token": "a b"}).encode()),
    (200, b"x" * 70_000),
    (204, b""),
    (429, b""),
    (500, b"down"),
    (0, b""),
)


@pytest.mark.parametrize("kind", ["GET", "PUT", "token"])
def test_whatever_is_no_answer_is_asked_again_until_there_is_one(
    house: Company, server: Registrations, clock: MovingClock, kind: str
) -> None:
    rotate(house, NAME)
    for fault in GARBAGE:
        server.faults = {kind: fault}
        assert go(house, clock, minutes=11) is State.STAGED, fault
        assert value(house, NAME) == FIRST_SECRET
    assert go(house, clock, hours=3) is State.STAGED  # never given up: the old one may be gone
    server.faults.clear()
    assert go(house, clock, minutes=11) is State.DONE
    assert is_well(house, server)


@pytest.mark.parametrize("rotates_token", [False, True], ids=["token-stays", "token-replaced-when-read"])
@pytest.mark.parametrize("shows_secret", [True, False], ids=["shown", "hidden"])
def test_an_answer_that_was_lost_locks_nobody_out(
    house: Company, server: Registrations, clock: MovingClock, rotates_token: bool, shows_secret: bool
) -> None:
    server.rotates_token, server.rotates_token_when_read, server.shows_secret = False, rotates_token, shows_secret
    server.faults = {"PUT": "lost"}
    rotate(house, NAME)
    assert go(house, clock) is State.STAGED
    assert not server.takes(value(house, NAME))  # the server has a secret that nobody else knows
    server.faults.clear()
    server.shows_secret = True if shows_secret else server.shows_secret
    if not shows_secret:  # it shows what it just made, and never again
        read = server.read

        def hidden(token: str) -> tuple[int, dict[str, Any]]:
            status, said = read(token)
            return status, {name: item for name, item in said.items() if name != "client_secret"}

        server.read, server.shows_secret = hidden, True  # type: ignore[method-assign]
    assert go(house, clock, seconds=6) is State.DONE
    assert is_well(house, server)
    assert server.asked.count("PUT") == (1 if shows_secret else 2)


def test_a_secret_of_ours_whose_answer_was_lost_is_found_in_force(
    house: Company, server: Registrations, clock: MovingClock
) -> None:
    server.makes_new, server.takes_ours, server.rotates_token = False, True, True
    declare(house, source(made_by="us"), NAME)
    server.faults = {"PUT": "lost"}
    rotate(house, NAME)
    assert go(house, clock) is State.STAGED
    server.faults.clear()
    # The token that opens the registration was lost as well, but the secret is ours and works.
    assert go(house, clock, seconds=6) is State.DONE
    assert server.takes(value(house, NAME))


def test_when_both_doors_are_shut_nothing_is_forgotten_and_a_person_ends_it(
    house: Company, server: Registrations, clock: MovingClock
) -> None:
    server.faults = {"PUT": "lost"}  # with it, the only token that opens the registration
    rotate(house, NAME)
    go(house, clock)
    server.faults.clear()
    assert go(house, clock, hours=2) is State.STAGED
    assert "the old secret is not taken either" in shown(house, NAME)[1][0].error
    put(house, NAME, server.secret)
    put(house, REGISTRATION, server.token)
    assert go(house, clock, minutes=11) is State.FAILED
    assert "somebody stored another version" in shown(house, NAME)[1][0].error
    assert is_well(house, server)
    rotate(house, NAME)
    assert go(house, clock) is State.DONE


def test_a_keeper_that_is_killed_in_any_step_is_followed_by_one_that_goes_on(
    house: Company, server: Registrations, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        """The process ends here."""

    keeper = type(house.control.rotation_keeper)
    for place in ("_keep", "_made", "_switch", "_revoked", "_finish"):
        rotate(house, NAME)
        before = getattr(keeper, place)

        def killed(*given: Any, before: Any = before, place: str = place) -> Any:
            if place == "_keep":
                before(*given)  # just after it was sealed
            raise KilledError

        with monkeypatch.context() as patched:
            patched.setattr(keeper, place, killed)
            with pytest.raises(KilledError):
                go(house, clock)
        assert go(house, clock, minutes=3) is State.DONE, place
        assert is_well(house, server), place


def test_a_secret_that_somebody_else_had_replaced_meanwhile_is_followed(
    house: Company, server: Registrations, clock: MovingClock
) -> None:
    server.rotates_token = False
    server.faults = {"token": (503, b"")}
    rotate(house, NAME)
    assert go(house, clock) is State.STAGED  # it was made and sealed, and could not be tried
    status, _ = server.update(server.token, {"client_id": CLIENT, "client_name": "Bailiwick"})
    assert status == 200
    server.faults = {"GET": (401, b"")}
    assert go(house, clock, seconds=6) is State.STAGED
    assert "does not take the secret that it made" in shown(house, NAME)[1][0].error
    server.faults.clear()
    assert go(house, clock, minutes=1) is State.DONE
    assert is_well(house, server)


def test_a_leak_is_rotated_at_once(house: Company, server: Registrations, clock: MovingClock) -> None:
    refused = house.push("builder", {"settings.py": f"SECRET = {FIRST_SECRET!r}\n"})
    assert not refused.accepted
    assert go(house, clock) is State.DONE
    assert not server.takes(FIRST_SECRET)
    assert is_well(house, server)


def test_a_client_of_another_grant_is_tried_without_one(
    house: Company, server: Registrations, clock: MovingClock
) -> None:
    server.grants = ("authorization_code",)
    rotate(house, NAME)
    assert go(house, clock) is State.DONE


def test_a_rule_that_names_what_is_not_there_is_refused(house: Company) -> None:
    with pytest.raises(InvalidInputError, match="no authorization server 'other'"):
        declare(house, source(server="other"), NAME)
    with pytest.raises(InvalidInputError, match="no secret 'no-token'"):
        declare(house, source(registration="no-token"), NAME)
    with pytest.raises(InvalidInputError, match="not rotated with itself"):
        declare(house, source(registration=NAME), NAME)


@pytest.mark.parametrize(
    "change",
    [
        {"configuration_url": "http://login.example/register/{client}"},
        {"configuration_url": "https://login.example/register"},
        {"configuration_url": "https://{client}.example/register"},
        {"configuration_url": "https://me:word@login.example/{client}"},
        {"token_url": "http://login.example/token"},
        {"token_url": "login"},
    ],
    ids=str,
)
def test_a_server_is_reached_over_tls_or_on_this_machine(change: dict[str, str]) -> None:
    whole = {"configuration_url": "https://login.example/r/{client}", "token_url": "https://login.example/token"}
    AuthorizationServerOptions.model_validate(whole)
    with pytest.raises(ValidationError):
        AuthorizationServerOptions.model_validate(whole | change)


def test_a_strict_server_of_others_takes_what_is_sent_and_replaces_the_registration_token() -> None:
    wanted = {
        "redirect_uris": [], "response_types": [], "grant_types": ["client_credentials"], "client_name": "Bailiwick",
        "scope": "contacts.read", "token_endpoint_auth_method": "client_secret_basic",
    }  # fmt: skip
    with authorization_server([], registers=True) as strict:
        known = httpx2.post(f"{strict.issuer}/reg", json=wanted).raise_for_status().json()
        target = ServerTarget(f"{strict.issuer}/reg/{{client}}", f"{strict.issuer}/token")
        kept: dict[str, str] = {}
        work = Work(
            rotation="rot_1", secret=NAME, old=Credential("", known["client_secret"]), new=Credential("", "a-proposal"),
            at_once=False, read=lambda _: kept.get(REGISTRATION, known["registration_access_token"]),
            keep=lambda _, others: kept.update(others), revoke_certificate=lambda _: False, hooks={},
            servers={"login": target},
        )  # fmt: skip
        own = source(client=known["client_id"])
        # It never changes the secret of a client that it has, which is said, and the old one stays in force.
        with pytest.raises(SourceRefusedError, match="makes no other secret"):
            own.make(work)
        assert kept[REGISTRATION] != known["registration_access_token"]
        headers = {"authorization": f"Bearer {kept[REGISTRATION]}"}
        now = httpx2.get(f"{strict.issuer}/reg/{known['client_id']}", headers=headers).raise_for_status().json()
        changed = {name for name in {**known, **now} if known.get(name) != now.get(name)}
        assert changed == {"registration_access_token"}
        with pytest.raises(SourceUnavailableError, match="still takes the old secret"):
            own.revoke(work)
        # The old token is not taken any more, and the old secret still is: nothing is lost, and it is said.
        kept.clear()
        with pytest.raises(SourceRefusedError, match="status 401"):
            own.make(work)
