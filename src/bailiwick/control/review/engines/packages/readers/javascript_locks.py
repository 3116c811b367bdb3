"""Lock files of yarn (classic and berry) and pnpm: read by line, as their tools write them."""

import re
from collections.abc import Iterator
from dataclasses import replace

from bailiwick.control.review.engines.packages.model import NPM, Package, Reading
from bailiwick.control.review.engines.packages.readers.json_files import npm_origin

_FIELD = re.compile(r"""^\s+"?(version|resolved|resolution|integrity|checksum)"?:?\s+"?([^"\n]*?)"?\s*$""")
_PNPM_KEY = re.compile(r"""^  ['"]?/?((?:@[^/@'"]+/)?[^/@'"():]+)[@/]([^'"():]+)(?:\([^'"]*\))?['"]?:\s*$""")
_BUN = re.compile(r"""^\s+"[^"]+":\s*\["((?:@[^/"@]+/)?[^@"]+)@([^"]+)"(.*)$""")
_BUN_HASH = re.compile(r'"(sha\d+-[A-Za-z0-9+/=]+)"')
_LONGEST = 4000  # longer than any line that the tools write
_PNPM_RESOLUTION = re.compile(r"\b(integrity|tarball|repo|directory|commit):\s*([^,}\s]+)")


def yarn(path: str, text: str) -> Reading:
    """Yield the packages of a yarn.lock."""
    entry: Package | None = None
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole[:_LONGEST]
        if line and not line[0].isspace() and not line.startswith("#"):
            yield from _finished(entry)
            name = _yarn_name(line)
            entry = Package(NPM, name, path, number, "lock", direct=False, written=line[:200]) if name else None
        elif entry is not None:
            entry = _with_field(entry, line)
    yield from _finished(entry)


def _yarn_name(line: str) -> str:
    head = line.split(",", maxsplit=1)[0].strip().strip('":').strip()
    if head.startswith("__metadata"):
        return ""
    name, _, wanted = head.rpartition("@") if "@" in head[1:] else (head, "", "")
    name = re.split(r"@(?:npm|workspace|patch|portal|git|https?|file)[:+]", head)[0] if ":" in head else name
    alias = re.search(r"@npm:((?:@[\w.-]+/)?[\w.-]+)@", head)
    return "" if "@workspace:" in head else alias[1] if alias else name or wanted


def _with_field(entry: Package, line: str) -> Package:
    found = _FIELD.match(line)
    if found is None:
        return entry
    field, value = found[1], found[2]
    if field == "version":
        return replace(entry, version=value, wanted=value)
    if field in {"integrity", "checksum"}:
        return replace(entry, hashes=(*entry.hashes, value))
    if field == "resolved":
        hashes = (*entry.hashes, value.partition("#")[2]) if "#" in value and npm_origin(value) == "" else entry.hashes
        return replace(entry, origin=npm_origin(value), hashes=tuple(filter(None, hashes)))
    elsewhere = "@npm:" not in value
    return replace(entry, origin=re.sub(r"://[^/@\s]+@", "://", value)[:200] if elsewhere else "")


def _finished(entry: Package | None) -> Iterator[Package]:
    if entry is not None and entry.version:
        yield replace(entry, written=f"{entry.name}@{entry.version}")


def pnpm(path: str, text: str) -> Reading:
    """Yield the packages of a pnpm-lock.yaml (versions 5 to 9)."""
    inside = False
    entry: Package | None = None
    for number, whole in enumerate(text.splitlines(), start=1):
        line = whole[:_LONGEST]
        if line and not line[0].isspace():
            inside = line.startswith("packages:")
            yield from _finished(entry)
            entry = None
        elif inside and (key := _PNPM_KEY.match(line)):
            yield from _finished(entry)
            version = key[2].partition("_")[0]
            entry = Package(NPM, key[1], path, number, "lock", version=version, wanted=version, direct=False)
        elif entry is not None:
            entry = _with_pnpm_line(entry, line)
    yield from _finished(entry)


def _with_pnpm_line(entry: Package, line: str) -> Package:
    stripped = line.strip()
    if stripped == "requiresBuild: true":
        return replace(entry, runs_scripts=True)
    if stripped == "dev: true":
        return replace(entry, shipped=False)
    for key, value in _PNPM_RESOLUTION.findall(line):
        if key == "integrity":
            entry = replace(entry, hashes=(*entry.hashes, value))
        elif key in {"repo", "directory"} or (key == "tarball" and npm_origin(value)):
            entry = replace(entry, origin=re.sub(r"://[^/@\s]+@", "://", value)[:200])
    return entry


def bun(path: str, text: str) -> Reading:
    """Yield the packages of a bun.lock."""
    for number, whole in enumerate(text.splitlines(), start=1):
        found = _BUN.match(whole[:_LONGEST])
        if found is None or found[2].startswith("workspace:"):
            continue
        elsewhere = ":" in found[2] or found[2].startswith((".", "/"))
        yield Package(
            NPM, found[1], path, number, "lock", version="" if elsewhere else found[2], wanted=found[2],
            hashes=tuple(_BUN_HASH.findall(found[3])), direct=False, written=f"{found[1]}@{found[2]}"[:200],
            origin=re.sub(r"://[^/@\s]+@", "://", found[2])[:200] if elsewhere else "",
        )  # fmt: skip
