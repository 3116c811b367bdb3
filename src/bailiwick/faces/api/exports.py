"""Exports that come as the body of a request: written to a file while they arrive, and away again afterwards."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import Request

from bailiwick.core.errors import InvalidInputError

MAX_EXPORT_BYTES = 2 * 2**30


@contextlib.asynccontextmanager
async def received(request: Request, folder: Path, name: str) -> AsyncIterator[Path]:
    """Give the body of a request as a file of a name; raise `InvalidInputError` when it is larger than we take."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="export-") as place:
        export, total = Path(place) / name, 0
        with export.open("wb") as written:
            async for chunk in request.stream():
                total += len(chunk)
                if total > MAX_EXPORT_BYTES:
                    raise InvalidInputError(
                        f"the export is larger than {MAX_EXPORT_BYTES // 2**30} GiB",
                        hint="send one ecosystem at a time",
                    )
                written.write(chunk)
        yield export
