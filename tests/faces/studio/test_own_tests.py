"""The agent runs the app's own tests, sees what fails, and mends it; what a review would not let in is not run."""

from typing import Any

import pytest

from tests.control.release.test_app_tests import GOOD, NETWORK
from tests.faces.studio.conftest import Studio
from tests.fixtures.studio import CODE, MANIFEST, StudioHouse, calls, says
from tests.fixtures.wheels import Shelf

TESTED = MANIFEST.replace('entrypoint = "app:app"', 'entrypoint = "app:app"\ntests = "unittest"')


@pytest.fixture
def more_settings(house: StudioHouse, shelf: Shelf) -> dict[str, Any]:
    return {**house.settings, **shelf.settings}


@pytest.mark.req("DG7", "RV1", "RT1")
async def test_tests_are_run_once_nothing_blocks_and_what_fails_is_told(studio: Studio) -> None:
    conversation = await studio.begin()
    found = await studio.turn(
        conversation,
        "An app with tests",
        calls(("write_file", {"path": "bailiwick.toml", "text": TESTED}),
              ("write_file", {"path": "app.py", "text": "app = eval('1')\n"}),
              ("write_file", {"path": "test_orders.py", "text": NETWORK}),
              ("run_tests", {})),
        calls(("write_file", {"path": "app.py", "text": CODE}), ("run_tests", {})),
        calls(("write_file", {"path": "test_orders.py", "text": GOOD}), ("run_tests", {})),
        says("They pass."),
    )  # fmt: skip
    said = [(step["text"], step["failed"]) for step in found["steps"] if step["tool"] == "run_tests"]
    assert [failed for _, failed in said] == [True, True, False]
    assert said[0][0].startswith("the tests were not run: 1 finding to mend")
    assert "1 of 1 failed (test_it_reaches_others" in said[1][0]
    assert "Network is unreachable" in said[1][0]
    assert "the tests pass" in said[2][0]
