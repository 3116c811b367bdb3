"""What a plane brings to a database: the key of masks where one needs it, and functions that it was seen to have."""

import psycopg
import pytest

from bailiwick.core.grants import ColumnGrant, DataGrant, Mask
from bailiwick.core.keyed_masks import MASK_KEY
from bailiwick.core.messages import IntegrationState, SecretValue
from bailiwick.core.sql_functions import read_functions
from bailiwick.dataplane.gateways.binding import Binding
from bailiwick.dataplane.gateways.sql import ask
from bailiwick.store.embedded import EmbeddedPostgres
from tests.dataplane.agent.test_web_apps import USES
from tests.fixtures.plane import APP, HELLO, MANIFEST, PlaneHouse

KEY = bytes(range(32)).hex()


def tell(house: PlaneHouse, values: dict[str, str]) -> list[str]:
    """Have the vault of the control plane hold these, and return what was asked of it so far, as it comes."""
    asked: list[str] = []

    async def fetch(name: str) -> SecretValue:
        asked.append(name)
        return SecretValue(name=name, value=values[name])

    house.plane._integrations._secrets._fetch = fetch
    return asked


@pytest.mark.req("IN7", "SE1")
async def test_a_plane_gives_the_key_to_sessions_that_need_it_and_asks_for_added_functions(
    house: PlaneHouse, orders: IntegrationState, postgres: EmbeddedPostgres
) -> None:
    with psycopg.connect(postgres.url("web_app_orders"), autocommit=True) as owner:
        owner.execute(
            "CREATE OR REPLACE FUNCTION public.twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1'"
        )
    asked = tell(house, {"orders-db": "the-real-credential", MASK_KEY: KEY})
    state = house.release({"app.py": HELLO}, manifest=MANIFEST + USES, integrations=(orders,))
    functions = read_functions("public.twice(int)\npublic.missing(int)")
    await house.plane._take(house.desired(state).model_copy(update={"sql_functions": {"orders-db": functions}}))
    integrations = house.plane._integrations

    def binding(grant: DataGrant) -> Binding:
        return Binding(APP, state.release, "default", "production", "orders-db", grant, {})

    plain = await integrations.connect(binding(orders.grant))
    assert (plain.target.mask_key, MASK_KEY in asked) == ("", False)
    assert [item.words for item in integrations.functions(binding(orders.grant))] == ["public.twice(int4)"]
    table = orders.grant.tables[0].model_copy(update={"columns": (ColumnGrant(name="id", mask=Mask.HASH),)})
    hashed = await integrations.connect(binding(DataGrant(integration="orders-db", tables=(table,))))
    assert hashed.target.mask_key == KEY
    shown = await ask(hashed, "SELECT length(current_setting('bailiwick.mask_key'))", seconds=5)
    assert shown.rows == (("256",),)
    assert KEY not in repr(hashed.target)
    assert KEY not in integrations.vault_masker.mask(f"the key {KEY}")
    for connection in (plain, hashed):
        connection.close()
    await house.plane._take(house.desired(state).model_copy(update={"version": house.version + 1}))
    assert integrations.functions(binding(orders.grant)) == ()
