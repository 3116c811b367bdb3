"""Rows for whoever writes an app: those of its preview's grant, masked, few, audited, and none of production."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from bailiwick.core.errors import BailiwickError, ForbiddenError, InvalidInputError
from bailiwick.core.grants import ColumnGrant, DataGrant, DayLimit, DayLimits, Mask, Operation, RowCondition, TableGrant
from bailiwick.core.messages import DatabaseConnection, IntegrationState, RowsAnswer, RowsWanted
from bailiwick.store.embedded import EmbeddedPostgres
from tests.dataplane.questions.test_logs import ask
from tests.fixtures.plane import APP, PlaneHouse

pytestmark = pytest.mark.req("IN8", "AI3")
NAME, PASSWORD = "sampled_rows", "the-real-credential"
CARD = "4111111111111111"
_SCHEMA = f"""
DROP TABLE IF EXISTS people, visits;
CREATE TABLE people (id int, mail text, card text, region text, note text, salary int);
INSERT INTO people SELECT n, 'p' || n || '@shop.example', '{CARD}', CASE WHEN n % 2 = 0 THEN 'EMEA' ELSE 'APAC' END,
       CASE WHEN n = 2 THEN 'call eve@shop.example' WHEN n = 4 THEN repeat('x', 5000) END, n
       FROM generate_series(1, 100) AS n;
CREATE TABLE visits (id int);
GRANT SELECT ON people, visits TO {NAME};
"""


@pytest.fixture
def people(postgres: EmbeddedPostgres) -> Iterator[IntegrationState]:
    postgres.create_database(NAME)
    postgres.create_role(NAME, PASSWORD)
    with psycopg.connect(postgres.url(NAME), autocommit=True) as owner:
        owner.execute(_SCHEMA)
    table = TableGrant(
        relation="people",
        operations=frozenset({Operation.SELECT}),
        columns=(
            ColumnGrant(name="id"),
            ColumnGrant(name="mail", mask=Mask.EMAIL),
            ColumnGrant(name="card", mask=Mask.LAST4),
            ColumnGrant(name="note"),
            ColumnGrant(name="salary", readable=False, in_groups_of=5),
        ),
        rows=(RowCondition(column="region", equals_attribute="region"),),
    )
    counted = TableGrant(
        relation="visits",
        operations=frozenset({Operation.SELECT}),
        columns=(ColumnGrant(name="id"),),
        per_day=DayLimits(app=DayLimit(rows=100)),
    )
    yield IntegrationState(
        name="people",
        resource="people-db",
        connection=DatabaseConnection(
            host=str(postgres.socket_directory), port=postgres.tcp_port or 5432, database=NAME, user=NAME,
            secret="people-db",
        ),
        grant=DataGrant(integration="people-db", tables=(table, counted)),
        roles={},
    )  # fmt: skip


@pytest.fixture
def editor(new_house: Any) -> PlaneHouse:
    """A plane of previews."""
    house: PlaneHouse = new_house(plane="editor")
    house.tell_secret("people-db", PASSWORD)
    return house


async def serve(
    house: PlaneHouse, people: IntegrationState, mode: str = "preview", status: str = "running", **fields: Any
) -> None:
    """Have a plane know of an app, which need not start for this."""
    house.version += 1
    state = house.release({}, mode=mode, status=status, **fields).model_copy(update={"integrations": (people,)})
    house.plane._host.desired = house.desired(state)


def wanted(**fields: Any) -> RowsWanted:
    return RowsWanted.model_validate({"app": APP, "integration": "people", "table": "people", **fields})


async def sample(house: PlaneHouse, who: str = "user:user@example.com", **fields: Any) -> Any:
    return await ask(house, wanted(**fields), who)


async def test_a_builder_sees_a_few_masked_rows_of_their_own(editor: PlaneHouse, people: IntegrationState) -> None:
    await serve(editor, people)
    found = await sample(editor, rows=3)
    assert isinstance(found, RowsAnswer)
    assert found.columns == ("id", "mail", "card", "note")
    assert found.masks == {"mail": "email", "card": "last4"}
    assert [row[0] for row in found.rows] == ["2", "4", "6"]
    text = found.model_dump_json()
    for hidden in (CARD, "p2@shop.example", "eve@shop.example", "salary", PASSWORD):
        assert hidden not in text
    assert found.rows[1][3] is not None
    assert len(found.rows[1][3]) == 200
    assert found.rows[2][3] is None
    assert CARD[-4:] in str(found.rows[0][2])
    assert len((await sample(editor, table="public.people", integration="people-db", rows=10)).rows) == 10
    event = editor.events("rows.sampled")[0]
    assert (event.actor, event.resource, event.context) == (
        "user:user@example.com", "integration:people-db", {"table": "people", "rows": 3},
    )  # fmt: skip


async def test_what_the_grant_does_not_open_is_not_sampled(editor: PlaneHouse, people: IntegrationState) -> None:
    await serve(editor, people)
    for fields in (
        {"table": "hidden"}, {"table": "pg_catalog.pg_authid"}, {"table": 'people" --'}, {"table": "visits"},
        {"integration": "other"},
    ):  # fmt: skip
        with pytest.raises(InvalidInputError) as fault:
            await sample(editor, **fields)
        assert fault.value.hint
    with pytest.raises(ForbiddenError):
        await sample(editor, "user:other@example.com")
    await serve(editor, people, status="killed", killed_because="it looked wrong")
    with pytest.raises(ForbiddenError, match="was stopped: it looked wrong"):
        await sample(editor)
    off = people.model_copy(update={"enabled": False})
    await serve(editor, off)
    with pytest.raises(ForbiddenError):
        await sample(editor)
    assert editor.events("rows.sampled")[-1].outcome == "refused"


async def test_no_plane_but_that_of_previews_shows_rows(new_house: Any, people: IntegrationState) -> None:
    house: PlaneHouse = new_house()
    house.tell_secret("people-db", PASSWORD)
    for mode in ("preview", "production"):
        await serve(house, people, mode)
        with pytest.raises(BailiwickError) as fault:
            await sample(house)
        if mode == "preview":
            assert fault.value.deciders == ("no-rows-of-production-are-sampled",)
    assert house.events("rows.sampled") == []
