"""A clock that is moved on to where rotations are due."""

import pytest

from tests.fixtures.moving import MovingClock


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()
