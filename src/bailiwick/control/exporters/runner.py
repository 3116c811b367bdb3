"""Runs exporters, each in a thread of its own, so that a receiver that hangs holds up nobody else."""

import logging
import threading
from collections.abc import Sequence

from bailiwick.control.exporters.worker import ExportWorker

_LOG = logging.getLogger("bailiwick.control.exporters")
_AFTER_FAULT_SECONDS = 30.0
_STOP_SECONDS = 2.0


class ExportRunner:
    """Starts and stops the threads. One that hangs when it is stopped is left behind: it moves nothing any more."""

    def __init__(self, workers: Sequence[ExportWorker]) -> None:
        self._workers = workers
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin."""
        self._stop.clear()
        for worker in self._workers:
            name = f"exporter-{worker.options.name}"
            thread = threading.Thread(target=self._run, args=(worker,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End after the step at hand, and wait for that for a short while only."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_STOP_SECONDS)
        self._threads.clear()

    def _run(self, worker: ExportWorker) -> None:
        while not self._stop.is_set():
            try:
                wait = worker.step()
            except Exception:  # the database is away, most likely
                _LOG.exception("exporter %s cannot keep its state", worker.options.name)
                wait = _AFTER_FAULT_SECONDS
            self._stop.wait(wait)
        worker.close()
