"""Python manifests and lock files in TOML: pyproject (PEP 621, 735, Poetry), Pipfile, poetry, uv, pdm, pylock."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from bailiwick.control.review.engines.packages.model import PYPI, Package, Places, Problem, Reading, python_name
from bailiwick.control.review.engines.packages.readers.pip import pinned


def table(value: object) -> Mapping[str, Any]:
    """Return a table, empty where a file has something else in its place."""
    return value if isinstance(value, dict) else {}


def array(value: object) -> list[Any]:
    """Return a list, empty where a file has something else in its place."""
    return value if isinstance(value, list) else []


def word(value: object) -> str:
    """Return a string, empty where a file has something else in its place."""
    return value if isinstance(value, str) else ""


def _parsed(path: str, text: str) -> Mapping[str, Any] | Problem:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        found = re.search(r"at line (\d+)", str(fault))
        return Problem("syntax-error", path, int(found[1]) if found else 0, f"not valid TOML: {str(fault)[:120]}")


def pyproject(path: str, text: str) -> Reading:
    """Yield the dependencies of a pyproject.toml."""
    document = _parsed(path, text)
    if isinstance(document, Problem):
        yield document
        return
    project = table(document.get("project"))
    places = Places(text)
    for written in array(project.get("dependencies")):
        yield requirement(path, places, word(written))
    extras = [*table(project.get("optional-dependencies")).values(), *table(document.get("dependency-groups")).values()]
    for group in extras:
        for written in array(group):
            if isinstance(written, str):
                yield requirement(path, places, written, shipped=False)
    yield from _poetry(path, places, table(table(document.get("tool")).get("poetry")))
    for source in _sources(table(document.get("tool"))):
        line = places.first(source)
        shown = re.sub(r"://[^/@\s]+@", "://", source)[:200]
        words = f"{shown[:80]} is not the organisation's index"
        yield Problem("package-not-from-index", path, line, words, shown, origin=shown)


def _sources(tool: Mapping[str, Any]) -> Iterator[str]:
    uv = table(tool.get("uv"))
    listed = [*array(table(tool.get("poetry")).get("source")), *array(uv.get("index")),
              *array(table(tool.get("pdm")).get("source"))]  # fmt: skip
    yield from (word(table(item).get("url")) for item in listed)
    yield from (word(uv.get(key)) for key in ("index-url",) if uv.get(key))
    yield from (word(item) for item in [*array(uv.get("extra-index-url")), *array(uv.get("find-links"))])


def _poetry(path: str, places: Places, poetry: Mapping[str, Any]) -> Reading:
    groups = [(table(poetry.get("dependencies")), True), (table(poetry.get("dev-dependencies")), False)]
    for name, group in table(poetry.get("group")).items():
        groups.append((table(table(group).get("dependencies")), name == "main"))
    for group, shipped in groups:
        for name, wanted in group.items():
            if name != "python":
                yield _by_name(path, places, name, wanted, shipped=shipped)


def _by_name(path: str, places: Places, name: str, wanted: object, *, shipped: bool) -> Package:
    """Return a dependency written as `name = "versions"` or `name = {version = …, git = …}`."""
    details = table(wanted)
    versions = word(wanted) or word(details.get("version"))
    origin = next((word(details[key]) for key in ("git", "url", "path", "file") if key in details), "")
    line = places.first(f"\n{name} =", f"\n{name}=", f'\n"{name}"', f"\n'{name}'", f".{name}]", name)
    version = pinned(versions) or (versions if re.fullmatch(r"\d+(\.\d+)+", versions) else "")
    return Package(
        PYPI, python_name(name), path, line, "manifest", version=version, wanted=versions, origin=origin,
        shipped=shipped, written=f'{name} = "{versions}"',
    )  # fmt: skip


def requirement(path: str, places: Places, written: str, *, shipped: bool = True) -> Package | Problem:
    """Return a dependency written as PEP 508 wants it."""
    line = places.first(written)
    try:
        wanted = Requirement(written)
    except (InvalidRequirement, RecursionError):
        return Problem("dependencies-not-locked", path, line, f"'{written[:60]}' is no requirement", written[:120])
    versions = str(wanted.specifier)
    return Package(
        PYPI, python_name(wanted.name), path, line, "manifest", version=pinned(versions), wanted=versions,
        origin=wanted.url or "", shipped=shipped, written=written[:200],
    )  # fmt: skip


def pipfile(path: str, text: str) -> Reading:
    """Yield the dependencies of a Pipfile."""
    document = _parsed(path, text)
    if isinstance(document, Problem):
        yield document
        return
    places = Places(text)
    for section, shipped in (("packages", True), ("dev-packages", False)):
        for name, wanted in table(document.get(section)).items():
            yield _by_name(path, places, name, wanted, shipped=shipped)


def script(path: str, text: str) -> Reading:
    """Yield the dependencies that a script says in its head (PEP 723)."""
    document = _parsed(path, _head(text))
    if isinstance(document, Problem):
        yield document
        return
    places = Places(text)
    for written in array(document.get("dependencies")):
        yield requirement(path, places, word(written))


def _head(text: str) -> str:
    """Return the TOML in the comments of a script; empty where the head has no end."""
    inner: list[str] | None = None
    for line in text.splitlines():
        if line.rstrip() == "# /// script" and inner is None:
            inner = []
        elif inner is not None and line.rstrip() == "# ///":
            return "\n".join(inner)
        elif inner is not None and (line.startswith("# ") or line == "#"):
            inner.append(line[2:])
        elif inner is not None:
            return ""
    return ""


def lock(path: str, text: str) -> Reading:
    """Yield the packages of a poetry.lock, uv.lock, pdm.lock or pylock.toml (PEP 751): they are alike enough."""
    document = _parsed(path, text)
    if isinstance(document, Problem):
        yield document
        return
    files = table(table(document.get("metadata")).get("files"))  # Poetry before 1.3
    places = Places(text)
    for entry in [*array(document.get("package")), *array(document.get("packages"))]:
        package = _locked(path, places, table(entry), files)
        if package is not None:
            yield package


def _locked(path: str, places: Places, entry: Mapping[str, Any], files: Mapping[str, Any]) -> Package | None:
    name = word(entry.get("name"))
    line = places.next(f'name = "{name}"')
    source = table(entry.get("source"))
    if not name or "virtual" in source or word(source.get("editable")) == ".":
        return None
    wheels = [
        *array(entry.get("wheels")), *array(entry.get("files")), *array(files.get(name)), entry.get("sdist"),
        entry.get("archive"),
    ]  # fmt: skip
    return Package(
        PYPI,
        python_name(name),
        path,
        line,
        "lock",
        version=word(entry.get("version")),
        wanted=word(entry.get("version")),
        hashes=tuple(found for item in wheels for found in _hashes(table(item))),
        origin=_origin(entry, source),
        requires=tuple(_requires(entry.get("dependencies"))),
        uploaded=max(filter(None, map(_uploaded, wheels)), default=None),
        shipped=not (word(entry.get("category")) == "dev" or entry.get("groups") == ["dev"]),
        written=f"{name}=={word(entry.get('version'))}",
    )


def _hashes(file: Mapping[str, Any]) -> Iterator[str]:
    yield from [word(file["hash"])] if file.get("hash") else []
    yield from (f"{name}:{word(value)}" for name, value in table(file.get("hashes")).items())


def _uploaded(item: object) -> date | None:
    said = table(item).get("upload-time") or table(item).get("upload_time")
    if isinstance(said, date):
        return date(said.year, said.month, said.day)
    try:
        return date.fromisoformat(word(said)[:10])
    except ValueError:
        return None


def _origin(entry: Mapping[str, Any], source: Mapping[str, Any]) -> str:
    for key in ("git", "url", "path", "directory", "editable"):
        if word(source.get(key)) and word(source.get("type")) != "legacy":
            return word(source[key])
    vcs, own = table(entry.get("vcs")), table(entry.get("directory"))
    return word(vcs.get("url")) or word(own.get("path")) or word(entry.get("git")) or word(entry.get("path"))


def _requires(dependencies: object) -> Iterator[str]:
    for item in [*table(dependencies), *array(dependencies)]:
        name = word(item) or word(table(item).get("name"))
        if name:
            yield python_name(re.split(r"[\s\[<>=!~;(]", name)[0])
