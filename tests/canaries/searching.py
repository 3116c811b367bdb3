"""Where canaries are searched for, and how: whatever was written by anybody, in each form that a value may have."""

import base64
import gzip
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, text

from tests.fixtures.company import Company


def traces(value: str) -> dict[str, bytes]:
    """Return what tells a value, by the form that it is in; base64 where it begins at any of three places."""
    raw = value.encode()
    found = {
        "plain": raw,
        "JSON": json.dumps(value)[1:-1].encode(),
        "JSON in JSON": json.dumps(json.dumps(value))[3:-3].encode(),
        "percent": quote(value, safe="").encode(),
        "HTML": escape(value).encode(),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
    }
    for shift in range(3):
        # Three bytes are four characters: what its neighbours have a part in is left out at both ends.
        whole = base64.b64encode(b"\0" * shift + raw + b"\0\0")
        inner = whole[4 : (shift + len(raw)) // 3 * 4]
        found |= {
            f"base64, {shift}": inner,
            f"base64 for URLs, {shift}": inner.translate(bytes.maketrans(b"+/", b"-_")),
        }
    return found


@dataclass
class Search:
    """Looks for values. `looked` is how many texts of each place were looked at; `found` says where what was found, in
    which form.
    """

    values: Mapping[str, str]
    looked: dict[str, int] = field(default_factory=dict)
    found: set[tuple[str, str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._traces = [
            (name, form, trace) for name, value in self.values.items() for form, trace in traces(value).items()
        ]

    def look(self, place: str, content: bytes | str) -> None:
        """Look at one text."""
        written = content if isinstance(content, bytes) else content.encode(errors="surrogatepass")
        kind = place.partition(":")[0]
        self.looked[kind] = self.looked.get(kind, 0) + 1
        self.found |= {(place, name, form) for name, form, trace in self._traces if trace in written}

    def places(self, value: str) -> set[str]:
        """Return the kinds of places where a value was found."""
        return {place.partition(":")[0] for place, name, _ in self.found if name == value}


def cells(company: Company) -> Iterator[tuple[str, bytes]]:
    """Yield every cell of every table of the control plane, past row-level security."""
    with create_engine(company.control.store.owner_url).connect() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        assert len(tables) > 50
        for table in tables:
            for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings():
                for column, cell in row.items():
                    if isinstance(cell, bytes | memoryview):
                        yield f"table:{table}.{column}", bytes(cell)
                    elif cell is not None:
                        shown = cell if isinstance(cell, str) else json.dumps(cell, default=str, ensure_ascii=False)
                        yield f"table:{table}.{column}", shown.encode(errors="surrogatepass")


def files(folder: Path, kind: str, *, without: frozenset[str] = frozenset()) -> Iterator[tuple[str, bytes]]:
    """Yield the names and contents of files below a folder, but of what lies in folders of these names."""
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if path.is_file() and not path.is_symlink() and not without & set(inside.parts):
            content = path.read_bytes()
            whole = gzip.decompress(content) if path.suffix == ".gz" else content
            yield f"{kind}:{inside}", str(inside).encode() + b"\n" + whole


def objects(repositories: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what each git repository keeps: what its refs lead to. What a refused push brought is gone with git's
    quarantine, which the fixture has not; the journey of bad input sees to that.
    """
    for folder in {path.parent for path in repositories.rglob("HEAD")}:
        git = ["git", "--git-dir", str(folder)]
        names = subprocess.run([*git, "rev-list", "--all", "--objects"], capture_output=True, check=True).stdout
        wanted = b"\n".join(line.split(b" ")[0] for line in names.splitlines())
        content = subprocess.run([*git, "cat-file", "--batch"], input=wanted, capture_output=True, check=True).stdout
        yield f"git:{folder.name}", content
