"""Manifests and lock files in JSON: package.json, package-lock.json (versions 1 to 3), Pipfile.lock."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bailiwick.control.review.engines.packages.model import NPM, PYPI, Package, Places, Problem, Reading, python_name
from bailiwick.control.review.engines.packages.readers.pip import pinned
from bailiwick.control.review.engines.packages.readers.toml_files import array, table, word

_INSTALL_HOOKS = ("preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare")
_EXACT = re.compile(r"=?v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?")
_GROUPS = (("dependencies", True), ("optionalDependencies", True), ("peerDependencies", True),
           ("devDependencies", False))  # fmt: skip
# The registries that npm and yarn write into lock files when they mean the public index.
REGISTRIES = frozenset({"registry.npmjs.org", "registry.yarnpkg.com", "npm.pkg.github.com"})
MAX_DEPTH = 60


def _parsed(path: str, text: str) -> Mapping[str, Any] | Problem:
    try:
        return table(json.loads(text.removeprefix("\ufeff")))
    except json.JSONDecodeError as fault:
        return Problem("syntax-error", path, fault.lineno, f"not valid JSON: {fault.msg}")
    except (RecursionError, ValueError):
        return Problem("syntax-error", path, 0, "not JSON that can be read: nested too deep, or a number too long")


def package_json(path: str, text: str) -> Reading:
    """Yield the dependencies of a package.json, and what it runs when it is installed."""
    document = _parsed(path, text)
    if isinstance(document, Problem):
        yield document
        return
    scripts = table(document.get("scripts"))
    for hook in _INSTALL_HOOKS:
        if word(scripts.get(hook)):
            line = Places(text).first(f'"{hook}"')
            command = word(scripts[hook])[:80]
            worse = -2 if hook.endswith("prepare") else 0
            words = f"installing this app runs '{command}' (scripts.{hook})"
            yield Problem("package-install-script", path, line, words, f"{hook}: {command}", worse)
    seen: set[str] = set()
    for group, shipped in _GROUPS:
        places = Places(text)
        places.next(f'"{group}"')
        for name, wanted in table(document.get(group)).items():
            line = places.next(f'"{name}"') or places.first(f'"{name}"')
            if name not in seen:
                seen.add(name)
                yield npm_wanted(path, line, name, word(wanted), shipped=shipped)


def npm_wanted(path: str, line: int, name: str, wanted: str, *, shipped: bool) -> Package:
    """Return a dependency as a package.json writes it: a range, an alias, or an address."""
    real = name
    if wanted.startswith("npm:"):
        real, _, wanted = wanted[4:].rpartition("@") if "@" in wanted[5:] else (wanted[4:], "", "*")
    local = wanted.startswith(("workspace:", "portal:"))
    elsewhere = ":" in wanted or wanted.startswith((".", "/", "~/")) or bool(re.fullmatch(r"[\w.-]+/[\w.#-]+", wanted))
    version = wanted.lstrip("=v") if _EXACT.fullmatch(wanted) else ""
    return Package(
        NPM, real, path, line, "manifest", version=version, wanted=wanted, shipped=shipped,
        origin=re.sub(r"://[^/@\s]+@", "://", wanted)[:200] if elsewhere and not local else "",
        written=f'"{name}": "{wanted}"'[:200],
    )  # fmt: skip


def package_lock(path: str, text: str) -> Reading:
    """Yield the packages of a package-lock.json or npm-shrinkwrap.json."""
    document = _parsed(path, text)
    if isinstance(document, Problem):
        yield document
        return
    places = Places(text)
    packages = table(document.get("packages"))
    direct = {name for group, _ in _GROUPS for name in table(table(packages.get("")).get(group))}
    for key, entry in packages.items():
        name = word(table(entry).get("name")) or key.rpartition("node_modules/")[2]
        line = places.next(json.dumps(key, ensure_ascii=False) + ":") or places.next(f'"{key}"')
        if key.rpartition("node_modules/")[1] and not table(entry).get("link"):
            top = key.count("node_modules/") == 1 and name in direct
            yield _npm_locked(path, line, name, table(entry), direct=top)
    if not packages:
        yield from _old_tree(path, places, table(document.get("dependencies")), 0)


def _old_tree(path: str, places: Places, tree: Mapping[str, Any], depth: int) -> Reading:
    """Yield the packages of version 1, where what a package brings stands inside it."""
    if depth > MAX_DEPTH:
        yield Problem("syntax-error", path, 0, f"packages inside packages more than {MAX_DEPTH} deep")
        return
    for name, item in tree.items():
        entry = table(item)
        line = places.next(f'"{name}": {{') or places.next(f'"{name}"')
        yield _npm_locked(path, line, name, entry, direct=False)
        yield from _old_tree(path, places, table(entry.get("dependencies")), depth + 1)


def _npm_locked(path: str, line: int, name: str, entry: Mapping[str, Any], *, direct: bool) -> Package:
    version, resolved = word(entry.get("version")), word(entry.get("resolved"))
    integrity = word(entry.get("integrity"))
    requires = table(entry.get("requires")) or table(entry.get("dependencies"))
    licence = entry.get("license")
    inside = bool(entry.get("inBundle") or entry.get("bundled"))
    return Package(
        NPM,
        name,
        path,
        line,
        "lock",
        version=version if _EXACT.fullmatch(version) else "",
        wanted=version,
        hashes=tuple(integrity.split()) or (("in its bundle",) if inside else ()),
        origin=npm_origin(resolved) or ("" if _EXACT.fullmatch(version) else version[:200]),
        licence=word(licence) or word(table(licence).get("type")),
        requires=tuple(requires),
        runs_scripts=entry.get("hasInstallScript") is True,
        direct=direct,
        shipped=not entry.get("dev"),
        written=f"{name}@{version}",
    )


def npm_origin(resolved: str) -> str:
    """Return where a package comes from when that is not a registry over https; else an empty string."""
    if not resolved:
        return ""
    parts = urlsplit(resolved)
    if parts.scheme == "https" and parts.hostname in REGISTRIES:
        return ""
    return re.sub(r"://[^/@\s]+@", "://", resolved)[:200]


def pipfile_lock(path: str, text: str) -> Reading:
    """Yield the packages of a Pipfile.lock."""
    document = _parsed(path, text)
    if isinstance(document, Problem):
        yield document
        return
    places = Places(text)
    for section, shipped in (("default", True), ("develop", False)):
        for name, item in table(document.get(section)).items():
            entry = table(item)
            version = pinned(word(entry.get("version")))
            yield Package(
                PYPI, python_name(name), path, places.first(f'"{name}"'), "lock", version=version, wanted=version,
                hashes=tuple(word(found) for found in array(entry.get("hashes"))),
                origin=word(entry.get("git")) or word(entry.get("path")) or word(entry.get("file")),
                shipped=shipped, written=f"{name}=={version}",
            )  # fmt: skip
