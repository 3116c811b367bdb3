"""Accounts that a store makes in a real PostgreSQL: made when used, renewed, followed by others, and revoked."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from bailiwick.control.integrations import Integration
from bailiwick.control.secret_stores.leases import GRACE
from bailiwick.control.vault import (
    Environment,
    KeyUnavailableError,
    Spot,
    StoreRefusedError,
    StoreUnavailableError,
    StoreVersionError,
)
from bailiwick.core.errors import ConflictError, InvalidInputError
from bailiwick.core.grants import MailGrant, Offer, RequestGrant
from bailiwick.core.messages import (
    AnyConnection,
    BasicPassword,
    DatabaseConnection,
    MailConnection,
    MysqlConnection,
    ServiceConnection,
    SnowflakeConnection,
)
from bailiwick.store.embedded import EmbeddedPostgres
from tests.control.rotations.test_postgresql import Apps, _more, busy
from tests.fixtures.company import Company, orders_db
from tests.fixtures.moving import MovingClock
from tests.fixtures.openbao import OpenBao
from tests.fixtures.rotated import Twins

pytestmark = pytest.mark.req("IN4", "SE2")
NAME = "orders-login"


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def more_settings(openbao: OpenBao, clock: MovingClock) -> dict[str, Any]:
    openbao.clock = clock
    auth = {"method": "token", "token": {"file": str(openbao.file("leaser", "s.leaser"))}}
    store = openbao.options(kind="openbao-database", roles=["orders"], auth=auth)
    del store["under"]
    return {"secret_stores": {"db": store}, "vault_keys": {"cache_seconds": 0}}


@pytest.fixture
def database(postgres: EmbeddedPostgres, openbao: OpenBao) -> Iterator[Twins]:
    """A database where the store makes accounts and takes them away, as its statements for PostgreSQL do."""
    postgres.create_database("rotated")
    where = {"host": str(postgres.socket_directory), "port": postgres.tcp_port or 5432, "database": "rotated"}
    made = Twins(postgres, "rotated", "nobody", "nobody", "nobody", where)
    made.run(
        "DROP TABLE IF EXISTS orders",
        "CREATE TABLE orders (id int)",
        "INSERT INTO orders VALUES (1), (2)",
        "DO $$ BEGIN CREATE ROLE orders_reader NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        "GRANT SELECT ON orders TO orders_reader",
    )

    def run(statement: str, username: str, *values: str) -> None:
        names = (sql.Identifier(username), *map(sql.Literal, values))
        with psycopg.connect(postgres.url("rotated"), autocommit=True) as owner:
            owner.execute(sql.SQL(statement).format(*names))  # type: ignore[arg-type]

    openbao.make = lambda name, password: run("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE orders_reader", name, password)
    openbao.drop = lambda name: run("DROP ROLE {}", name)
    yield made
    for lease in openbao.leases.values():
        openbao.drop(lease.username)
    made.run("DROP TABLE orders", "DROP ROLE orders_reader")


def link(company: Company, name: str = NAME, role: str = "orders") -> int:
    production = Environment.PRODUCTION
    return company.control.secret_stores.link(company.people["admin"], name, Spot("db", role), production)


def uses(company: Company) -> None:
    """Register a system that uses the secret, and have its account made."""
    target = DatabaseConnection(host="127.0.0.1", port=5432, database="shop", user="nobody", secret=NAME)
    shop: Integration = replace(orders_db(), name="shop-db", connections={"production": target})
    company.control.integrations.register(company.people["admin"], shop)
    company.control.lease_keeper.keep()


@pytest.mark.req("IN9")
def test_a_system_that_is_come_to_as_one_account_does_not_name_one_of_a_store(
    company: Company, database: Twins
) -> None:
    link(company)
    register, admin = company.control.integrations.register, company.people["admin"]
    basic = BasicPassword(kind="basic", user="desk", secret=NAME)
    places: dict[str, AnyConnection] = {
        "http": ServiceConnection(kind="http", url="https://crm.example", credential=basic),
        "smtp": MailConnection(kind="smtp", host="mail.example", credential=basic),
        "snowflake": SnowflakeConnection(kind="snowflake", account_name="a-b", user="U", secret=NAME, database="D"),
    }
    offers: dict[str, tuple[Offer, ...]] = {
        "http": (RequestGrant(methods=frozenset({"GET"}), path="/a"),),
        "smtp": (MailGrant(senders=("desk@example.com",), recipients=("*",)),),
        "snowflake": orders_db().offers["orders:read"],
    }
    for kind, place in places.items():
        made = replace(orders_db(), name="other", kind=kind, connections={"production": place})
        with pytest.raises(InvalidInputError, match="stands for accounts that a store makes") as refused:
            register(admin, replace(made, offers={"a:read": offers[kind]}))
        assert "for postgresql and mysql" in refused.value.hint
    shop = MysqlConnection(kind="mysql", host="db.example", database="shop", user="nobody", secret=NAME)
    register(admin, replace(orders_db(), name="shop", kind="mysql", connections={"production": shop}))


def account(company: Company) -> tuple[int, str, str]:
    with company.control.store.transaction() as session:
        held = company.control.vault.held(session, NAME)
    return held.version, held.account, held.value


def fault(company: Company) -> str:
    lies = company.control.rotations.secret(company.people["admin"], NAME)[0].lies
    assert lies is not None
    return lies.fault


def test_an_account_is_made_when_it_is_used_and_revoked_when_it_is_not(
    company: Company, openbao: OpenBao, database: Twins
) -> None:
    assert link(company) == 0
    assert openbao.leases == {}, "what was made to try the store is gone"
    company.control.lease_keeper.keep()
    assert openbao.leases == {}
    with pytest.raises(StoreUnavailableError, match="no account for 'orders-login' just now"):
        account(company)
    uses(company)
    version, name, password = account(company)
    assert (version, [item.username for item in openbao.leases.values()]) == (1, [name])
    assert database.signs_in(name, password)
    integrations, admin = company.control.integrations, company.people["admin"]
    integrations.set_enabled(admin, "shop-db", enabled=False, reason="a leak")
    company.control.lease_keeper.keep()
    assert openbao.leases == {}
    assert not database.signs_in(name, password)
    with pytest.raises(StoreUnavailableError, match="no integration that is switched on uses it"):
        account(company)
    integrations.set_enabled(admin, "shop-db", enabled=True, reason="it was none")
    company.control.lease_keeper.keep()
    assert account(company)[0] == 2
    said = [action for action, _ in company.actions() if action.startswith("secret.account")]
    assert said == ["secret.account-made", "secret.account-revoked", "secret.account-made"]


def test_a_lease_is_renewed_and_followed_by_another_before_it_ends(
    company: Company, openbao: OpenBao, database: Twins, clock: MovingClock
) -> None:
    openbao.longest = timedelta(hours=3)
    link(company)
    uses(company)
    keeper, first = company.control.lease_keeper, account(company)
    for _ in range(4):
        clock.move(minutes=31)
        keeper.keep()
        assert account(company) == first
    assert openbao.asked.count("PUT sys/leases/renew") == 4
    clock.move(minutes=31)  # 155 minutes of 180: it is renewed for 25
    keeper.keep()
    second = account(company)
    assert second[0] == 2
    assert database.signs_in(*first[1:])
    assert database.signs_in(*second[1:])
    clock.move(minutes=GRACE.total_seconds() / 60 + 0.1)
    keeper.keep()
    assert not database.signs_in(*first[1:])
    assert database.signs_in(*second[1:])
    assert [item.username for item in openbao.leases.values()] == [second[1]]


def test_an_account_that_was_revoked_there_is_followed_at_its_next_renewal(
    company: Company, openbao: OpenBao, database: Twins, clock: MovingClock
) -> None:
    link(company)
    uses(company)
    for identifier in list(openbao.leases):
        openbao._lease("leases/revoke", {"lease_id": identifier})
    clock.move(minutes=31)
    company.control.lease_keeper.keep()
    version, name, password = account(company)
    assert version == 2
    assert database.signs_in(name, password)


def test_a_store_that_is_down_costs_nothing_before_the_lease_is_over(
    company: Company, openbao: OpenBao, database: Twins, clock: MovingClock
) -> None:
    link(company)
    uses(company)
    keeper, first = company.control.lease_keeper, account(company)
    openbao.sealed = True
    for _ in range(2):
        clock.move(minutes=29)
        keeper.keep()
        assert account(company) == first
    assert fault(company) == "the store 'db' is sealed or down; unseal it"
    clock.move(minutes=3)
    keeper.keep()
    with pytest.raises(StoreUnavailableError, match="sealed or down"):
        account(company)
    openbao.sealed = False
    keeper.keep()
    assert account(company)[0] == 2
    assert fault(company) == ""


def test_apps_move_to_the_next_account_and_no_query_fails(
    company: Company, openbao: OpenBao, database: Twins, clock: MovingClock
) -> None:
    link(company)
    uses(company)
    keeper, apps = company.control.lease_keeper, Apps(company, database)
    first = account(company)

    def follow() -> None:
        keeper._on_made = company.control.rotation_keeper._on_switch  # as planes hear of it
        for lease in openbao.leases.values():
            lease.last = clock() + timedelta(minutes=41)
        clock.move(minutes=31)
        keeper.keep()
        _more(apps, 50)
        assert database.signs_in(*first[1:])

    busy(apps, follow)
    assert apps.failures == []
    assert apps.users == {first[1], account(company)[1]}


def test_a_password_that_leaks_is_followed_at_once_and_masked(
    company: Company, openbao: OpenBao, database: Twins, clock: MovingClock
) -> None:
    link(company)
    uses(company)
    first = account(company)
    refused = company.push("builder", {"settings.py": f"KEY = '{first[2]}'\n"})
    assert not refused.accepted
    assert first[2] not in "\n".join(refused.lines)
    company.control.lease_keeper.keep()
    assert account(company)[0] == 2
    view, rotations = company.control.rotations.secret(company.people["admin"], NAME)
    assert (view.going, [item.state for item in rotations]) == (None, ["done"])
    company.control.lease_keeper.keep()
    assert account(company)[0] == 2, "one leak, one account"
    clock.move(minutes=3)
    company.control.lease_keeper.keep()
    assert not database.signs_in(*first[1:])


def test_what_the_settings_do_not_open_or_the_store_denies_is_not_linked(
    company: Company, openbao: OpenBao, database: Twins
) -> None:
    with pytest.raises(InvalidInputError, match="no secret may lie there"):
        link(company, role="admin")
    with pytest.raises(InvalidInputError, match="an account has no fields"):
        company.control.secret_stores.link(
            company.people["admin"], NAME, Spot("db", "orders", "password"), Environment.PRODUCTION
        )
    assert openbao.asked == []
    openbao.policies["leaser"] = "nothing"
    with pytest.raises(StoreRefusedError, match="denies an account of the role orders"):
        link(company)
    openbao.policies["leaser"] = ".*"
    company.control.rotations.put(company.people["admin"], "ours", "a-value-of-the-vault-itself")
    with pytest.raises(ConflictError, match="the vault itself has values"):
        link(company, "ours")
    link(company)
    with pytest.raises(ConflictError, match="lies in a store of the company"):
        company.control.rotations.put(company.people["admin"], NAME, "another")
    assert openbao.leases == {}


def test_an_answer_that_is_no_account_is_refused(company: Company, openbao: OpenBao, database: Twins) -> None:
    openbao._account = lambda _: {"data": {"username": "x"}}  # type: ignore[method-assign]
    with pytest.raises(StoreVersionError, match="made no account that could be used"):
        link(company)


def test_nothing_is_made_that_could_not_be_sealed_and_what_is_not_kept_is_revoked(
    company: Company, openbao: OpenBao, database: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(company)
    vault, asked = company.control.vault, len(openbao.asked)

    def broken(*_: object) -> int:
        raise KeyUnavailableError("the key went away in this very moment")

    with monkeypatch.context() as patched:
        patched.setattr(vault.keys, "check", broken)
        uses(company)
        assert len(openbao.asked) == asked
        assert "the key went away" in fault(company)
    with monkeypatch.context() as patched:
        patched.setattr(vault.leased, "take", broken)
        company.control.lease_keeper.keep()
        assert len(openbao.asked) == asked + 2
        assert openbao.leases == {}
    company.control.lease_keeper.keep()
    assert database.signs_in(*account(company)[1:])


def test_of_two_processes_at_once_one_has_the_account(company: Company, openbao: OpenBao, database: Twins) -> None:
    link(company)
    keeper = company.control.lease_keeper
    make = openbao.make

    def meanwhile(username: str, password: str) -> None:
        make(username, password)
        openbao.make = make
        keeper.keep()  # another process, in this very moment

    openbao.make = meanwhile
    uses(company)
    version, name, password = account(company)
    assert (version, [item.username for item in openbao.leases.values()]) == (1, [name])
    assert database.signs_in(name, password)
