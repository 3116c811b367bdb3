"""Planes on hosts of their own with a firewall between: each tries what it must not reach, and is ready or is not."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bailiwick import reaching
from bailiwick.core.messages import Forbidden, NetworkRules
from tests.dataplane.networks.lab import Lab

pytestmark = pytest.mark.req("DG4")
DATABASE, ROUTER, MODELS, HEALTH = 5432, 8410, 8430, 9000
PROGRAMS = Path(__file__).parent / "programs"


def rules_of(plane: str) -> NetworkRules:
    """What the control plane tells: the other plane's doors, and to the editor the database of production."""
    other = "production" if plane == "editor" else "editor"
    doors = [Forbidden(what=f"the data plane {other}", host=Lab.address(other), port=port) for port in (ROUTER, MODELS)]
    database = Forbidden(what="the production database of orders-db", host=Lab.address("production"), port=DATABASE)
    return NetworkRules(separate=True, forbidden=(*doors, *([database] if plane == "editor" else [])))


@pytest.fixture(scope="module")
def lab(shared_state: Path) -> Iterator[Lab]:
    made = Lab()
    try:
        made.build()
        made.start("production", "listener", str(DATABASE), str(ROUTER), str(MODELS))
        made.start("editor", "listener", str(ROUTER), str(MODELS))
        for plane in ("editor", "production"):
            made.start(
                plane, "watching_plane", str(shared_state / "runtimes"), str(shared_state / f"networks-{plane}"),
                rules_of(plane).model_dump_json(), made.address(plane), str(HEALTH),
            )  # fmt: skip
        yield made
    finally:
        made.close()


def readyz(lab: Lab, plane: str, wanted: Callable[[int, dict[str, Any]], bool]) -> dict[str, Any]:
    """Ask a plane on its own host until it says what is wanted."""
    over = time.monotonic() + 40
    while True:
        url = f"http://{lab.address(plane)}:{HEALTH}/readyz"
        status, _, body = lab.do(plane, sys.executable, str(PROGRAMS / "ask.py"), url).partition(" ")
        said = json.loads(body)
        if wanted(int(status), said):
            return said
        assert time.monotonic() < over, (status, said)


def is_ready(status: int, said: dict[str, Any]) -> bool:
    return status == 200 and said == {"ready": True, "state": "separate", "faults": []}


def test_behind_a_closed_firewall_both_planes_go_ready(lab: Lab) -> None:
    for plane in ("editor", "production"):
        readyz(lab, plane, is_ready)


@pytest.mark.parametrize(
    ("source", "target", "port", "what"),
    [
        ("editor", "production", DATABASE, "the production database of orders-db"),
        ("editor", "production", MODELS, "the data plane production"),
        ("production", "editor", ROUTER, "the data plane editor"),
    ],
)
def test_one_hole_makes_a_plane_unready_and_is_named(lab: Lab, source: str, target: str, port: int, what: str) -> None:
    readyz(lab, source, is_ready)
    with lab.hole(source, target, port):
        said = readyz(lab, source, lambda status, said: status == 503 and said["state"] == "open")
        (fault,) = set(said["faults"])
        assert f"the plane reaches {what} at {lab.address(target)}:{port}: close that way in the firewall" in fault
        readyz(lab, target, is_ready)
    readyz(lab, source, is_ready)


def reached_from_control(lab: Lab, *targets: tuple[str, int]) -> list[str]:
    named = f"{reaching.TARGETS}={json.dumps(targets)}"
    said = lab.do("control", "env", named, sys.executable, reaching.__file__ or "")
    return list(json.loads(said.removeprefix(reaching.MARK)))


def test_the_control_plane_does_not_reach_rows_of_production_either(lab: Lab) -> None:
    database = (lab.address("production"), DATABASE)
    assert reached_from_control(lab, database) == ["unreachable"]
    with lab.hole("control", "production", DATABASE):
        assert reached_from_control(lab, database) == ["open"]


def test_a_connection_that_meets_itself_is_no_answer(lab: Lab) -> None:
    # With two ports to choose from, an attempt on one of them gets that same one as its own.
    lab.do("control", "sh", "-c", "echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range")
    targets = [("127.0.0.1", 40000), ("127.0.0.1", 40001)]
    assert [reached_from_control(lab, target) for target in targets] == [["refused"], ["refused"]]
