"""A directory of 10,000 people and 1,000 groups over SCIM and over LDAP, first and again, against a directory's limit.

Entra gives a cycle 40 minutes before the next is due; the ratio is that limit over the time taken. `BENCH_PEOPLE` and
`BENCH_GROUPS` make it smaller; the limit shrinks with them.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text
from starlette.testclient import TestClient

from bailiwick.control.app import ControlPlane
from bailiwick.control.identity import Claims
from bailiwick.control.ldap_settings import LdapDirectory
from bailiwick.control.settings import ControlSettings, Listen, OidcProvider, RoleRule
from bailiwick.control.wiring import build_control
from bailiwick.faces.server import Faces
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.slapd import SUFFIX, Slapd, Tree, running_slapd

PEOPLE, GROUPS = int(os.environ.get("BENCH_PEOPLE", "10000")), int(os.environ.get("BENCH_GROUPS", "1000"))
_IN_A_GROUP = 50
_LIMIT_SECONDS = 2400.0 * PEOPLE / 10_000
# After so long Entra gives a request up.
_REQUEST_SECONDS = 60.0
_EVERYONE = 50_000 * PEOPLE // 10_000
_ADD_USERS = text("""
    INSERT INTO directory_resources
      (id, directory, kind, name, unique_name, email, document, comparable, version, created, modified)
    SELECT id, 'large', 'User', id, id, id || '@large.example', '{}', '{}', 1, now(), now()
    FROM unnest(CAST(:ids AS text[])) AS id
""")
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def measure() -> list[tuple[str, float, str]]:
    """Return the limit of a cycle over each of four cycles."""
    with running_slapd() as slapd:
        tree = Tree(slapd, f"ou=bench,{SUFFIX}")
        _fill(slapd, tree)
        with _control(ldap=(LdapDirectory(**tree.settings()),)) as control:
            ldap = [_seconds(lambda: _read(control)) for _ in range(2)]
    with _control() as control:
        scim = [_seconds(lambda: _tell(control)) for _ in range(2)]
        everyone = _seconds(lambda: _put_everyone(control))
    rows = zip(("LDAP, first", "LDAP, again", "SCIM, first", "SCIM, again"), [*ldap, *scim], strict=True)
    who = f"{PEOPLE:,} people, {GROUPS:,} groups"
    cycles = [
        (f"{name}: {who}: limit of a cycle / ours", _LIMIT_SECONDS / took, f"{took:,.1f} s of {_LIMIT_SECONDS:,.0f} s")
        for name, took in rows
    ]
    large = f"SCIM: a group of {_EVERYONE:,} people replaced: limit of a request / ours"
    return [*cycles, (large, _REQUEST_SECONDS / everyone, f"{everyone:,.1f} s of {_REQUEST_SECONDS:,.0f} s")]


def _put_everyone(control: ControlPlane) -> None:
    """Replace a group by one of a great many people, who are put straight into the table."""
    issued = control.directory.issue_token(_admin(control), "large", days=1, purpose="benchmark")
    ids = [f"user_{number:08d}" for number in range(_EVERYONE)]
    with control.store.transaction() as session:
        session.execute(_ADD_USERS, {"ids": ids})
    body = {"schemas": [_GROUP], "displayName": "everyone", "members": [{"value": one} for one in ids]}
    headers = {"Authorization": f"Bearer {issued.secret}"}
    with TestClient(Faces(control), headers=headers, base_url="http://127.0.0.1") as http:
        _put(http, "Groups", "displayName", "everyone", body)


def _read(control: ControlPlane) -> None:
    run = control.ldap.ask(_admin(control), "corp")
    control.ldap.work("corp")
    done = next(item for item in control.directory.directory(_admin(control), "corp").runs if item.id == run.id)
    assert done.state == "done", done.words


def _tell(control: ControlPlane) -> None:
    """Do what a directory does in a cycle: look for each, make or replace it; then each group with its members."""
    issued = control.directory.issue_token(_admin(control), "entra", days=1, purpose="benchmark")
    headers = {"Authorization": f"Bearer {issued.secret}"}
    with TestClient(Faces(control), headers=headers, base_url="http://127.0.0.1") as http:
        ids = [_put(http, "Users", "userName", f"p{number}@example.com", _user(number)) for number in range(PEOPLE)]
        for number in range(GROUPS):
            members = [{"value": ids[place % PEOPLE]} for place in _members(number)]
            body = {"schemas": [_GROUP], "displayName": f"g{number}", "members": members}
            _put(http, "Groups", "displayName", f"g{number}", body)


def _put(http: TestClient, kind: str, name: str, value: str, body: dict[str, Any]) -> str:
    asked = {"filter": f'{name} eq "{value}"', "attributes": name}
    found = http.get(f"/scim/v2/{kind}", params=asked).json()
    if found["totalResults"]:
        answer = http.put(f"/scim/v2/{kind}/{found['Resources'][0]['id']}", json=body)
    else:
        answer = http.post(f"/scim/v2/{kind}", json=body)
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["id"])


def _user(number: int) -> dict[str, Any]:
    email = f"p{number}@example.com"
    return {"schemas": [_USER], "userName": email, "active": True, "emails": [{"value": email}]}


def _members(group: int) -> range:
    return range(group * 7, group * 7 + min(_IN_A_GROUP, PEOPLE))


def _fill(slapd: Slapd, tree: Tree) -> None:
    units = [tree.base, f"ou=people,{tree.base}", f"ou=groups,{tree.base}"]
    parts = [f"dn: {dn}\nobjectClass: organizationalUnit\n" for dn in units]
    parts += [
        f"dn: {tree.dn(f'p{number}')}\nobjectClass: inetOrgPerson\ncn: P {number}\nsn: {number}\n"
        f"mail: p{number}@example.com\nuid: p{number}\n"
        for number in range(PEOPLE)
    ]
    for number in range(GROUPS):
        members = "".join(f"member: {tree.dn(f'p{place % PEOPLE}')}\n" for place in _members(number))
        parts.append(f"dn: {tree.group_dn(f'g{number}')}\nobjectClass: groupOfNames\n{members}")
    slapd.load("\n".join(parts))


@contextmanager
def _control(**more: Any) -> Iterator[ControlPlane]:
    with tempfile.TemporaryDirectory(prefix="bw-bench-") as home:
        Path(home).chmod(0o755)
        with EmbeddedPostgres(Path(home) / "data", scratch=True) as server:
            server.create_database("bench")
            settings = ControlSettings(
                database_url=server.url("bench"),  # type: ignore[arg-type]
                state=Path(home) / "control",
                console=Listen(port=8400),
                planes_door=Listen(port=8402),
                public_url="http://127.0.0.1:8400",
                ingress_url="http://127.0.0.1:8410",
                oidc=OidcProvider(issuer="http://127.0.0.1:8401", client_id="bailiwick"),
                role_rules=(RoleRule(group="admin", role="org-admin"),),
                **more,
            )
            control = build_control(settings)
            yield control
            control.store.dispose()


def _admin(control: ControlPlane) -> Any:
    return control.identity.remember_person(Claims("", "", "admin@example.com", "Admin", ("admin",), {}))


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
