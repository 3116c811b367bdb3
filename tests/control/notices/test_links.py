"""Links of mails: whose they are, for how long, for what, and how often."""

import base64
import json
import re

import pytest

from bailiwick.control.notices import LinkRefusedError
from bailiwick.control.release import DeployState
from bailiwick.core.errors import ForbiddenError, InvalidInputError
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.moving import MovingClock
from tests.fixtures.policies import case_of, in_force
from tests.fixtures.post_office import PostOffice

from .conftest import ask


def link(company: Company, post_office: PostOffice, who: str = "admin") -> str:
    """Return the token of the link in somebody's last mail."""
    company.control.notice_keeper.send_mail()
    text = post_office.text_for(f"{who}@example.com")
    return re.findall(r"/decide/(\S+)", text)[0]


@pytest.mark.req("DG2")
def test_a_link_decides_once_and_says_when_and_by_whom_it_was_used(company: Company, post_office: PostOffice) -> None:
    control, admin = company.control, company.people["admin"]
    deploy = ask(company)
    token = link(company, post_office)
    assert control.links.open(admin, token).id == deploy
    with control.store.transaction() as session:
        assert control.deploys.waits(session, deploy)  # looking decided nothing
    with pytest.raises(InvalidInputError, match="needs a reason"):
        control.links.approve(admin, token, " ")
    assert control.links.approve(admin, token, "reads its own region").state is DeployState.RELEASED
    assert ("notice.link-used", "user:admin@example.com") in company.actions()
    for again in (control.links.approve, control.links.reject):
        with pytest.raises(LinkRefusedError, match=r"was used at 20.* UTC by user:admin@example.com, to approve"):
            again(admin, token, "once more")
    assert ("notice.link-refused", "user:admin@example.com") in company.actions()
    # The other administrator's link is their own, and too late.
    with pytest.raises(LinkRefusedError, match="released already, by user:admin@"):
        control.links.open(company.people["security"], link(company, post_office, "security"))


@pytest.mark.req("DG2")
def test_a_link_of_somebody_else_forged_or_old_opens_nothing(
    company: Company, post_office: PostOffice, clock: MovingClock
) -> None:
    control, people = company.control, company.people
    ask(company)
    token = link(company, post_office)
    for who in ("security", "approver", "builder"):
        with pytest.raises(LinkRefusedError, match="made for another person"):
            control.links.approve(people[who], token, "mine now")
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    for forged in (
        {**claims, "sub": "user:security@example.com"},
        {**claims, "exp": claims["exp"] + 3600},
        {**claims, "tree": "0" * 40},
    ):
        changed = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
        with pytest.raises(LinkRefusedError, match="not one of ours"):
            control.links.open(people["security"], f"{head}.{changed}.{signature}")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for broken in (f"{none}.{body}.", token[:-4], "", "x", "x" * 5000, "é.ü.ö"):
        with pytest.raises(LinkRefusedError, match="not one of ours"):
            control.links.open(people["admin"], broken)
    clock.move(hours=24)
    with pytest.raises(LinkRefusedError, match="was good until"):
        control.links.approve(people["admin"], token, "late")


@pytest.mark.req("DG2")
def test_a_link_about_what_has_changed_since_says_so(company: Company, post_office: PostOffice) -> None:
    ask(company)
    token = link(company, post_office)
    ask(company)
    with pytest.raises(LinkRefusedError, match="what you were asked about has changed"):
        company.control.links.approve(company.people["admin"], token, "fine")


@pytest.mark.req("DG2")
def test_a_link_that_policy_refuses_is_not_used_up(company: Company, post_office: PostOffice) -> None:
    control, people = company.control, company.people
    deploy = ask(company)
    token = link(company, post_office, "security")
    control.identity.roles.remove(people["admin"], "security-admin", "group:security", "organization:default", "moved")
    control.identity.roles.assign(people["admin"], "approver", "group:security", "folder:finance")
    for _ in range(2):
        with pytest.raises(ForbiddenError) as refused:
            control.links.approve(people["security"], token, "I was one when they asked")
        assert "first-deploy-needs-an-administrator" in refused.value.deciders
    with control.store.transaction() as session:
        assert control.deploys.waits(session, deploy)


BY_LINK = """@id("links-will-do")
@reason("links stand for a sign-in here")
permit (principal, action == Action::"app.approve-by-link", resource);
"""


@pytest.mark.req("DG2")
def test_a_link_stands_for_a_sign_in_only_where_policy_says_so_and_never_for_what_is_sensitive(
    company: Company, post_office: PostOffice, clock: MovingClock
) -> None:
    control, people = company.control, company.people

    def proven(token: str) -> str:
        found = control.links.proven(token, "127.0.0.1")
        return str(found.principal) if found is not None else ""

    in_force(company, BY_LINK, case_of("app.approve-by-link", "allow"))
    first = ask(company)
    assert proven(link(company, post_office)) == ""  # a first deploy
    control.deploys.approve(people["admin"], first, "fine")
    ask(company)
    token = link(company, post_office, "approver")
    assert proven(token) == "user:approver@example.com"
    assert proven(token[:-3]) == ""
    clock.move(minutes=61)
    assert proven(token) == ""
    control.deploys.request(people["builder"], APP, emergency="refunds are paid twice")
    assert proven(link(company, post_office, "approver")) == ""  # two people answer for an emergency with their names
    _, mail = post_office.arrived[-1]
    assert mail["Subject"] == f"EMERGENCY: {APP} waits for your approval"
    assert "takes two people: refunds are paid twice" in post_office.text_for("approver@example.com")
    ask(company)
    token = link(company, post_office, "approver")
    person = control.links.proven(token, "127.0.0.1")
    assert person is not None
    control.identity.revoke_principal(people["admin"], "user:approver@example.com", "a stolen laptop")
    assert proven(token) == ""  # all that they held has ended, links too
    control.deploys.reject(people["admin"], _waiting(company), "not now")
    ask(
        company,
        **{"bailiwick.toml": MANIFEST.replace("[integrations", 'data_classes = ["customer"]\n\n[integrations', 1)},
    )
    assert proven(link(company, post_office, "approver")) == ""  # it handles classified data
    assert control.deploys.approve(people["approver"], _waiting(company), "fine").release


@pytest.mark.req("DG2")
def test_without_such_a_policy_a_link_proves_nobody(company: Company, post_office: PostOffice) -> None:
    company.control.deploys.approve(company.people["admin"], ask(company), "fine")
    ask(company)
    token = link(company, post_office, "approver")
    assert company.control.links.proven(token, "127.0.0.1") is None
    assert company.control.links.open(company.people["approver"], token)


def _waiting(company: Company) -> str:
    with company.control.store.transaction() as session:
        return company.control.deploys.inbox(session, company.people["admin"])[-1].id
