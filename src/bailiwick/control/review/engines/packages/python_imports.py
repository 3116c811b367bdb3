"""Imports of Python code against the packages that are locked, and the packages that no code imports."""

import posixpath
import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.resources import files as package_files
from typing import Any

from bailiwick.control.review.engines.imports import Import, Reach, reach
from bailiwick.control.review.engines.packages import names
from bailiwick.control.review.engines.packages.inventory import Inventory
from bailiwick.control.review.engines.packages.model import PYPI, Package, python_name
from bailiwick.control.review.model import Edit, Finding
from bailiwick.control.review.rules import rule
from bailiwick.core.artifacts import TreeFile
from bailiwick.core.manifest import FILE_NAME, Manifest, ManifestError, parse_manifest

_STANDARD = sys.stdlib_module_names | {"__main__", "_typeshed"}
# Modules that hold parts of many packages.
_SHARED = frozenset(
    {"google", "azure", "opentelemetry", "zope", "jaraco", "backports", "sphinxcontrib", "ruamel", "plone"}
)
_SHOWN = 5


def check(files: Collection[TreeFile], inventory: Inventory) -> Iterator[Finding]:
    """Yield a finding for each module that no package provides, and each package that nothing imports."""
    by_path = {file.path: file for file in files}
    manifest = _manifest(by_path)
    if manifest is None:
        return  # without one nobody knows what the app is; that is a finding of its own
    found = reach(manifest, by_path)
    provided = {item.name for item in inventory.packages if item.ecosystem == PYPI}
    missing = dict(_missing(found, by_path, provided))
    if not provided:
        yield from _nothing_locked(missing, found, by_path)
        return
    for module, (path, item) in missing.items():
        yield _undeclared(module, path, item, reached=path in found.reached, files=by_path)
    yield from _unused(found, inventory)


def _manifest(files: Mapping[str, TreeFile]) -> Manifest | None:
    try:
        return parse_manifest(files[FILE_NAME].content.decode(errors="replace"))
    except (KeyError, ManifestError):
        return None


def _missing(
    found: Reach, files: Mapping[str, TreeFile], provided: Collection[str]
) -> Iterator[tuple[str, tuple[str, Import]]]:
    """Yield (module, (path, import)) once a module, where the app reaches it if it does anywhere."""
    own = _own_modules(files)
    seen: set[str] = set()
    for path in sorted(found.imports, key=lambda path: (path not in found.reached, path)):
        beside = {posixpath.join(posixpath.dirname(path), "")}
        for item in sorted(found.imports[path], key=lambda item: item.line):
            top = item.module.partition(".")[0]
            if not top or item.guarded or top in _STANDARD or top in own or top in seen:
                continue
            if any(f"{folder}{top}.py" in files or f"{folder}{top}/__init__.py" in files for folder in beside):
                continue
            if not is_provided(item, provided):
                seen.add(top)
                yield top, (path, item)


def _own_modules(files: Mapping[str, TreeFile]) -> set[str]:
    found: set[str] = set()
    for path in files:
        if path.endswith(".py"):
            parts = path.removeprefix("src/").split("/")
            found.add(parts[0].removesuffix(".py"))
    return found


@cache
def _data() -> Mapping[str, Any]:
    path = package_files("bailiwick.control.review") / "data" / "python_modules.toml"
    return tomllib.loads(path.read_text())


def packages_of(module: str) -> tuple[str, ...]:
    """Return the packages that bring a module, by the longest known beginning of its name; empty when none is known."""
    return tuple(_data()["modules"].get(_known_beginning(module), ()))


def _known_beginning(module: str) -> str:
    parts = module.split(".")
    beginnings = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((beginning for beginning in beginnings if beginning in _data()["modules"]), "")


def is_provided(item: Import, provided: Collection[str]) -> bool:
    """Return whether one of the packages brings an imported module, or may: many bring modules of other names."""
    top = python_name(item.module.partition(".")[0])
    if len(known := packages_of(item.module)) and "." in _known_beginning(item.module):
        return not set(known).isdisjoint(provided)
    longer = {python_name(item.module), *(python_name(f"{item.module}.{name}") for name in item.names)}
    wanted = {*packages_of(item.module), top, f"python-{top}", f"py{top}", f"{top}-python", f"{top}-py", *longer}
    for name in item.names:
        wanted |= set(packages_of(f"{item.module}.{name}"))
    if not wanted.isdisjoint(provided):
        return True
    if top in _SHARED:
        parts = [*item.module.split("."), *item.names[:1]]
        beginnings = [python_name(".".join(parts[:2]))]
    elif packages_of(item.module):
        return False
    else:
        beginnings = [top]
    return any(_may_bring(package, beginning) for package in provided for beginning in beginnings)


def _may_bring(package: str, top: str) -> bool:
    bare = top.replace("-", "")
    return bare in package.split("-") or package.replace("-", "") == bare or package.startswith(f"{top}-")


def _nothing_locked(
    missing: Mapping[str, tuple[str, Import]], found: Reach, files: Mapping[str, TreeFile]
) -> Iterator[Finding]:
    reached = {module: place for module, place in missing.items() if place[0] in found.reached}
    if reached:
        path, item = next(iter(reached.values()))
        shown = ", ".join(list(reached)[:_SHOWN]) + (", …" if len(reached) > _SHOWN else "")
        words = f"the code imports {shown}, but there is no requirements.lock"
        yield Finding(rule("undeclared-package"), path, item.line, words, _written(files[path], item))


def _undeclared(module: str, path: str, item: Import, *, reached: bool, files: Mapping[str, TreeFile]) -> Finding:
    brought = packages_of(item.module)
    name = brought[0] if brought else python_name(module)
    known = bool(brought) or names.known(PYPI, name)
    nearest = names.look_alike(PYPI, name)
    if known:
        advice = f"; it is in {' or '.join(brought[:2]) or name}"
    elif nearest:
        advice = f"; no package of that name is well known: did you mean {nearest}?"
    else:
        advice = "; no package of that name is well known: it may be an invention"
    words = f"{module} is imported, but no package that is declared brings it{advice}"
    edit = _declaration(name, files) if known else None
    return Finding(
        rule("undeclared-package"), path, item.line, words, _written(files[path], item), edit=edit,
        worse=0 if reached else -2,
    )  # fmt: skip


def _written(file: TreeFile, item: Import) -> str:
    return file.content.split(b"\n")[item.line - 1].decode(errors="replace").strip()[:200]


def _declaration(name: str, files: Mapping[str, TreeFile]) -> Edit | None:
    """Return the line that asks for a package, at the end of requirements.in; None when there is no such file."""
    file = files.get("requirements.in")
    if file is None:
        return None
    last = len(file.content.splitlines())
    return Edit(file.path, last + 1, last, name)


def _unused(found: Reach, inventory: Inventory) -> Iterator[Finding]:
    quiet = set(_data()["used_without_import"]["names"])
    items = [item for imports in found.imports.values() for item in imports]
    for package in inventory.of(PYPI, "manifest"):
        plugin = package.name in quiet or re.search(
            r"(^|-)(plugin|stubs|types|pytest|mypy|django|flask)(-|$)", package.name
        )
        if package.shipped and not plugin and package.path == "requirements.in" and not _is_used(package, items):
            words = f"{package.name} is asked for, but no code imports it"
            edit = Edit(package.path, package.line, package.line, "")
            yield Finding(rule("declared-but-unused"), package.path, package.line, words, package.written, edit=edit)


def _is_used(package: Package, imports: list[Import]) -> bool:
    return any(is_provided(item, {package.name}) for item in imports)
