"""Files that hold secrets: written whole at once, readable by their owner only."""

import os
import tempfile
from pathlib import Path


def write_private(target: Path, content: str) -> Path:
    """Write a file so that nobody else can read it, and nobody sees half of it; return it."""
    with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False) as unfinished:
        os.fchmod(unfinished.fileno(), 0o600)
        unfinished.write(content)
    Path(unfinished.name).replace(target)
    return target
