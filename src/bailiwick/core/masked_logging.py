"""Known secrets never stand in the log of a process: each line is masked as it is written, tracebacks included."""

import logging
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from bailiwick.core.masking import Masks

_LOG = logging.getLogger("bailiwick")


class MaskingFormatter(logging.Formatter):
    """Masks what another formatter writes; `masker` returns what knows the values of this moment, and asks nobody."""

    def __init__(self, inner: logging.Formatter, masker: Callable[[], Masks]) -> None:
        super().__init__()
        self._inner = inner
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        """Return a line, or several, without any known value.

        A line that cannot be made is left out: the library would write what it was to be made of, as it is.
        """
        try:
            return self._masker().mask(self._inner.format(record))
        except Exception as fault:
            return f"{record.levelname}: a line of {record.name} cannot be written ({type(fault).__name__})"


def mask_logs(masker: Callable[[], Masks]) -> None:
    """Mask what this process writes to its log from here on, by every handler that there is now.

    What nobody caught is written to the log, too: the interpreter would write it past it.
    """
    if not logging.root.handlers:
        first = logging.StreamHandler()
        first.setLevel(logging.WARNING)
        logging.root.addHandler(first)
    known = [logging.root, *map(logging.getLogger, logging.root.manager.loggerDict)]
    handlers: set[logging.Handler] = {handler for logger in known for handler in logger.handlers}
    for handler in handlers:
        if not isinstance(handler.formatter, MaskingFormatter):
            handler.setFormatter(MaskingFormatter(handler.formatter or logging.Formatter(), masker))
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, fault, trace)
        return
    _LOG.critical("this process ends by a fault", exc_info=(kind, fault, trace))


def _uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
    if told.exc_value is not None:
        name = told.thread.name if told.thread is not None else "?"
        _LOG.error("the thread %s ended by a fault", name, exc_info=told.exc_value)
