"""Logs of a process: each line is masked as it is written, what nobody caught included."""

import io
import logging
import sys
import threading
from collections.abc import Iterator

import pytest

from bailiwick.core.masked_logging import mask_logs
from bailiwick.core.masking import Masker

pytestmark = pytest.mark.req("SE1")
VALUE = "a-secret-value-81c0"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Return what the log of this process says, masked."""
    stream, hooks = io.StringIO(), (sys.excepthook, threading.excepthook)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    before = {item: item.formatter for item in logging.root.handlers}
    logging.root.addHandler(handler)
    mask_logs(lambda: Masker([VALUE]))
    yield stream
    logging.root.removeHandler(handler)
    for item, formatter in before.items():
        item.setFormatter(formatter)
    sys.excepthook, threading.excepthook = hooks


def test_words_arguments_and_tracebacks_are_masked(written: io.StringIO) -> None:
    log = logging.getLogger("bailiwick.test")
    log.warning("it is %s", VALUE)
    try:
        raise ValueError(f"cannot use {VALUE.encode().hex()}")
    except ValueError:
        log.exception("a fault")
    assert "WARNING it is •••" in written.getvalue()
    assert "ValueError: cannot use •••" in written.getvalue()
    assert VALUE not in written.getvalue()


def test_what_nobody_caught_is_masked_in_threads_and_at_the_end(written: io.StringIO) -> None:
    def fail() -> None:
        raise RuntimeError(VALUE)

    thread = threading.Thread(target=fail, name="worker-1")
    thread.start()
    thread.join()
    assert "the thread worker-1 ended by a fault" in written.getvalue()
    try:
        fail()
    except RuntimeError as fault:
        sys.excepthook(type(fault), fault, fault.__traceback__)
    assert written.getvalue().count("RuntimeError: •••") == 2
    assert VALUE not in written.getvalue()


def test_to_mask_twice_changes_nothing(written: io.StringIO) -> None:
    mask_logs(lambda: Masker([VALUE]))
    logging.getLogger("bailiwick.test").error("%s and %s", VALUE, VALUE)
    assert written.getvalue() == "ERROR ••• and •••\n"


def test_a_line_that_cannot_be_made_is_left_out_with_what_it_was_made_of(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    class Odd:
        def __str__(self) -> str:
            raise ValueError(VALUE)

    logging.getLogger("bailiwick.test").error("%s and %s", VALUE, Odd())
    assert "a line of bailiwick.test cannot be written (ValueError)" in written.getvalue()
    assert VALUE not in written.getvalue() + "".join(capsys.readouterr())
