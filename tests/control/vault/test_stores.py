"""Stores of the company, asked over their own protocols: what each gives, and in which words it does not."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bailiwick.control.vault import Spot, StoreOptions, StoreRefusedError, StoreUnavailableError, StoreVersionError
from bailiwick.control.vault.stores import SecretStores, open_stores
from bailiwick.control.vault.stores.operator_environment import OperatorEnvironmentStore
from tests.fixtures.kms import Kms
from tests.fixtures.openbao import OpenBao

pytestmark = pytest.mark.req("SE1", "IN4")
_OPTIONS: TypeAdapter[StoreOptions] = TypeAdapter(StoreOptions)
VALUE = "the-key-in-the-companys-store"
PATH = "bailiwick/crm"


def opened(cache_seconds: float = 0.0, **stores: object) -> SecretStores:
    return open_stores({name: _OPTIONS.validate_python(item) for name, item in stores.items()}, cache_seconds)


def at(path: str = PATH, field: str = "", pinned: str = "", store: str = "corp") -> Spot:
    return Spot(store, path, field, pinned)


def test_the_newest_version_comes_or_the_one_that_is_named(openbao: OpenBao) -> None:
    openbao.put(PATH, value="first", user="ann")
    openbao.put(PATH, value=VALUE)
    stores = opened(corp=openbao.options())
    newest = stores.read(at())
    assert (newest.value, newest.version) == (VALUE, "2")
    assert newest.made_at is not None
    assert stores.read(at(pinned="1")).value == "first"
    assert stores.read(at(pinned="1", field="user")).value == "ann"
    assert VALUE not in repr((newest, stores))


def test_a_wrong_version_is_refused_in_clear_words(openbao: OpenBao) -> None:
    openbao.put(PATH, value="first")
    openbao.put(PATH, value=VALUE)
    stores = opened(corp=openbao.options())
    with pytest.raises(StoreVersionError, match="there is no version 3 of corp:bailiwick/crm"):
        stores.read(at(pinned="3"))
    openbao.kv[PATH][0].deleted = True
    with pytest.raises(StoreVersionError, match="version 1 of corp:bailiwick/crm was deleted there"):
        stores.read(at(pinned="1"))
    openbao.kv[PATH][1].destroyed = True
    with pytest.raises(StoreVersionError, match="corp:bailiwick/crm was deleted there"):
        stores.read(at())
    with pytest.raises(StoreVersionError, match="there is no corp:bailiwick/other"):
        stores.read(at("bailiwick/other"))
    openbao.put("bailiwick/odd", other="x", value={"nested": "y"})
    for field in ("", "missing"):
        with pytest.raises(StoreVersionError, match="has no text in the field") as refused:
            stores.read(at("bailiwick/odd", field))
        assert "other" not in str(refused.value)


def test_a_kv_engine_of_version_1_is_told_from_one_of_version_2(openbao: OpenBao) -> None:
    openbao.policies["reader"] = r"GET old/.*"
    openbao.kv1 = {PATH: {"value": VALUE}, f"data/{PATH}-2": {"value": VALUE}}
    stores = opened(corp=openbao.options(mount="old"))
    with pytest.raises(StoreVersionError) as refused:
        stores.read(at())
    assert "KV engine of version 2" in refused.value.hint
    with pytest.raises(StoreVersionError, match="is in no KV engine of version 2"):
        stores.read(at(f"{PATH}-2"))


def test_a_store_that_denies_or_is_down_says_so_without_a_value(openbao: OpenBao) -> None:
    openbao.put(PATH, value=VALUE)
    stores = opened(corp=openbao.options())
    assert stores.read(at()).value == VALUE
    openbao.policies["reader"] = "nothing"
    with pytest.raises(StoreRefusedError, match="denies reading bailiwick/crm"):
        stores.read(at())
    openbao.sealed = True
    with pytest.raises(StoreUnavailableError, match="sealed or down"):
        stores.read(at())
    nowhere = opened(corp=openbao.options(address="http://127.0.0.1:9"))
    with pytest.raises(StoreUnavailableError, match="does not answer") as down:
        nowhere.read(at())
    assert "s.reader" not in repr(down.value.problem())


def test_what_was_read_outlives_a_store_that_is_down_for_the_stated_time_only(openbao: OpenBao) -> None:
    openbao.put(PATH, value=VALUE)
    now = [1000.0]
    options = {"corp": _OPTIONS.validate_python(openbao.options())}
    stores = SecretStores(options, open_stores(options, 0)._stores, 300.0, lambda: now[0])
    stores.read(at())
    openbao.sealed = True
    assert stores.read(at()).value == VALUE
    asked = len(openbao.asked)
    assert stores.read(at()).value == VALUE
    assert len(openbao.asked) == asked, "a store that is down is left alone for a while"
    now[0] += 299
    assert stores.read(at()).value == VALUE
    now[0] += 2
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            stores.read(at())
    openbao.sealed = False
    now[0] += 6
    assert stores.read(at()).value == VALUE
    # A store that says no is obeyed at once, whatever is remembered.
    openbao.policies["reader"] = "nothing"
    with pytest.raises(StoreRefusedError):
        stores.read(at())
    openbao.sealed = True
    with pytest.raises(StoreUnavailableError):
        stores.read(at())


def test_an_approle_signs_in_once_and_anew_when_its_token_was_revoked(openbao: OpenBao) -> None:
    openbao.put(PATH, value=VALUE)
    halves = {"role_id": {"file": str(openbao.file("role", "role-1"))}}
    second = openbao.file("secret", "half-2")
    auth = {"method": "approle", **halves, "secret_id": {"file": str(second)}}
    stores = opened(corp=openbao.options(auth=auth))
    for _ in range(3):
        assert stores.read(at()).value == VALUE
    assert openbao.asked.count("POST auth/approle/login") == 1
    openbao.tokens.clear()
    assert stores.read(at()).value == VALUE
    assert openbao.asked.count("POST auth/approle/login") == 2
    openbao.tokens.clear()
    second.write_text("stolen-and-changed")
    with pytest.raises(StoreRefusedError) as refused:
        stores.read(at())
    assert "stolen" not in repr(refused.value.problem())
    second.unlink()
    with pytest.raises(StoreUnavailableError, match="cannot be opened: the file"):
        stores.read(at())


@pytest.mark.parametrize("method", ["kubernetes", "jwt"])
def test_a_token_of_the_cluster_signs_in(openbao: OpenBao, method: str) -> None:
    openbao.put(PATH, value=VALUE)
    openbao.jwts[(method, "bailiwick", "eyJ.of.the-cluster")] = "reader"
    auth: dict[str, object] = {
        "method": method,
        "role": "bailiwick",
        "jwt": {"file": str(openbao.file("jwt", "eyJ.of.the-cluster"))},
    }
    assert opened(corp=openbao.options(auth=auth)).read(at()).value == VALUE
    with pytest.raises(StoreRefusedError):
        opened(corp=openbao.options(auth=auth | {"role": "other"})).read(at())


def test_a_namespace_goes_along(openbao: OpenBao) -> None:
    openbao.namespace = "sales/"
    openbao.put(PATH, value=VALUE)
    assert opened(corp=openbao.options(namespace="sales/")).read(at()).value == VALUE
    with pytest.raises(StoreRefusedError):
        opened(corp=openbao.options()).read(at())


@pytest.mark.parametrize(
    "path",
    ["bailiwick", "bailiwick/", "other/crm", "bailiwick/../other", "bailiwick/./x", "bailiwick//x",
     "bailiwick/x?version=1", "bailiwick/%2e%2e/x", "/bailiwick/x", "bailiwickx/y", "bailiwick/a b",
     "bailiwick/x#y", "bailiwick/é"],
)  # fmt: skip
def test_no_path_leads_out_of_what_the_settings_open(openbao: OpenBao, path: str) -> None:
    stores = opened(corp=openbao.options())
    with pytest.raises(StoreRefusedError, match=r"open .* no more"):
        stores.read(at(path))
    assert openbao.asked == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "http://bao.example"},
        {"address": "https://user:pw@bao.example"},
        {"under": ""},
        {"under": "../sys"},
        {"auth": {"method": "token", "token": {"vault": "bao-token"}}},
        {"auth": {"method": "approle", "role_id": {"env": "A"}, "secret_id": {"vault": "b"}}},
        {"token": "s.in-the-clear"},
        {"environment": "staging"},
    ],
)
def test_settings_of_a_store_hold_no_credential_and_no_way_out(openbao: OpenBao, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _OPTIONS.validate_python(openbao.options() | wrong)


class TestAws:
    """AWS Secrets Manager, by moto's server."""

    @pytest.fixture
    def client(self, kms: Kms) -> Any:
        import boto3

        return boto3.client(
            "secretsmanager",
            endpoint_url=kms.url,
            region_name="eu-central-1",
            aws_access_key_id="AKIAADMIN",
            aws_secret_access_key="somebody-who-administers",
        )

    @pytest.fixture
    def options(self, kms: Kms, tmp_path: Path) -> dict[str, object]:
        (tmp_path / "aws").write_text("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        return {
            "kind": "aws-secrets-manager",
            "region": "eu-central-1",
            "endpoint": kms.url,
            "access_key_id": "AKIABAILIWICK",
            "secret_access_key": {"file": str(tmp_path / "aws")},
            "under": "bailiwick",
            "environment": "production",
        }

    def test_the_current_value_comes_the_one_before_and_a_version_by_its_id(
        self, client: Any, options: dict[str, object]
    ) -> None:
        name = f"bailiwick/crm-{time.time_ns()}"
        first = client.create_secret(Name=name, SecretString="first")["VersionId"]
        second = client.put_secret_value(SecretId=name, SecretString=json.dumps({"key": VALUE}))["VersionId"]
        stores = opened(aws=options)
        current = stores.read(at(name, "key", store="aws"))
        assert (current.value, current.version) == (VALUE, second)
        assert stores.read(at(name, pinned="AWSPREVIOUS", store="aws")).value == "first"
        assert stores.read(at(name, pinned=first, store="aws")).version == first
        with pytest.raises(StoreVersionError, match="has no text in the field 'other'"):
            stores.read(at(name, "other", store="aws"))
        with pytest.raises(StoreVersionError, match="holds no JSON"):
            stores.read(at(name, "key", "AWSPREVIOUS", store="aws"))
        with pytest.raises(StoreVersionError, match="there is no"):
            stores.read(at(name, pinned="00000000-0000-0000-0000-000000000000", store="aws"))

    def test_what_is_not_there_is_deleted_or_is_no_text_is_refused(
        self, client: Any, options: dict[str, object]
    ) -> None:
        stores, name = opened(aws=options), f"bailiwick/odd-{time.time_ns()}"
        with pytest.raises(StoreVersionError, match="there is no aws:"):
            stores.read(at(name, store="aws"))
        client.create_secret(Name=name, SecretBinary=b"\x00\x01")
        with pytest.raises(StoreVersionError, match="is no text"):
            stores.read(at(name, store="aws"))
        client.delete_secret(SecretId=name)
        with pytest.raises(StoreVersionError, match="being deleted"):
            stores.read(at(name, store="aws"))
        with pytest.raises(StoreUnavailableError, match="cannot be asked") as down:
            opened(aws=options | {"endpoint": "http://127.0.0.1:9"}).read(at(name, store="aws"))
        assert "wJalr" not in repr(down.value.problem())


class TestOperatorEnvironment:
    """Variables that the control plane was started with."""

    def test_only_what_begins_as_declared_is_there_as_it_was_at_the_start(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CRM_KEY", VALUE)
        monkeypatch.setenv("OTHER_KEY", "not-to-be-had")
        stores = opened(host={"kind": "environment", "prefix": "CRM_", "environment": "production"})
        monkeypatch.setenv("CRM_KEY", "changed since")
        monkeypatch.setenv("CRM_LATE", "set since")
        assert stores.read(at("CRM_KEY", store="host")).value == VALUE
        with pytest.raises(StoreVersionError) as missing:
            stores.read(at("CRM_LATE", store="host"))
        assert "CRM_KEY" not in repr(missing.value.problem()), "names that are there are not told"
        for path in ("OTHER_KEY", "CRM_", "PATH", "crm_key", "CRM_KEY=", "CRM_KEY/x"):
            with pytest.raises(StoreRefusedError):
                stores.read(at(path, store="host"))
        for spot in (at("CRM_KEY", "field", store="host"), at("CRM_KEY", pinned="1", store="host")):
            with pytest.raises(StoreVersionError):
                stores.read(spot)
        assert not {name for name in dir(OperatorEnvironmentStore) if not name.startswith("_")} - {"read"}

    @pytest.mark.parametrize("prefix", ["", "A_", "CRM", "crm_", "BAILIWICK_", "BAILIWICK_X_", "BAIL", "_CRM_"])
    def test_a_prefix_that_opens_too_much_is_refused(self, prefix: str) -> None:
        with pytest.raises(ValidationError):
            _OPTIONS.validate_python({"kind": "environment", "prefix": prefix, "environment": "production"})
