"""Directories without SCIM: what a real OpenLDAP server says becomes who may sign in and which roles they hold."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bailiwick.control.identity import API_AUDIENCE, Claims, CredentialRefusedError, SignInRefusedError
from bailiwick.control.identity.directory import DirectoryView, Run, RunState
from bailiwick.control.identity.directory.tables import ResourceRow
from bailiwick.control.identity.ldap.reading import _Reading
from bailiwick.control.identity.tables import PersonRow
from bailiwick.control.ldap_settings import LdapDirectory
from bailiwick.core.errors import ConflictError, ForbiddenError, NotFoundError
from tests.fixtures.company import Company
from tests.fixtures.slapd import LIMITED_DN, PASSWORD, Tree

ANN, BOB = "ann@example.com", "bob@example.com"


@pytest.fixture
def ldap() -> dict[str, Any]:
    """What is special about the directory of a test; tests give their own by parametrisation."""
    return {}


@pytest.fixture
def more_settings(tree: Tree, ldap: dict[str, Any]) -> dict[str, Any]:
    ports = {"port": tree.slapd.port, "tls_port": tree.slapd.tls_port}
    special = {**ldap, "url": ldap["url"].format(**ports)} if "url" in ldap else ldap
    return {"ldap": (LdapDirectory(**tree.settings(**special)),)}


def sync(company: Company, **how: bool) -> Run:
    """Ask as an administrator would, and let the control plane do it."""
    asked = company.control.ldap.ask(company.people["admin"], "corp", **how)
    company.control.ldap.work("corp")
    return next(run for run in view(company).runs if run.id == asked.id)


def view(company: Company, name: str = "corp") -> DirectoryView:
    return company.control.directory.directory(company.people["admin"], name)


def person(company: Company, email: str) -> PersonRow | None:
    with company.control.store.transaction() as session:
        return session.query(PersonRow).filter_by(email=email).one_or_none()


def people_in(company: Company) -> list[str]:
    with company.control.store.transaction() as session:
        return sorted(row.name for row in session.query(ResourceRow).filter_by(kind="User", directory="corp"))


def problems(company: Company, name: str = "corp") -> list[str]:
    return [item.words for item in view(company, name).problems]


def told(company: Company, action: str) -> int:
    return sum(1 for found, _ in company.actions() if found == action)


@pytest.mark.req("ID3", "IN4")
def test_people_and_groups_come_over_and_a_second_reading_changes_nothing(company: Company, tree: Tree) -> None:
    ann = tree.person("ann", "departmentNumber: Claims", "st: EMEA", "title: Clerk", "displayName: Ann Á.")
    bob = tree.person("bob")
    tree.person("robot", mail="")
    inner = tree.group("inner", ann)
    tree.group("admin", inner, bob, "uid=nobody,dc=elsewhere")
    run = sync(company)
    assert (run.state, run.words) == (RunState.DONE, "")
    assert {key: run.counts[key] for key in ("people", "groups", "without_address", "members_outside", "added")} == {
        "people": 2,
        "groups": 2,
        "without_address": 1,
        "members_outside": 1,
        "added": 4,
    }
    found = person(company, ANN)
    assert (found.name, found.active, sorted(found.groups)) == ("Ann Á.", True, ["admin", "inner"])
    assert found.attributes == {"department": "Claims", "region": "EMEA", "title": "Clerk"}
    assert person(company, BOB).groups == ["admin"]
    before = company.actions()
    again = sync(company)
    assert (again.state, again.counts["added"], again.counts["changed"], again.counts["removed"]) == ("done", 0, 0, 0)
    assert company.actions()[len(before) :] == [("directory.sync-asked", "user:admin@example.com")]
    assert view(company).active == 2


@pytest.mark.req("ID3")
@pytest.mark.parametrize(
    "how",
    ["vanished", "userAccountControl: 514", "accountExpires: 1", "nsAccountLock: TRUE",
     "pwdAccountLockedTime: 000001010000Z"],
)  # fmt: skip
def test_whoever_is_gone_or_switched_off_loses_every_credential(company: Company, tree: Tree, how: str) -> None:
    ann = tree.person("ann", "userAccountControl: 512", "accountExpires: 0")
    tree.person("bob")
    sync(company)
    identity = company.control.identity
    session = identity.sign_in(Claims("http://127.0.0.1:8401", "s", ANN, "Ann", (), {}))
    owner = identity.authenticate_session(session.secret).identity
    token = identity.issue_token(owner, audience=API_AUDIENCE, lifetime=timedelta(minutes=5), purpose="test")
    if how == "vanished":
        tree.delete(ann)
    else:
        name = how.partition(":")[0]
        tree.modify(ann, f"replace: {name}", how)
    assert sync(company).counts["switched_off"] == 1
    assert not person(company, ANN).active
    assert person(company, BOB).active
    with pytest.raises(CredentialRefusedError):
        identity.authenticate_session(session.secret)
    with pytest.raises(CredentialRefusedError):
        identity.authenticate_token(token.secret, audience=API_AUDIENCE)
    with pytest.raises(SignInRefusedError):
        identity.sign_in(Claims("http://127.0.0.1:8401", "s", ANN, "Ann", (), {}))


@pytest.mark.req("ID3")
def test_a_lock_after_wrong_passwords_ends_nothing_here(company: Company, tree: Tree) -> None:
    ann = tree.person("ann")
    sync(company)
    session = company.control.identity.sign_in(Claims("http://127.0.0.1:8401", "s", ANN, "Ann", (), {}))
    tree.modify(ann, "replace: pwdAccountLockedTime", "pwdAccountLockedTime: 20261101120000Z")
    assert sync(company).counts["switched_off"] == 0
    assert company.control.identity.authenticate_session(session.secret).identity.principal.name == ANN


@pytest.mark.req("ID3")
def test_a_rename_keeps_the_person_and_the_group(company: Company, tree: Tree) -> None:
    ann = tree.person("ann")
    group = tree.group("makers", ann)
    sync(company)
    with company.control.store.transaction() as session:
        before = {row.id for row in session.query(ResourceRow)}
    tree.rename(ann, "uid=ann.married")
    tree.rename(group, "cn=builders")
    tree.modify(tree.group_dn("builders"), "replace: member", f"member: {tree.dn('ann.married')}")
    run = sync(company)
    assert (run.counts["added"], run.counts["changed"], run.counts["removed"]) == (0, 1, 0)
    with company.control.store.transaction() as session:
        assert {row.id for row in session.query(ResourceRow)} == before
    assert person(company, ANN).groups == ["builders"]
    assert person(company, ANN).epoch == 0


@pytest.mark.req("ID3")
def test_groups_in_a_circle_end(company: Company, tree: Tree) -> None:
    ann = tree.person("ann")
    one, two = tree.group_dn("one"), tree.group_dn("two")
    tree.group("one", two, one)
    tree.group("two", one, ann)
    assert sync(company).state is RunState.DONE
    assert sorted(person(company, ANN).groups) == ["one", "two"]
    assert sync(company).counts["changed"] == 0


@pytest.mark.req("ID3")
def test_names_that_are_hard_to_spell_are_still_found(company: Company, tree: Tree) -> None:
    dn = f"cn=O\\2CHara\\, Pat \\2B \\C3\\A9,ou=people,{tree.base}"
    tree.slapd.change(f"dn: {dn}\nobjectClass: inetOrgPerson\nsn: O'Hara\nmail: pat@example.com\nuid: pat)(uid=*\n")
    tree.group("odd", f"CN=o\\,hara\\2C pat  \\+ é, OU=People,{tree.base}")
    tree.slapd.change(
        f"dn: cn=unix,ou=groups,{tree.base}\nobjectClass: posixGroup\ngidNumber: 7\nmemberUid: PAT)(uid=*\n"
    )
    assert sync(company).state is RunState.DONE
    assert sorted(person(company, "pat@example.com").groups) == ["odd", "unix"]


@pytest.mark.req("ID3", "OB2")
def test_a_directory_that_would_switch_off_many_stops_and_waits_for_an_answer(company: Company, tree: Tree) -> None:
    names = [f"p{number}" for number in range(15)]
    for name in names:
        tree.person(name)
    sync(company)
    for name in names[:12]:
        tree.delete(tree.dn(name))
    run = sync(company)
    assert run.state is RunState.HELD
    assert "12 of 15 people would be switched off" in run.words
    assert "bailiwick directory sync corp --accept" in run.words
    assert len(people_in(company)) == 15
    assert told(company, "directory.sync-held") == 1
    tree.delete(tree.dn(names[12]))
    assert sync(company, accept=True).state is RunState.HELD  # one more than was agreed to
    assert len(people_in(company)) == 15
    assert sync(company, accept=True).state is RunState.DONE
    assert people_in(company) == ["p13@example.com", "p14@example.com"]
    with pytest.raises(ConflictError):
        company.control.ldap.ask(company.people["admin"], "corp", accept=True)


@pytest.mark.req("ID3")
def test_a_dry_run_says_what_would_happen_and_does_nothing(company: Company, tree: Tree) -> None:
    tree.person("ann")
    run = sync(company, dry_run=True)
    assert (run.state, run.counts["steps"]) == (RunState.DONE, ["add user ann@example.com"])
    assert person(company, ANN) is None
    assert view(company).last is None


@pytest.mark.req("ID3")
def test_a_directory_that_cannot_be_read_changes_nothing_and_is_told_once(
    company: Company, tree: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    tree.person("ann")
    sync(company)
    tree.slapd.stop()
    try:
        for _ in range(2):
            failed = sync(company)
            assert (failed.state, failed.counts) == (RunState.FAILED, {})
            assert "cannot be read" in failed.words
            assert PASSWORD not in failed.words
    finally:
        tree.slapd.start()
    assert person(company, ANN).active
    assert PASSWORD not in caplog.text
    assert PASSWORD not in repr(company.control.settings) + repr(company.control.ldap)
    assert sync(company).state is RunState.DONE


@pytest.mark.req("ID3")
@pytest.mark.parametrize(
    ("ldap", "words"),
    [
        ({"bind_dn": LIMITED_DN}, "sizeLimitExceeded"),
        ({"people": ("ou=missing,dc=example,dc=com",)}, "noSuchObject"),
        ({"bind_dn": "cn=reader,dc=example,dc=org"}, "does not let"),
        ({"ca_file": None}, "certificate verify failed"),
        ({"url": "ldaps://127.0.0.1:{tls_port}"}, "IP address mismatch"),
        ({"url": "ldap://127.0.0.1:{port}"}, "IP address mismatch"),
        ({"password_file": Path("/nowhere/password")}, "cannot be read"),
        ({"password_file": Path("/dev/null")}, "is empty"),
    ],
    ids=["a part only", "no base", "wrong password", "unknown authority", "other host", "other host, StartTLS",
         "no password file", "empty password"],
)  # fmt: skip
def test_what_is_not_whole_or_not_the_directory_is_refused_in_words(
    tree: Tree, ldap: dict[str, Any], words: str, company: Company
) -> None:
    for name in ("ann", "bob", "cid"):
        tree.person(name)
    run = sync(company)
    assert run.state is RunState.FAILED
    assert words in run.words
    assert people_in(company) == []


@pytest.mark.req("ID3")
@pytest.mark.parametrize("ldap", [{"url": "ldap://localhost:{port}"},
                                  {"url": "ldap://127.0.0.1:{port}", "start_tls": False, "ca_file": None}])  # fmt: skip
def test_start_tls_and_plain_on_this_host_are_read_too(tree: Tree, ldap: dict[str, Any], company: Company) -> None:
    tree.person("ann")
    assert sync(company).words == ""
    assert people_in(company) == [ANN]


@pytest.mark.req("ID3", "OB2")
@pytest.mark.parametrize("ldap", [{"domains": ("example.com",), "page_size": 2}])
def test_claims_of_others_are_refused_shown_and_audited_once(company: Company, tree: Tree, ldap: Any) -> None:
    from tests.faces.scim.conftest import token_for

    secret = token_for(company, "entra")
    client = company.control.directory.authenticate(secret)
    tree.person("ann")
    sync(company)
    tree.person("ann2", mail=ANN)
    tree.person("eve", mail="eve@elsewhere.example")
    tree.person("bob", mail="not an address@example.com")
    tree.person("zed")
    for _ in range(2):
        assert sync(company).state is RunState.DONE
    assert people_in(company) == [ANN, "zed@example.com"]
    assert problems(company) == [
        "'ann@example.com' is claimed by the directory 'corp' already, which keeps it",
        "'not an address@example.com' is no e-mail address of this directory's domains",
        "'eve@elsewhere.example' is no e-mail address of this directory's domains",
    ]
    assert told(company, "directory.entry-refused") == 3
    assert company.control.directory.directory(company.people["admin"], client.directory).people == 0
    for name in ("ann2", "eve", "bob"):
        tree.delete(tree.dn(name))
    sync(company)
    assert problems(company) == []


@pytest.mark.req("ID3")
@pytest.mark.parametrize(
    "ldap",
    [{"kind": "active-directory", "people_filter": "(objectClass=otherAccount)",
      "group_filter": "(objectClass=groupOfNames)", "attributes": {"group": ("cn",), "email": ("mail",)}}],
)  # fmt: skip
def test_active_directory_is_told_apart_by_its_own_identifiers(company: Company, tree: Tree, ldap: Any) -> None:
    tree.person("ann", "objectGUID:: AAECAwQFBgcICQoLDA0ODw==", "department: Claims", "userAccountControl: 66048")
    tree.person("bob")
    sync(company)
    with company.control.store.transaction() as session:
        found = [row.external_id for row in session.query(ResourceRow)]
    assert found == ["03020100-0504-0706-0809-0a0b0c0d0e0f"]
    assert person(company, ANN).attributes == {"department": "Claims"}
    assert "has no objectGUID" in problems(company)[0]


@pytest.mark.req("ID3")
def test_places_that_a_directory_points_to_are_not_followed(company: Company, tree: Tree) -> None:
    tree.person("ann")
    dn = f"ou=elsewhere,ou=people,{tree.base}"
    tree.slapd.change(f"dn: {dn}\nobjectClass: referral\nobjectClass: extensibleObject\nref: ldap://127.0.0.1:1/{dn}\n")
    run = sync(company)
    assert (run.state, run.counts["referrals"]) == (RunState.DONE, 1)


@pytest.mark.req("ID3")
def test_a_large_group_of_active_directory_comes_in_parts_and_is_put_together(tree: Tree) -> None:
    """OpenLDAP always gives all values, so these answers are made as MS-ADTS 3.1.1.3.1.3.3 describes them."""
    members = [f"cn={number},dc=example,dc=com".encode() for number in range(3500)]

    class Server:
        def __init__(self) -> None:
            self.result: dict[str, Any] = {"result": 0}
            self.response: list[dict[str, Any]] = []

        def search(self, base: str, text: str, *, attributes: list[str], **options: Any) -> None:
            begin = int(attributes[0].partition("range=")[2].partition("-")[0]) if "range=" in attributes[0] else 0
            end = "*" if begin + 1500 >= len(members) else str(begin + 1499)
            values = {"member": [], f"member;range={begin}-{end}": members[begin : begin + 1500]}
            self.response = [{"type": "searchResEntry", "dn": "cn=all", "raw_attributes": values}]

    source = LdapDirectory(**tree.settings()).source()
    found = list(_Reading(Server(), source, lambda count: None).entries(source.groups, ["member"]))
    assert found[0].values["member"] == tuple(members)


@pytest.mark.req("ID1", "ID3")
def test_only_administrators_read_and_sync_directories(company: Company, tree: Tree) -> None:
    control = company.control
    with pytest.raises(ForbiddenError):
        control.ldap.ask(company.people["builder"], "corp")
    with pytest.raises(ForbiddenError):
        control.directory.directories(company.people["user"])
    with pytest.raises(NotFoundError):
        control.ldap.ask(company.people["admin"], "other")
    with pytest.raises(NotFoundError):
        control.directory.directory(company.people["admin"], "other")
    assert [item.name for item in control.directory.directories(company.people["security"])] == ["corp"]
    with pytest.raises(ConflictError):
        control.directory.issue_token(company.people["admin"], "corp", days=1, purpose="")
    control.ldap.ask(company.people["admin"], "corp")
    with pytest.raises(ConflictError):
        control.ldap.ask(company.people["admin"], "corp")


@pytest.mark.req("ID3")
def test_it_reads_by_itself_when_its_time_has_come_and_goes_on_after_a_crash(company: Company, tree: Tree) -> None:
    tree.person("ann")
    control = company.control
    control.ldap.work("corp")
    assert person(company, ANN).active
    control.ldap.work("corp")
    assert len(view(company).runs) == 1
    run = control.ldap.ask(company.people["admin"], "corp")
    with control.store.transaction() as session:
        session.connection().exec_driver_sql(f"UPDATE directory_runs SET state = 'running' WHERE id = '{run.id}'")
    control.ldap.work("corp")
    assert [item.state for item in view(company).runs] == ["failed", "done"]
    assert "broken off" in view(company).runs[0].words


@pytest.mark.req("ID3")
def test_a_reading_stops_between_two_steps_when_the_control_plane_does(company: Company, tree: Tree) -> None:
    for number in range(3):
        tree.person(f"p{number}")
    company.control.ldap.ending.set()
    company.control.ldap.work("corp")
    run = view(company).runs[0]
    assert (run.state, "the next reading goes on" in run.words) == (RunState.FAILED, True)
    assert people_in(company) == []
    company.control.ldap.ending.clear()
    assert sync(company).counts["added"] == 3


@pytest.mark.req("ID3")
@pytest.mark.parametrize("ldap", [{"attributes": {"id": "employeeNumber"}}])
def test_two_entries_with_one_identifier_do_not_take_turns(company: Company, tree: Tree, ldap: Any) -> None:
    tree.person("ann", "employeeNumber: 7")
    tree.person("bob", "employeeNumber: 7")
    for _ in range(2):
        sync(company)
    assert people_in(company) == [ANN]
    assert problems(company) == ["the entry has the same employeeNumber as another one, which came first"]
    assert person(company, ANN).epoch == 0


@pytest.mark.req("ID3")
def test_of_two_processes_one_reads(company: Company, tree: Tree) -> None:
    with company.control.ldap._alone("corp") as mine:
        assert mine
        company.control.ldap.work("corp")
        assert view(company).runs == ()
    company.control.ldap.work("corp")
    assert len(view(company).runs) == 1


BAD: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (lambda it: it.update(url="ldap://ldap.example.com", start_tls=False), "without TLS"),
    (lambda it: it.update(url="http://ldap.example.com"), "write ldaps://host"),
    (lambda it: it.update(password_file=None), "password_file or password_variable"),
    (lambda it: it.update(password_variable="LDAP_PASSWORD"), "password_file or password_variable"),
    (lambda it: it.update(people_filter="(uid=*"), "no LDAP filter"),
    (lambda it: it.update(groups=("people",)), "no distinguished name"),
    (lambda it: it.update(password="open"), "Extra inputs"),
    (lambda it: it.update(attributes={"email": ("mail)(uid=*",)}), "String should match pattern"),
    (lambda it: it.update(interval=1), "greater than or equal"),
]


@pytest.mark.req("ID3")
@pytest.mark.parametrize(("spoil", "words"), BAD, ids=[words for _, words in BAD])
def test_settings_that_are_not_safe_are_refused(spoil: Callable[[dict[str, Any]], None], words: str) -> None:
    given: dict[str, Any] = {
        "name": "corp",
        "kind": "openldap",
        "url": "ldaps://ldap.example.com",
        "bind_dn": "cn=reader",
        "password_file": "/run/secrets/ldap",
        "people": ("dc=example,dc=com",),
        "groups": ("dc=example,dc=com",),
    }
    LdapDirectory(**given)
    spoil(given)
    with pytest.raises(ValueError, match=words.replace("(", "\\(")):
        LdapDirectory(**given)
