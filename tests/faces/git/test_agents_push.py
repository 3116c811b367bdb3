"""Agents and services at the git door: who is remembered as the author, and who may push at all."""

from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from bailiwick.control.identity import Actor, ServiceDraft
from bailiwick.faces.cli.telling import headers_of
from tests.faces.git.conftest import Door, commit
from tests.fixtures.company import APP
from tests.fixtures.issuer import own_assertion

AGENT, SERVICE = "agent:claude-code", "service:deployer"


def push(door: Door, folder: Path, token: str) -> tuple[bool, str]:
    commit(folder)
    done = door.git(folder, "push", f"{door.url}/git/{APP}.git", "HEAD:main", token=token)
    return done.returncode == 0, done.stderr.decode(errors="replace")


@pytest.mark.req("IN3", "ID4")
def test_a_coding_agent_pushes_for_a_person_while_both_may(door: Door, folder: Path) -> None:
    company, control, admin = door.company, door.company.control, door.company.people["admin"]
    control.services.create(admin, ServiceDraft(AGENT, "group:admin", "Writes code", 30, public=True))

    def token(who: str) -> str:
        subject = door.token(who)
        return control.exchange.for_person(subject, Actor(name=AGENT), audience="git").secret

    taken, words = push(door, folder, token("builder"))
    assert not taken and "you may not see it" in words
    control.identity.roles.assign(admin, "builder", AGENT, "folder:finance")
    builders = token("builder")
    taken, words = push(door, folder, builders)
    assert taken, words
    assert ("push.accepted", "agent:claude-code/for/user:builder@example.com") in company.actions()
    assert not push(door, folder, token("user"))[0]
    control.services.disable(admin, AGENT, "went wild")
    assert not push(door, folder, builders)[0]


@pytest.mark.req("ID4")
def test_a_service_pushes_under_its_own_name(door: Door, folder: Path) -> None:
    company, control, admin = door.company, door.company.control, door.company.people["admin"]
    key = ECKey.generate_key("P-256")
    control.services.create(admin, ServiceDraft(SERVICE, "group:admin", "Deploys", 30))
    control.services.add_key(admin, SERVICE, dict(key.as_dict(private=False)))
    control.identity.roles.assign(admin, "builder", SERVICE, "folder:finance")
    signed = own_assertion(SERVICE, key, "http://127.0.0.1:8400")
    taken, words = push(door, folder, control.exchange.for_itself(signed, audience="git").secret)
    assert taken, words
    assert ("push.accepted", SERVICE) in company.actions()


@pytest.mark.req("RV10", "AI6", "IN3")
def test_what_pushes_say_in_headers_is_kept_beside_who_they_are(door: Door, folder: Path) -> None:
    company, control, admin = door.company, door.company.control, door.company.people["admin"]
    control.services.create(admin, ServiceDraft(AGENT, "group:admin", "Writes code", 30, public=True))
    control.identity.roles.assign(admin, "builder", AGENT, "folder:finance")
    token = control.exchange.for_person(door.token("builder"), Actor(name=AGENT), audience="git").secret
    commit(folder, "change\n\nAgent: somebody-else\nPrompt: what the commit says")
    said = headers_of("", "opus", ["draw a chart\nin blue – please"])
    headers = [word for name, value in said for word in ("-c", f"http.extraHeader={name}: {value}")]
    done = door.git(folder, *headers, "push", f"{door.url}/git/{APP}.git", "HEAD:main", token=token)
    assert done.returncode == 0, done.stderr
    with control.store.transaction() as session:
        (revision,) = control.history.revisions(session, company.people["builder"], APP).revisions
    push = revision.push
    assert push.verified_agent == AGENT
    assert push.person == "user:builder@example.com"
    assert (push.agent, push.model, push.prompt) == ("somebody-else", "opus", "draw a chart\nin blue – please")
