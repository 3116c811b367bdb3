"""What all tests share: real servers as fixtures, started when first needed and stopped at the end."""

import functools
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import httpcore2
import pytest
from httpx2._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import settings

# How fast a machine is says nothing about whether a property holds.
settings.register_profile("bailiwick", deadline=None)
settings.load_profile("bailiwick")

JOURNEYS = Path(__file__).parent / "journeys"

pytest_plugins = (
    "tests.fixtures.rewriting",
    "tests.fixtures.postgres",
    "tests.fixtures.company",
    "tests.fixtures.store",
    "tests.fixtures.consents",
    "tests.fixtures.wheels",
    "tests.fixtures.review_pool",
    "tests.fixtures.plane",
    "tests.fixtures.routing",
    "tests.fixtures.orders",
    "tests.fixtures.app_databases",
    "tests.fixtures.issuer",
    "tests.fixtures.saml_provider",
    "tests.fixtures.saml_genuine",
    "tests.fixtures.registry",
    "tests.fixtures.slapd",
    "tests.fixtures.post_office",
    "tests.fixtures.installation",
    "tests.fixtures.releases",
    "tests.fixtures.softhsm",
    "tests.fixtures.transit",
    "tests.fixtures.kms",
    "tests.fixtures.openbao",
    "tests.fixtures.rotated",
    "tests.fixtures.mariadb",
    "tests.fixtures.shop",
)


def pytest_xdist_auto_num_workers() -> int:
    """Return two more than there are processors: tests wait for processes, which wait for something now and then."""
    return (os.cpu_count() or 1) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the journeys: they take longest, and what is short fills the gaps at the end."""
    # As strings: for ten thousand tests, paths take a second of each worker.
    journeys = f"{JOURNEYS}{os.sep}"
    items.sort(key=lambda item: not str(item.path).startswith(journeys))


def pytest_collection_finish() -> None:
    """Leave modules that were loaded out of the search for garbage: they stay, and are most of what there is."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)  # what a test makes is taken down with it: searching often finds little


@pytest.fixture(scope="session", autouse=True)
def a_slow_machine_is_no_fault() -> Iterator[None]:
    """Wait longer for answers than HTTP clients do by default, where a test says nothing of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for part in ("connect", "read", "write", "pool"):
            patch.setattr(DEFAULT_TIMEOUT_CONFIG, part, 60.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def public_authorities_are_read_once() -> Iterator[None]:
    """Share what HTTP clients trust by default: reading it takes longer than most of what tests ask by them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", functools.cache(httpcore2.default_ssl_context))
        yield


@pytest.fixture(scope="module", autouse=True)
def what_a_module_left_is_searched_once() -> Iterator[None]:
    """Search what a module of tests left for garbage once, and never again: else each search takes longer."""
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)  # what a test makes is taken down with it: searching often finds little
