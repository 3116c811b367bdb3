"""Secrets that lie in a store of the company: linked, given to planes, masked, followed, and refused in clear words."""

from typing import Any

import pytest

from bailiwick.control.audit import AuditQuery, search
from bailiwick.control.identity import Claims
from bailiwick.control.rotations import HookSource, NotRotatableError, Rule, State
from bailiwick.control.vault import (
    Environment,
    SecretFrom,
    SecretNotFoundError,
    Spot,
    StoreRefusedError,
    StoreUnavailableError,
    StoreVersionError,
    secret_reader,
)
from bailiwick.core.errors import BailiwickError, ConflictError, ForbiddenError, InvalidInputError
from bailiwick.core.principals import Identity
from tests.control.vault.test_environments import shop
from tests.fixtures.company import MANIFEST, Company
from tests.fixtures.openbao import OpenBao

pytestmark = pytest.mark.req("SE1", "IN4")
PRODUCTION, TEST = Environment.PRODUCTION, Environment.NON_PRODUCTION
VALUE, NEXT = "the-key-in-the-companys-store", "the-next-key-in-that-store"
PATH = "bailiwick/crm"


@pytest.fixture
def more_settings(openbao: OpenBao) -> dict[str, Any]:
    openbao.put(PATH, value=VALUE)
    openbao.put("bailiwick/test", value="a-key-of-the-test-system")
    stores = {
        "corp": openbao.options(),
        "lab": openbao.options(environment="non-production"),
        "fin": openbao.options(folder="finance", under="bailiwick/finance"),
    }
    return {"secret_stores": stores, "vault_keys": {"cache_seconds": 0}}


def link(
    company: Company,
    name: str = "shop-key",
    *,
    who: Identity | None = None,
    store: str = "corp",
    path: str = PATH,
    pinned: str = "",
    environment: Environment = PRODUCTION,
) -> int:
    spot = Spot(store, path, "", pinned)
    return company.control.secret_stores.link(who or company.people["admin"], name, spot, environment)


def served(company: Company, **secrets: str) -> None:
    """Have an app that uses secrets, by plane, previewed."""
    company.control.integrations.register(company.people["admin"], shop(**secrets))
    uses = MANIFEST.replace('use = "orders-db"', 'use = "shop-db"')
    assert company.push("builder", {"bailiwick.toml": uses}).accepted


def test_a_plane_gets_the_value_and_each_new_version_of_it(company: Company, openbao: OpenBao) -> None:
    link(company, "shop-test", store="lab", path="bailiwick/test", environment=TEST)
    served(company, editor="shop-test")
    control = company.control
    first = control.planes.secret("editor", "shop-test")
    assert (first.value, first.version) == ("a-key-of-the-test-system", 1)
    assert control.planes.desired_state("editor").secrets == {"shop-test": 1}
    openbao.put("bailiwick/test", value=NEXT)
    control.secret_stores.keep()
    assert control.planes.desired_state("editor").secrets == {"shop-test": 2}
    second = control.planes.secret("editor", "shop-test")
    assert (second.value, second.version) == (NEXT, 2)
    control.secret_stores.keep()
    assert [action for action, _ in company.actions()].count("secret.version-seen") == 1


@pytest.mark.req("DG4")
def test_a_store_of_production_gives_the_editor_nothing(company: Company, openbao: OpenBao) -> None:
    for environment in (TEST, Environment.BOTH):
        with pytest.raises(InvalidInputError, match="'corp' is of the environment production"):
            link(company, environment=environment)
    with pytest.raises(InvalidInputError, match="'lab' is of the environment non-production"):
        link(company, store="lab")
    assert openbao.asked == []
    link(company)
    with pytest.raises(InvalidInputError, match="'shop-key' is of the environment production, the plane 'editor'"):
        company.control.integrations.register(company.people["admin"], shop(editor="shop-key"))
    with pytest.raises(ForbiddenError):
        company.control.planes.secret("editor", "shop-key")
    with pytest.raises(ConflictError, match="of the environment production, and stays so"):
        link(company, store="lab", environment=TEST)


def test_its_values_are_masked_and_known_when_they_leak_older_ones_too(company: Company, openbao: OpenBao) -> None:
    link(company)
    openbao.put(PATH, value=NEXT)
    company.control.secret_stores.keep()
    admin = company.people["admin"]
    company.control.integrations.set_enabled(admin, "orders-db", enabled=False, reason=f"was {VALUE}, is {NEXT}")
    with company.control.store.transaction() as session:
        (event,) = search(session, AuditQuery(action="integration.disabled"), limit=5).events
        linked = search(session, AuditQuery(action="secret.linked"), limit=5).events
    assert event.event.reason == "was •••, is •••"
    assert VALUE not in repr(linked)
    refused = company.push("builder", {"settings.py": f"KEY = '{NEXT}'\n"})
    assert not refused.accepted
    assert NEXT not in "\n".join(refused.lines)
    view, rotations = company.control.rotations.secret(admin, "shop-key")
    assert [(item.cause, item.state) for item in rotations] == [("leak", State.BY_HAND)]
    assert VALUE not in repr(view)
    # Whoever writes another version there has done what was asked.
    openbao.put(PATH, value="a-third-key-in-that-store")
    company.control.secret_stores.keep()
    assert company.control.rotations.secret(admin, "shop-key")[0].going is None


def test_a_store_that_is_down_denies_or_lost_it_is_refused_in_clear_words_and_shown(
    company: Company, openbao: OpenBao
) -> None:
    link(company, "shop-test", store="lab", path="bailiwick/test", environment=TEST)
    served(company, editor="shop-test")
    control, admin = company.control, company.people["admin"]

    def fault() -> str:
        control.secret_stores.keep()
        lies = control.rotations.secret(admin, "shop-test")[0].lies
        assert lies is not None
        return lies.fault

    asks: list[tuple[type[BailiwickError], str]] = [
        (StoreRefusedError, "'lab' denies reading bailiwick/test"),
        (StoreVersionError, "lab:bailiwick/test was deleted there"),
        (StoreUnavailableError, "'lab' is sealed or down"),
    ]
    for kind, words in asks:
        openbao.policies["reader"] = "nothing" if kind is StoreRefusedError else "GET secret/data/.*"
        openbao.kv["bailiwick/test"][0].deleted = kind is StoreVersionError
        openbao.sealed = kind is StoreUnavailableError
        with pytest.raises(kind, match=words):
            control.planes.secret("editor", "shop-test")
        assert words in fault()


def test_a_slow_store_keeps_nobody_from_the_audit_log(
    company: Company, openbao: OpenBao, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(company, "shop-test", store="lab", path="bailiwick/test", environment=TEST)
    served(company, editor="shop-test")
    control, seen = company.control, []
    look = control.vault.linked.look

    def slow(spot: Spot) -> Any:
        # While the store is asked, others write to the log: the plane's request is in it already, for good.
        control.integrations.set_enabled(company.people["admin"], "orders-db", enabled=True, reason="meanwhile")
        seen.extend(company.actions())
        return look(spot)

    monkeypatch.setattr(control.vault.linked, "look", slow)
    assert control.planes.secret("editor", "shop-test").value == "a-key-of-the-test-system"
    assert ("secret.fetched", "plane:editor") in seen


def test_who_links_looks_after_secrets_where_the_store_belongs_too(company: Company, openbao: OpenBao) -> None:
    control = company.control
    keeper = control.identity.remember_person(Claims("", "", "fay@example.com", "Fay", (), {}))
    control.identity.roles.assign(company.people["admin"], "folder-admin", "user:fay@example.com", "folder:finance")
    openbao.put("bailiwick/finance/key", value=VALUE)
    for store in ("corp", "unknown"):
        with pytest.raises(ForbiddenError):
            link(company, "finance/key", who=keeper, store=store)
    with pytest.raises(ForbiddenError):
        link(company, "shop-key", who=keeper, store="fin", path="bailiwick/finance/key")
    with pytest.raises(InvalidInputError, match="'fin' is of the folder 'finance'"):
        link(company, "shop-key", store="fin", path="bailiwick/finance/key")
    with pytest.raises(InvalidInputError, match="no secret may lie there"):
        link(company, "finance/key", who=keeper, store="fin", path=PATH)
    assert openbao.asked == []
    assert link(company, "finance/key", who=keeper, store="fin", path="bailiwick/finance/key") == 1
    assert [item.name for item in control.secret_stores.stores(keeper)] == ["fin"]
    assert [item.name for item in control.secret_stores.stores(company.people["admin"])] == ["corp", "fin", "lab"]
    assert control.secret_stores.stores(company.people["builder"]) == []


def test_a_linked_secret_is_written_and_rotated_where_it_lies(company: Company) -> None:
    link(company)
    admin, rotations = company.people["admin"], company.control.rotations
    with pytest.raises(ConflictError, match="lies in a store of the company"):
        rotations.put(admin, "shop-key", "another")
    rotations.put(admin, "ours", "a-value-of-the-vault-itself")
    with pytest.raises(ConflictError, match="the vault itself has values of 'ours'"):
        link(company, "ours")
    rotations.declare(admin, "shop-key", Rule("group:it", None, 720, 0), "it is theirs to rotate")
    with pytest.raises(NotRotatableError, match="rotated where it lies, in the store corp"):
        rotations.rotate(admin, "shop-key", "somebody left")
    source = HookSource(kind="hook", hook="crm")
    with pytest.raises(InvalidInputError, match="is rotated where it lies"):
        rotations.declare(admin, "shop-key", Rule("group:it", source, 720, 0), "by us")


@pytest.mark.parametrize("pinned", ["0", "-1", "1.0", "latest", "1 ", "٣"])
def test_no_version_but_a_number_is_asked_for(company: Company, openbao: OpenBao, pinned: str) -> None:
    with pytest.raises(InvalidInputError, match="has no such version"):
        link(company, pinned=pinned)
    assert openbao.asked == []


def test_a_pinned_version_stays_and_a_reveal_takes_two_people(company: Company, openbao: OpenBao) -> None:
    link(company, pinned="1")
    openbao.put(PATH, value=NEXT)
    company.control.secret_stores.keep()
    people, reveals = company.people, company.control.reveals
    asked = reveals.ask(people["admin"], "shop-key", "the vendor asks")
    with pytest.raises(ForbiddenError):
        reveals.value(people["admin"], asked.id)
    reveals.approve(people["security"], asked.id, "I know why")
    assert reveals.value(people["admin"], asked.id)[1] == VALUE
    with company.control.store.transaction() as session:
        assert company.control.vault.info(session, "shop-key").version == 1


def test_a_link_to_what_is_not_there_is_refused_and_leaves_nothing(company: Company) -> None:
    with pytest.raises(StoreVersionError, match="there is no corp:bailiwick/other"):
        link(company, path="bailiwick/other")
    with company.control.store.transaction() as session:
        assert "shop-key" not in {item.name for item in company.control.vault.names(session)}
    assert company.control.rotations.put(company.people["admin"], "shop-key", "stored in the vault") == 1


def test_settings_that_name_one_are_told_what_is_wrong_with_its_store(company: Company, openbao: OpenBao) -> None:
    link(company)
    read = secret_reader(company.control.store, company.control.vault)
    assert read(SecretFrom(vault="shop-key")).get_secret_value() == VALUE
    openbao.sealed = True
    with pytest.raises(SecretNotFoundError, match="shop-key cannot be had: the store 'corp' is sealed or down") as told:
        read(SecretFrom(vault="shop-key"))
    assert VALUE not in repr(told.value.problem())
