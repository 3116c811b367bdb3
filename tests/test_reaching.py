"""Whether something answers at an address, tried on sockets that are there."""

import resource
import socket

import pytest

from bailiwick.reaching import reach, reach_all

pytestmark = pytest.mark.req("DG4")


def test_what_listens_is_open_and_what_does_not_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert reach_all([("127.0.0.1", port), ("localhost", port)]) == ["open", "open"]
    assert reach("127.0.0.1", port) == "refused"
    assert reach("nowhere.invalid", port) == "unresolved"


def test_a_listener_that_takes_nobody_in_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            assert reach("127.0.0.1", port, seconds=0.3) in {"silent", "open"}


def test_a_process_without_room_for_a_connection_says_nothing_of_the_network() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            reached = reach("127.0.0.1", listener.getsockname()[1])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert reached == "untried"
