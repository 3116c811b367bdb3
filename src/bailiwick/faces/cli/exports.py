"""Exports and dumps on their way to the server: as one zip file, whatever they are here."""

import contextlib
import os
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from bailiwick.faces.cli import credentials


def signed_in() -> bool:
    """Return whether there is a server to tell."""
    return bool(os.environ.get("BAILIWICK_TOKEN") or credentials.saved().get("url"))


@contextlib.contextmanager
def zipped(exports: Sequence[Path], endings: Sequence[str]) -> Iterator[IO[bytes]]:
    """Give exports as one zip file: folders (their files of these endings), single files and zip files together."""
    import tempfile  # noqa: PLC0415

    if len(exports) == 1 and zipfile.is_zipfile(exports[0]):
        with exports[0].open("rb") as stream:
            yield stream
        return
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for export in exports:
                _pack(archive, export, endings)
        packed.seek(0)
        yield packed


def _pack(archive: zipfile.ZipFile, export: Path, endings: Sequence[str]) -> None:
    # Files of the same name in several places are different records: each gets a number of its own.
    if zipfile.is_zipfile(export):
        with zipfile.ZipFile(export) as inner:
            for member in inner.infolist():
                if member.filename.endswith(tuple(endings)):
                    place = f"{len(archive.namelist())}/{Path(member.filename).name}"
                    with inner.open(member) as stream, archive.open(place, "w") as written:
                        shutil.copyfileobj(stream, written)
        return
    for path in sorted(item for item in export.rglob("*") if item.suffix in endings) if export.is_dir() else [export]:
        archive.write(path, f"{len(archive.namelist())}/{path.name}")
