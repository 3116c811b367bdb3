"""Whether the files that the router is to serve are there, are meant to be seen, and are what a reviewer can read."""

from collections.abc import Iterator, Mapping

from bailiwick.control.review.model import Finding
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.encodings import ENDS, is_copy
from bailiwick.core.manifest import FILE_NAME, Manifest

# What runs, or says how, on our side: nobody's browser has a use for it.
_SOURCE = (".py", ".pyc", ".sql", ".sqlite", ".db", ".toml", ".lock", ".ini", ".cfg", ".sh", ".php", ".pem", ".key")


def check(manifest: Manifest, files: Mapping[str, TreeFile]) -> Iterator[Finding]:
    """Yield findings about the folder of static files that a manifest names."""
    section = manifest.static
    if section is None:
        return
    start = f"{section.folder}/"
    own = {path.removeprefix(start): file for path, file in files.items() if path.startswith(start)}
    wanted = {**section.named, **({"static.index": section.index} if manifest.app.is_static else {})}
    if not own:
        wanted = {"static.folder": ""}
    missing = [f"{key} names {start}{name}" for key, name in wanted.items() if name not in own]
    if missing:
        words = f"{' and '.join(missing)}, of which there is nothing in the push"
        yield Finding(rule("static-file-missing"), FILE_NAME, 0, words)
    for path, file in own.items():
        if path.endswith(_SOURCE):
            words = f"{file.path} would be given to everybody who may open the app"
            yield Finding(rule("static-source-served"), file.path, 0, words)
    yield from _copies(own)


def _copies(own: Mapping[str, TreeFile]) -> Iterator[Finding]:
    for path, file in own.items():
        for encoding, end in ENDS.items():
            original = own.get(path.removesuffix(end)) if path.endswith(end) else None
            if original is not None and not is_copy(encoding, file.content, original.content):
                words = f"{file.path} unpacks to something else than {original.path}"
                yield Finding(rule("static-copy-differs"), file.path, 0, words)
