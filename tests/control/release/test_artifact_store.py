"""Where artefacts are kept: whole or not at all, and never anything else than what was kept."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bailiwick.control.release import LayoutStore, NotBuiltError
from bailiwick.control.release.images import keep_image
from bailiwick.core.artifacts import ArtifactError, digest
from bailiwick.core.bundle import read_layout, verify_bundle
from bailiwick.core.errors import NotFoundError, UnavailableError
from tests.core.test_bundle import LAYER, SEALED
from tests.core.test_chain import KEYS
from tests.fixtures.company import APP, Company


@contextmanager
def full_disk(limit_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a limit, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.req("DG7")
def test_the_store_is_an_image_layout_that_verifies(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path / "store")
    for _ in range(2):
        store.put(SEALED.data)
        store.put(LAYER)
        keep_image(store, SEALED.image, (SEALED.chain.artifact, *SEALED.chain.others), "rel_1")
    bundle = read_layout(lambda path: (tmp_path / "store" / path).read_bytes())
    assert verify_bundle(bundle, KEYS).release == "rel_1"
    index = json.loads((tmp_path / "store" / "index.json").read_text())
    statements = (SEALED.chain.artifact, *SEALED.chain.others)
    listed = {json.dumps(item) for item in index["manifests"]}
    assert len(index["manifests"]) == len(listed) == len(statements) + 2, "the image, and all of them under one tag"
    assert json.loads((tmp_path / "store" / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}


@pytest.mark.req("DG7")
def test_a_full_disk_is_said_and_leaves_nothing_half(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path / "store")
    data = b"x" * 10_000
    with full_disk(4096), pytest.raises(UnavailableError, match="could not be kept: File too large"):
        store.put(data)
    with pytest.raises(NotFoundError):
        store.get(digest(data))
    assert [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()] == []
    assert store.get(store.put(data)) == data


@pytest.mark.req("DG7")
def test_what_was_changed_on_the_disk_is_not_given_out(tmp_path: Path) -> None:
    store = LayoutStore(tmp_path / "store")
    name = store.put(b"good")
    (tmp_path / "store" / "blobs" / "sha256" / name).write_bytes(b"mine")
    with pytest.raises(ArtifactError, match="was changed on the disk"):
        store.get(name)


@pytest.mark.req("DG7")
def test_an_app_whose_packages_cannot_be_built_is_not_asked_for(company: Company) -> None:
    assert company.push("builder", {"requirements.lock": "h11==0.16.0 --hash=sha256:" + "0" * 64 + "\n"}).accepted
    with pytest.raises(NotBuiltError, match=r"cannot build what requirements\.lock names"):
        company.control.deploys.request(company.people["builder"], APP)
    with company.control.store.transaction() as session:
        assert company.control.deploys.deploys(session, APP) == []
