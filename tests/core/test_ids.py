"""Identifiers: nobody gets one twice, whichever thread or process asks."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from bailiwick.core.ids import new_span_id, new_trace_id

pytestmark = pytest.mark.req("IN3")


def test_trace_and_span_ids_are_as_w3c_says() -> None:
    assert all(re.fullmatch("[0-9a-f]{32}", new_trace_id()) for _ in range(1000))
    assert all(re.fullmatch("[0-9a-f]{16}", new_span_id()) for _ in range(1000))


def test_no_id_is_given_twice_by_threads_at_once() -> None:
    with ThreadPoolExecutor(8) as threads:
        drawn = [
            one for many in threads.map(lambda _: [new_trace_id() for _ in range(2000)], range(16)) for one in many
        ]
    assert len(set(drawn)) == len(drawn)


def test_a_process_does_not_give_what_the_one_that_it_came_from_gives() -> None:
    new_trace_id()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, " ".join(new_trace_id() for _ in range(50)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reading, 10_000).decode().split()
    for end in (reading, writing):
        os.close(end)
    assert len(theirs) == 50
    assert not {new_trace_id() for _ in range(50)} & set(theirs)
