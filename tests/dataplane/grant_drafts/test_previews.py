"""The plane's page of a draft: the very rows and masks, for people who may, told in the audit, and never elsewhere."""

from datetime import timedelta

import psycopg
import pytest

from bailiwick.core import keyed_masks
from bailiwick.core.clock import utc_now
from bailiwick.core.grants import ColumnGrant, DataGrant, Mask, Operation, TableGrant
from bailiwick.core.keyed_masks import MASK_KEY
from bailiwick.core.messages import GrantPreview, SecretValue, TableUniqueness, UniquenessReport
from bailiwick.core.passes import Pass, issue_pass
from bailiwick.core.principals import Identity, Principal
from bailiwick.dataplane.router import Site
from bailiwick.store.embedded import EmbeddedPostgres
from tests.dataplane.grant_drafts.conftest import CARD, PASSWORD, Shop, get, pass_of
from tests.fixtures.plane import HELLO, PlaneHouse

pytestmark = pytest.mark.req("IN8")


async def counted(house: PlaneHouse, shop: Shop, preview: GrantPreview) -> tuple[TableUniqueness, ...]:
    await shop.serve(house, preview)
    await house.plane._draft_work.do()
    [report] = [item for item in house.reports() if isinstance(item, UniquenessReport)]
    assert (report.integration, report.draft) == ("people-db", preview.draft)
    return report.tables


async def test_an_administrator_sees_the_rows_and_masks_that_somebody_would_and_it_is_told(
    house: PlaneHouse, shop: Shop
) -> None:
    await shop.serve(house, shop.preview())
    answer = await get(house, pass_of(house))
    assert answer.status_code == 200, answer.text
    assert answer.text.count("<tr>") == 1 + 20
    assert "<td>2</td><td>•••@shop.example</td><td>•••• 1111</td>" in answer.text
    assert "<td>1</td>" not in answer.text  # of another region than the person's
    assert CARD not in answer.text
    assert "salary" not in answer.text
    assert "people &lt;b&gt;of my region&lt;/b&gt;" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    [event] = house.events("grant.previewed")
    assert (event.actor, event.resource, event.plane) == ("user:it@example.com", "integration:people-db", "production")
    assert event.context == {"draft": "draft_1", "seen_as": "user:eve@example.com", "tables": ("people",), "rows": 20}
    assert "administrators-preview-grants" in event.deciders
    # What is told upwards holds no row.
    told = "".join(report.model_dump_json() for report in house.reports())
    assert "shop.example" not in told


@pytest.mark.parametrize("who", ["user:b@example.com", "user:stranger@example.com", "service:nightly"])
async def test_whoever_may_not_preview_is_refused_and_that_is_told(house: PlaneHouse, shop: Shop, who: str) -> None:
    await shop.serve(house, shop.preview())
    answer = await get(house, pass_of(house, who))
    assert answer.status_code == 403
    assert "shop.example" not in answer.text
    [event] = house.events("grant.previewed")
    assert (event.actor, event.outcome) == (who, "refused")


async def test_no_program_sees_rows_even_in_the_name_of_an_administrator(house: PlaneHouse, shop: Shop) -> None:
    await shop.serve(house, shop.preview())
    it = "user:it@example.com"
    person = Identity(Principal.parse(it), frozenset({it}))
    agent = Identity(Principal.parse("agent:helper"), frozenset({"agent:helper"})).for_person(person)
    token = issue_pass(Pass(agent, "production", "grants", "s", utc_now() + timedelta(minutes=5)), house.keys.passes)
    assert (await get(house, token)).status_code == 403
    service = pass_of(house, "service:nightly", names=("group:admins",))
    refused = await get(house, service)
    assert refused.status_code == 403
    assert "rows-are-previewed-by-people" in refused.text


async def test_a_group_that_administers_counts(house: PlaneHouse, shop: Shop) -> None:
    await shop.serve(house, shop.preview())
    assert (await get(house, pass_of(house, "user:a@example.com", names=("group:admins",)))).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [{"mode": "production", "app": "finance/desk"}, {"app": "editor", "epoch": 4}, {"mode": "preview"}, {"epoch": 3}],
    ids=["of-an-app", "of-another-plane", "of-another-mode", "revoked"],
)
async def test_a_pass_for_something_else_is_none_here(house: PlaneHouse, shop: Shop, fields: dict[str, object]) -> None:
    await shop.serve(house, shop.preview(), epochs={"user:it@example.com": 4})
    answer = await get(house, pass_of(house, **fields))  # type: ignore[arg-type]
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("http://c?app=production&mode=grants&")
    assert (await get(house, pass_of(house, epoch=4))).status_code == 200


async def test_nobody_is_sent_to_sign_in_and_other_requests_get_nothing(house: PlaneHouse, shop: Shop) -> None:
    await shop.serve(house, shop.preview())
    assert (await get(house)).status_code == 302
    token = pass_of(house)
    assert (await get(house, token, method="POST")).status_code == 405
    assert (await get(house, token, path="/draft_2")).status_code == 404
    assert (await get(house, token, path="/")).status_code == 404
    # A page of an app beside this one has it as no picture and no frame.
    for way in ("image", "iframe", "script", "empty"):
        assert (await get(house, token, **{"sec-fetch-dest": way})).status_code == 403
    assert (await get(house, token, **{"sec-fetch-dest": "document"})).status_code == 200
    await shop.serve(house, shop.preview(until=utc_now() - timedelta(seconds=1)))
    assert (await get(house, token)).status_code == 404


async def test_no_app_and_no_name_of_an_organisation_stands_at_the_host(house: PlaneHouse, shop: Shop) -> None:
    state = house.release({"app.py": HELLO}, host="bailiwick-grants")
    site = Site("bailiwick-grants.apps.localhost", state)
    site.condition = "running"
    house.plane._sites.put(site)
    house.plane._sites.tell_domains({"bailiwick-grants.apps.localhost": "desk-production.apps.localhost"})
    await shop.serve(house, shop.preview())
    assert "mode=grants" in (await get(house)).headers["location"]
    app_pass = pass_of(house, "user:user@example.com", app="finance/desk", mode="production")
    assert "mode=grants" in (await get(house, app_pass)).headers["location"]


async def test_a_person_without_the_attribute_sees_no_row_and_why(house: PlaneHouse, shop: Shop) -> None:
    await shop.serve(house, shop.preview(attributes={}))
    answer = await get(house, pass_of(house))
    assert answer.status_code == 200
    assert "given by a person&#x27;s region" in answer.text
    assert "<td>" not in answer.text


async def test_reading_can_change_nothing(house: PlaneHouse, shop: Shop, postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url(shop.database), autocommit=True) as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION public.leave_a_mark() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS "
            "$$ BEGIN INSERT INTO public.hidden VALUES (1); RETURN 1; END $$"
        )
        owner.execute("CREATE OR REPLACE VIEW people_view AS SELECT public.leave_a_mark() AS id")
        owner.execute(f"GRANT SELECT ON people_view TO {shop.connection.user}")
    view = TableGrant(
        relation="people_view", operations=frozenset({Operation.SELECT}), columns=(ColumnGrant(name="id"),)
    )
    grant = DataGrant(integration="people-db", tables=(view,))
    await shop.serve(house, shop.preview(grant=grant, identifying={}, moments={}))
    answer = await get(house, pass_of(house))
    assert "SQLSTATE 25006" in answer.text  # read_only_sql_transaction
    with psycopg.connect(postgres.url(shop.database)) as owner:
        assert owner.execute("SELECT count(*) FROM hidden").fetchone() == (0,)


async def test_rows_that_stand_apart_are_counted_in_numbers_only(house: PlaneHouse, shop: Shop) -> None:
    [found] = await counted(house, shop, shop.preview())
    assert (found.columns, found.unique, found.under_five) == (("city", "born"), 100, 100)


async def test_common_values_do_not_stand_apart_and_masks_count(house: PlaneHouse, shop: Shop) -> None:
    [found] = await counted(house, shop, shop.preview(identifying={"people": ("city", "mail")}))
    assert (found.unique, found.under_five) == (0, 0)


async def test_of_few_rows_nothing_is_said(house: PlaneHouse, shop: Shop, postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url(shop.database), autocommit=True) as owner:
        owner.execute("DELETE FROM people WHERE id > 90")
    [found] = await counted(house, shop, shop.preview())
    assert (found.unique, found.under_five, found.fault) == (None, None, "")


async def test_what_others_do_not_know_is_not_counted(house: PlaneHouse, shop: Shop) -> None:
    assert await counted(house, shop, shop.preview(identifying={}, moments={})) == ()


async def test_a_plane_shows_nothing_of_another_tenant(house: PlaneHouse, shop: Shop) -> None:
    await shop.serve(house, shop.preview())
    assert (await get(house, pass_of(house))).status_code == 200
    await shop.serve(house, shop.preview(), tenant="another")
    assert (await get(house, pass_of(house))).status_code == 404


async def test_a_draft_with_masks_of_the_organisation_s_key_shows_them(house: PlaneHouse, shop: Shop) -> None:
    hashed = TableGrant(
        relation="people",
        operations=frozenset({Operation.SELECT}),
        columns=(ColumnGrant(name="id"), ColumnGrant(name="mail", mask=Mask.HASH)),
    )
    await shop.serve(house, shop.preview(grant=DataGrant(integration="people-db", tables=(hashed,))))
    key = bytes(range(32))

    async def fetch(name: str) -> SecretValue:
        return SecretValue(name=name, value=key.hex() if name == MASK_KEY else PASSWORD)

    house.plane._integrations._secrets._fetch = fetch
    answer = await get(house, pass_of(house))
    assert f"<td>1</td><td>{keyed_masks.hashed('p1@shop.example', key)}</td>" in answer.text
    assert "shop.example" not in answer.text
