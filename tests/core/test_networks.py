from datetime import UTC, datetime

import pytest

from bailiwick.core.messages import NetworksReport, NetworkTry
from bailiwick.core.networks import Parting, judge

pytestmark = pytest.mark.req("DG4")


def tried(source: str, reached: str, **fields: object) -> NetworkTry:
    written = {"source": source, "what": "the data plane production", "address": "10.2.0.5:8410", "reached": reached}
    return NetworkTry.model_validate({**written, **fields})


def report(*tries: NetworkTry, separate: bool = True, untold: tuple[str, ...] = ()) -> NetworksReport:
    return NetworksReport(separate=separate, tries=tries, untold=untold, time=datetime.now(UTC))


@pytest.mark.parametrize("reached", ["refused", "silent", "unreachable", "unresolved"])
def test_what_is_not_reached_is_separate(reached: str) -> None:
    found = judge(report(tried("plane", reached), tried("sandbox", reached)))
    assert (found.parting, found.ready, found.faults) == (Parting.SEPARATE, True, ())


def test_one_way_among_many_closed_ones_is_open_and_says_what_to_do() -> None:
    found = judge(report(tried("plane", "refused"), tried("plane", "open"), untold=("the data plane x",)))
    assert (found.parting, found.ready) == (Parting.OPEN, False)
    assert found.faults == (
        "the plane reaches the data plane production at 10.2.0.5:8410: close that way in the firewall between the two"
        " networks; it is tried again by itself",
    )


def test_an_address_that_the_plane_uses_itself_needs_a_server_of_its_own() -> None:
    (fault,) = judge(report(tried("plane", "open", used_here=True))).faults
    assert "it is told to use that address itself: give it a server of its own" in fault


def test_one_machine_is_not_separated_and_never_called_so() -> None:
    found = judge(report(tried("plane", "open"), tried("sandbox", "unreachable"), separate=False))
    assert (found.parting, found.ready) == (Parting.SHARED, True)
    assert judge(report(tried("plane", "refused"), separate=False)).parting is Parting.SHARED


@pytest.mark.parametrize("separate", [True, False])
def test_a_sandbox_that_reaches_anything_is_never_ready(separate: bool) -> None:
    found = judge(report(tried("plane", "refused"), tried("sandbox", "open"), separate=separate))
    assert (found.parting, found.ready) == (Parting.OPEN, False)


def test_what_could_not_be_tried_or_was_never_told_proves_nothing() -> None:
    room = judge(report(tried("plane", "untried", words="this process had no room for a connection")))
    assert (room.parting, room.ready) == (Parting.UNPROVED, False)
    untold = judge(report(untold=("the data plane production",)))
    assert (untold.parting, untold.ready) == (Parting.UNPROVED, False)
    assert "nobody said where the data plane production listens" in untold.faults[0]
    assert judge(report(tried("plane", "untried"), separate=False)).ready
