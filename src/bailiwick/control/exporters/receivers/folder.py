"""Writes events as files into a folder."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bailiwick.control.exporter_settings import FolderExporter
from bailiwick.control.exporters.errors import DeliveryError
from bailiwick.control.exporters.model import Outgoing
from bailiwick.control.exporters.receivers.files import file_content, file_name


class FolderReceiver:
    """Each batch is a file, whole at once and on the disk before it counts."""

    settle_seconds = 0.0

    def __init__(self, options: FolderExporter) -> None:
        self._options = options

    def deliver(self, events: Sequence[Outgoing]) -> None:
        """Write the batch; a repeat replaces the file by the same one."""
        path = self._options.path / file_name(self._options, events)
        content = file_content(self._options, events)
        try:
            # The folder itself must be there: a share that is not mounted must not fill the disk below it.
            if not self._options.path.is_dir():
                raise DeliveryError(f"{self._options.path} is no folder", hint="make or mount it")
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(path, content)
        except OSError as fault:
            raise DeliveryError(f"{path} cannot be written: {fault.strerror}") from fault

    def check(self) -> None:
        """Nothing is in flight."""

    def close(self) -> None:
        """Nothing is held."""


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, also after a power cut."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".unfinished-", delete=False) as unfinished:
        try:
            unfinished.write(content)
            unfinished.flush()
            os.fsync(unfinished.fileno())
        except OSError:
            Path(unfinished.name).unlink(missing_ok=True)
            raise
    Path(unfinished.name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
