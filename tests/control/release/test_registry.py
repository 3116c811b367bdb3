"""Artefacts in a real registry: kept, given back, and what becomes of one that dies, lies or does not know us."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from bailiwick.control.build_settings import ArtifactOptions
from bailiwick.control.release import Registry, RegistryStore
from bailiwick.control.release.images import keep_image
from bailiwick.core.artifacts import ArtifactError, digest
from bailiwick.core.errors import NotFoundError, UnavailableError
from bailiwick.core.oci import attestation_tag
from tests.core.test_bundle import LAYER, SEALED
from tests.fixtures.company import Company
from tests.fixtures.registry import PASSWORD, REPOSITORY, USER, RunningRegistry
from tests.fixtures.releasing import released

STATEMENTS = (SEALED.chain.artifact, *SEALED.chain.others)


def kept(store: RegistryStore) -> None:
    store.put(SEALED.data)
    store.put(LAYER)
    keep_image(store, SEALED.image, STATEMENTS, "rel_1")


@pytest.mark.req("DG7", "VA3")
def test_a_release_is_kept_in_a_registry_where_others_find_its_statements(registry: RunningRegistry) -> None:
    store = registry.store()
    for _ in range(2):
        kept(store)
    assert store.get(digest(SEALED.data)) == SEALED.data
    tls = ssl.create_default_context(cafile=str(registry.ca_file))
    base = f"{registry.url}/v2/{REPOSITORY}/manifests"
    accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"
    with httpx2.Client(verify=tls, auth=(USER, PASSWORD), headers={"accept": accept}) as other:
        image = other.get(f"{base}/rel_1")
        assert image.headers["docker-content-digest"] == f"sha256:{SEALED.image.sha256}"
        attested = other.get(f"{base}/{attestation_tag(SEALED.image.sha256)}").json()
        assert len(attested["layers"]) == len(STATEMENTS)
        listed = other.get(f"{base}/sha256-{SEALED.image.sha256}").json()["manifests"]
        assert len(listed) == len(STATEMENTS)
        for item in listed:
            found = other.get(f"{base}/{item['digest']}").json()
            assert found["subject"]["digest"] == f"sha256:{SEALED.image.sha256}"


@pytest.mark.req("DG7")
def test_a_registry_with_tokens_is_asked_for_one(token_registry: RunningRegistry, tmp_path: Path) -> None:
    store = token_registry.store()
    kept(store)
    large = tmp_path / "large"
    large.write_bytes(b"0123456789" * 1_000_000)
    assert store.get(store.put_file(large)) == large.read_bytes()
    with pytest.raises(UnavailableError, match="does not let us"):
        token_registry.store("another").put(b"x")


@pytest.mark.req("DG7")
def test_a_registry_that_gives_other_bytes_is_not_believed(registry: RunningRegistry) -> None:
    store = registry.store()
    name = store.put(b"good")
    registry.spoil(name, b"mine")
    with pytest.raises(ArtifactError, match="gave other bytes"):
        store.get(name)


@pytest.mark.req("DG7", "SE1")
def test_a_registry_that_dies_or_does_not_know_us_is_said_without_the_password(registry: RunningRegistry) -> None:
    for store in (registry.store("wrong-password"), RegistryStore(Registry(registry.url, REPOSITORY, "", None, None))):
        with pytest.raises(UnavailableError) as refused:
            store.put(b"good")
        assert "wrong-password" not in f"{refused.value.message}{refused.value.hint}{store!r}"
    store = registry.store()
    name = store.put(b"good")
    with pytest.raises(NotFoundError, match="does not have this artefact"):
        store.get("0" * 64)
    registry.stop()
    for attempt in (lambda: store.get(name), lambda: store.put(b"more")):
        with pytest.raises(UnavailableError, match="does not answer"):
            attempt()


@pytest.mark.req("DG7")
def test_a_registry_that_dies_while_it_sends_is_said() -> None:
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf of it"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(half)

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(UnavailableError, match=r"does not answer \(RemoteProtocolError\)") as refused:
            RegistryStore(Registry(url, REPOSITORY, "", None, None)).get("0" * 64)
        assert "nothing was released or started" in str(refused.value.hint)


@pytest.mark.req("SE1")
@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"registry": "http://registry.example.com"}, "must begin with https"),
        ({"registry": "https://me:secret-word@registry.example.com"}, "not the address"),
        ({"registry": "https://registry.example.com", "repository": "../x"}, "repository"),
    ],
)
def test_a_registry_is_not_reached_in_the_clear(written: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ArtifactOptions.model_validate(written)


class TestACompanyWithARegistry:
    """A whole control plane whose artefacts are in a registry."""

    @pytest.fixture
    def more_settings(self, registry: RunningRegistry, tmp_path: Path) -> dict[str, Any]:
        (tmp_path / "password").write_text(PASSWORD)
        return {
            "artifacts": {
                "registry": registry.url, "repository": REPOSITORY, "username": USER,
                "password": {"file": tmp_path / "password"}, "ca_file": registry.ca_file,
            }
        }  # fmt: skip

    @pytest.mark.req("DG7")
    def test_planes_get_what_the_registry_keeps_and_nothing_else(
        self, company: Company, registry: RunningRegistry
    ) -> None:
        released(company)
        (state,) = company.control.planes.desired_state("production").apps
        assert digest(company.control.planes.artifact("production", state.artifact_sha256)) == state.artifact_sha256
        registry.spoil(state.artifact_sha256, b"mine")
        with pytest.raises(ArtifactError, match="gave other bytes"):
            company.control.planes.artifact("production", state.artifact_sha256)
        registry.stop()
        with pytest.raises(UnavailableError, match="does not answer"):
            company.push("builder")
        (after,) = company.control.planes.desired_state("production").apps
        assert after.release == state.release
