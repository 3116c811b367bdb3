"""A database of people with everything that must not leave a plane, and drafts of grants on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import psycopg
import pytest

from bailiwick.core.clock import utc_now
from bailiwick.core.grants import ColumnGrant, DataGrant, Mask, Operation, RowCondition, TableGrant
from bailiwick.core.messages import DatabaseConnection, GrantPreview, SystemState
from bailiwick.core.passes import GRANTS_MODE, Pass, issue_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.store.embedded import EmbeddedPostgres
from tests.fixtures.plane import PlaneHouse

DATABASE = USER = "grant_drafts"
PASSWORD = "the-real-credential"
CARD = "4111111111111111"
CITIES = ("Lisbon", "Porto", "Faro")
DRAFT = "draft_1"
_SCHEMA = f"""
DROP VIEW IF EXISTS people_view; DROP TABLE IF EXISTS visits, people, hidden;
CREATE TABLE people (id int PRIMARY KEY, mail text, pay_by text, born date, city text, region text, note text,
                     salary int, "odd name" text);
INSERT INTO people SELECT n, 'p' || n || '@shop.example', '{CARD}', DATE '1950-01-01' + n,
       (ARRAY['Lisbon', 'Porto', 'Faro'])[1 + n % 3], CASE WHEN n % 2 = 0 THEN 'EMEA' ELSE 'APAC' END,
       'called twice about the lamp', 1000 + n, 'x' FROM generate_series(1, 200) AS n;
CREATE TABLE visits (id int PRIMARY KEY, person_id int REFERENCES people);
CREATE TABLE hidden (id int);
CREATE VIEW people_view AS SELECT id FROM people;
GRANT SELECT ON visits, people_view TO {USER};
GRANT SELECT (id, mail, pay_by, born, city, region, note, "odd name") ON people TO {USER};
"""


@dataclass(frozen=True)
class Shop:
    """The database, and how a plane is told of it."""

    connection: DatabaseConnection
    database: str = DATABASE

    def values(self) -> list[str]:
        """Return what must never leave the plane."""
        return [CARD, "p1@shop.example", "1950-", "1234", *CITIES, "lamp", "EMEA"]

    def preview(self, **fields: Any) -> GrantPreview:
        people = TableGrant(
            relation="people",
            operations=frozenset({Operation.SELECT}),
            columns=(
                ColumnGrant(name="id"),
                ColumnGrant(name="mail", mask=Mask.EMAIL),
                ColumnGrant(name="pay_by", mask=Mask.LAST4),
                ColumnGrant(name="city"),
                ColumnGrant(name="born"),
            ),
            rows=(RowCondition(column="region", equals_attribute="region"),),
        )
        written = {
            "draft": DRAFT,
            "question": "people <b>of my region</b>",
            "grant": DataGrant(integration="people-db", tables=(people,)),
            "seen_as": "user:eve@example.com",
            "attributes": {"region": "EMEA"},
            "identifying": {"people": ("city", "born")},
            "moments": {"people": ("born",)},
            "until": utc_now() + timedelta(minutes=5),
        }
        return GrantPreview.model_validate({**written, **fields})

    async def serve(
        self, house: PlaneHouse, *previews: GrantPreview, epochs: dict[str, int] | None = None, **fields: Any
    ) -> None:
        """Tell a plane of the database."""
        house.tell_secret("people-db", PASSWORD)
        house.version += 1
        roles = {"org-admin": ["group:admins"], "it-admin": ["user:it@example.com"], "builder": ["user:b@example.com"]}
        written = {"name": "people-db", "tenant": "default", "connection": self.connection, "roles": roles}
        state = SystemState.model_validate({**written, "previews": previews, **fields})
        await house.plane._take(house.desired().model_copy(update={"systems": (state,), "epochs": epochs or {}}))


@pytest.fixture
def shop(postgres: EmbeddedPostgres) -> Iterator[Shop]:
    postgres.create_database(DATABASE)
    postgres.create_role(USER, PASSWORD)
    with psycopg.connect(postgres.url(DATABASE), autocommit=True) as owner:
        owner.execute(_SCHEMA)
        owner.execute("ANALYZE")
    yield Shop(
        DatabaseConnection(
            host=str(postgres.socket_directory),
            port=postgres.tcp_port or 5432,
            database=DATABASE,
            user=USER,
            secret="people-db",
        )
    )


def pass_of(
    house: PlaneHouse,
    who: str = "user:it@example.com",
    *,
    app: str = "production",
    mode: str = GRANTS_MODE,
    **fields: Any,
) -> str:
    """Return a pass as the control plane issues it."""
    identity = Identity(Principal.parse(who), frozenset({who, *fields.pop("names", ())}), {"region": "APAC"}, **fields)
    return issue_pass(Pass(identity, app, mode, "s", utc_now() + timedelta(minutes=5)), house.keys.passes)


async def get(
    house: PlaneHouse, token: str = "", path: str = f"/{DRAFT}", method: str = "GET", **headers: str
) -> httpx2.Response:
    """Ask the page of drafts."""
    sent = {"host": "bailiwick-grants.apps.localhost", "accept": "text/html", **headers}
    if token:
        sent["cookie"] = f"bailiwick_pass={token}"
    async with httpx2.AsyncClient(timeout=30) as client:
        return await client.request(method, f"http://127.0.0.1:{house.port}{path}", headers=sent)
