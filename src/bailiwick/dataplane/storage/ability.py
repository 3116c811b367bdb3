"""Whether this host lets us give storage: found out by making a volume, opening it and removing it again."""

import os
import tempfile
from pathlib import Path

from bailiwick.core.manifest import LEAST_STORAGE_BYTES
from bailiwick.dataplane.storage.errors import StorageError
from bailiwick.dataplane.storage.volume import Volume


def why_none(place: Path) -> str:
    """Return why apps can get no storage below a folder of this host; nothing when they can. Takes some 50 ms."""
    if os.geteuid() != 0:
        return "only a plane that root started can mount a file system of a fixed size"
    try:
        with tempfile.TemporaryDirectory(dir=place, prefix="storage-") as folder:
            volume = Volume(Path(folder) / "volume")
            try:
                volume.open(LEAST_STORAGE_BYTES, os.geteuid())
            finally:
                volume.close()
    except StorageError as fault:
        return fault.message
    except OSError as fault:
        return f"nothing can be written to {place}: {fault.strerror}"
    return ""
