"""An app's own tests run before anybody is asked to approve; what became of them is signed with the release."""

from typing import Any

import pytest

from bailiwick.control.release import TestsFailedError
from bailiwick.core.provenance import TESTS
from tests.control.release.test_scans import said_of_production
from tests.fixtures.company import APP, MANIFEST, Company
from tests.fixtures.releasing import deployed
from tests.fixtures.wheels import Shelf

pytestmark = pytest.mark.req("DG7")
TESTED = MANIFEST.replace('entrypoint = "app:app"', 'entrypoint = "app:app"\ntests = "unittest"', 1)
GOOD = """import unittest

from app import app


class Orders(unittest.TestCase):
    def test_there_is_an_app(self) -> None:
        self.assertTrue(app)

    @unittest.skip("later")
    def test_more(self) -> None: ...
"""
NETWORK = """import socket
import unittest


class Orders(unittest.TestCase):
    def test_it_reaches_others(self) -> None:
        print("a word for whoever reads this")
        socket.create_connection(("192.0.2.1", 80), 5)
"""


@pytest.fixture
def more_settings(shelf: Shelf) -> dict[str, Any]:
    return shelf.settings


def refusal(company: Company, files: dict[str, str]) -> TestsFailedError:
    """Push an app with tests, and return why its deploy is refused."""
    assert company.push("builder", {"bailiwick.toml": TESTED, **files}).accepted
    with pytest.raises(TestsFailedError) as refused:
        company.control.deploys.request(company.people["builder"], APP)
    return refused.value


def test_tests_that_pass_are_signed_and_one_that_fails_refuses_the_deploy(company: Company) -> None:
    failed = refusal(company, {"test_orders.py": NETWORK})
    assert "1 of 1 failed (test_it_reaches_others" in failed.message
    assert "a word for whoever reads this" in str(failed.details)
    assert "Network is unreachable" in str(failed.details), "a test reaches nobody"
    assert company.push("builder", {"bailiwick.toml": TESTED, "test_orders.py": GOOD}).accepted
    deployed(company)
    said = said_of_production(company, TESTS)
    assert (said["result"], said["counts"]) == ("PASSED", {"passed": 1, "skipped": 1, "failed": 0})
    assert said["passedTests"][0].startswith("test_there_is_an_app")
    assert [item["name"] for item in said["configuration"]] == ["bailiwick.toml"]


def test_what_declares_tests_must_have_some_and_its_runner(company: Company) -> None:
    assert "no test was found" in refusal(company, {"notes.txt": "1"}).message
    broken = refusal(company, {"test_orders.py": "import nothing_like_it\n"})
    assert "1 of 1 failed" in broken.message
    ends = refusal(company, {"test_orders.py": "import os\n\nos._exit(0)\n"})
    assert "ended without a result" in ends.message
    assert "pytest" in refusal(company, {"bailiwick.toml": TESTED.replace("unittest", "pytest")}).message


class TestWhereNothingIsBuilt:
    @pytest.fixture
    def more_settings(self) -> dict[str, Any]:
        return {}

    def test_who_declares_tests_is_told_that_they_cannot_run(self, company: Company) -> None:
        assert "cannot run the app's tests" in refusal(company, {"test_orders.py": GOOD}).message
