"""Classes of data: those that the app's grants bring against those that its manifest names, both ways."""

import re
from collections.abc import Iterator, Mapping

from bailiwick.control.review.engines.declared import edits
from bailiwick.control.review.model import Finding, Surroundings
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.grants import ClassedAccess
from bailiwick.core.manifest import FILE_NAME, Manifest

_PROSE = (".md", ".txt", ".rst", ".lock")
_SHOWN = 3


def check(manifest: Manifest, written: str, files: Mapping[str, TreeFile], around: Surroundings) -> Iterator[Finding]:
    """Yield a finding for each class that grants bring undeclared, and each declared one that nothing brings."""
    brought: dict[str, list[tuple[ClassedAccess, str]]] = {}
    for item in _granted(manifest, around):
        for column, name in item.columns:
            brought.setdefault(name, []).append((item, column))
    for name, places in brought.items():
        if name not in manifest.app.data_classes:
            yield _undeclared(manifest, written, name, places)
    for name in manifest.app.data_classes:
        if name not in brought and _nothing_brings(name, manifest, files, around):
            words = f"data_classes names {name}, but no grant brings such data and no code speaks of it"
            yield Finding(rule("declared-but-unused"), FILE_NAME, edits.line_of(written, f'"{name}"'), words, name)


def _granted(manifest: Manifest, around: Surroundings) -> list[ClassedAccess]:
    asked = {(use.use, access) for use in manifest.integrations.values() for access in use.access}
    return [item for item in around.classes if (item.integration, item.access) in asked]


def _undeclared(manifest: Manifest, written: str, name: str, places: list[tuple[ClassedAccess, str]]) -> Finding:
    columns = list(dict.fromkeys(column for _, column in places))
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    first = places[0][0]
    declared = _listed([*manifest.app.data_classes, name])
    words = (
        f"{first.access} of {first.integration} brings {name} data ({', '.join(columns[:_SHOWN])}{more}), which "
        f"data_classes does not name; to declare it: data_classes = [{declared}]; the app would newly say that it "
        f"handles {name} data"
    )
    local = next(key for key, use in manifest.integrations.items() if use.use == first.integration)
    line = edits.line_of(written, f"integrations.{local}")
    edit = edits.name_class(written, name)
    return Finding(rule("undeclared-data-class"), FILE_NAME, line, words, f"{first.access} {name}", edit=edit)


def _nothing_brings(name: str, manifest: Manifest, files: Mapping[str, TreeFile], around: Surroundings) -> bool:
    """Return whether nothing can bring data of a class: every integration is known, and no file speaks of it."""
    known = {item.integration for item in around.classes}
    if any(use.use not in known for use in manifest.integrations.values()):
        return False
    # People enter what code speaks of: a class is spoken of by any of the words of its name.
    parts = [re.escape(part.removesuffix("s")) for part in name.split("-")]
    spoken = re.compile("|".join(parts).encode(), re.IGNORECASE)
    texts = (file.content for path, file in files.items() if path != FILE_NAME and not path.endswith(_PROSE))
    return not any(spoken.search(text) for text in texts)


def _listed(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
