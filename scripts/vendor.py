"""Brings third-party files into the repository, from npm at pinned versions whose integrity is checked.

Run `python scripts/vendor.py` after a change of the table; what it writes is committed with its licence in its head.
"""

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Asset:
    """A file of an npm package; the integrity is the whole package's (W3C Subresource Integrity)."""

    package: str
    version: str
    integrity: str
    member: str
    target: str
    licence: str


ASSETS = (
    Asset(
        package="axe-core",
        version="4.14.1",
        integrity="sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
        member="package/axe.min.js",
        target="tests/assets/vendor/axe.min.js",
        licence="Mozilla Public",
    ),
)


def main() -> None:
    """Fetch every asset; stop at the first whose bytes are not the ones that were pinned."""
    for asset in ASSETS:
        with tempfile.TemporaryDirectory() as folder:
            content = _member(_fetch(asset, Path(folder)), asset)
        target = _ROOT / asset.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        print(f"{asset.target}: {asset.package} {asset.version}, {len(content)} bytes")


def _fetch(asset: Asset, folder: Path) -> Path:
    command = ["npm", "pack", f"{asset.package}@{asset.version}", "--silent", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    archive = folder / done.stdout.strip().splitlines()[-1]
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != asset.integrity:
        sys.exit(f"{asset.package} {asset.version} is not what was pinned: {found} instead of {asset.integrity}")
    return archive


def _member(archive: Path, asset: Asset) -> bytes:
    with tarfile.open(archive) as opened:
        file = opened.extractfile(asset.member)
        content = file.read() if file else b""
    if asset.licence.encode() not in content[:600]:
        sys.exit(f"{asset.member} of {asset.package} does not begin with its licence")
    return content


if __name__ == "__main__":
    main()
